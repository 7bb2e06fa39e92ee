"""Ranks tricks by how well they match the typed text, and never offers one that contradicts it."""

from collections.abc import Iterable

from rapidfuzz import fuzz

from people.naming.slugs import BEGINS, likeness
from tricks.models import Trick
from tricks.naming import TrickName, read

#: What equals the typed text in normal form.
EXACT = 100
#: The normal form goes on as it was begun: "bs 36" and BS 360.
_GOES_ON = 94
#: Stance, direction and rotation fit, and what else was typed begins the rest.
_FITS = 85
#: Below this two bases are different words; as for names of people, a word of five with two letters swapped passes.
_ALIKE_PERCENT = 72
_SHORTEST_TYPO = 3
#: For each stance, direction or rotation that a trick has and that was not typed.
_PENALTY = 3


def likely(typed: str, tricks: Iterable[Trick], *, limit: int) -> list[tuple[float, Trick]]:
    """Return the tricks that a typed beginning may mean, best first, with scores from 0 to ``EXACT``.

    Parameters
    ----------
    typed : str
        The beginning of a trick's name, of one of its words or of an alias, also with a typo.
    tricks : iterable of Trick
        With their aliases.
    limit : int
        The most to return.
    """
    wanted = read(typed)
    scored = [(max(_score(typed, wanted, spelling) for spelling in trick.spellings), trick) for trick in tricks]
    ranked = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
    return ranked[:limit]


def _score(typed: str, wanted: TrickName, spelling: str) -> float:
    name = read(spelling)
    if name.normal == wanted.normal:
        return EXACT
    as_text = min(likeness(typed, spelling), _GOES_ON)
    if name.normal.startswith(wanted.normal):
        return max(as_text, _GOES_ON)
    if _contradicts(wanted, name):
        is_half_a_number = typed[-1].isdigit() and as_text >= BEGINS
        return as_text if is_half_a_number else 0  # "bs 18" may become BS 180
    return max(as_text if as_text >= BEGINS else 0, _score_of_parts(wanted, name))


def _contradicts(wanted: TrickName, name: TrickName) -> bool:
    """Return whether a trick has another stance, direction or rotation than was typed."""
    is_other = any(
        asked and asked != has for asked, has in ((wanted.stance, name.stance), (wanted.direction, name.direction))
    )
    return is_other or not set(wanted.rotations_deg) <= set(name.rotations_deg)


def _score_of_parts(wanted: TrickName, name: TrickName) -> float:
    n_more = len(name.rotations_deg) - len(wanted.rotations_deg)
    n_more += (name.stance != wanted.stance) + (name.direction != wanted.direction)
    if name.base.startswith(wanted.base):
        return _FITS - _PENALTY * n_more
    alike_percent = fuzz.ratio(wanted.base, name.base)
    is_typo = len(wanted.base) >= _SHORTEST_TYPO and alike_percent >= _ALIKE_PERCENT
    return 0.8 * alike_percent - _PENALTY * n_more if is_typo else 0
