"""Suggests who rides, what they did and whether they fell, from a crew's decisions; without numpy, for all programs.

The sort page asks for each card it deals (`clips/sorting/suggestions.py`). What is too unsure is not suggested: the
lines below were chosen on made-up crews, so that of those shown at least eight in ten are right in sessions that were
left out (``python -m detection suggestions --simulate``).
"""

import math
from collections.abc import Sequence
from typing import Any

from detection.suggestions import clothing, crash, habit, turns

#: From these chances on something is suggested.
RIDER_FROM, TRICK_FROM, CRASH_FROM = 0.66, 0.7, 0.7
#: Fewer decisions of a session that name a rider tell nothing.
LEAST_KEPT = 3
#: As if so many more turns were those of somebody whom this session has not seen yet.
STRANGERS = 1.0

Facts = dict[str, Any]
_NOTHING: Facts = {"rider": "", "trick": "", "is_crash": False}


def suggest(
    cards: Sequence[Facts], kept: Sequence[Facts], waiting: Sequence[tuple[str, float]], elsewhere: Sequence[Facts]
) -> list[Facts]:
    """Return what is suggested for cards of one session.

    Parameters
    ----------
    cards : sequence of dict
        ``clock`` and ``at_s`` (when it was filmed; times of two clocks cannot be compared), ``air_s``, ``colours`` and
        ``after_db``, the last three None or empty where they are not known.
    kept : sequence of dict
        The session's clips: the same, and ``rider``, ``trick`` ("" for none) and ``is_crash``.
    waiting : sequence of (str, float)
        Clock and time of the session's moments about which nobody has decided.
    elsewhere : sequence of dict
        Clips of its riders in other sessions: ``rider``, ``trick``, ``is_crash`` and ``air_s``.

    Returns
    -------
    list of dict
        For each card ``rider``, ``trick`` and ``is_crash``, empty or False for nothing; and ``tricks``: what each
        rider did if it is that one.
    """
    if sum(bool(one["rider"]) for one in kept) < LEAST_KEPT:
        return [_NOTHING | {"tricks": {}} for _ in cards]
    worn = worn_in(kept)
    habits = {clock: habits_in(clock, kept, elsewhere) for clock in {card["clock"] for card in cards}}
    return [
        _suggested(card, rider_chances(card, kept, waiting, worn), habits[card["clock"]])
        | {"is_crash": crash_chance(card, kept, elsewhere) >= CRASH_FROM}
        for card in cards
    ]


def rider_chances(
    card: Facts, kept: Sequence[Facts], waiting: Sequence[tuple[str, float]], worn: clothing.Wardrobe | None = None
) -> dict[str, float]:
    """Return how likely each rider is that of a card, and somebody else under ""; they add up to 1.

    ``worn`` is that of `worn_in`, where it is known already.
    """
    ridden = [one for one in kept if one["rider"]]
    if not ridden:
        return {}
    clock = card["clock"]
    known = turns.turns_of([(one["at_s"], one["rider"]) for one in ridden if one["clock"] == clock])
    # What was kept without a rider is a turn of somebody, too.
    untold = [*waiting, *((one["clock"], one["at_s"]) for one in kept if not one["rider"])]
    waits = [at_s for other, at_s in untold if other == clock and at_s != card["at_s"]]
    likely = turns.chances(card["at_s"], known, waits) or turns.chances(None, _told(ridden), [])
    for one in ridden:
        likely.setdefault(one["rider"], 0.5 / len(ridden))
    stranger = STRANGERS / (len(ridden) + STRANGERS)
    whole = sum(likely.values())
    likely = {rider: (1 - stranger) * value / whole for rider, value in likely.items()} | {"": stranger}
    fits = clothing.log_likelihoods(card["colours"], worn or worn_in(kept)) if card["colours"] else {}
    unknown = sum(fits.values()) / len(fits) if fits else 0.0
    likely = {rider: value * math.exp(fits.get(rider, unknown)) for rider, value in likely.items()}
    whole = sum(likely.values())
    return {rider: value / whole for rider, value in likely.items()}


def worn_in(kept: Sequence[Facts]) -> clothing.Wardrobe:
    """Return what the riders of a session wear, from its clips."""
    worn: dict[str, list[clothing.Colours]] = {}
    for one in kept:
        if one["rider"] and one["colours"]:
            worn.setdefault(one["rider"], []).append(one["colours"])
    return clothing.wardrobe(worn)


def habits_in(clock: str, kept: Sequence[Facts], elsewhere: Sequence[Facts]) -> habit.Habits:
    """Return what riders do, for cards of one clock."""
    today = [_done(one) for one in kept if one["clock"] == clock]
    # Of another clock it is known what was done, and not when.
    other = [*elsewhere, *(one for one in kept if one["clock"] != clock)]
    return habit.Habits.of(today, [_done(one | {"at_s": 0.0}) for one in other])


def _done(one: Facts) -> habit.Done:
    return one["at_s"], one["rider"], one["trick"], one["air_s"], one["is_crash"]


def among(riders: dict[str, float], card: Facts, habits: habit.Habits) -> dict[str, float]:
    """Return how likely each trick is that of a card, whoever of some riders it shows; "" for another one."""
    likely: dict[str, float] = {"": 0.0}
    for rider, chance in riders.items():
        for trick, own in habits.chances(rider, at_s=card["at_s"], air_s=card["air_s"]).items():
            likely[trick] = likely.get(trick, 0.0) + chance * own
    return likely


def crash_chance(card: Facts, kept: Sequence[Facts], elsewhere: Sequence[Facts]) -> float:
    """Return how likely a card shows a crash."""
    heard = [one for one in kept if one["after_db"] is not None]
    crashed, landed = ([one["after_db"] for one in heard if one["is_crash"] is is_crash] for is_crash in (True, False))
    clips = [*kept, *elsewhere]
    share = (sum(one["is_crash"] for one in clips) + 1) / (len(clips) + 5)
    return crash.chance(card["after_db"], crashed, landed, share=share)


def _suggested(card: Facts, riders: dict[str, float], habits: habit.Habits) -> Facts:
    found: Facts = {"rider": _sure(riders, RIDER_FROM), "trick": _sure(among(riders, card, habits), TRICK_FROM)}
    of_rider = {
        rider: _sure(habits.chances(rider, at_s=card["at_s"], air_s=card["air_s"]), TRICK_FROM)
        for rider in riders
        if rider
    }
    return found | {"tricks": {rider: trick for rider, trick in of_rider.items() if trick}}


def _sure(chances: dict[str, float], line: float) -> str:
    """Return what is most likely, if it is as likely as the line wants."""
    best = max(chances, key=lambda one: chances[one])
    return best if chances[best] >= line else ""


def _told(ridden: Sequence[Facts]) -> list[turns.Turn]:
    return [(float(number), one["rider"]) for number, one in enumerate(ridden)]
