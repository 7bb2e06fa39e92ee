"""Measures what suggestions are worth on crews that are made up: no labelled footage says who rides.

Each crew has riders with clothes of their own, an order of turns that is kept more or less, habits, flights and falls.
Pictures and sounds of each turn are drawn and measured as those of a preview are; light, shadow, people in the
background and noise differ from turn to turn. All of that is made up, so the figures say what the method does with such
crews, and not what it does with yours. Lines are chosen on some crews and measured on others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from detection.suggestions import suggest as suggesting
from detection.suggestions.measure import RATE_HZ, after_db, colours_of

#: So many crews of each kind choose the lines, and as many others are measured; sessions of each crew.
N_EACH, N_SESSIONS = 3, 3
#: Turns of a session, and how many riders are there.
TURNS, RIDERS = (50, 90), (3, 6)
#: How often the next in turn rides, somebody goes again, a turn is filmed that nobody keeps.
IN_TURN, TWICE, NOT_KEPT = (0.5, 0.95), 0.1, 0.25
#: A crew's share of falls; riders have so many tricks, the first of them much more often.
FALLS, TRICKS = (0.15, 0.45), (3, 7)
#: How often the same trick comes again after a fall and after a landing, for each kind of crew.
AGAIN = {
    "one trick at a time": ((0.9, 0.98), (0.6, 0.9)),
    "until it is landed": ((0.7, 0.95), (0.1, 0.5)),
    "another each turn": ((0.1, 0.4), (0.0, 0.2)),
}
#: Colours are told of this share of a session's moments, and by so much landings differ in loudness: both as in the
#: labelled takes (18 of 48; docs/BENCHMARKS.md). How much quieter it is after a fall is a guess.
TOLD, LANDINGS_DB, FALLEN_DB = (0.2, 0.8), 8.0, -16.0
STANDING = (1.0, 1.0)
#: Typing a name that is not on a digit: its key, three letters, Enter.
TYPED = 5
#: So many names lie on digits: `clips.sorting.hand.N_RECENT`.
ON_DIGITS = 9
WANTED = 0.8
LINES = np.round(np.arange(0.5, 0.96, 0.02), 2)
KINDS = ("rider", "trick", "crash")
#: The kept turns of a crew's sessions, in the order of filming.
Sessions: TypeAlias = list[list[dict[str, Any]]]


@dataclass(frozen=True)
class Rider:
    """A made-up rider: two colours, and tricks with their chance and flight."""

    name: str
    clothes: np.ndarray
    tricks: list[str]
    often: np.ndarray
    air_s: dict[str, float]


@dataclass(frozen=True)
class Seen:
    """A suggestion for one card, with its chance and whether it is right."""

    kind: str
    chance: float
    is_right: bool


def evaluate(*, standing: bool = False) -> dict[str, Any]:
    """Return the lines, and what suggestions are worth with the lines that are in use.

    Parameters
    ----------
    standing : bool
        As if each camera stood, so that colours are told of every moment.

    Returns
    -------
    dict
        ``kinds``: rows with ``kind``, ``chosen`` (the lowest line at which eight in ten are right on the crews that it
        is chosen on), ``line`` (that in use), and on other crews ``precision``, ``coverage`` (share of the cards for
        which something is shown) and ``shown``; ``keys``: rows with ``crews``, ``session`` (1 is a crew's first) and
        keys per keep ``before`` and ``after``; ``cards``. The same each time.
    """
    chosen, left_out = ([one for _, own in crews for one in _seen(own)] for crews in made_up(standing=standing))
    in_use = {"rider": suggesting.RIDER_FROM, "trick": suggesting.TRICK_FROM, "crash": suggesting.CRASH_FROM}
    keys = [(kind, _keys(own)) for kind, own in made_up(standing=standing)[1]]
    return {
        "kinds": [_row(kind, chosen, left_out, in_use[kind]) for kind in KINDS],
        "keys": [
            {"crews": crews, "session": number + 1} | _mean([found[number] for kind, found in keys if kind == crews])
            for crews in AGAIN
            for number in range(N_SESSIONS)
        ],
        "cards": len(left_out) // len(KINDS),
    }


@cache
def made_up(*, standing: bool = False) -> tuple[list[tuple[str, Sessions]], list[tuple[str, Sessions]]]:
    """Return the sessions of the crews on which lines are chosen, and of those left out, each with its kind."""
    rng = np.random.default_rng(5)
    kinds = [kind for kind in AGAIN for _ in range(N_EACH)]
    chosen, left_out = (
        [(kind, list(_sessions(_crew(rng), kind, rng, STANDING if standing else TOLD))) for kind in kinds]
        for _ in range(2)
    )
    return chosen, left_out


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _row(kind: str, chosen: list[Seen], left_out: list[Seen], line: float) -> dict[str, Any]:
    own = [one for one in left_out if one.kind == kind]
    shown = [one for one in own if one.chance >= line]
    lines = [at for at in LINES if (right := _right(kind, chosen, at)) is not None and right >= WANTED]
    return {
        "kind": kind,
        "chosen": float(min(lines)) if lines else None,
        "line": line,
        "shown": len(shown),
        "precision": float(np.mean([one.is_right for one in shown])) if shown else None,
        "coverage": len(shown) / max(len(own), 1),
    }


def _right(kind: str, seen: list[Seen], line: float) -> float | None:
    shown = [one.is_right for one in seen if one.kind == kind and one.chance >= line]
    return float(np.mean(shown)) if shown else None


def _crew(rng: np.random.Generator) -> list[Rider]:
    names = ["Kickflip", "Heelflip", "Ollie", "Boardslide", "Shove-it", "Tailslide", "360", "Backflip", "Manual"]
    air_s = {name: float(rng.uniform(0.3, 1.2)) for name in names}
    crew = []
    for number in range(int(rng.integers(*RIDERS, endpoint=True))):
        tricks = list(rng.choice(names, int(rng.integers(*TRICKS, endpoint=True)), replace=False))
        often = 1 / np.arange(1, len(tricks) + 1) ** 1.5
        crew.append(Rider(f"Rider {number + 1}", rng.uniform(0.05, 0.95, (2, 3)), tricks, often / often.sum(), air_s))
    return crew


def _sessions(
    crew: list[Rider], kind: str, rng: np.random.Generator, share: tuple[float, float]
) -> Iterator[list[dict[str, Any]]]:
    """Yield the kept turns of each session of a crew, in the order of filming."""
    in_turn, falls = rng.uniform(*IN_TURN), rng.uniform(*FALLS)
    fallen, landed = AGAIN[kind]
    again = {True: rng.uniform(*fallen), False: rng.uniform(*landed)}
    for _ in range(N_SESSIONS):
        here = list(rng.permutation(len(crew)))
        told = rng.uniform(*share)
        light, ground = rng.uniform(0.6, 1.1, 3), rng.uniform(0.1, 0.8, (54, 96, 3))
        turns, place, at_s = [], 0, 0.0
        last: dict[str, tuple[str, bool]] = {}
        for _turn in range(int(rng.integers(*TURNS))):
            at_s += float(rng.uniform(8, 40))
            step = rng.random()
            if step >= TWICE:
                place = (
                    (place + 1) % len(here) if step < TWICE + in_turn * (1 - TWICE) else int(rng.integers(len(here)))
                )
            rider = crew[here[place]]
            trick, is_crash = str(rng.choice(rider.tricks, p=rider.often)), bool(rng.random() < falls)
            if rider.name in last and rng.random() < again[last[rider.name][1]]:
                trick = last[rider.name][0]
            last[rider.name] = trick, is_crash
            if rng.random() >= NOT_KEPT:
                turn = _turn_of(rider, trick, is_crash, at_s, light, ground, rng)
                turns.append(turn if rng.random() < told else turn | {"colours": None})
        yield turns


def _turn_of(
    rider: Rider,
    trick: str,
    is_crash: bool,
    at_s: float,
    light: np.ndarray,
    ground: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, Any]:
    air_s = float(rider.air_s[trick] + rng.normal(0, 0.08))
    return {
        "clock": "", "at_s": at_s, "rider": rider.name, "trick": trick, "is_crash": is_crash,
        "air_s": max(0.1, air_s), "colours": colours_of(_pictures(rider, light, ground, rng)),
        "after_db": after_db(_sound(is_crash, air_s, rng), take_off_s=1.5, landing_s=1.5 + max(0.1, air_s)),
    }  # fmt: skip


def _pictures(rider: Rider, light: np.ndarray, ground: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a rider who crosses the picture: head, jacket and trousers; now and then somebody else moves as well."""
    n, height, width = 12, 54, 96
    shade = light * rng.uniform(0.75, 1.2)
    pictures = np.repeat((ground * shade)[None], n, axis=0) + rng.normal(0, 0.02, (n, height, width, 3))
    tall, high = int(rng.integers(10, 20)), int(rng.integers(18, 30))
    skin = np.array([0.8, 0.6, 0.5])
    passer = (rng.uniform(0.05, 0.95, 3), int(rng.integers(0, 40))) if rng.random() < 0.3 else None
    for number in range(n):
        left = int(5 + number * (width - 20) / n)
        for part, colour in enumerate((skin, *rider.clothes)):
            top = high + [0, tall // 5, tall * 3 // 5][part]
            bottom = high + [tall // 5, tall * 3 // 5, tall][part]
            drawn = colour * shade * rng.uniform(0.85, 1.15) + rng.normal(0, 0.05, (bottom - top, max(3, tall // 3), 3))
            pictures[number, top:bottom, left : left + max(3, tall // 3)] = drawn
        if passer:
            at = (passer[1] + 3 * number) % (width - 4)
            pictures[number, 5:13, at : at + 3] = passer[0] * shade
    return (np.clip(pictures, 0, 1) * 255).astype(np.uint8)


def _sound(is_crash: bool, air_s: float, rng: np.random.Generator) -> np.ndarray:
    """Draw rolling, a flight, and either rolling again or a clatter and less than that; the level differs each time."""
    rolling, quiet = 10 ** (rng.normal(-30, 4) / 20), 10 ** (rng.normal(-46, 4) / 20)
    change_db = rng.normal(FALLEN_DB if is_crash else 0.0, LANDINGS_DB)
    after = max(quiet, rolling * 10 ** (change_db / 20))
    level = np.full(round((3.5 + air_s) * RATE_HZ), quiet)
    level[: round(1.5 * RATE_HZ)] = rolling
    level[round((1.5 + air_s) * RATE_HZ) :] = after
    return level * rng.normal(0, 1, len(level))


def _seen(sessions: Sessions) -> Iterator[Seen]:
    """Yield what would be suggested for the cards of a crew's sessions, sorted one after the other."""
    for number, session in enumerate(sessions):
        elsewhere = [one for before in sessions[:number] for one in before]
        for place, card, kept, waiting in _as_sorted(session):
            if place < suggesting.LEAST_KEPT:
                for kind in KINDS:
                    yield Seen(kind, 0.0, False)
                continue
            riders = suggesting.rider_chances(card, kept, waiting)
            yield _best("rider", riders, card["rider"])
            yield _best(
                "trick", suggesting.among(riders, card, suggesting.habits_in("", kept, elsewhere)), card["trick"]
            )
            yield Seen("crash", suggesting.crash_chance(card, kept, elsewhere), card["is_crash"])


def _best(kind: str, chances: dict[str, float], truth: str) -> Seen:
    best = max(chances, key=lambda one: chances[one])
    return Seen(kind, chances[best] if best else 0.0, best == truth)


def _as_sorted(
    session: list[dict[str, Any]],
) -> Iterator[tuple[int, dict[str, Any], list[dict[str, Any]], list[tuple[str, float]]]]:
    """Yield place, card, clips and waiting moments of each card; cards come in an order of their own, not filming's."""
    order = np.random.default_rng(len(session)).permutation(len(session))
    for place, number in enumerate(order):
        kept = [session[one] for one in order[:place]][::-1]
        waiting = [("", session[one]["at_s"]) for one in order[place + 1 :]]
        yield place, session[number], kept, waiting


def _keys(sessions: Sessions) -> list[dict[str, float]]:
    """Return keys per keep of each session, without and with suggestions, names and category included."""
    found = []
    for number, session in enumerate(sessions):
        elsewhere = [one for before in sessions[:number] for one in before]
        before = after = 0
        last = ""
        for _place, card, kept, waiting in _as_sorted(session):
            recent = [*kept, *reversed(elsewhere)]
            (said,) = suggesting.suggest([card], kept, waiting, elsewhere)
            plain = _names(card, last, "", recent)
            # One key takes what is seen and keeps, also as a crash; what is wrong is written first, and then the key
            # that keeps takes the rest. A crash that is wrongly suggested costs one more, and so does a wrong trick.
            helped = _names(card, said["rider"] or last, said["trick"], recent) + (
                said["is_crash"] and not card["is_crash"]
            )
            before, after, last = before + 1 + plain, after + 1 + min(plain, helped), card["rider"]
        found.append({"before": before / len(session), "after": after / len(session)})
    return found


def _names(card: dict[str, Any], rider: str, trick: str, recent: list[dict[str, Any]]) -> int:
    """Return the keys that it takes to bring a card's boxes from some names to the right ones."""
    keys = 0
    for box, there in (("rider", rider), ("trick", trick)):
        if there != card[box]:
            lately = list(dict.fromkeys(one[box] for one in recent if one[box]))[:ON_DIGITS]
            keys += 1 if card[box] in lately else TYPED
    return keys
