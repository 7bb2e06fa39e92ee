"""Which frame is on screen at a time, found from packets alone: by PTS, never by frame number over rate."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from clips.media import MediaError

#: A seek can land late: with B-frames a keyframe is stored before the time it is shown. Then it is tried again
#: from earlier, each step twice as long.
_FIRST_STEP_BACK_S = Fraction(1, 2)
NO_TIMES = "This file does not say when its frames are shown, so it cannot be cut exactly."


@dataclass(frozen=True)
class FrameAt:
    """A frame and its surroundings; all in units of the stream's time base."""

    pts: int
    next_pts: int | None  # None: it is the last one that can be read
    end_pts: int  # next_pts, or where the last frame's duration ends
    keyframe_pts: int  # decoding must start here
    seek_to: int  # a seek to this time lands at that keyframe or before it


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
    """Return the frame on screen at ``time_s``; before the first frame that is the first one.

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
    target = floor(time_s / stream.time_base)
    earliest = min(target, stream.start_time or 0)
    seek_to, step = target, ceil(_FIRST_STEP_BACK_S / stream.time_base)
    while True:
        packets = _packets_around(container, stream, seek_to, target)
        if packets[0].pts <= target or seek_to <= earliest:
            return _choose(packets, target, seek_to)
        seek_to, step = max(earliest, seek_to - step), 2 * step


def _packets_around(container: InputContainer, stream: VideoStream, seek_to: int, target: int) -> list[av.Packet]:
    """Return packets from a keyframe up to the one after which nothing is shown before the next frame."""
    packets: list[av.Packet] = []
    next_pts = None
    try:
        container.seek(seek_to, stream=stream)
        for packet in container.demux(stream):
            if packet.size == 0 or packet.is_corrupt:
                continue
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
    if not any(not packet.is_discard for packet in packets):
        raise MediaError("This file was cut off before that time; there is no picture to read.")
    return packets


def _choose(packets: list[av.Packet], target: int, seek_to: int) -> FrameAt:
    shown = sorted((p for p in packets if not p.is_discard), key=lambda p: p.pts)
    place = max((i for i, p in enumerate(shown) if p.pts <= target), default=0)
    frame = shown[place]
    following = shown[place + 1].pts if place + 1 < len(shown) else None
    keyframe = max((p for p in packets if p.is_keyframe and p.pts <= frame.pts), key=lambda p: p.pts)
    return FrameAt(
        pts=frame.pts,
        next_pts=following,
        end_pts=following if following is not None else frame.pts + max(1, frame.duration or 0),
        keyframe_pts=keyframe.pts,
        seek_to=min(seek_to, _dts(keyframe)),
    )


def _dts(packet: av.Packet) -> int:
    """Return when to decode a packet; Matroska does not store it, and PTS is an upper bound."""
    return packet.pts if packet.dts is None else packet.dts
