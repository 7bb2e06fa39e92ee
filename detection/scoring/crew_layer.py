"""Scores a moment by what was learned of a crew, and says when that did worse; without numpy, for all programs.

How it is learned: `detection.scoring.crew`.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from detection.scoring.chance import log_odds
from detection.scoring.crew_reasons import SAID

#: Of the signals below and what a layer says of them; another set needs another number.
FORMAT = 1
#: What a layer may weigh, each with the middle and the spread that it has among the moments of the labelled takes.
SIGNALS = {
    "arc": (2.8, 1.5),
    "incoherence": (1.6, 1.25),
    "pair_db": (1.0, 1.0),
    "together": (0.6, 0.9),
    "moving": (1.2, 0.8),
    "air_s": (0.6, 0.4),
    "gap": (0.65, 0.5),
}
#: No signal counts as further from its middle than this, in spreads, and longer air than this is as long.
MOST_SPREADS, MOST_AIR_S = 3.0, 4.0
#: No card changes by more than this, in log odds: what a layer says of footage unlike all it has seen is a guess.
MOST_CHANGE = 1.5
#: Pop and landing of a trick are this far apart.
GAP_S = (0.3, 0.75)
#: Of keep and of trash so many are needed to tell.
LEAST_OF_EACH = 4
#: A layer is reverted when the cards of a session, so many at least, rank worse with it by more than this.
LEAST_CARDS, MOST_WORSE = 15, 0.02
#: A reason is named from so much of a change on, in log odds.
WORTH_NAMING = 0.2

Layer: TypeAlias = dict[str, Any]


def kind_of(features: dict[str, Any]) -> str:
    """Return the kind of footage of a moment: with sound or silent, and by a camera that is held or worn.

    An arc is not measured about the flights of a worn camera. What is ridden, and whether a held camera stands on
    a tripod, no stored feature tells.
    """
    heard = "heard" if "pair_db" in features else "silent"
    return f"{heard}, {'held' if 'arc' in features.get('z_scores', {}) else 'worn'}"


def standing(features: dict[str, Any]) -> dict[str, float]:
    """Return how far each of ``SIGNALS`` of a moment is from its middle, in spreads; 0 where the moment lacks it."""
    known = _known(features)
    stands = dict.fromkeys(SIGNALS, 0.0)
    for name, value in known.items():
        middle, spread = SIGNALS[name]
        stands[name] = min(max((value - middle) / spread, -MOST_SPREADS), MOST_SPREADS)
    return stands


def _known(features: dict[str, Any]) -> dict[str, float]:
    known = {name: float(value) for name, value in features.get("z_scores", {}).items() if name in SIGNALS}
    if (moving := features.get("moving_times_usual")) is not None:
        known["moving"] = math.log(min(max(float(moving), 0.5), 20.0))
    if (air_s := features.get("air_s")) is not None:
        known["air_s"] = min(float(air_s), MOST_AIR_S)
    if (gap_s := features.get("gap_s")) is not None:
        known["gap"] = float(GAP_S[0] <= gap_s <= GAP_S[1])
    return known


def rescored(layer: Layer | None, score: float, features: dict[str, Any]) -> tuple[float, float, str]:
    """Return a score with a layer, how far the odds of a trick change, and the reason for most of that.

    Parameters
    ----------
    layer : dict, optional
        From `learn`.
    score : float
        Without any layer, 0 to 1.
    features : dict
        As they are stored with the moment.

    Returns
    -------
    score, change, why
        The change in log odds, without that of the line. Where the layer says nothing of such a moment: the score as it
        was, 0 and "".
    """
    made = (layer or {}).get("kinds", {}).get(kind_of(features)) if features.get("z_scores") else None
    if not made or (layer or {}).get("format") != FORMAT:
        return score, 0.0, ""
    stands = standing(features)
    parts = {name: made["weights"][name] * stands[name] for name in SIGNALS}
    change = min(max(sum(parts.values()) + made["bias"], -MOST_CHANGE), MOST_CHANGE)
    changed = 1 / (1 + math.exp(-(log_odds(score) + change - made["line"])))
    return round(changed, 4), change, _why(parts, stands)


def _why(parts: dict[str, float], stands: dict[str, float]) -> str:
    """Return in words what changes a score most."""
    name = max(parts, key=lambda one: abs(parts[one]))
    if abs(parts[name]) < WORTH_NAMING:
        return ""
    return SAID[name][stands[name] > 0][parts[name] > 0]


def precision(scores: Sequence[float], kept: Sequence[bool]) -> float:
    """Return the average precision of cards in the order of their scores; of equal ones the first counts first."""
    found, sums = 0, 0.0
    order = sorted(range(len(scores)), key=lambda number: -scores[number])
    for rank, number in enumerate(order, start=1):
        if kept[number]:
            found += 1
            sums += found / rank
    return sums / found if found else 0.0


def is_worse(scores: Sequence[float], plain: Sequence[float], kept: Sequence[bool]) -> bool:
    """Return whether a session's cards rank worse with a layer than without, by more than ``MOST_WORSE``.

    Average precision, and not the loss: a layer that only moves all scores alike shows nobody worse cards. False for
    too few cards to say.
    """
    n_kept = sum(kept)
    if len(kept) < LEAST_CARDS or min(n_kept, len(kept) - n_kept) < LEAST_OF_EACH:
        return False
    return precision(scores, kept) < precision(plain, kept) - MOST_WORSE
