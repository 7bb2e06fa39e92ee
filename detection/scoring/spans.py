"""Finds where a moment begins and ends, from the signals that found it."""

from dataclasses import dataclass

import numpy as np

from detection.signals import STEP_S, Signals

#: Run-in before take-off and run-out after landing.
RUN_S = 1.0
#: A moment is at least this long, or a person sees no run-in: with 1 s beside a flat-ground trick of half a second a
#: quarter more to each side.
SHORTEST_S = 3.0
#: The pair of impacts, or the arc, that belongs to a moment lies this near to its peak.
REACH_S = 0.5
#: From here on a signal says where the trick is, in spreads above the usual.
CLEAR = 1.0
#: Time in the air, to both sides of an arc, where nothing else tells: half of an ollie with its pop.
HALF_AIR_S = 0.25
#: A picture that stays this incoherent, against the peak, for longer than ``LONG_AIR_S`` is one long flight.
STAYS, LONG_AIR_S = 0.7, 1.4
#: Nobody flies longer than this to either side of the peak, which may lie at the lip or at the landing. The labelled
#: takes rank alike from 2 s on, but that cut off what flies for more than 2.5 s.
LONGEST_HALF_AIR_S = 3.5


@dataclass(frozen=True)
class Span:
    """A found moment: run-in, take-off, landing and run-out, in seconds."""

    start_s: float
    take_off_s: float
    landing_s: float
    end_s: float


def span_of(step: int, signals: Signals, z_scores: dict[str, np.ndarray], *, duration_s: float) -> Span:
    """Return the span of the moment that peaks at a step.

    Take-off and landing are the two impacts where they are clear, otherwise the arc's rise and fall, otherwise what
    lies around the peak; a flight that is seen to last longer counts as long as it is seen.

    Parameters
    ----------
    step : int
        In units of ``STEP_S``.
    signals : Signals
    z_scores : dict of str to np.ndarray
        From `detection.scoring.score.z_scores_of`.
    duration_s : float
        Of the take, whose ends cut off the span.
    """
    take_off_s, landing_s = _air(step, signals, z_scores)
    if signals.seen[step]:
        from_s, to_s = _flight(step, z_scores["incoherence"])
        if to_s - from_s > max(LONG_AIR_S, landing_s - take_off_s):
            take_off_s, landing_s = from_s, to_s
    widen_s = max(0.0, SHORTEST_S - 2 * RUN_S - (landing_s - take_off_s)) / 2
    start_s = min(max(0.0, take_off_s - RUN_S - widen_s), duration_s)
    return Span(start_s, take_off_s, landing_s, min(duration_s, landing_s + RUN_S + widen_s))


def _air(step: int, signals: Signals, z_scores: dict[str, np.ndarray]) -> tuple[float, float]:
    if (impacts_s := impacts_at(step, signals, z_scores)) is not None:
        return impacts_s
    if (arc_step := arc_at(step, signals, z_scores)) is not None:
        step = arc_step
    return step * STEP_S - HALF_AIR_S, step * STEP_S + HALF_AIR_S


def impacts_at(step: int, signals: Signals, z_scores: dict[str, np.ndarray]) -> tuple[float, float] | None:
    """Return when pop and landing of a moment are heard, in seconds; None without a clear pair."""
    if "pair_db" not in z_scores or z_scores["pair_db"][step] < CLEAR:
        return None
    near = _near(step)
    best = near.start + int(signals.curves["pair_db"][near].argmax())
    half_gap_s = float(signals.curves["gap_s"][best]) / 2
    return (best * STEP_S - half_gap_s, best * STEP_S + half_gap_s) if half_gap_s > 0 else None


def arc_at(step: int, signals: Signals, z_scores: dict[str, np.ndarray]) -> int | None:
    """Return the step of the top of a moment's arc; None without a clear arc."""
    if "arc" not in z_scores or not z_scores["arc"][step] >= CLEAR:
        return None
    near = _near(step)
    return near.start + int(signals.curves["arc"][near].argmax())


def _near(step: int) -> slice:
    reach = round(REACH_S / STEP_S)
    return slice(max(0, step - reach), step + reach + 1)


def _flight(step: int, incoherence: np.ndarray) -> tuple[float, float]:
    """Return the stretch around a step in which the picture stays incoherent."""
    if incoherence[step] < CLEAR:
        return step * STEP_S, step * STEP_S
    reach = round(LONGEST_HALF_AIR_S / STEP_S)
    low = max(CLEAR, STAYS * incoherence[step])
    before = incoherence[max(0, step - reach) : step][::-1] < low
    after = incoherence[step + 1 : step + 1 + reach] < low
    first = step - (int(before.argmax()) if before.any() else len(before))
    last = step + (int(after.argmax()) if after.any() else len(after))
    # The signal spreads a moment over half of NEARBY_S to each side.
    return first * STEP_S + HALF_AIR_S, last * STEP_S - HALF_AIR_S
