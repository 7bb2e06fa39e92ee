"""Opens a camera file for readers of a part of it, and lists the packets of that part."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from typing import Any, overload

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.formats.opening import MAX_DURATION_S, TOO_LONG, clock, open_media, picture_stream, zero_s
from clips.media.pictures.coded import CodedPictures
from clips.media.pictures.fields import whole_pictures
from clips.media.pictures.frame_times import FrameAt, Span, frame_at, go_to
from clips.media.timestamps import AnyPacket, time_base_of

#: Cameras store sound up to this much before or after the picture that it belongs to.
_INTERLEAVE_S = Fraction(3)
_LEAD_S = Fraction(1, 2)


@dataclass(frozen=True)
class Film:
    """A camera file, its picture, and the first of its sounds that can be read."""

    path: Path
    container: InputContainer
    stream: VideoStream
    heard: AudioStream | None
    #: The timestamp that rows call 0:00, in seconds.
    zero_s: Fraction

    def span(self, start_ms: int, end_ms: int) -> Span:
        """Return the frames from the one on screen at ``start_ms`` to the one at ``end_ms``; MediaError if none."""
        if end_ms < start_ms:
            raise MediaError("The end is before the start.")
        start_s = Fraction(start_ms, 1000) + self.zero_s
        first = frame_at(self.container, self.stream, start_s)
        last = frame_at(self.container, self.stream, Fraction(end_ms, 1000) + self.zero_s)
        span = Span(first, last, time_base_of(self.stream))
        if start_s >= span.end_s:
            raise MediaError(f"The video ends before {clock(start_ms)}.")
        if span.end_s - self.zero_s > MAX_DURATION_S:
            raise MediaError(TOO_LONG)
        return span

    def first_ms(self, pts: int) -> int:
        """Return the first millisecond at which a frame is on screen."""
        return ceil((pts * time_base_of(self.stream) - self.zero_s) * 1000)

    def last_ms(self, end_pts: int) -> int:
        """Return the last millisecond before ``end_pts``, or that of ``end_pts`` itself."""
        return floor((end_pts * time_base_of(self.stream) - self.zero_s) * 1000)


@contextmanager
def open_film(path: str | Path) -> Iterator[Film]:
    """Open a camera file for reading parts of it; MediaError as in ``open_media``."""
    with open_media(path) as container:
        stream = picture_stream(container)
        stream.thread_type = "AUTO"
        heard = next((s for s in container.streams.audio if s.codec_context is not None), None)
        zero = Fraction(zero_s(container)).limit_denominator(av.time_base)
        yield Film(Path(path), container, stream, heard, zero)


@dataclass(frozen=True)
class Contents:
    """The facts about a span that its packets tell without decoding."""

    #: PTS of the frames that are shown, sorted.
    pts: tuple[int, ...]
    #: PTS of the keyframes that are right at once, sorted; the first is where decoding starts, whatever it is.
    keyframes: tuple[int, ...]
    #: From that keyframe on.
    size_bytes: int
    #: Whether frames that are decoded behind a keyframe are shown before it.
    has_open_gop: bool
    span: Span

    @property
    def times_s(self) -> tuple[Fraction, ...]:
        return tuple(pts * self.span.time_base for pts in self.pts)

    @property
    def longest_gop_s(self) -> Fraction:
        ends = [*self.keyframes, self.span.last.end_pts]
        return max(later - earlier for earlier, later in pairwise(ends)) * self.span.time_base

    @property
    def rate_hz(self) -> Fraction:
        return len(self.pts) / (self.span.end_s - self.span.start_s)

    @property
    def bits_per_second(self) -> float:
        return float(8 * self.size_bytes / (self.span.end_s - self.keyframes[0] * self.span.time_base))


def contents(film: Film, span: Span) -> Contents:
    """Read the packets of a span up to where the file ends or is damaged."""
    shown: list[int] = []
    keyframes: list[int] = []
    size_bytes, has_open_gop = 0, False
    coded = CodedPictures(film.stream)
    go_to(film.container, film.stream, span.first.seek_to)
    try:
        for packet in whole_pictures(film.container.demux(film.stream), film.stream):
            if not packet.size or packet.pts is None or (not keyframes and packet.pts != span.first.keyframe_pts):
                continue
            if packet.dts is not None and packet.dts > span.last.pts:
                break
            size_bytes += packet.size
            has_open_gop = has_open_gop or (bool(keyframes) and packet.pts < keyframes[-1])
            if packet.is_keyframe and packet.pts <= span.last.pts and (not keyframes or coded.is_right_at_once(packet)):
                keyframes.append(packet.pts)
            if span.first.pts <= packet.pts <= span.last.pts and not packet.is_discard:
                shown.append(packet.pts)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
    return Contents(tuple(sorted(set(shown))), tuple(sorted(keyframes)), size_bytes, has_open_gop, span)


def decoded(film: Film, span: Span) -> Iterator[VideoFrame | AudioFrame]:
    """Yield all frames of the span, and some before and after it, in file order."""
    container, stream, heard = film.container, film.stream, film.heard
    begin = min(span.first.seek_to, stream.start_time or 0)  # AVI fails on a seek to before its start
    go_to(container, stream, max(begin, span.first.seek_to - ceil(_LEAD_S / time_base_of(stream))))
    has_begun = is_seen = False
    is_heard = heard is None
    for packet in _packets(container, stream, heard):
        if packet.stream.index == stream.index and not is_seen:
            has_begun = has_begun or (packet.is_keyframe and packet.pts == span.first.keyframe_pts)
            is_seen = packet.dts is not None and packet.dts > span.last.pts
            if has_begun and not is_seen:
                yield from frames_of(packet)
        elif packet.stream.index != stream.index and not is_heard and packet.pts is not None:
            is_heard = packet.pts * packet.time_base >= span.end_s
            if not is_heard:
                yield from frames_of(packet)
        is_past = packet.pts is not None and packet.pts * packet.time_base > span.end_s + _INTERLEAVE_S
        if is_past or (is_seen and is_heard):
            break
    for frame in held_back(stream):
        frame.time_base = stream.time_base  # what comes without a packet does not know it
        yield frame
    stream.codec_context.flush_buffers()  # the next group begins anew


def packets_from(film: Film, first: FrameAt) -> Iterator[AnyPacket]:
    """Yield the packets of picture and sound from where a frame's decoding begins, and some sound before it."""
    container, stream = film.container, film.stream
    begin = min(first.seek_to, stream.start_time or 0)
    go_to(container, stream, max(begin, first.seek_to - ceil(_LEAD_S / time_base_of(stream))))
    stream.codec_context.flush_buffers()
    if film.heard is not None:
        film.heard.codec_context.flush_buffers()
    has_begun = False
    for packet in _packets(container, stream, film.heard):
        if packet.stream.index == stream.index:
            has_begun = has_begun or (packet.is_keyframe and packet.pts == first.keyframe_pts)
            if not has_begun:
                continue
        yield packet


def _packets(container: InputContainer, stream: VideoStream, heard: AudioStream | None) -> Iterator[AnyPacket]:
    """Yield packets up to where the file ends or becomes unreadable."""
    packets = container.demux([each for each in (stream, heard) if each])
    try:
        yield from (packet for packet in whole_pictures(packets, stream) if packet.size)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise


def held_back(stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield the decoder's last frames, up to a damaged one."""
    try:
        yield from stream.codec_context.decode(None)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise


@overload
def frames_of(packet: "av.Packet[VideoStream]") -> list[VideoFrame]: ...
@overload
def frames_of(packet: "av.Packet[AudioStream]") -> list[AudioFrame]: ...
def frames_of(packet: AnyPacket) -> list[Any]:
    """Return the frames in a packet; none if it is damaged, since the ones after it may be whole."""
    try:
        return [frame for frame in packet.decode() if frame.pts is not None]
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        return []
