"""Deinterlaces film whose two fields were filmed one after the other, so that motion shows no combing.

Frames that are not marked as interlaced pass through unchanged. As many frames come out as go in, at the same times.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import av.error
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import VideoFrame

from clips.media.timestamps import time_base_of

#: For film: FFmpeg's best that looks at the pictures before and after, too.
_FILM_FILTER = "bwdif"
#: For a single picture; with no other to look at, that one leaves the fields as they are.
_STILL_FILTER = "yadif"
_EACH_ONCE = "mode=send_frame:deint=interlaced"


def deinterlaced(frames: Iterable[VideoFrame | AudioFrame]) -> Iterator[VideoFrame | AudioFrame]:
    """Yield the frames of a film deinterlaced, in the order of time; sound passes through."""
    filter_: _Filter | None = None
    for frame in frames:
        if isinstance(frame, AudioFrame) or (filter_ is None and not frame.interlaced_frame):
            yield frame
            continue
        if filter_ is None or not filter_.takes(frame):  # the first; or a camera that changed its picture in the middle
            yield from filter_.rest() if filter_ else ()
            filter_ = _Filter(frame, _FILM_FILTER)
        yield from filter_.given(frame)
    yield from filter_.rest() if filter_ else ()


def deinterlaced_alone(frame: VideoFrame) -> VideoFrame:
    """Return a single picture deinterlaced."""
    if not frame.interlaced_frame:
        return frame
    filter_ = _Filter(frame, _STILL_FILTER)
    return next(iter([*filter_.given(frame), *filter_.rest()]))


class _Filter:
    """FFmpeg's filter and the times of the frames in it: it needs the next frame before it returns one."""

    def __init__(self, frame: VideoFrame, name: str) -> None:
        self._kind = _kind(frame)
        self._times: deque[tuple[Any, ...]] = deque()
        self._n_given = 0
        self._graph = Graph()
        width_px, height_px, pix_fmt, colour_space, colour_range = self._kind
        time_base = f"{time_base_of(frame).numerator}/{time_base_of(frame).denominator}"
        given = f"video_size={width_px}x{height_px}:pix_fmt={pix_fmt}:time_base={time_base}"
        given += f":colorspace={colour_space}:range={colour_range}"
        source = self._graph.add("buffer", given)
        as_given = self._graph.add("format", pix_fmt)
        filters = [self._graph.add(name, _EACH_ONCE), as_given, self._graph.add("buffersink")]
        self._graph.link_nodes(source, *filters).configure()

    def takes(self, frame: VideoFrame) -> bool:
        return _kind(frame) == self._kind

    def given(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """Take a frame; yield those that are ready."""
        at = frame.pts
        self._times.append((at, frame.time_base))
        frame.pts, self._n_given = self._n_given, self._n_given + 1  # times need not grow, numbers do
        self._graph.push(frame)
        frame.pts = at
        yield from self._ready()

    def rest(self) -> Iterator[VideoFrame]:
        self._graph.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[VideoFrame]:
        while True:
            try:
                whole = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            whole.pts, whole.time_base = self._times.popleft()
            yield whole


def _kind(frame: VideoFrame) -> tuple[Any, ...]:
    return frame.width, frame.height, frame.format.name, int(frame.colorspace), int(frame.color_range)
