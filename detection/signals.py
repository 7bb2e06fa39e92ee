"""Holds the signals of a take on one uniform time grid."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

#: The signals are brought to this even grid.
STEP_S = 0.05


class SignalError(ValueError):
    """The arrays have the wrong shape or type."""


@dataclass(frozen=True)
class Disturbance:
    """Something that changes the picture but is no trick.

    Attributes
    ----------
    kind : str
        "cut" (a join of two pieces), "flash" (light that comes and goes, or stays) or "bump" (something knocks or
        covers the lens, or the camera is picked up).
    start_s, end_s : float
    strength : float
        0 to 1.
    """

    kind: str
    start_s: float
    end_s: float
    strength: float


@dataclass
class Signals:
    """The signals of a take at every ``STEP_S`` from 0 on.

    Attributes
    ----------
    curves : dict of str to np.ndarray [shape=(n,), float]
        ``arc`` (px per picture at 96 px and 30 Hz; 0 where nobody looked), ``incoherence`` (about 0 to 1), ``moving``
        (px per picture), and where there is sound ``pair_db`` and ``gap_s`` (seconds between pop and landing);
        of a camera with sensors ``felt`` (0 to 1, how surely it flies) and ``spin`` (0 to 1, of a turn a second).
    seen : np.ndarray [shape=(n,), bool]
        Where pictures were looked at one by one; elsewhere there were glances.
    glanced : np.ndarray [shape=(m,), float]
        The incoherence of the glances that favour no part of the take; empty where everything was looked at.
    disturbances : list of Disturbance
        In order of time; only where somebody looked or glanced.
    """

    curves: dict[str, np.ndarray]
    seen: np.ndarray
    glanced: np.ndarray
    disturbances: list[Disturbance] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the same as lists, rounded to what a plot or a fit needs."""
        return {
            "curves": {name: [round(float(v), 5) for v in values] for name, values in self.curves.items()},
            "seen": [bool(v) for v in self.seen],
            "glanced": [round(float(v), 5) for v in self.glanced],
            "disturbances": [asdict(found) for found in self.disturbances],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Signals":
        """Return the signals from the lists of `to_json`."""
        curves = {name: np.array(values, float) for name, values in content["curves"].items()}
        disturbances = [Disturbance(**found) for found in content["disturbances"]]
        return cls(curves, np.array(content["seen"], bool), np.array(content["glanced"], float), disturbances)
