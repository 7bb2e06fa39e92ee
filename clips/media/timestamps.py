"""Timestamps of streams, packets and frames, for those who cannot do without them: FFmpeg may know none."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import av

from clips.media import MediaError

#: In a second of a transport stream.
CLOCK_HZ = 90_000
#: A packet of a stream of any kind; PyAV's class takes that kind as a parameter for type checkers only.
if TYPE_CHECKING:
    AnyPacket: TypeAlias = av.Packet[Any]
else:
    AnyPacket = av.Packet


class HasTimeBase(Protocol):
    @property
    def time_base(self) -> Fraction | None: ...


class HasPts(Protocol):
    @property
    def pts(self) -> int | None: ...


def time_base_of(timed: HasTimeBase) -> Fraction:
    """Return how long a tick of a stream, packet or frame is; MediaError where the file does not say it."""
    time_base = timed.time_base
    if time_base is None:
        raise MediaError("This file does not say in which unit it counts time.")
    return time_base


def pts_of(timed: HasPts) -> int:
    """Return when a packet or frame is shown, in ticks; MediaError where the file does not say it."""
    pts = timed.pts
    if pts is None:
        raise MediaError("This file does not say when each of its pictures is shown.")
    return pts


def dts_of(packet: AnyPacket) -> int:
    """Return when a packet is decoded, in ticks; MediaError where the file does not say it."""
    dts = packet.dts
    if dts is None:
        raise MediaError("This file does not say when each of its pictures is decoded.")
    return dts
