"""Reads from the display matrix how players turn and mirror a picture."""

import struct
from dataclasses import dataclass
from math import atan2, degrees

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

#: Quarter turns counter-clockwise → the filters that turn a picture.
_TURNS = ((), (("transpose", "cclock"),), (("hflip", ""), ("vflip", "")), (("transpose", "clock"),))


@dataclass(frozen=True)
class Orientation:
    """The steps that make a coded picture upright: mirrored left to right if needed, then turned.

    Attributes
    ----------
    rotation : int
        Degrees counter-clockwise, -180 to 180.
    is_mirrored : bool
        So that text in the coded picture is read from right to left, as front cameras of phones write it.
    """

    rotation: int = 0
    is_mirrored: bool = False

    @property
    def quarter_turns(self) -> int:
        """The rotation in quarter turns, 0 to 3 counter-clockwise; players show no other angle."""
        return round(self.rotation / 90) % 4

    @property
    def is_as_coded(self) -> bool:
        return not self.quarter_turns and not self.is_mirrored

    @property
    def swaps_sides(self) -> bool:
        """Return whether width and height swap."""
        return self.quarter_turns % 2 == 1

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """FFmpeg filters, with their options, that make a picture upright."""
        return ((("hflip", ""),) if self.is_mirrored else ()) + _TURNS[self.quarter_turns]


def orientation(frame: VideoFrame) -> Orientation:
    """Return the orientation in the display matrix of a frame (ISO/IEC 14496-12, section 6.2.2).

    A matrix that shows nothing, as one of zeros, counts as none.
    """
    try:
        # PyAV's types know one kind of side data only, by its name.
        held = frame.side_data[Type.DISPLAYMATRIX]  # type: ignore[typeddict-item]
        matrix = struct.unpack("=9i", bytes(held))
    except (KeyError, struct.error):
        return Orientation()
    # A point (x, y) of the coded picture, y pointing down, is shown at (right_x · x + …, down_x · x + …).
    right_x, down_x, _, right_y, down_y = matrix[:5]
    area = right_x * down_y - down_x * right_y
    if not area:
        return Orientation()
    if area < 0:  # taken as mirrored first, its x points the other way
        right_x, down_x = -right_x, -down_x
    return Orientation(round(-degrees(atan2(down_x, right_x))), is_mirrored=area < 0)
