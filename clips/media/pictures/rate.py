"""Finds the frame rate a camera was set to, which may differ from the file's average rate."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median

#: What cameras and phones can be set to.
CAMERA_RATES = tuple(
    Fraction(n, d)
    for n, d in [
        (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1),
        (90, 1), (100, 1), (120000, 1001), (120, 1), (200, 1), (240000, 1001), (240, 1), (480, 1), (960, 1),
    ]
)  # fmt: skip
#: A number beyond any camera's is damage, and would not fit its row either.
FASTEST = 100_000
#: 29.97 and 30 differ by 0.1 %; a phone's clock and a time base of 1/600 s blur a rate by less than this.
_SAME_RATE = Fraction(2, 1000)
#: A steady recording may drop frames and may round its times to the tick; this much of it must still be
#: steady.
_STEADY_SHARE = 0.8
_STEADY_WITHIN = 0.1


def nominal_rate(grid_rate: Fraction | None, times: Sequence[int], time_base: Fraction) -> Fraction | None:
    """Return the frame rate that the camera was set to, in frames per second.

    Parameters
    ----------
    grid_rate : Fraction or None
        FFmpeg's ``r_frame_rate``: the lowest rate on whose grid every frame lies. Frames that were dropped do
        not change it. In a file of variable rate it is only the clock's (600 on a phone), and then it says
        nothing.
    times : sequence of int
        PTS of successive frames, sorted, in units of ``time_base``.
    time_base : Fraction
        Seconds.

    Returns
    -------
    Fraction or None
        ``grid_rate`` where that is a rate cameras have; else the rate of the usual interval if the intervals
        are steady; else the mean rate. None where fewer than two frames give no interval.
    """
    if grid_rate is not None and (known := _camera_rate(grid_rate)) is not None:
        return known
    intervals = [later - earlier for earlier, later in pairwise(times) if later > earlier]
    if not intervals:
        return None
    usual = median(intervals)
    steady = [i for i in intervals if abs(i - usual) <= _STEADY_WITHIN * usual]
    counted = steady if len(steady) >= _STEADY_SHARE * len(intervals) else intervals
    rate = Fraction(len(counted), sum(counted)) / time_base
    return _camera_rate(rate) or rate.limit_denominator(1001)


def capture_rate(said: str | None) -> Fraction | None:
    """Return the recording rate that a file states as text, such as "239.76" or "240.000000"; None if it does not."""
    try:
        rate = Fraction((said or "").strip())
    except (ValueError, ZeroDivisionError):
        return None
    if not 0 < rate <= FASTEST:
        return None
    return _camera_rate(rate) or rate.limit_denominator(1001)


def riders_rate(playback: Fraction, captured: Fraction | None) -> Fraction:
    """Return the rate that riders call a recording by.

    Slow motion is called by what it was shot at: a phone's 240 frames a second stay "240" also where the file plays
    them at 30. A time lapse, captured slower than it plays, is called by how it plays.
    """
    return max(playback, captured or playback)


def _camera_rate(rate: Fraction) -> Fraction | None:
    nearest = min(CAMERA_RATES, key=lambda known: abs(known - rate))
    return nearest if abs(nearest - rate) <= _SAME_RATE * nearest else None
