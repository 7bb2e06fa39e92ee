"""Encodes the sound of a preview in sync with its pictures, slowed with them at the original pitch."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.filter import Graph

from clips.media.timestamps import AnyPacket, pts_of, time_base_of

BIT_RATE = 96_000
RATE_HZ = 48_000
#: Times of sound that are rounded to a container's ticks jump by less than this where nothing is missing.
_JITTER = RATE_HZ // 20
#: atempo puts a window of 2048 samples, at this rate, where its first sample belongs, not its middle: so all it gives
#: comes too early by half a window for each time that it is slower, 64 ms at a quarter of the speed.
_ATEMPO_HALF_WINDOW = 1024
#: The slowest that FFmpeg's atempo goes in one step.
_SLOWEST_STEP = Fraction(1, 2)


def layout_of(heard: AudioStream) -> str:
    return "mono" if heard.channels == 1 else "stereo"


def resampler_for(heard: AudioStream) -> AudioResampler:
    """Return a resampler that brings a stream's frames to the form that ``Sound`` takes."""
    return AudioResampler(format="fltp", layout=layout_of(heard), rate=RATE_HZ)


class Target(Protocol):
    """A file that gets a track of sound."""

    def add_stream(self, *args: Any, **kwargs: Any) -> Any: ...

    def mux(self, packets: list[AnyPacket]) -> None: ...


class Stretch(Protocol):
    """From when to when sound is wanted, in seconds of the source; a ``Span`` is one."""

    @property
    def start_s(self) -> Fraction: ...

    @property
    def end_s(self) -> Fraction: ...


class Sound:
    """Writes the sound of a span so that sample 0 is heard with the first frame.

    Parameters
    ----------
    target : OutputContainer
        Gets a track of AAC.
    layout : str
        "mono" or "stereo".
    span : Stretch
        What is wanted of it.
    slow_down : int
        How many seconds of the track are one of the span. The pitch stays, so that a landing still sounds like one
        and a page that plays it in real time, where browsers keep the pitch as well, sounds as it was.
    bit_rate : int
        Bits in a second of the track.
    """

    def __init__(self, target: Target, layout: str, span: Stretch, slow_down: int, *, bit_rate: int = BIT_RATE) -> None:
        self._target = target
        self._layout = layout
        self._track: AudioStream = target.add_stream("aac", rate=RATE_HZ, layout=layout)
        self._track.bit_rate = bit_rate
        self._start_s = span.start_s
        self._n_wanted = round((span.end_s - span.start_s) * RATE_HZ)
        self._n_taken = 0
        self._n_encoded = 0
        self._slow_down = slow_down
        self._slower = _slower(layout, slow_down) if slow_down > 1 else None
        self._expected: int | None = None

    def add(self, piece: AudioFrame) -> None:
        """Take a piece from ``resampler_for``; outside the span it is left out, gaps become silence."""
        begin, samples = round((pts_of(piece) * time_base_of(piece) - self._start_s) * RATE_HZ), piece.to_ndarray()
        if self._expected is not None and abs(begin - self._expected) <= _JITTER:
            begin = self._expected
        self._expected = begin + samples.shape[1]
        if begin > self._n_taken:
            n_missing = min(begin, self._n_wanted) - self._n_taken
            self._take(np.zeros((samples.shape[0], n_missing), dtype=samples.dtype))
        self._take(samples[:, max(0, self._n_taken - begin) : max(0, self._n_wanted - begin)])

    def close(self) -> None:
        if self._slower and self._n_taken:
            self._slower.push(None)
            self._encode_slowed(self._slower)
            # What slows the sound keeps some of its end back.
            n_missing = max(0, self._n_taken * self._slow_down - self._n_encoded)
            self._encode(np.zeros((self._track.channels, n_missing), dtype=np.float32))
        self._target.mux(self._track.encode(None))

    def _take(self, samples: np.ndarray) -> None:
        if samples.shape[1] == 0:
            return
        if self._slower is None:
            self._encode(samples)
        else:
            if not self._n_taken:
                n_late = _ATEMPO_HALF_WINDOW * (self._slow_down - 1)
                self._encode(np.zeros((samples.shape[0], n_late), dtype=samples.dtype))
            self._slower.push(_frame(samples, self._layout, at=self._n_taken))
            self._encode_slowed(self._slower)
        self._n_taken += samples.shape[1]

    def _encode_slowed(self, slower: Graph) -> None:
        for piece in _all_of(slower):
            self._encode(piece.to_ndarray()[:, : self._n_wanted * self._slow_down - self._n_encoded])

    def _encode(self, samples: np.ndarray) -> None:
        if samples.shape[1] == 0:
            return
        self._target.mux(self._track.encode(_frame(samples, self._layout, at=self._n_encoded)))
        self._n_encoded += samples.shape[1]


def _slower(layout: str, slow_down: int) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE_HZ, format="fltp", layout=layout, time_base=Fraction(1, RATE_HZ))
    steps, left = [], Fraction(1, slow_down)
    while left < _SLOWEST_STEP:
        steps.append(_SLOWEST_STEP)
        left /= _SLOWEST_STEP
    # 17 digits bring a double back exactly; over a minute the sound must not drift from the picture.
    filters = [graph.add("atempo", f"{float(step):.17g}") for step in [*steps, left]]
    planar = graph.add("aformat", "sample_fmts=fltp")  # atempo would rather have channels interleaved
    graph.link_nodes(source, *filters, planar, graph.add("abuffersink")).configure()
    return graph


def _all_of(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            yield cast(AudioFrame, graph.pull())  # its only sink is one of sound
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _frame(samples: np.ndarray, layout: str, *, at: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
    return frame
