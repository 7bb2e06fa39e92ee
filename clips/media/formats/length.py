"""Measures where a file ends whose header has no duration or a wrong one: at the end of its last packet.

Crashed recorders, a browser's MediaRecorder and streamed Matroska files leave no duration, and some tools a duration of
0.
"""

import contextlib

import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from clips.media.formats.joined_stream import JoinedContainer
from clips.media.formats.opening import MAX_DURATION_S, declared_end_s, end_s, zero_s
from clips.media.timestamps import time_base_of


def picture_end_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Return where the picture ends according to its own header; None if that does not say."""
    if isinstance(container, JoinedContainer):
        return container.end_s
    return end_s(stream) if stream.duration else None


def last_frame_end_s(container: InputContainer, stream: VideoStream, *, from_s: float | None = None) -> float | None:
    """Return where the last readable frame ends, in seconds of the file's timestamps; None if there is none.

    Looks from ``from_s`` on, or, slowly, from the beginning; the position is moved.
    """
    last, lasts = None, 0
    with contextlib.suppress(av.error.FFmpegError):
        if from_s is None:
            container.seek(stream.start_time or 0, stream=stream)
        else:
            container.seek(round(from_s / time_base_of(stream)), stream=stream)
        for packet in container.demux(stream):
            if packet.pts is None or not packet.size or packet.is_corrupt or packet.is_discard:
                continue
            if last is None or packet.pts > last:  # of others the duration may be to the next one in decoding order
                last, lasts = packet.pts, packet.duration or 0
    return None if last is None else float((last + lasts) * time_base_of(stream))


def known_end_s(container: InputContainer, stream: VideoStream) -> float:
    """Return where picture and sound end according to the file, or else where its last frame ends."""
    declared_s = declared_end_s(container)
    return declared_s if declared_s > zero_s(container) else measured_end_s(container, stream) or 0.0


def measured_end_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Return where the last readable frame ends; None where there is none.

    All behind the last place in the file's index is read, which is everything where it has none.
    """
    last_s = last_frame_end_s(container, stream, from_s=MAX_DURATION_S)
    return last_frame_end_s(container, stream) if last_s is None else last_s
