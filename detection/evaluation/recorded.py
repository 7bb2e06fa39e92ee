"""Records the pictures and the sound of a take once, and replays parts of it, also as a camera's file would be seen.

Decoding is most of the cost of measuring; a trick cut out as a file of its own, or seen within the budget of a file of
40 Mbit/s, needs no second decoding.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clips.media import MediaError
from clips.media.formats.opening import open_media
from detection.analyze import How, Progress, glance_and_look
from detection.decode.packets import Packets
from detection.decode.pictures import CHUNK_PICTURES, PictureChunk, PictureReader
from detection.decode.piece import PICTURE_RATE_HZ, Piece
from detection.decode.read import SOUND_RATE_HZ, Scan
from detection.decode.sound import SoundChunk
from detection.sampling import make_plan
from detection.signals import Signals
from detection.take import Take

#: How much of a take is looked at: all of it, as by the second look at 1080p; what the first look gives a 1080p file of
#: an action camera; what it gives a 4K file; and what the second look gives that.
COVERAGES = ("full", "camera", "uhd", "uhd-closer")
#: Weights are fitted on these: what lies between them is no other kind.
FITTED = ("full", "camera")
#: Such files have 60 pictures a second and a keyframe each half second that is three times as large as the others.
CAMERA_RATE_HZ, CAMERA_GROUP, KEY_TIMES = 60, 30, 3
#: Pixels, bits a second and codec.
CAMERA, UHD = (1920 * 1080, 40e6, "h264"), (3840 * 2160, 82e6, "hevc")


@dataclass(frozen=True)
class Part:
    """A stretch of a take and how it is seen, as if it were a file of its own."""

    start_ms: int
    end_ms: int
    coverage: str = "full"


@dataclass(frozen=True)
class Recording:
    """All of a take.

    Attributes
    ----------
    times_s : np.ndarray [shape=(n,), float]
        Of the pictures, on the file's own clock.
    luma : np.ndarray [shape=(n, height, width), uint8]
    sound : SoundChunk, optional
        Of the whole take; None without sound.
    duration_s : float
    """

    times_s: np.ndarray
    luma: np.ndarray
    sound: SoundChunk | None
    duration_s: float

    @classmethod
    def of(cls, path: str | Path, report: Callable[[float], None], *, muted: bool = False) -> "Recording":
        """Read a file to its end.

        Raises
        ------
        MediaError
            If it cannot be opened or has no picture.
        """
        with open_media(path) as container:
            scan = Scan(container)
            heard = [part for part in scan.chunks(lambda _done: report(0.0)) if isinstance(part, SoundChunk)]
            packets, duration_s = scan.packets(), scan.end_s
        with PictureReader(path, packets, n_threads=0) as reader:
            chunks = []
            for chunk in reader.read(Piece(0, len(packets.pts_s))):
                chunks.append(chunk)
                report(min(1.0, max(0.0, float(chunk.times_s[-1]) / max(duration_s, 1e-3))))
        if not chunks:
            raise MediaError("The picture in this file cannot be read.")
        sound = SoundChunk(heard[0].start_s, np.concatenate([part.samples for part in heard])) if heard else None
        times_s, luma = (np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("times_s", "luma"))
        return cls(times_s, luma, None if muted else sound, duration_s)

    def part(self, start_s: float, end_s: float) -> "Recording":
        """Return a stretch as a recording that begins at 0."""
        chosen = (self.times_s >= start_s) & (self.times_s < end_s)
        sound = self.sound
        if sound is not None:
            first, end = (max(0, round((time_s - sound.start_s) * SOUND_RATE_HZ)) for time_s in (start_s, end_s))
            sound = SoundChunk(max(sound.start_s - start_s, 0.0), sound.samples[first:end])
        return Recording(self.times_s[chosen] - start_s, self.luma[chosen], sound, end_s - start_s)

    def signals(self, coverage: str) -> Signals:
        """Return the signals of the take, seen in one of the ways of ``COVERAGES``."""
        take = Take()
        if self.sound is not None and len(self.sound.samples):
            take.add_sound(self.sound)
        how = How(effort="closer" if coverage == "uhd-closer" else "default")
        packets = camera_packets(self.duration_s, *(CAMERA if coverage == "camera" else UHD))
        heard = take.pairs_heard_db(self.duration_s)
        plan = make_plan(packets, self.duration_s, effort=how.effort, heard=heard)
        if coverage != "full" and not plan.is_everything:
            progress = Progress(lambda _done: None)
            glance_and_look(_Replay(self, packets), packets, plan, take, progress, self.duration_s, how)
        else:
            take.begin_piece()
            for chunk in _chunks(self.times_s, self.luma):
                take.add_pictures(chunk)
        return take.signals(self.duration_s)


class _Replay:
    """Hands out recorded pictures as `detection.decode.pictures.PicturePool` would decode them from a camera's file."""

    def __init__(self, recording: Recording, packets: Packets) -> None:
        self._recording, self._packets = recording, packets

    def read(self, pieces: list[Piece], *, most: int | None = None) -> Iterator[tuple[Piece, list[PictureChunk]]]:
        times_s, luma = self._recording.times_s, self._recording.luma
        for piece in pieces:
            shown_s = self._packets.pts_s[piece.first : piece.end]
            first, end = np.searchsorted(times_s, [shown_s.min() - _HALF_S, shown_s.max() + _HALF_S])
            end = end if most is None else min(end, first + most)
            yield piece, list(_chunks(times_s[first:end], luma[first:end]))


#: Half of the time from picture to picture: recorded ones lie this near to those that a camera would have taken.
_HALF_S = 0.5 / PICTURE_RATE_HZ


def _chunks(times_s: np.ndarray, luma: np.ndarray) -> Iterator[PictureChunk]:
    for first in range(0, len(times_s), CHUNK_PICTURES):
        chosen = slice(first, first + CHUNK_PICTURES)
        yield PictureChunk(times_s[chosen], luma[chosen])


def camera_packets(
    duration_s: float, pixels: int = CAMERA[0], bits_per_s: float = CAMERA[1], codec: str = CAMERA[2]
) -> Packets:
    """Return the packets that an action camera would write for a take of this length."""
    number = np.arange(max(1, round(duration_s * CAMERA_RATE_HZ)))
    is_key = number % CAMERA_GROUP == 0
    usual_bytes = bits_per_s / 8 / CAMERA_RATE_HZ * CAMERA_GROUP / (CAMERA_GROUP - 1 + KEY_TIMES)
    size_bytes = np.where(is_key, KEY_TIMES * usual_bytes, usual_bytes).astype(np.int64)
    return Packets(number / CAMERA_RATE_HZ, size_bytes, is_key, pixels, codec)


def signals_of_parts(
    path: str, progress: Callable[[float], None], parts: Sequence[dict[str, Any]], muted: bool = False
) -> dict[str, Any]:
    """Return the signals of parts of a file, each as of a file of its own; for a child process.

    Parameters
    ----------
    path : str
    progress : callable
        Called with the fraction that is done.
    parts : sequence of dict
        The fields of `Part`. A part may reach over the end of the take, which cuts it off.
    muted : bool
        Do not listen.

    Returns
    -------
    dict
        JSON-able: ``duration_ms`` of the file and ``parts``, for each ``signals`` and ``duration_ms``.
    """
    recording = Recording.of(path, lambda done: progress(done / 2), muted=muted)
    found = []
    for number, asked in enumerate(Part(**fields) for fields in parts):
        end_s = min(asked.end_ms / 1000, recording.duration_s)
        own = recording.part(asked.start_ms / 1000, end_s)
        signals = own.signals(asked.coverage)
        found.append({"signals": signals.to_json(), "duration_ms": max(1, round(1000 * own.duration_s))})
        progress(0.5 + 0.5 * (number + 1) / len(parts))
    return {"duration_ms": max(1, round(1000 * recording.duration_s)), "parts": found}
