"""Makes a small copy of a part of a camera file that a browser plays at once and seeks within a frame's time.

Frames are decoded from the keyframe before the part, made small and upright, and encoded again with all their times:
frame for frame what the camera wrote, at a variable rate too, so that a page which steps through the copy steps
through the original.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.container import clock, open_media, picture_stream, zero_s
from clips.media.frames import Span, frame_at
from clips.media.output import whole_or_not_at_all
from clips.media.upright import NO_PICTURE, Upright, keyframe_before

SHORTER_PX = 540
#: A keyframe every 15 frames and none that looks ahead: Chromium then seeks in 18 ms instead of 283.
_ENCODING = {"preset": "ultrafast", "crf": "23", "g": "15", "bf": "0", "maxrate": "4M", "bufsize": "4M"}
_SOUND_BIT_RATE = 96_000
_SOUND_RATE_HZ = 48_000
#: Times of sound that are rounded to a container's ticks jump by less than this where nothing is missing.
_SOUND_JITTER = _SOUND_RATE_HZ // 20
#: Cameras store sound up to this much before or after the picture that it belongs to.
_INTERLEAVE_S = Fraction(3)
_LEAD_S = Fraction(1, 2)


def make_preview(
    source: str, out: str, start_ms: int, end_ms: int, progress: Callable[[float], None] | None = None
) -> dict[str, Any]:
    """Write a small MP4 of the frames from the one on screen at ``start_ms`` to the one at ``end_ms``.

    Parameters
    ----------
    source : str
        A camera file.
    out : str
        The MP4 to write, whole or not at all: H.264 without B-frames, at most 540 pixels on the shorter side, never
        larger than the source; with AAC where there is sound. Its first frame has PTS 0.
    start_ms, end_ms : int
        Milliseconds of the source; past its end they mean its last frame.
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    dict
        ``start_ms`` (a millisecond at which the copy's first frame is on screen in the source, the first such),
        ``end_ms`` (where its last frame ends), ``frames``, ``width_px``, ``height_px``.

    Raises
    ------
    MediaError
        If there is nothing to be seen there.
    """
    if end_ms < start_ms:
        raise MediaError("The end lies before the start.")
    with open_media(source) as container:
        stream = picture_stream(container)
        stream.thread_type = "AUTO"
        zero = Fraction(zero_s(container)).limit_denominator(av.time_base)
        first = frame_at(container, stream, Fraction(start_ms, 1000) + zero)
        last = frame_at(container, stream, Fraction(end_ms, 1000) + zero)
        span = Span(first, last, stream.time_base)
        if Fraction(start_ms, 1000) + zero >= span.end_s:
            raise MediaError(f"The video ends before {clock(start_ms)}.")
        with (
            whole_or_not_at_all(Path(out)) as part,
            av.open(str(part), "w", format="mp4", container_options={"movflags": "+faststart"}) as target,
        ):
            picture, n_frames = _encode(container, stream, span, target, progress)
    return {
        "start_ms": ceil((span.start_s - zero) * 1000),
        "end_ms": max(floor((span.end_s - zero) * 1000), ceil((span.start_s - zero) * 1000) + 1),
        "frames": n_frames,
        "width_px": picture.width_px,
        "height_px": picture.height_px,
    }


def _encode(
    container: InputContainer,
    stream: VideoStream,
    span: Span,
    target: OutputContainer,
    progress: Callable[[float], None] | None,
) -> tuple[Upright, int]:
    """Decode the span and write it; return its measures and how many frames it has."""
    sample = keyframe_before(container, stream, span.first.pts)
    upright = Upright(sample, stream.sample_aspect_ratio, shorter_px=SHORTER_PX)
    track = _picture_track(target, stream, upright, upright(sample))
    heard = next((s for s in container.streams.audio if s.codec_context is not None), None)
    sound = _Sound(target, heard, span) if heard else None
    n_frames, newest = 0, span.first.pts - 1
    for frame in _decoded(container, stream, heard, span):
        if isinstance(frame, AudioFrame):
            sound.add(frame)
        elif newest < frame.pts <= span.last.pts:
            newest, n_frames = frame.pts, n_frames + 1
            small = upright(frame)
            small.pts = newest - span.first.pts
            small.pict_type = PictureType.NONE  # else a keyframe of the source would become one here
            target.mux(track.encode(small))
            if progress:
                progress(small.pts / (span.last.end_pts - span.first.pts))
    if not n_frames:
        raise MediaError(NO_PICTURE)
    target.mux(track.encode(None))
    if sound:
        sound.close()
    return upright, n_frames


def _picture_track(target: OutputContainer, stream: VideoStream, upright: Upright, sample: VideoFrame) -> VideoStream:
    track = target.add_stream("libx264", rate=stream.average_rate or 30, options=dict(_ENCODING))
    track.width, track.height, track.pix_fmt = upright.width_px, upright.height_px, "yuv420p"
    context = track.codec_context
    context.time_base = stream.time_base
    context.color_range, context.colorspace = sample.color_range, sample.colorspace
    context.color_primaries, context.color_trc = sample.color_primaries, sample.color_trc
    return track


def _decoded(
    container: InputContainer, stream: VideoStream, heard: AudioStream | None, span: Span
) -> Iterator[VideoFrame | AudioFrame]:
    """Yield all frames of the span, with some before and after it, as they lie in the file."""
    begin = min(span.first.seek_to, stream.start_time or 0)  # AVI fails on a seek to before its start
    container.seek(max(begin, span.first.seek_to - ceil(_LEAD_S / stream.time_base)), stream=stream)
    has_begun = is_seen = False
    is_heard = heard is None
    for packet in _packets(container, [s for s in (stream, heard) if s]):
        if packet.stream.index == stream.index and not is_seen:
            has_begun = has_begun or (packet.is_keyframe and packet.pts == span.first.keyframe_pts)
            is_seen = packet.dts is not None and packet.dts > span.last.pts
            if has_begun and not is_seen:
                yield from _frames(packet)
        elif packet.stream.index != stream.index and not is_heard and packet.pts is not None:
            is_heard = packet.pts * packet.time_base >= span.end_s
            if not is_heard:
                yield from _frames(packet)
        is_past = packet.pts is not None and packet.pts * packet.time_base > span.end_s + _INTERLEAVE_S
        if is_past or (is_seen and is_heard):
            break
    yield from stream.codec_context.decode(None)


def _packets(container: InputContainer, streams: list) -> Iterator[av.Packet]:
    """Yield packets up to where the file ends or cannot be read any more."""
    try:
        yield from (packet for packet in container.demux(streams) if packet.size)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise


def _frames(packet: av.Packet) -> list[VideoFrame | AudioFrame]:
    """Return what a packet holds; nothing where it is damaged, for the ones after it may be whole."""
    try:
        return [frame for frame in packet.decode() if frame.pts is not None]
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        return []


class _Sound:
    """Writes the sound of a span, so that sample 0 is heard with the first frame."""

    def __init__(self, target: OutputContainer, heard: AudioStream, span: Span) -> None:
        self._target = target
        self._layout = "mono" if heard.channels == 1 else "stereo"
        self._track = target.add_stream("aac", rate=_SOUND_RATE_HZ, layout=self._layout)
        self._track.bit_rate = _SOUND_BIT_RATE
        self._resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=_SOUND_RATE_HZ)
        self._start_s = span.start_s
        self._n_wanted = round((span.end_s - span.start_s) * _SOUND_RATE_HZ)
        self._n_written = 0
        self._expected: int | None = None

    def add(self, frame: AudioFrame) -> None:
        try:
            pieces = self._resampler.resample(frame)
        except ValueError:  # the camera changed its sound in the middle; the picture matters more
            return
        for piece in pieces:
            self._put(round((piece.pts * piece.time_base - self._start_s) * _SOUND_RATE_HZ), piece.to_ndarray())

    def close(self) -> None:
        self._target.mux(self._track.encode(None))

    def _put(self, begin: int, samples: np.ndarray) -> None:
        """Write samples [shape=(channels, n)] that are heard from ``begin`` on, with silence where some are missing."""
        if self._expected is not None and abs(begin - self._expected) <= _SOUND_JITTER:
            begin = self._expected
        self._expected = begin + samples.shape[1]
        if begin > self._n_written:
            n_missing = min(begin, self._n_wanted) - self._n_written
            self._write(np.zeros((samples.shape[0], n_missing), dtype=samples.dtype))
        self._write(samples[:, max(0, self._n_written - begin) : max(0, self._n_wanted - begin)])

    def _write(self, samples: np.ndarray) -> None:
        if samples.shape[1] == 0:
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = (
            _SOUND_RATE_HZ,
            self._n_written,
            Fraction(1, _SOUND_RATE_HZ),
        )
        self._n_written += samples.shape[1]
        self._target.mux(self._track.encode(frame))
