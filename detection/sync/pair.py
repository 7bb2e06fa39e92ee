"""Decides whether two recordings heard the same, and how they lie in time."""

from dataclasses import asdict, dataclass
from typing import Any

from detection.sync.candidates import candidates
from detection.sync.echo import echo_s
from detection.sync.heard import Heard
from detection.sync.verify import HOP_S, Verified, rank, verify

#: Agreement for less than this may be a jingle, an announcement or a lift that passes twice.
LEAST_SUPPORT_S = 12.0
#: Of what both could hear together, this share at least must agree: what is alike for a part only is no match.
LEAST_SHARE = 0.3
#: Another offset that is supported more than this much as well makes both doubtful: a loop, a beat, a machine.
MOST_RIVAL = 0.5
#: Nearer than this it is the same offset, heard by its echo.
RIVAL_APART_S = 0.3
#: So many other offsets are looked at, the likeliest first.
N_RIVALS = 3
#: Agreement for so long counts by its share of what both hear there: a loop is heard at any offset, but the further off
#: that is the less the two recordings share.
RIVAL_SUPPORT_S = 8.0
#: Accepted from here on. It is no probability.
GATE = 0.5


@dataclass(frozen=True)
class Match:
    """Place of the second of two recordings on the clock of the first.

    Attributes
    ----------
    offset_s : float
        Time of the first recording at which the second begins. A moment at ``t`` seconds of the second is heard at
        ``offset_s + t * (1 + drift_ppm * 1e-6)`` of the first. Sound travels 2.9 ms a metre: of cameras 30 m apart
        the pictures may differ by 87 ms from what the sound says.
    drift_ppm : float or None
        How much longer a second of the second takes in the first; None if they agree too briefly to say.
    confidence : float
        0 to 1, the least of three things, each of which is ``GATE`` where it is just enough: how long they agree
        (``LEAST_SUPPORT_S``), for which share of the time (``LEAST_SHARE``), and how far other offsets stay behind
        (``MOST_RIVAL``).
    support_s, shared_s : float
        How long the waveforms agree, and how long both hear something at all.
    """

    offset_s: float
    drift_ppm: float | None
    confidence: float
    support_s: float
    shared_s: float

    @property
    def is_sure(self) -> bool:
        return self.confidence >= GATE

    def to_json(self) -> dict[str, Any]:
        """Return the same as a dict, with ``is_sure``."""
        return asdict(self) | {"is_sure": self.is_sure}


def match(first: Heard, second: Heard, *, within_s: tuple[float, float] | None = None) -> Match | None:
    """Find how two recordings lie in time.

    Parameters
    ----------
    first, second : Heard
    within_s : (float, float), optional
        Least and greatest offset that is possible, as the cameras' clocks say.

    Returns
    -------
    Match or None
        The best there is, whether sure or not; None if they share nothing at all.
    """
    offsets_s = rank(first, second, candidates(first, second, within_s=within_s))
    if not offsets_s:
        return None
    best, *others = _distinct(first, second, offsets_s)
    if best.n_support == 0:
        return None
    share = best.n_support / best.n_windows
    enough = (
        best.n_support * HOP_S / LEAST_SUPPORT_S * GATE,
        share / LEAST_SHARE * GATE,
        1 - max((_rivalry(other, best) for other in others), default=0.0) * (1 - GATE) / MOST_RIVAL,
    )
    return Match(
        offset_s=best.offset_s + echo_s(first, second, best.offset_s, best.drift_ppm),
        drift_ppm=best.drift_ppm,
        confidence=round(min(1.0, max(0.0, min(enough))), 3),
        support_s=best.n_support * HOP_S,
        shared_s=best.n_windows * HOP_S,
    )


def _distinct(first: Heard, second: Heard, offsets_s: list[float]) -> list[Verified]:
    """Return the verified offset with the longest support, and those of others elsewhere."""
    found: list[Verified] = []
    for offset_s in offsets_s:
        if len(found) > N_RIVALS:
            break
        if all(abs(offset_s - known.offset_s) > RIVAL_APART_S for known in found):
            found.append(verify(first, second, offset_s))
    return sorted(found, key=lambda one: -one.n_support)


def _rivalry(other: Verified, best: Verified) -> float:
    """Return how far another offset is supported as well, as a share of the support of the best."""
    as_long = other.n_support / best.n_support
    if other.n_support * HOP_S < RIVAL_SUPPORT_S:
        return as_long
    return max(as_long, other.n_support / other.n_windows / (best.n_support / best.n_windows))
