"""Names frames by whole milliseconds, as rows and pages do: a millisecond names the frame that is on screen then.

Frames lie on the even grid of their rate, from the video's first one on.
"""

from fractions import Fraction
from math import ceil, floor

#: What is known of the first frame's time is rounded to the nearest millisecond.
_ROUNDED = Fraction(1, 2)


def frame_on_screen(at_ms: int, rate: Fraction, first_frame_ms: int = 0) -> int:
    """Return the number of the frame on screen at a whole millisecond of a file; 0 is its first.

    ``first_frame_ms`` is when that begins, rounded to the nearest: half a millisecond makes good for it.
    """
    rounded = _ROUNDED if first_frame_ms else 0
    return max(0, floor((at_ms - first_frame_ms + rounded) * rate / 1000))


def ms_of_frame(frame: int, rate: Fraction, first_frame_ms: int = 0) -> int:
    """Return the millisecond that names a frame: the first whole one at which it is surely on screen."""
    rounded = _ROUNDED if first_frame_ms else 0
    return ceil(first_frame_ms + rounded + frame * 1000 / rate)


def last_ms_of_frame(frame: int, rate: Fraction, first_frame_ms: int = 0) -> int:
    """Return the last millisecond that names a frame: the one before the next is surely on screen."""
    return ms_of_frame(frame + 1, rate, first_frame_ms) - 1


def nearest_frame(at_ms: float, rate: Fraction, first_frame_ms: int = 0) -> int:
    """Return the number of the frame that begins nearest to a time, as another camera's clock tells it."""
    return round((at_ms - first_frame_ms) * float(rate) / 1000)


def named_ms(at_ms: float, rate: Fraction | None) -> int:
    """Return the millisecond that names the frame on screen at a time: one that follows its beginning.

    How two videos lie is noted in whole milliseconds: where the next frame begins within one, that is the one meant.
    ``rate`` is None where it is not known.
    """
    whole_ms = ceil(round(at_ms, 3))
    is_next = rate is not None and frame_on_screen(whole_ms + 1, rate) > frame_on_screen(whole_ms, rate)
    return whole_ms + is_next
