"""Reads the sound of a take and nothing else in its files."""

from collections.abc import Iterator, Sequence

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard

from clips.media import MediaError
from clips.media.formats.opening import declared_end_s, open_media, zero_s
from detection.decode.sound import SoundBuffer, SoundChunk

#: At 8 kHz an hour takes 115 MB of memory while it is read; nobody asks for what comes later.
MOST_HEARD_S = 2 * 3600.0
NO_SOUND = "This video has no sound."


def read_take(paths: Sequence[str], rate_hz: int) -> np.ndarray:
    """Return the sound of a take that a camera split into files, from time 0 of the first one on.

    Parameters
    ----------
    paths : sequence of str
        Its files in order; each begins where the one before ends, by the lengths that they declare.
    rate_hz : int
        Of the result.

    Returns
    -------
    np.ndarray [shape=(n,), float32]
        Mono, full scale is 1, without gaps; at most ``MOST_HEARD_S`` of it.

    Raises
    ------
    MediaError
        If a file cannot be opened, or has no sound that can be read.
    """
    heard = np.zeros(0, np.float32)
    begins_s = 0.0
    for path in paths:
        sound, length_s = _read(path, rate_hz)
        begins = round(begins_s * rate_hz)
        heard = np.concatenate([heard[:begins], np.zeros(max(0, begins - len(heard)), np.float32), sound])
        begins_s += length_s
        if begins_s >= MOST_HEARD_S:
            break
    return heard[: round(MOST_HEARD_S * rate_hz)]


def _read(path: str, rate_hz: int) -> tuple[np.ndarray, float]:
    """Return the sound of one file from its time 0 on, and how long the file says that it is, in seconds."""
    pieces: list[np.ndarray] = []
    n_samples = 0
    with open_media(path) as container:
        buffer, origin_s = SoundBuffer(rate_hz), zero_s(container)
        length_s = max(0.0, declared_end_s(container) - origin_s)
        try:
            for frame in _frames(container):
                buffer.add(frame)
                if buffer.is_full:
                    pieces.append(_from_zero(buffer.pop(origin_s), rate_hz, is_first=not pieces))
                    n_samples += len(pieces[-1])
                if n_samples >= MOST_HEARD_S * rate_hz:
                    break
        except MemoryError:
            raise
        except av.error.FFmpegError:  # cut off or damaged: what was read so far counts
            pass
        if buffer.n_samples:
            pieces.append(_from_zero(buffer.pop(origin_s), rate_hz, is_first=not pieces))
    if not pieces:
        raise MediaError(NO_SOUND)
    return np.concatenate(pieces), length_s


def _frames(container: InputContainer) -> Iterator[av.AudioFrame]:
    sound = next((stream for stream in container.streams.audio if stream.codec_context is not None), None)
    if sound is None:
        raise MediaError(NO_SOUND)
    for stream in container.streams:
        if stream is not sound:
            stream.discard = Discard.all  # a camera's pictures are a hundred times as many bytes
    for packet in container.demux(sound):
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except av.error.FFmpegError:
            continue  # a damaged packet costs its own sound, not the file
        yield from (frame for frame in frames if frame.pts is not None)


def _from_zero(chunk: SoundChunk, rate_hz: int, *, is_first: bool) -> np.ndarray:
    """Return a chunk's samples; the first begin at 0 of the file, with silence before them or without their head."""
    if not is_first:
        return chunk.samples
    late = round(chunk.start_s * rate_hz)
    return np.concatenate([np.zeros(max(late, 0), np.float32), chunk.samples[max(-late, 0) :]])
