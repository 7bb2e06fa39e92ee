"""Tells a crash by the sound after the landing; without numpy, for all programs.

Who lands rolls on, and so does the sound of the wheels; after a crash the board clatters and then nothing rolls. How
loud that is depends on the ground and the camera, so it is only compared with other clips of the same session.
"""

import math
from collections.abc import Sequence

#: Fewer clips of either kind, with sound, tell nothing.
LEAST_CRASHES, LEAST_LANDED = 2, 4
#: As if so many clips of each kind had been seen that differ by this much, in decibels.
BEFORE, USUAL_SPREAD_DB = 2.0, 5.0


def chance(after_db: float | None, crashed: Sequence[float], landed: Sequence[float], *, share: float) -> float:
    """Return how likely a moment is a crash.

    Parameters
    ----------
    after_db : float, optional
        How much louder it is after the landing than before the take-off; None without sound.
    crashed, landed : sequence of float
        The same of the session's crashes, and of its other clips.
    share : float
        How many of this crew's clips are crashes, 0 to 1.

    Returns
    -------
    float
        0 to 1; 0 where there is too little to compare with.
    """
    if after_db is None or len(crashed) < LEAST_CRASHES or len(landed) < LEAST_LANDED:
        return 0.0
    mean_crashed, mean_landed = (sum(known) / len(known) for known in (crashed, landed))
    squares = sum((one - mean_crashed) ** 2 for one in crashed) + sum((one - mean_landed) ** 2 for one in landed)
    n = len(crashed) + len(landed)
    # One spread for both: of a few crashes their own is hardly known.
    spread = math.sqrt((squares + 2 * BEFORE * USUAL_SPREAD_DB**2) / (n - 2 + 2 * BEFORE))
    odds = math.log(max(share, 1e-3) / max(1 - share, 1e-3))
    odds += ((after_db - mean_landed) ** 2 - (after_db - mean_crashed) ** 2) / (2 * spread**2)
    return 1 / (1 + math.exp(-max(min(odds, 30.0), -30.0)))
