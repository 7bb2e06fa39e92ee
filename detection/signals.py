"""What is known of a take on one even grid of time."""

from dataclasses import dataclass

import numpy as np

#: The signals are brought to this even grid.
STEP_S = 0.05


@dataclass
class Signals:
    """What is known of every ``STEP_S`` of a take, from 0.

    Attributes
    ----------
    curves : dict of str to np.ndarray [shape=(n,), float]
        ``arc`` (px per picture at 96 px and 30 Hz; 0 where nobody looked), ``incoherence`` (about 0 to 1), ``moving``
        (px per picture), and where there is sound ``pair_db`` and ``gap_s`` (seconds between pop and landing).
    seen : np.ndarray [shape=(n,), bool]
        Where pictures were looked at one by one; elsewhere there were glances.
    glanced : np.ndarray [shape=(m,), float]
        The incoherence of every glance, which favour no part of the take; empty where everything was looked at.
    """

    curves: dict[str, np.ndarray]
    seen: np.ndarray
    glanced: np.ndarray
