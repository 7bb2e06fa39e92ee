"""Chooses which recordings of a day are worth comparing: by the cameras' clocks, within a budget."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

#: Recordings that share less than this are not compared.
LEAST_OVERLAP_S = 5.0
#: Clocks of cameras that somebody set are this near to each other.
CLOCK_SLACK_S = 180.0
#: Comparing two recordings, both read, costs less for each minute that they have on average (docs/BENCHMARKS.md).
CPU_S_PER_MINUTE = 0.25

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Recorded(Generic[Key]):
    """One recording; the chapters of one take are one.

    Attributes
    ----------
    key : hashable
    camera : hashable or None
        Recordings of one camera cannot have happened at the same time. None if unknown.
    start_s : float or None
        By its camera's clock, in seconds since any fixed moment. None if unknown.
    length_s : float
    """

    key: Key
    camera: Hashable | None
    start_s: float | None
    length_s: float


@dataclass(frozen=True)
class Task(Generic[Key]):
    """Two recordings to compare, and the offsets that their clocks allow, as `detection.sync.pair.match` takes them."""

    first: Key
    second: Key
    within_s: tuple[float, float] | None


def tasks(
    recordings: Sequence[Recorded[Key]], *, slack_s: float = CLOCK_SLACK_S, most_cpu_s: float = float("inf")
) -> list[Task[Key]]:
    """Return which recordings to compare, the likeliest first.

    Parameters
    ----------
    recordings : sequence of Recorded
    slack_s : float
        How far the clocks of two cameras may be apart; a day, where somebody asks for it.
    most_cpu_s : float
        About how much comparing may cost; what is least likely is left out.

    Notes
    -----
    The likeliest are those whose clocks let them share most. Where a clock is unknown everything is possible, and comes
    last.
    """
    pairs = [(one, other) for number, one in enumerate(recordings) for other in recordings[number + 1 :]]
    return _within_budget(pairs, slack_s, most_cpu_s)


def tasks_of(
    recording: Recorded[Key],
    others: Sequence[Recorded[Key]],
    *,
    slack_s: float = CLOCK_SLACK_S,
    most_cpu_s: float = float("inf"),
) -> list[Task[Key]]:
    """Return what to compare one recording with, which is the first of each task, the likeliest first; see `tasks`."""
    return _within_budget([(recording, other) for other in others], slack_s, most_cpu_s)


def shared_s(one: Recorded[Key], other: Recorded[Key]) -> float | None:
    """Return for how long two recordings ran at the same time by their clocks, below 0 if not; None if unknown."""
    if one.start_s is None or other.start_s is None:
        return None
    apart_s = other.start_s - one.start_s
    return min(one.length_s, apart_s + other.length_s) - max(0.0, apart_s)


def _within_budget(
    pairs: Sequence[tuple[Recorded[Key], Recorded[Key]]], slack_s: float, most_cpu_s: float
) -> list[Task[Key]]:
    found: list[tuple[float, float, Task[Key]]] = []
    for one, other in pairs:
        if one.camera is not None and one.camera == other.camera:
            continue
        minutes = (one.length_s + other.length_s) / 120
        if one.start_s is None or other.start_s is None:
            found.append((0.0, minutes, Task(one.key, other.key, None)))
            continue
        apart_s, may_share_s = other.start_s - one.start_s, (shared_s(one, other) or 0.0) + slack_s
        if may_share_s > LEAST_OVERLAP_S:
            found.append((may_share_s, minutes, Task(one.key, other.key, (apart_s - slack_s, apart_s + slack_s))))
    chosen, cost_s = [], 0.0
    for _, minutes, task in sorted(found, key=lambda one: -one[0]):
        cost_s += minutes * CPU_S_PER_MINUTE
        if cost_s > most_cpu_s:
            break
        chosen.append(task)
    return chosen
