"""Joins the decoded sound of a file to one even stream of samples."""

from dataclasses import dataclass

import av
import numpy as np

from clips.media.timestamps import pts_of, time_base_of

#: Sound per chunk.
CHUNK_S = 4
#: Sound that starts so much later than the last ended bears a damaged time and is left out.
LONGEST_HOLE_S = 600.0


@dataclass
class SoundChunk:
    """A stretch of consecutive sound.

    Attributes
    ----------
    start_s : float
        Time of the first sample on the file's own clock; may be below zero.
    samples : np.ndarray [shape=(n,), float32]
        Mono, full scale is 1.
    """

    start_s: float
    samples: np.ndarray


class SoundBuffer:
    """Joins decoded sound to one continuous stream: gaps become silence, overlaps are dropped.

    Parameters
    ----------
    rate_hz : int
        Of the samples that come out.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler = self._fresh_resampler()
        self._pieces: list[np.ndarray] = []
        self._start: int | None = None  # sample number of the first buffered sample
        self.n_samples = 0

    @property
    def is_full(self) -> bool:
        """Return whether there is enough for a chunk."""
        return self.n_samples >= CHUNK_S * self._rate_hz

    def add(self, frame: av.AudioFrame) -> None:
        """Add the next decoded frame; one without a time is not for here."""
        start = round(float(pts_of(frame) * time_base_of(frame)) * self._rate_hz)
        try:
            pieces = [part.to_ndarray()[0] for part in self._resampler.resample(frame)]
        except (av.error.FFmpegError, ValueError):  # the format changed midway: begin afresh
            self._resampler = self._fresh_resampler()
            return
        samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        if self._start is None:
            self._start = start
        hole = start - (self._start + self.n_samples)
        if hole > LONGEST_HOLE_S * self._rate_hz:
            return
        # The resampler holds back a few ms, so only a clear hole or overlap is one.
        if hole > self._rate_hz // 20:
            samples = np.concatenate([np.zeros(hole, np.float32), samples])
        elif hole < -self._rate_hz // 20:
            samples = samples[-hole:]
        self._pieces.append(samples)
        self.n_samples += len(samples)

    def pop(self, origin_s: float) -> SoundChunk:
        """Take out what was gathered, timed from ``origin_s`` of the file."""
        samples = np.concatenate(self._pieces)
        start = self._start or 0
        chunk = SoundChunk(start / self._rate_hz - origin_s, np.nan_to_num(np.clip(samples, -1, 1)))
        self._start = start + self.n_samples
        self._pieces, self.n_samples = [], 0
        return chunk

    def _fresh_resampler(self) -> av.AudioResampler:
        return av.AudioResampler(format="flt", layout="mono", rate=self._rate_hz)
