"""Says how likely a moment of some score is a trick; apart from what needs numpy, for programs that never analyse.

A score decides what is shown: a missed trick costs more than a useless card, so .5 is less than an even chance. A
chance is what people read, and has to be true: of the moments with 70 % seven in ten are tricks.
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Weights, and from scores to chances; written by ``python -m detection fit``.
WEIGHTS_FILE = Path(__file__).with_name("weights.json")
#: A missed trick is a lost memory, a useless card a key press: so a score of .5 is a chance of about one in three.
MISS_COST = 2.0
#: How a moment was looked at: picture by picture, as its whole file was; picture by picture because something spoke for
#: it; or in a glance and by its sound.
SEEN, CHOSEN, GLANCED = "seen", "chosen", "glanced"
#: A file of which so much was looked at was not looked at by choice.
WHOLE = 0.9
#: Scores nearer to 0 and 1 than this are no surer.
LEAST = 1e-4


@dataclass(frozen=True)
class Chances:
    """A shift and a slope that turn the log odds of a score into those of a trick, by how the moment was looked at."""

    of: dict[str, tuple[float, float]]

    @classmethod
    def plain(cls) -> "Chances":
        """Return what only takes the cost of a miss out of a score."""
        return cls(dict.fromkeys((SEEN, CHOSEN, GLANCED), (-math.log(MISS_COST), 1.0)))

    @classmethod
    def shipped(cls) -> "Chances":
        """Return those that come with the program."""
        return _shipped()

    def of_score(self, score: float, how: str) -> float:
        """Return the chance that a moment of this score is a trick, 0 to 1, by how it was looked at (`looked_at`)."""
        return self.of_odds(log_odds(score), how)

    def of_odds(self, odds: float, how: str) -> float:
        """Return the same of the log odds of a score."""
        shift, slope = self.of[how]
        return 1 / (1 + math.exp(-(shift + slope * odds)))


@cache
def _shipped() -> Chances:
    known = json.loads(WEIGHTS_FILE.read_text()).get("chance", {})
    return Chances(Chances.plain().of | {name: (shift, slope) for name, (shift, slope) in known.items()})


def looked_at(*, is_seen: bool, share: float) -> str:
    """Return how a moment was looked at, in a file of which a share was seen picture by picture."""
    if not is_seen:
        return GLANCED
    return SEEN if share >= WHOLE else CHOSEN


def log_odds(score: float) -> float:
    """Return the log odds of a score, 0 to 1; finite also at its ends."""
    inside = min(max(score, LEAST), 1 - LEAST)
    return math.log(inside / (1 - inside))
