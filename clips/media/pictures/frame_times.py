"""Finds the frame that is on screen at a time, from packets alone: by PTS, never by frame number over rate."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.mp4 import edit_lists
from clips.media.pictures.coded import CodedPictures
from clips.media.pictures.fields import whole_pictures
from clips.media.timestamps import AnyPacket, pts_of, time_base_of

#: A seek can land late: with B-frames a keyframe is stored before the time it is shown. Then it is tried again
#: from earlier, each step twice as long.
_FIRST_STEP_BACK_S = Fraction(1, 2)
#: Before any timestamp: a seek to it lands at the first packet, whatever the edits before say.
BEGINNING = -(2**62)
NO_TIMES = "This file does not store the times of its frames, so it cannot be cut exactly."
NO_PICTURE_THERE = "This file was cut off before that time."


@dataclass(frozen=True)
class FrameAt:
    """A frame and its surroundings, in units of the stream's time base."""

    pts: int
    next_pts: int | None  # None: it is the last one that can be read
    end_pts: int  # next_pts, or where the last frame's duration ends
    keyframe_pts: int  # decoding must start here for the frame to be right
    keyframe_at: int | None  # and there it lies in the file, in bytes: a keyframe may be shown twice, in two edits
    seek_to: int  # ``go_to`` this time lands at that keyframe or before it


@dataclass(frozen=True)
class Span:
    """The first frame of a clip, its last, and where that ends; PTS in units of ``time_base``."""

    first: FrameAt
    last: FrameAt
    time_base: Fraction

    @property
    def start_s(self) -> Fraction:
        return self.first.pts * self.time_base

    @property
    def end_s(self) -> Fraction:
        return self.last.end_pts * self.time_base


def frame_at(container: InputContainer, stream: VideoStream, time_s: Fraction) -> FrameAt:
    """Return the frame on screen at ``time_s``; the first frame for a time before it.

    Parameters
    ----------
    container : InputContainer
        Its position is moved.
    stream : VideoStream
        The picture.
    time_s : Fraction
        Seconds of the stream's timestamps.

    Raises
    ------
    MediaError
        If the file does not say when its frames are shown, or none can be read there.
    """
    target = floor(time_s / time_base_of(stream))
    earliest = min(target, stream.start_time or 0)
    seek_to, step = target, ceil(_FIRST_STEP_BACK_S / time_base_of(stream))
    if len(edit_lists.pieces(container, stream)) > 1:
        seek_to = earliest = BEGINNING  # frames that are hidden between two pieces bear the times of seen ones
    while True:
        packets = _packets_around(container, stream, seek_to, target)
        shown = _shown(packets)
        is_earliest = seek_to <= earliest
        if shown and (pts_of(shown[0]) <= target or is_earliest):
            place = max((i for i, p in enumerate(shown) if pts_of(p) <= target), default=0)
            before = packets[: packets.index(shown[place]) + 1]
            keyframe = _opening(before, CodedPictures(stream)) or (before[0] if is_earliest else None)
            if keyframe is not None:
                return _frame_at(shown, place, keyframe, seek_to)
        if is_earliest:
            raise MediaError(NO_PICTURE_THERE)
        seek_to, step = max(earliest, seek_to - step), 2 * step


def go_to(container: InputContainer, stream: VideoStream, time: int) -> None:
    """Move to a keyframe at or before ``time``, in units of the stream's time base, or to the first packet."""
    earliest = stream.start_time or 0
    if time <= earliest and _lacks_index(container):
        container.seek(0, unsupported_byte_offset=True)  # by time a seek lands behind the first frame
    else:
        container.seek(time, stream=stream)


def go_to_beginning(container: InputContainer, stream: VideoStream) -> None:
    """Seek to the first packet, also if an edit hides it; AVI refuses a time before its first frame."""
    go_to(container, stream, BEGINNING if "mov" in container.format.name else stream.start_time or 0)


def _lacks_index(container: InputContainer) -> bool:
    """Return whether it is a transport stream, in which a seek lands only roughly."""
    return "mpegts" in container.format.name


def _packets_around(container: InputContainer, stream: VideoStream, seek_to: int, target: int) -> list[AnyPacket]:
    """Return packets from a keyframe up to the one after which nothing is shown before the next frame."""
    packets: list[AnyPacket] = []
    next_pts, n_read = None, 0
    try:
        go_to(container, stream, seek_to)
        for packet in whole_pictures(container.demux(stream), stream):
            if packet.size == 0 or packet.is_corrupt:
                continue
            n_read += 1
            if packet.pts is None:
                raise MediaError(NO_TIMES)
            if not packets and not packet.is_keyframe:
                continue
            packets.append(packet)
            if packet.pts > target and not packet.is_discard:
                next_pts = packet.pts if next_pts is None else min(next_pts, packet.pts)
            # No later packet is shown before its own DTS.
            if next_pts is not None and packet.dts is not None and packet.dts >= next_pts:
                break
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        # a file that was cut off: what was read until here is what there is
    if not n_read and not _lacks_index(container):
        raise MediaError(NO_PICTURE_THERE)
    return packets


def _shown(packets: list[AnyPacket]) -> list[AnyPacket]:
    """Return the shown packets in display order; those shown before the first keyframe lack their reference."""
    shown = [p for p in packets if not p.is_discard and pts_of(p) >= pts_of(packets[0])]
    return sorted(shown, key=pts_of)


def _opening(before: list[AnyPacket], coded: CodedPictures) -> AnyPacket | None:
    """Return the last keyframe from which the last of these packets decodes correctly; None if there is none.

    Most keyframes are right at once. With intra refresh they only begin a picture that builds up over many.
    """
    frame = before[-1]
    for place in reversed(range(len(before))):
        if before[place].is_keyframe and pts_of(before[place]) <= pts_of(frame):
            right = coded.right_from(before[place:])
            if right is not None and right <= pts_of(frame):
                return before[place]
    return None


def _frame_at(shown: list[AnyPacket], place: int, keyframe: AnyPacket, seek_to: int) -> FrameAt:
    frame = shown[place]
    following = shown[place + 1].pts if place + 1 < len(shown) else None
    return FrameAt(
        pts=pts_of(frame),
        next_pts=following,
        end_pts=following if following is not None else pts_of(frame) + max(1, frame.duration or 0),
        keyframe_pts=pts_of(keyframe),
        keyframe_at=keyframe.pos,
        seek_to=min(seek_to, _dts(keyframe)),
    )


def _dts(packet: AnyPacket) -> int:
    """Return the DTS of a packet; Matroska does not store it, and PTS is an upper bound."""
    return pts_of(packet) if packet.dts is None else packet.dts
