"""Stream a camera file as small grey pictures and mono sound, a few seconds at a time."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import Interpolation

from clips.media import MediaError
from clips.media.container import open_media

#: Longest side of the small picture. 192 px and a half of it separate tricks alike on the labelled takes
#: (area under the curve .83 and .84), and 96 px costs a quarter of the work.
LONG_SIDE_PX = 96
#: 30 pictures a second separate better than 15 (.89 against .84 for the arc): a pop lasts a tenth of a second.
PICTURE_RATE_HZ = 30
#: Keep a picture once this share of the ideal interval has passed, so that jitter of the PTS drops nothing.
INTERVAL_SLACK = 0.8
#: From this rate on, pictures that no other picture needs are skipped inside the decoder.
SKIP_FROM_RATE_HZ = 48
#: High enough for the bands of a board's pop (up to 7.5 kHz), low enough to cost next to nothing.
SOUND_RATE_HZ = 16_000
#: Pictures per chunk: two seconds, a megabyte.
CHUNK_PICTURES = 64
#: Sound per chunk.
CHUNK_SAMPLES = 4 * SOUND_RATE_HZ
#: Often enough for a bar that moves and for a lease that is renewed.
TICK_S = 0.25
#: Sound that starts so much later than the last ended bears a damaged time and is left out.
LONGEST_HOLE_S = 600.0


@dataclass
class PictureChunk:
    """Consecutive pictures.

    Attributes
    ----------
    times_s : np.ndarray [shape=(n,), float64]
        Since the first picture on screen.
    luma : np.ndarray [shape=(n, height, width), uint8]
        Upright grey pictures.
    """

    times_s: np.ndarray
    luma: np.ndarray


@dataclass
class SoundChunk:
    """Consecutive sound.

    Attributes
    ----------
    start_s : float
        Time of the first sample since the first picture on screen; may be below zero.
    samples : np.ndarray [shape=(n,), float32]
        Mono at ``SOUND_RATE_HZ``, full scale is 1.
    """

    start_s: float
    samples: np.ndarray


class MediaReader:
    """Decodes one file once, front to back.

    Times count from the PTS of the first picture on screen, so that a start offset or an edit list shifts nothing.
    A damaged packet is left out; where the file breaks off, reading ends without an error.

    Attributes
    ----------
    expected_s : float
        Length that the container states, 0.0 where it states none.
    end_s : float
        End of the last picture read so far.
    """

    def __init__(self, container: InputContainer):
        moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not moving:  # a cover picture is no film
            raise MediaError("There is no picture in this file.")
        self._container = container
        self._video = moving[0]
        self._audio = container.streams.audio[0] if container.streams.audio else None
        self._video.thread_type = "AUTO"
        if (self._video.average_rate or 0) >= SKIP_FROM_RATE_HZ:
            self._video.codec_context.skip_frame = "NONREF"
        self.expected_s = _stated_length_s(container, self._video)
        self.end_s = 0.0
        self._origin_s: float | None = None
        self._pictures = _PictureBuffer()
        self._sound = _SoundBuffer()

    def chunks(self, tick: Callable[[float], None]) -> Iterator[PictureChunk | SoundChunk]:
        """Yield pictures and sound as they come; each kind in order of time.

        Parameters
        ----------
        tick : callable
            Called with the fraction that is read, about every ``TICK_S`` of work.

        Raises
        ------
        MediaError
            If no picture can be decoded.
        """
        ticked_s = float("-inf")
        for packet in self._packets():
            if time.monotonic() - ticked_s > TICK_S:
                tick(min(self.end_s / self.expected_s, 0.99) if self.expected_s else 0.0)
                ticked_s = time.monotonic()
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue  # a damaged packet costs its own pictures, not the file
            for frame in frames:
                if frame.pts is not None:
                    self._take(frame)
            yield from self._full_chunks(last=False)
        yield from self._full_chunks(last=True)
        if self._origin_s is None:
            raise MediaError("No picture in this file can be read.")

    def _packets(self) -> Iterator[av.Packet]:
        streams = [stream for stream in (self._video, self._audio) if stream is not None]
        packets = self._container.demux(streams)
        while True:
            try:
                yield next(packets)
            except (StopIteration, av.error.FFmpegError):  # cut off: what was read so far counts
                return

    def _take(self, frame: av.VideoFrame | av.AudioFrame) -> None:
        if isinstance(frame, av.AudioFrame):
            self._sound.add(frame)
            return
        time_s = float(frame.pts * frame.time_base)
        if self._origin_s is None:
            self._origin_s = time_s
        time_s -= self._origin_s
        self.end_s = max(self.end_s, time_s + _frame_length_s(frame))
        self._pictures.add(frame, time_s)

    def _full_chunks(self, *, last: bool) -> Iterator[PictureChunk | SoundChunk]:
        if self._origin_s is None:
            return
        if self._pictures.is_full or (last and self._pictures.luma):
            yield self._pictures.pop()
        if self._sound.is_full or (last and self._sound.n_samples):
            yield self._sound.pop(self._origin_s)


class _PictureBuffer:
    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.luma: list[np.ndarray] = []
        self._due_s = float("-inf")
        self._size: tuple[int, int] | None = None

    @property
    def is_full(self) -> bool:
        return len(self.luma) >= CHUNK_PICTURES

    def add(self, frame: av.VideoFrame, time_s: float) -> None:
        if time_s < self._due_s:
            return
        self._due_s = time_s + INTERVAL_SLACK / PICTURE_RATE_HZ
        luma = small_grey(frame)
        if self._size is None:
            self._size = luma.shape
        if luma.shape == self._size:  # a stream that changes its shape midway cannot be compared across the change
            self.times_s.append(time_s)
            self.luma.append(luma)

    def pop(self) -> PictureChunk:
        chunk = PictureChunk(np.array(self.times_s), np.stack(self.luma))
        self.times_s, self.luma = [], []
        return chunk


class _SoundBuffer:
    """Joins decoded sound to one even stream: holes become silence, overlaps are dropped."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_RATE_HZ)
        self._pieces: list[np.ndarray] = []
        self._start: int | None = None  # sample number of the first buffered sample
        self.n_samples = 0

    @property
    def is_full(self) -> bool:
        return self.n_samples >= CHUNK_SAMPLES

    def add(self, frame: av.AudioFrame) -> None:
        start = round(float(frame.pts * frame.time_base) * SOUND_RATE_HZ)
        try:
            pieces = [part.to_ndarray()[0] for part in self._resampler.resample(frame)]
        except (av.error.FFmpegError, ValueError):  # the format changed midway: begin afresh
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_RATE_HZ)
            return
        samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        if self._start is None:
            self._start = start
        hole = start - (self._start + self.n_samples)
        if hole > LONGEST_HOLE_S * SOUND_RATE_HZ:
            return
        # The resampler holds back a few ms, so only a clear hole or overlap is one.
        if hole > SOUND_RATE_HZ // 20:
            samples = np.concatenate([np.zeros(hole, np.float32), samples])
        elif hole < -SOUND_RATE_HZ // 20:
            samples = samples[-hole:]
        self._pieces.append(samples)
        self.n_samples += len(samples)

    def pop(self, origin_s: float) -> SoundChunk:
        samples = np.concatenate(self._pieces)
        chunk = SoundChunk(self._start / SOUND_RATE_HZ - origin_s, np.nan_to_num(np.clip(samples, -1, 1)))
        self._start += self.n_samples
        self._pieces, self.n_samples = [], 0
        return chunk


def small_grey(frame: av.VideoFrame) -> np.ndarray:
    """Return the picture upright, grey and small.

    Returns
    -------
    np.ndarray [shape=(height, width), uint8]
        The longer side has ``LONG_SIDE_PX``, the shorter at least a quarter of it.
    """
    scale = LONG_SIDE_PX / max(frame.width, frame.height)
    width_px, height_px = (max(LONG_SIDE_PX // 4, round(side * scale)) for side in (frame.width, frame.height))
    grey = frame.reformat(width=width_px, height=height_px, format="gray", interpolation=Interpolation.AREA)
    quarter_turns = round(frame.rotation / 90) % 4  # counter-clockwise, as the display matrix says
    return np.ascontiguousarray(np.rot90(grey.to_ndarray(), quarter_turns))


def open_reader(path: str | Path) -> tuple[InputContainer, MediaReader]:
    """Open a file for one pass; close the container afterwards.

    Raises
    ------
    MediaError
        If the file cannot be opened or has no picture.
    """
    container = open_media(path)
    try:
        return container, MediaReader(container)
    except BaseException:
        container.close()
        raise


def _frame_length_s(frame: av.VideoFrame) -> float:
    return float(frame.duration * frame.time_base) if frame.duration else 0.0


def _stated_length_s(container: InputContainer, video: av.VideoStream) -> float:
    if video.duration:
        return float(video.duration * video.time_base)
    return container.duration / av.time_base if container.duration else 0.0
