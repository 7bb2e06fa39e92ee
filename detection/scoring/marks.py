"""Lists when each reason happened, as marks beside the curve of a video."""

from collections.abc import Iterable, Sequence

import numpy as np

from detection.scoring.score import LIMITS
from detection.scoring.spans import CLEAR, REACH_S, arc_at, impacts_at
from detection.signals import STEP_S, Signals

#: A line of some hundred pixels shows no more, and an hour stays at 20 KB; the strongest remain.
MOST_MARKS = 400
#: A flight with less turning than this share of a full turn in a second is none that one would call a spin.
LEAST_SPIN = 0.3


def marks_of(
    steps: Iterable[int], signals: Signals, z_scores: dict[str, np.ndarray], hilights_s: Sequence[float] = ()
) -> list[tuple[float, str, float]]:
    """Return the times of the reasons for moments, and of the detected disturbances.

    Parameters
    ----------
    steps : iterable of int
        Where the moments peak, in units of ``STEP_S``.
    signals : Signals
    z_scores : dict of str to np.ndarray
        From `detection.scoring.score.z_scores_of`.
    hilights_s : sequence of float

    Returns
    -------
    list of (at_s, kind, strength)
        In order of time, at most ``MOST_MARKS``; the strength is 0 to 1. Of a moment: "impact" (pop and landing, one
        each), "motion" (top of the arc, or the middle of what moves), "air" and "spin" as sensors feel them. Of the
        take: "hilight", and the kinds of `detection.signals.Disturbance`.
    """
    marks = {(mark_s, "hilight", 1.0) for mark_s in hilights_s}
    marks |= {((found.start_s + found.end_s) / 2, found.kind, found.strength) for found in signals.disturbances}
    for step in steps:
        marks |= set(_of_moment(step, signals, z_scores))
    strongest = sorted(marks, key=lambda mark: (mark[1] != "hilight", -mark[2], mark))[:MOST_MARKS]
    return sorted(strongest)


def _of_moment(step: int, signals: Signals, z_scores: dict[str, np.ndarray]) -> Iterable[tuple[float, str, float]]:
    at = {name: float(values[step]) / LIMITS[1] for name, values in z_scores.items()}
    if (impacts_s := impacts_at(step, signals, z_scores)) is not None:
        yield from ((impact_s, "impact", at["pair_db"]) for impact_s in impacts_s)
    if (arc_step := arc_at(step, signals, z_scores)) is not None:
        yield arc_step * STEP_S, "motion", at["arc"]
    elif at["incoherence"] * LIMITS[1] >= CLEAR:
        yield step * STEP_S, "motion", at["incoherence"]
    reach = round(REACH_S / STEP_S)
    near = slice(max(0, step - reach), step + reach + 1)
    for kind, name, least in (("air", "felt", np.nextafter(0, 1)), ("spin", "spin", LEAST_SPIN)):
        felt = signals.curves.get(name, np.zeros(step + 1))[near]
        if felt.max() >= least:
            yield (near.start + int(felt.argmax())) * STEP_S, kind, float(felt.max())
