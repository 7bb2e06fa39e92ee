"""Measures the loudness of a file along its time, on a logarithmic scale and in a bounded number of steps."""

from collections.abc import Callable, Iterator
from typing import Any

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from clips.media.formats.opening import MAX_DURATION_S, declared_end_s, open_media, zero_s
from clips.media.timestamps import pts_of, time_base_of

#: Long enough for a loudness, short enough for a landing to stand out of the wind.
FINE_STEP_MS = 50
#: What is kept: 1.8 s each for an hour.
MAX_STEPS = 2_000
#: Against full scale. What is quieter is level 0; a square wave of full scale is level 255.
FLOOR_DB = -60.0
_MAX_FINE_STEPS = MAX_DURATION_S * 1000 // FINE_STEP_MS
_SILENCE = 1e-12


def waveform(source: str, progress: Callable[[float], None] | None = None) -> dict[str, Any]:
    """Return the loudness of a file's first sound track; pictures are not read, not even from disk.

    Parameters
    ----------
    source : str
        A camera file.
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    dict
        ``step_ms`` and ``levels``, one from 0 (-60 dB of full scale and less) to 255 (full scale) for each step, the
        first beginning at 0:00: the mean power of 50 ms over all channels, and of a longer step the loudest 50 ms in
        it. Empty where there is no sound. Where sound is damaged or missing, its steps are 0.

    Raises
    ------
    MediaError
        If the file cannot be read at all.
    """
    loudness = _Loudness()
    with open_media(source) as container:
        heard = next((s for s in container.streams.audio if s.codec_context is not None), None)
        if heard is None:
            return {}
        for stream in container.streams:
            if stream.index != heard.index:
                stream.discard = Discard.all
        zero, length_s = zero_s(container), max(1.0, declared_end_s(container) - zero_s(container))
        for frame in _frames(container, heard):
            begin_s = pts_of(frame) * float(time_base_of(frame)) - zero
            loudness.add(frame, begin_s)
            if progress:
                progress(min(1.0, max(0.0, begin_s / length_s)))
    return loudness.levels()


def _frames(container: InputContainer, heard: AudioStream) -> Iterator[AudioFrame]:
    """Yield the sound as far as the file can be read; damaged packets are skipped, since later ones may be whole."""
    packets = container.demux(heard)
    while (packet := _unless_damaged(lambda: next(packets, None))) is not None:
        frames = _unless_damaged(packet.decode) or []
        yield from (frame for frame in frames if frame.pts is not None and frame.sample_rate)


def _unless_damaged(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        return None


class _Loudness:
    """Sums of power in fine steps, which grow with the sound: a file's stated length may be wrong."""

    def __init__(self) -> None:
        self._power = np.zeros(0)
        self._n_samples = np.zeros(0)
        self._n_steps = 0

    def add(self, frame: AudioFrame, begin_s: float) -> None:
        """Add a frame's samples to the steps in which they are heard."""
        power = _power(frame)
        step_samples = frame.sample_rate * FINE_STEP_MS / 1000
        places = np.floor(begin_s * 1000 / FINE_STEP_MS + np.arange(len(power)) / step_samples)
        is_kept = (places >= 0) & (places < _MAX_FINE_STEPS)
        places, power = places[is_kept].astype(int), power[is_kept]
        if len(places) == 0:
            return
        first, n_here = int(places[0]), int(places[-1] - places[0]) + 1
        self._grow(first + n_here)
        here = slice(first, first + n_here)
        self._power[here] += np.bincount(places - first, weights=power, minlength=n_here)
        self._n_samples[here] += np.bincount(places - first, minlength=n_here)

    def levels(self) -> dict[str, Any]:
        if not self._n_steps:
            return {}
        mean = self._power[: self._n_steps] / np.maximum(1, self._n_samples[: self._n_steps])
        n_together = -(-self._n_steps // MAX_STEPS)
        loudest = np.maximum.reduceat(mean, np.arange(0, self._n_steps, n_together))
        level_db = 10 * np.log10(np.maximum(loudest, _SILENCE))
        levels = np.clip(np.round(255 * (1 - level_db / FLOOR_DB)), 0, 255).astype(int)
        return {"step_ms": FINE_STEP_MS * n_together, "levels": levels.tolist()}

    def _grow(self, n_steps: int) -> None:
        if n_steps > len(self._power):
            more = np.zeros(max(n_steps, 2 * len(self._power)) - len(self._power))
            self._power = np.concatenate([self._power, more])
            self._n_samples = np.concatenate([self._n_samples, more])
        self._n_steps = max(self._n_steps, n_steps)


def _power(frame: AudioFrame) -> np.ndarray:
    """Return the power of each sample [shape=(n,), float], 1 for full scale, as the mean of all channels."""
    samples = frame.to_ndarray()
    if samples.dtype.kind == "u":
        samples = (samples.astype(float) - 128) / 128
    elif samples.dtype.kind == "i":
        samples = samples.astype(float) / 2.0 ** (8 * samples.dtype.itemsize - 1)
    power = np.nan_to_num(np.clip(samples, -1, 1), nan=0.0).astype(float) ** 2
    n_channels = frame.layout.nb_channels
    return power.mean(axis=0) if frame.format.is_planar else power.reshape(-1, n_channels).mean(axis=1)
