"""Decodes one picture of a film at the least cost: a keyframe that stands alone, else what builds up after it."""

from collections.abc import Iterable
from itertools import dropwhile

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.decode import frames_of
from clips.media.pictures.fields import whole_pictures
from clips.media.pictures.frame_times import frame_at, go_to
from clips.media.timestamps import AnyPacket, pts_of, time_base_of

NO_PICTURE = "No picture can be read at that time."
#: A decoder that has shown nothing after this many packets will show nothing.
MOST_PACKETS = 300


def keyframe_before(container: InputContainer, stream: VideoStream, time: int) -> VideoFrame:
    """Return the last keyframe at or before ``time``, in the stream's time base, without decoding anything else.

    Where a keyframe shows no picture by itself, it is the one on screen at ``time``, or the first after it.

    Raises
    ------
    MediaError
        If none can be read there.
    """
    try:
        go_to(container, stream, max(time, stream.start_time or 0))
        for packet in whole_pictures(container.demux(stream), stream):
            if packet.is_keyframe and packet.size:
                return decode_alone(stream, packet) or _built_up(container, stream, time)
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise MediaError(NO_PICTURE) from error
    raise MediaError(NO_PICTURE)


def decode_alone(stream: VideoStream, packet: AnyPacket) -> VideoFrame | None:
    """Return the picture of a keyframe without the frames after it; None if it shows none.

    Raises
    ------
    av.error.FFmpegError
        If it is damaged.
    """
    decoder = stream.codec_context
    try:
        frames = [*packet.decode(), *decoder.decode(None)]  # its threads would hold the frame back
    finally:
        decoder.flush_buffers()
    for frame in frames:
        frame.time_base = stream.time_base
    return frames[0] if frames else None


def decode_on(stream: VideoStream, packets: Iterable[AnyPacket], *, until: int) -> VideoFrame | None:
    """Return the picture on screen at ``until`` or, if none is decoded by then, the first one after it.

    Parameters
    ----------
    stream : VideoStream
        The picture.
    packets : iterable of Packet
        From a keyframe on; of the stream alone. None after ``MOST_PACKETS`` without a picture.
    until : int
        In units of the stream's time base.

    Raises
    ------
    av.error.FFmpegError
        If the file is damaged there.
    """
    decoder, best = stream.codec_context, None
    try:
        for n_given, packet in enumerate(packets):
            best = _nearer(best, frames_of(packet) if packet.size else [], until)
            is_past = packet.dts is not None and packet.dts > until
            if (best and (is_past or pts_of(best) >= until)) or (not best and n_given >= MOST_PACKETS):
                break
        best = _nearer(best, decoder.decode(None), until)
    finally:
        decoder.flush_buffers()
    if best:
        best.time_base = stream.time_base
    return best


def _nearer(best: VideoFrame | None, frames: list[VideoFrame], until: int) -> VideoFrame | None:
    for frame in frames:
        if frame.pts is not None and (best is None or pts_of(best) < frame.pts <= until):
            best = frame
    return best


def _built_up(container: InputContainer, stream: VideoStream, time: int) -> VideoFrame:
    at = frame_at(container, stream, time * time_base_of(stream))
    go_to(container, stream, at.seek_to)
    packets = whole_pictures(container.demux(stream), stream)
    frame = decode_on(stream, dropwhile(lambda packet: packet.pts != at.keyframe_pts, packets), until=at.pts)
    if frame is None:
        raise MediaError(NO_PICTURE)
    return frame
