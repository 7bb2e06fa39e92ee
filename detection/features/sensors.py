"""Detects air, landing and spin with the sensors of a camera that the rider wears.

Unproven: see `detection.decode.gpmf`.
"""

import numpy as np
from scipy import ndimage

from detection.signals import STEP_S, SignalError

GRAVITY_M_S2 = 9.81
#: In the air an accelerometer reads near zero; half of g leaves room for a body that turns.
WEIGHTLESS_M_S2 = 0.5 * GRAVITY_M_S2
#: Landing is felt as more than this.
LANDING_M_S2 = 2 * GRAVITY_M_S2
#: Air time that is no bump, and longer than anybody flies.
AIR_S = (0.2, 3.0)
#: The landing follows the air within this.
LANDING_WITHIN_S = 0.3
#: Vibration is averaged over this long, which is short against the shortest flight.
STEADY_S = 0.06
#: A full turn takes a second or less in a spin: this many rad/s, averaged over a trick.
SPIN_RAD_S = 2 * np.pi


def air_strength(acceleration: np.ndarray, *, step_s: float) -> np.ndarray:
    """Return the confidence that the rider is in the air at each moment.

    Parameters
    ----------
    acceleration : np.ndarray [shape=(n,), float]
        Its magnitude in m/s², every ``step_s``.
    step_s : float

    Returns
    -------
    np.ndarray [shape=(n,), float]
        0 to 1: 1 in a stretch of ``AIR_S`` without weight that ends with the blow of a landing, half of it for one
        that ends softly, 0 elsewhere.

    Raises
    ------
    SignalError
        If there is no sample.
    """
    if acceleration.ndim != 1 or acceleration.size == 0:
        raise SignalError(f"want at least one sample, got shape {acceleration.shape}")
    steady = ndimage.uniform_filter1d(acceleration, max(1, round(STEADY_S / step_s)), mode="nearest")
    strength = np.zeros(len(acceleration))
    labels, n_stretches = ndimage.label(steady < WEIGHTLESS_M_S2)
    for (stretch,) in ndimage.find_objects(labels, n_stretches):
        if AIR_S[0] <= (stretch.stop - stretch.start) * step_s <= AIR_S[1]:
            after = acceleration[stretch.stop : stretch.stop + max(1, round(LANDING_WITHIN_S / step_s))]
            strength[stretch] = 1.0 if after.size and after.max() > LANDING_M_S2 else 0.5
    return strength


def felt(acceleration: np.ndarray, turning: np.ndarray | None, *, step_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the confidence that sensors show a trick at each ``STEP_S``, and the speed of its turn; both 0 to 1.

    Parameters
    ----------
    acceleration : np.ndarray [shape=(n,), float]
        Magnitude in m/s², every ``step_s`` from 0.
    turning : np.ndarray [shape=(n,), float], optional
        Magnitude in rad/s. Spin in the air makes a soft landing count in full; spin alone is a look around.
    step_s : float
    """
    strength = air_strength(acceleration, step_s=step_s)
    spin = np.zeros(len(strength))
    if turning is not None:
        spun = ndimage.uniform_filter1d(turning, max(1, round(0.5 / step_s)), mode="nearest")
        spin = np.where(strength > 0, np.clip(spun / SPIN_RAD_S, 0, 1), 0)
        strength = np.minimum(1, strength + 0.5 * spin)
    per_step = max(1, round(STEP_S / step_s))
    strength, spin = (ndimage.maximum_filter1d(values, 2 * per_step + 1, mode="nearest") for values in (strength, spin))
    return strength[::per_step], spin[::per_step]
