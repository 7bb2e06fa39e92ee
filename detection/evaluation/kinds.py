"""Measures the detector on the kinds of files that a crew has: whole takes, short files, takes without a trick.

Each take is scored with weights that were fitted on the other takes. Short files are cut out of the takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from detection.evaluation import fit
from detection.evaluation.evaluate import NEAR_JOIN_MS, average_precision, match
from detection.evaluation.intervals import calibration, with_interval
from detection.evaluation.recorded import COVERAGES, FITTED, Part
from detection.propose import propose_from_signals
from detection.scoring import score
from detection.scoring.chance import Chances
from detection.signals import Signals

#: Lengths of short files, as phones have them.
SHORT_MS = (4000, 6000, 8000)
#: Where in a short file the trick happens, in turn: nobody presses the button at the same moment each time.
PLACES = (0.4, 0.5, 0.6)
#: A trick fills less than this share of its short file, or it is left out.
MOST_OF_FILE = 0.5
#: Short files without a trick keep this far from any, ...
FROM_TRICK_MS = 500
#: ... and there are at least so many of a long take.
LEAST_BLANKS = 15
#: Chance is told by drawing stretches of this length: tricks and false moments of one run belong together.
BLOCK_MS = 20_000


@dataclass(frozen=True)
class Cut:
    """A part of a take with its own label; ``trick`` is the number of the trick it was cut for, -1 for none."""

    take: str
    part: Part
    label: dict[str, Any]
    trick: int = -1

    @property
    def is_whole(self) -> bool:
        return self.part.start_ms == 0 and self.part.end_ms == self.label["whole_ms"]


class Met(NamedTuple):
    """A moment that was found, and whether it is a trick."""

    score: float
    is_hit: bool
    is_shown: bool
    chance: float
    is_seen: bool


@dataclass
class Block:
    """A stretch of a take: its length, its tricks, and its moments."""

    minutes: float
    n_tricks: int = 0
    moments: list[Met] = field(default_factory=list)


def sport_of(take: str, label: dict[str, Any]) -> str:
    """Return what is ridden in a take: "snow" or "board", from its label or else its name."""
    return str(label.get("sport") or ("snow" if "snow" in take else "board"))


def cuts_of(take: str, label: dict[str, Any]) -> list[Cut]:
    """Return the whole take and the short files to cut from it, in each way of looking at them.

    Short files are cut for the ways of ``FITTED`` alone: measuring them takes longer than all whole takes.
    """
    short = [
        span for length_ms in SHORT_MS for span in (*_with_trick(label, length_ms), *_without_trick(label, length_ms))
    ]
    return [
        Cut(take, Part(start_ms, end_ms, coverage), _label_of(label, start_ms, end_ms), trick)
        for coverage in COVERAGES
        for start_ms, end_ms, trick in [(0, label["duration_ms"], -1), *(short if coverage in FITTED else [])]
    ]


def _with_trick(label: dict[str, Any], length_ms: int) -> list[tuple[int, int, int]]:
    spans = []
    for number, trick in enumerate(label["tricks"]):
        if trick["end_ms"] - trick["start_ms"] > MOST_OF_FILE * length_ms:
            continue
        middle_ms = (trick["start_ms"] + trick["end_ms"]) / 2
        start_ms = round(middle_ms - PLACES[number % len(PLACES)] * length_ms)
        start_ms = max(0, min(start_ms, label["duration_ms"] - length_ms))
        spans.append((start_ms, start_ms + length_ms, number))
    return spans


def _without_trick(label: dict[str, Any], length_ms: int) -> list[tuple[int, int, int]]:
    ends_ms = [0, *(trick["end_ms"] + FROM_TRICK_MS for trick in label["tricks"])]
    starts_ms = [*(trick["start_ms"] - FROM_TRICK_MS for trick in label["tricks"]), label["duration_ms"]]
    free = [
        (start_ms, start_ms + length_ms, -1)
        for from_ms, to_ms in zip(ends_ms, starts_ms, strict=True)
        for start_ms in range(from_ms, to_ms - length_ms + 1, length_ms)
    ]
    n_wanted = min(len(free), max(LEAST_BLANKS, len(label["tricks"])))
    return [free[i * len(free) // n_wanted] for i in range(n_wanted)]


def _label_of(label: dict[str, Any], start_ms: int, end_ms: int) -> dict[str, Any]:
    """Return the label of a part; a trick belongs to it if its middle does."""
    tricks = [
        trick | {"start_ms": trick["start_ms"] - start_ms, "end_ms": trick["end_ms"] - start_ms}
        for trick in label["tricks"]
        if start_ms <= (trick["start_ms"] + trick["end_ms"]) / 2 <= end_ms
    ]
    cuts_ms = [cut_ms - start_ms for cut_ms in label.get("cuts_ms", [])]
    whole_ms = label["duration_ms"]
    return {"duration_ms": end_ms - start_ms, "tricks": tricks, "cuts_ms": cuts_ms, "whole_ms": whole_ms}


def table(cuts: Sequence[Cut], signals: Sequence[Signals]) -> dict[str, list[dict[str, Any]]]:
    """Return the figures of each kind of file.

    Parameters
    ----------
    cuts : sequence of Cut
        From `cuts_of`, of all takes.
    signals : sequence of Signals
        Of each cut.

    Returns
    -------
    dict
        ``kinds``: rows with ``kind``, ``coverage``, ``files``, ``tricks`` and figures with their intervals, and
        ``calibration``: rows of `detection.evaluation.intervals.calibration` with their ``coverage``.
    """
    weights = _weights(cuts, signals)
    found = [
        propose_from_signals(own, duration_ms=cut.label["duration_ms"], weights=weights[cut.take])["candidates"]
        for cut, own in zip(cuts, signals, strict=True)
    ]
    chances = _chances(cuts, found)
    for cut, moments in zip(cuts, found, strict=True):
        for moment in moments:
            moment["chance"] = chances[cut.take].of_score(moment["score"], moment["features"]["looked"])
    kinds: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    for coverage in COVERAGES:
        own = [(cut, moments) for cut, moments in zip(cuts, found, strict=True) if cut.part.coverage == coverage]
        kinds += [{"coverage": coverage} | row for row in _kinds(own)]
        whole = [pair for pair in own if pair[0].is_whole]
        sports = {sport_of(cut.take, cut.label) for cut, _ in whole}
        for sport in ("all", *sorted(sports)):
            ridden = [pair for pair in whole if sport in ("all", sport_of(pair[0].take, pair[0].label))]
            met = [one for pair in ridden for block in _blocks(*pair) for one in block.moments]
            rows = calibration([(one.chance, one.is_hit) for one in met])
            scores += [{"coverage": coverage, "sport": sport} | row for row in rows]
    return {"kinds": kinds, "calibration": scores}


def told_of(label: dict[str, Any], moments: list[dict[str, Any]]) -> list[fit.Told]:
    """Return what became of the moments of a whole take, for `fit.fit_chances`."""
    ranked = sorted(moments, key=lambda moment: (-moment["score"], moment["start_ms"]))
    hits = match(ranked, label["tricks"])
    return [
        fit.Told(moment["score"], moment["features"]["looked"], hit is not None)
        for moment, hit in zip(ranked, hits, strict=True)
    ]


def _chances(cuts: Sequence[Cut], found: Sequence[list[dict[str, Any]]]) -> dict[str, Chances]:
    """Return for each take how true scores were in the others."""
    told: dict[str, list[fit.Told]] = {}
    for cut, moments in zip(cuts, found, strict=True):
        told.setdefault(cut.take, [])
        if cut.is_whole:
            told[cut.take] += told_of(cut.label, moments)
    return {
        take: fit.fit_chances([one for other, own in told.items() if other != take for one in own]) for take in told
    }


def _weights(cuts: Sequence[Cut], signals: Sequence[Signals]) -> dict[str, score.Weights]:
    """Return for each take the weights fitted on the others; those that come with the program for a single one."""
    examples: dict[str, list[fit.Examples]] = {}
    for cut, own in zip(cuts, signals, strict=True):
        examples.setdefault(cut.take, [])
        if cut.is_whole and cut.part.coverage in FITTED:
            examples[cut.take].append(fit.examples(own, cut.label))
    weights = {}
    for take in examples:
        others = [one for other, known in examples.items() if other != take for one in known]
        weights[take] = fit.fit(others) if any(hits.any() for _, hits in others) else score.Weights.shipped()
    return weights


def _kinds(own: Sequence[tuple[Cut, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    whole = [pair for pair in own if pair[0].is_whole]
    tricked = [pair for pair in whole if pair[0].label["tricks"]]
    rows = [
        _whole_row("takes with tricks", tricked),
        _whole_row("the same without what lies on joins", tricked, joins=False),
        _whole_row("takes without a trick", [pair for pair in whole if not pair[0].label["tricks"]]),
    ]
    slow = [
        hit
        for cut, moments in tricked
        for trick, hit in zip(cut.label["tricks"], _are_hit(cut.label, _shown(moments)), strict=True)
        if trick.get("slow_motion")
    ]
    rows.append({"kind": "slow motion inside them", "files": len(tricked), "tricks": len(slow), "recall": _mean(slow)})
    for length_ms in SHORT_MS:
        rows.append(_short_row(length_ms, [pair for pair in own if pair[0].label["duration_ms"] == length_ms]))
    return [row for row in rows if row["files"]]


def _whole_row(kind: str, pairs: Sequence[tuple[Cut, list[dict[str, Any]]]], *, joins: bool = True) -> dict[str, Any]:
    blocks = [block for cut, moments in pairs for block in _blocks(cut, moments, joins=joins)]
    figures: dict[str, Callable[[Sequence[Block]], float | None]] = {
        "recall": _recall,
        "f1": _f1,
        "ap": _ap,
        "false_per_min": _false_per_min,
    }
    row = {name: with_interval(blocks, figure) for name, figure in figures.items()}
    n_tricks = sum(block.n_tricks for block in blocks)
    return {"kind": kind, "files": len(pairs), "tricks": n_tricks} | row


def _short_row(length_ms: int, pairs: Sequence[tuple[Cut, list[dict[str, Any]]]]) -> dict[str, Any]:
    with_trick = [pair for pair in pairs if pair[0].trick >= 0]
    blank = [len(_shown(moments)) for cut, moments in pairs if cut.trick < 0]
    shown = [any(_are_hit(cut.label, _shown(moments))) for cut, moments in with_trick]
    best = [match(moments[:1], cut.label["tricks"]) not in ([], [None]) for cut, moments in with_trick]
    return {
        "kind": f"short files, {length_ms // 1000} s",
        "files": len(pairs),
        "tricks": len(with_trick),
        "recall": _mean(shown),
        "best": _mean(best),
        "extra": _mean(blank),
    }


def _blocks(cut: Cut, moments: list[dict[str, Any]], *, joins: bool = True) -> list[Block]:
    """Return the stretches of a take with their tricks and moments; a hit is counted where its trick is."""
    label = cut.label
    n_blocks = max(1, round(label["duration_ms"] / BLOCK_MS))
    blocks = [Block(label["duration_ms"] / 60_000 / n_blocks) for _ in range(n_blocks)]

    def block_at(span: dict[str, Any]) -> Block:
        middle_ms = (span["start_ms"] + span["end_ms"]) / 2
        return blocks[min(n_blocks - 1, max(0, int(middle_ms * n_blocks / label["duration_ms"])))]

    for trick in label["tricks"]:
        block_at(trick).n_tricks += 1
    ranked = sorted(moments, key=lambda moment: (-moment["score"], moment["start_ms"]))
    shown = _shown(ranked)
    all_hits, shown_hits = match(ranked, label["tricks"]), match(shown, label["tricks"])
    hit_when_shown = {id(moment): trick for moment, trick in zip(shown, shown_hits, strict=True)}
    for moment, any_trick in zip(ranked, all_hits, strict=True):
        trick = hit_when_shown.get(id(moment), any_trick)
        if trick is None and not joins and _is_near_join(moment, label):
            continue
        own = block_at(moment if trick is None else label["tricks"][trick])
        facts = moment["shown"], moment["chance"], moment["features"]["seen"]
        own.moments.append(Met(moment["score"], trick is not None, *facts))
    return blocks


def _shown(moments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [moment for moment in moments if moment["shown"]]


def _are_hit(label: dict[str, Any], moments: list[dict[str, Any]]) -> list[bool]:
    """Return for each trick whether a moment hits it."""
    hit = set(match(moments, label["tricks"]))
    return [number in hit for number in range(len(label["tricks"]))]


def _is_near_join(moment: dict[str, Any], label: dict[str, Any]) -> bool:
    middle_ms = (moment["start_ms"] + moment["end_ms"]) / 2
    return any(abs(middle_ms - cut_ms) <= NEAR_JOIN_MS for cut_ms in label["cuts_ms"])


def _mean(values: Sequence[float]) -> Any:
    if not values:
        return None, None, None
    return with_interval(values, lambda drawn: sum(drawn) / len(drawn))


def _counted(blocks: Sequence[Block]) -> tuple[int, int, int]:
    """Return the tricks, the shown moments and the hits among them."""
    shown = [one.is_hit for block in blocks for one in block.moments if one.is_shown]
    return sum(block.n_tricks for block in blocks), len(shown), sum(shown)


def _recall(blocks: Sequence[Block]) -> float | None:
    n_tricks, _, n_hits = _counted(blocks)
    return n_hits / n_tricks if n_tricks else None


def _f1(blocks: Sequence[Block]) -> float | None:
    n_tricks, n_shown, n_hits = _counted(blocks)
    return 2 * n_hits / (n_tricks + n_shown) if n_tricks else None


def _ap(blocks: Sequence[Block]) -> float | None:
    ranked = sorted((moment[:2] for block in blocks for moment in block.moments), key=lambda one: -one[0])
    n_tricks = sum(block.n_tricks for block in blocks)
    return average_precision([hit for _, hit in ranked], n_tricks) if n_tricks else None


def _false_per_min(blocks: Sequence[Block]) -> float | None:
    _, n_shown, n_hits = _counted(blocks)
    minutes = sum(block.minutes for block in blocks)
    return (n_shown - n_hits) / minutes if minutes else None
