"""Re-encodes sound that a clip's container cannot hold, in sync with the picture to the sample."""

from collections.abc import Iterable
from fractions import Fraction
from typing import cast

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame, format_dtypes
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

from clips.media.pictures.frame_times import Span
from clips.media.sound_layouts import layout_of
from clips.media.timestamps import pts_of, time_base_of

BIT_RATE = 192_000
#: What AAC takes from this rate on has room for that bit rate; what is lower is brought to this one.
_AAC_RATES_HZ = frozenset({32_000, 44_100, 48_000, 88_200, 96_000})
_AAC_RATE_HZ = 48_000
#: Encoder → sample format, by whether the source has more than 16 bits.
_FORMATS = {
    "aac": ("fltp", "fltp"),
    "alac": ("s16p", "s32p"),
    "pcm_s16le": ("s16", "s16"),
    "pcm_s24le": ("s32", "s32"),
    "pcm_f32le": ("flt", "flt"),
}
_SIXTEEN_BITS = frozenset({"u8", "u8p", "s16", "s16p"})
#: Times that are rounded to a container's ticks jump by less than this where nothing is missing.
_JITTER_S = Fraction(1, 200)


class ConvertedSound:
    """Writes the sound of a span so that its first sample is heard with the first frame.

    Parameters
    ----------
    target : OutputContainer
        Gets a track.
    source : AudioStream
        Decodes the packets that ``add`` takes.
    span : Span
        What is wanted of it; what is missing in it is silence.
    into : str
        The encoder: "aac", "alac", or one of PCM.
    """

    def __init__(self, target: OutputContainer, source: AudioStream, span: Span, into: str) -> None:
        self._target = target
        self._start_s = span.start_s
        self._rate_hz, self._layout = _rate_hz(source, into), _layout(source, into)
        self._format = _format(source, into)
        track = target.add_stream(into, rate=self._rate_hz, layout=self._layout, format=self._format)
        self.track = cast(AudioStream, track)  # as every encoder of ``into`` makes it
        if into == "aac":
            self.track.bit_rate = BIT_RATE
        self.track.codec_context.time_base = Fraction(1, self._rate_hz)
        self._context = source.codec_context
        self._resampler = AudioResampler(format=self._format, layout=self._layout, rate=self._rate_hz)
        self._n_wanted = round((span.end_s - span.start_s) * self._rate_hz)
        self._n_channels = self.track.codec_context.channels
        self._n_taken = 0
        self._expected: int | None = None

    def add(self, packet: "av.Packet[AudioStream]") -> None:
        """Take the next packet of the source; a damaged one leaves silence."""
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            return
        self._take_all(frames)

    def close(self) -> None:
        """Write what is still held back, and silence up to the end."""
        try:
            self._take_all(self._context.decode(None))
            self._take_all([None])
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
        self._context.flush_buffers()
        self._encode_silence(self._n_wanted - self._n_taken)
        self._target.mux(self.track.encode(None))

    def _take_all(self, frames: Iterable[AudioFrame | None]) -> None:
        """Take decoded frames; None marks the end and flushes the resampler."""
        for frame in frames:
            if frame is not None and (frame.pts is None or not frame.samples):
                continue
            try:
                pieces = self._resampler.resample(frame)
            except ValueError:  # the camera changed its sound in the middle; the picture matters more
                continue
            for piece in pieces:
                self._take(piece)

    def _take(self, piece: AudioFrame) -> None:
        """Take the output of the resampler; what lies outside the span is left out."""
        begin = round((pts_of(piece) * time_base_of(piece) - self._start_s) * self._rate_hz)
        if self._expected is not None and abs(begin - self._expected) <= _JITTER_S * self._rate_hz:
            begin = self._expected
        self._expected = begin + piece.samples
        self._encode_silence(min(begin, self._n_wanted) - self._n_taken)
        each = 1 if self._is_planar else self._n_channels
        samples = piece.to_ndarray()
        self._encode(samples[:, max(0, self._n_taken - begin) * each : max(0, self._n_wanted - begin) * each])

    def _encode_silence(self, n_samples: int) -> None:
        dtype, zero = format_dtypes[self._format], 128 if self._format.startswith("u8") else 0
        while n_samples > 0:  # by the second: a pause may be long
            n_now = min(n_samples, self._rate_hz)
            shape = (self._n_channels, n_now) if self._is_planar else (1, n_now * self._n_channels)
            self._encode(np.full(shape, zero, dtype=dtype))
            n_samples -= n_now

    def _encode(self, samples: np.ndarray) -> None:
        if samples.shape[1] == 0:
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=self._format, layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate_hz, self._n_taken, Fraction(1, self._rate_hz)
        self._target.mux(self.track.encode(frame))
        self._n_taken += frame.samples

    @property
    def _is_planar(self) -> bool:
        return self._format.endswith("p")


def _rate_hz(source: AudioStream, into: str) -> int:
    rate_hz = source.codec_context.sample_rate
    return rate_hz if into != "aac" or rate_hz in _AAC_RATES_HZ else _AAC_RATE_HZ


def _layout(source: AudioStream, into: str) -> str:
    """Return the source's own channels; AAC gets one, two, or six in the layout that players expect."""
    if into == "aac":
        return {1: "mono", 6: "5.1"}.get(source.codec_context.channels, "stereo")
    return layout_of(source.codec_context)


def _format(source: AudioStream, into: str) -> str:
    sixteen, more = _FORMATS.get(into, (source.codec_context.format.packed.name,) * 2)
    return sixteen if source.codec_context.format.name in _SIXTEEN_BITS else more
