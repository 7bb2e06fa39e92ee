"""Chooses which picture of a clip is shown in each picture of a reel, without inventing any."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from clips.media.pictures.rate import nominal_rate

#: A picture further than this from its place on the even grid was dropped, or comes from a camera that keeps no rate.
_MOST_OFF = Fraction(1, 2)


def picture_of_each(
    pts: Sequence[int], end_pts: int, time_base: Fraction, *, speed: Fraction, rate_hz: Fraction
) -> list[int]:
    """Return for each picture of the reel the number of the picture of the clip that it shows.

    Where the clip's rate times its speed is the reel's rate, each is shown exactly once. Otherwise it is the one next
    in time, of two as near the earlier one.

    Parameters
    ----------
    pts : sequence of int
        When each picture of the clip is shown, ascending, in units of ``time_base``.
    end_pts : int
        Where the last one ends.
    time_base : Fraction
        Seconds.
    speed : Fraction
        1 is as filmed, 1/4 is slow motion.
    rate_hz : Fraction
        Pictures per second of the reel.

    Returns
    -------
    list of int
        At least one; never descending.
    """
    times_s, length_s = _times_s(pts, end_pts, time_base)
    n_pictures = max(1, floor(length_s * rate_hz / speed + Fraction(1, 2)))
    chosen, place = [], 0
    for number in range(n_pictures):
        at_s = number * speed / rate_hz
        while place + 1 < len(times_s) and times_s[place + 1] - at_s < at_s - times_s[place]:
            place += 1
        chosen.append(place)
    return chosen


def _times_s(pts: Sequence[int], end_pts: int, time_base: Fraction) -> tuple[list[Fraction], Fraction]:
    """Return when each picture is shown, from the first on, and the length; on the even grid of a steady camera.

    Times are rounded to a file's ticks, and a camera's clock runs a little fast or slow: neither may double a picture.
    """
    rate_hz = nominal_rate(None, pts, time_base)
    if rate_hz:
        grid_s = [number / rate_hz for number in range(len(pts))]
        if all(
            abs((at - pts[0]) * time_base - even_s) < _MOST_OFF / rate_hz
            for at, even_s in zip(pts, grid_s, strict=True)
        ):
            return grid_s, len(pts) / rate_hz
    return [(at - pts[0]) * time_base for at in pts], (end_pts - pts[0]) * time_base
