"""Keeps work that goes on for as long as somebody watches within a share of the machine."""

import time
from fractions import Fraction

#: Who waits for the first piece is not slowed down for it.
_BURST_CPU_S = 3.0
_MOST_NAP_S = 0.25
#: Decoding that is only just as fast as playing falls behind at the next harder part.
_FASTER_THAN_PLAYING = 1.15
#: Less of each second than this is a slide show and no film.
_LEAST_SHARE = 0.1
#: How quickly what was measured last replaces what was measured before.
_NEWEST = 0.4


class Pace:
    """Rests where more than ``most_cores`` was used, and says what share of a video can be decoded in time.

    Parameters
    ----------
    most_cores : float
        Cores' time that may be used on average.
    first_share : float
        What is decoded of the first piece of a place, while nothing is known of how fast that goes.
    """

    def __init__(self, most_cores: float, first_share: float) -> None:
        self._most_cores = most_cores
        self._first_share = first_share
        self._allowed_s = _BURST_CPU_S
        self._wall_s, self._cpu_s = time.monotonic(), time.process_time()
        #: What of each group of pictures is decoded, 0 to 1.
        self.share = 1.0
        self._speed: float | None = None
        self._made_wall_s = self._wall_s

    def keep(self) -> None:
        """Sleep a little if more was used than is allowed."""
        wall_s, cpu_s = time.monotonic(), time.process_time()
        earned_s = self._most_cores * (wall_s - self._wall_s)
        self._allowed_s = min(_BURST_CPU_S, self._allowed_s + earned_s - (cpu_s - self._cpu_s))
        self._wall_s, self._cpu_s = wall_s, cpu_s
        if self._allowed_s < 0:
            time.sleep(min(_MOST_NAP_S, -self._allowed_s / self._most_cores))

    def rested(self) -> None:
        """Note that nothing was to be done, so that this time does not count as slow work."""
        self._made_wall_s = time.monotonic()

    def hurry(self) -> None:
        """Decode less for a moment: somebody waits for the first piece of another place."""
        self.share = min(self.share, self._first_share)
        self._speed = None
        self._made_wall_s = time.monotonic()

    def made(self, length_s: Fraction) -> None:
        """Note that so much of the video was made since the last time, and decide what share is decoded next."""
        now_s = time.monotonic()
        speed = float(length_s) / max(0.001, now_s - self._made_wall_s)
        self._made_wall_s = now_s
        self._speed = speed if self._speed is None else (1 - _NEWEST) * self._speed + _NEWEST * speed
        wanted = self.share * self._speed / _FASTER_THAN_PLAYING
        self.share = min(1.0, max(_LEAST_SHARE, wanted))
