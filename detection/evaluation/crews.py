"""Simulates how a crew's decisions change what the detector finds: on a session to come, and on footage of others.

A crew is made of the labelled takes: it has sorted all but one, which is its next session. Its cards are what the
search shows of them and what lies just below the line, as seen in each of ``COVERAGES``; there are few tricks in the
takes, so with many decisions one trick is decided about several times. Scores come from weights that were fitted
without the next session.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from detection.evaluation import fit
from detection.evaluation.evaluate import average_precision, match
from detection.evaluation.kinds import sport_of
from detection.propose import DEFAULT_THRESHOLD, propose_from_signals
from detection.scoring import crew
from detection.scoring.crew_layer import Layer, rescored
from detection.signals import Signals

#: So many decisions have been made.
DECISIONS = (0, 25, 50, 100, 200)
#: Each crew decides in so many orders; its figures are their mean.
N_ORDERS = 5
#: Of the hidden moments, those are dealt that lie so little below the line.
JUST_BELOW = 0.15
#: Weights are fitted, and the next session is measured, in these ways of looking.
MEASURED = ("full", "camera")


@dataclass(frozen=True)
class Found:
    """A moment of a take: what the search says of it, and whether it is a trick."""

    features: dict[str, Any]
    score: float
    is_hit: bool


@dataclass(frozen=True)
class Sitting:
    """A take in one way of looking at it."""

    take: str
    sport: str
    n_tricks: int
    coverage: str
    found: list[Found]

    def cards(self) -> list[crew.Example]:
        """Return what a crew would have decided about."""
        shown = [one for one in self.found if one.score >= DEFAULT_THRESHOLD - JUST_BELOW]
        return [crew.Example(one.features, one.score, one.is_hit, self.take) for one in shown]


def sittings(labels: dict[str, dict[str, Any]], signals: dict[str, dict[str, Signals]]) -> list[Sitting]:
    """Return each take as the search finds it with weights from the others, in each way of looking."""
    examples = {name: [fit.examples(own[way], labels[name]) for way in MEASURED] for name, own in signals.items()}
    made = []
    for name, own in signals.items():
        weights = fit.fit([one for other, known in examples.items() if other != name for one in known])
        label = labels[name]
        for coverage, seen in own.items():
            moments = propose_from_signals(seen, duration_ms=label["duration_ms"], weights=weights)["candidates"]
            hits = match(moments, label["tricks"])
            found = [Found(m["features"], m["score"], h is not None) for m, h in zip(moments, hits, strict=True)]
            made.append(Sitting(name, sport_of(name, label), len(label["tricks"]), coverage, found))
    return made


def curve(known: Sequence[Sitting]) -> list[dict[str, Any]]:
    """Return what crews gain, and what a crew's layer does to footage of others.

    Parameters
    ----------
    known : sequence of Sitting
        Of all takes.

    Returns
    -------
    list of dict
        Rows with ``crews`` ("own next session" or "foreign"), ``decisions``, ``made`` (how many there are at most),
        ``accepted`` (share of the layers), and ``ap`` and ``f1`` with the layers that are accepted, ``ap_forced`` and
        ``f1_forced`` with all of them. The same each time.
    """
    tricked = [one for one in known if one.n_tricks]
    names = sorted({one.take for one in tricked})
    own = [_parted(tricked, name) for name in names]
    foreign = [(crew_of, [one for one in tricked if _is_other(one, crew_of)]) for crew_of in _alike(tricked)]
    rows = []
    for name, pairs in (("own next session", own), ("foreign", foreign)):
        for n in DECISIONS:
            met = [_met(sorted_, next_, n, order) for sorted_, next_ in pairs if next_ for order in range(N_ORDERS)]
            if met:
                rows.append({"crews": name, "decisions": n} | {key: _mean(one[key] for one in met) for key in met[0]})
    return rows


def _parted(known: Sequence[Sitting], take: str) -> tuple[list[Sitting], list[Sitting]]:
    return [one for one in known if one.take != take], [one for one in known if one.take == take]


def _alike(known: Sequence[Sitting]) -> list[list[Sitting]]:
    """Return the crews that have sorted at least two takes of one sport, all with sound or all without."""
    alike: dict[tuple[str, str], list[Sitting]] = {}
    for one in known:
        alike.setdefault(_sort_of(one), []).append(one)
    return [own for own in alike.values() if len({one.take for one in own}) > 1]


def _is_other(one: Sitting, crew_of: Sequence[Sitting]) -> bool:
    return _sort_of(one) != _sort_of(crew_of[0])


def _sort_of(one: Sitting) -> tuple[str, str]:
    sound = "heard" if any("pair_db" in moment.features for moment in one.found) else "silent"
    return one.sport, sound


def _met(known: Sequence[Sitting], after: Sequence[Sitting], n: int, order: int) -> dict[str, float]:
    """Return the figures of the next sessions after so many decisions, made in one order."""
    cards = [card for one in known for card in one.cards()]
    rng = np.random.default_rng(order)
    made = [cards[number] for number in rng.permutation(len(cards))[:n]]
    layer, forced = crew.learn(made), crew.learn(made, is_forced=True)
    measured = [one for one in after if one.coverage in MEASURED]
    figures = [_figures(one, layer) for one in measured]
    all_forced = [_figures(one, forced) for one in measured]
    return {
        "made": len(made),
        "accepted": float(bool(layer["kinds"])),
        "ap": _mean(ap for ap, _ in figures),
        "f1": _mean(f1 for _, f1 in figures),
        "ap_forced": _mean(ap for ap, _ in all_forced),
        "f1_forced": _mean(f1 for _, f1 in all_forced),
    }


def _figures(one: Sitting, layer: Layer) -> tuple[float, float]:
    """Return average precision and F1 of a take with a layer."""
    scored = [(rescored(layer, moment.score, moment.features)[0], moment.is_hit) for moment in one.found]
    scored.sort(key=lambda pair: -pair[0])
    shown = [is_hit for score, is_hit in scored if score >= DEFAULT_THRESHOLD]
    ap = average_precision([is_hit for _, is_hit in scored], one.n_tricks)
    return ap, 2 * sum(shown) / (one.n_tricks + len(shown))


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
