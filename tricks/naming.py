"""Parses trick names: extracts stance, direction and rotation, and makes the normal form for comparison.

"backside 180", "BS 180", "b/s 1-80" and "back one" are one trick; "SW BS 180" and "BS 360" are others.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass

from anyascii import anyascii

from people.naming.spelling import clean_name, name_key
from tricks.words import (
    DIRECTIONS,
    EMPTY,
    ENDINGS,
    GRABS,
    ONLY_AFTER_A_MARKER,
    ORDERED,
    PHRASES,
    SHORT_SPINS_DEG,
    SPINS_DEG,
    SPUN,
    STANCES,
)

#: How a stance or a direction is written before the name.
LABELS = {"NOLLIE": "Nollie", "FAKIE": "Fakie", "CAB": "Cab", "LEFT": "Left", "RIGHT": "Right"}
MAX_NORMAL = 200
_MARKERS = frozenset({*STANCES, *DIRECTIONS})
_SHORT_MARKERS = {"b": "BS", "f": "FS", "l": "LEFT", "r": "RIGHT"}
_SLASHED = re.compile(r"\b([a-z]) ?/ ?([a-z])\b")
_DOTTED = re.compile(r"\b([a-z])\. ?([a-z])\b\.?")
_PARTED_SPIN = re.compile(r"(?<!\d)(\d{1,2})[- ](\d0)(?!\d)")
_GLUED = re.compile(r"^((?:sw|bs|fs|cab|left|right)+)(\d)", re.IGNORECASE)
_TOKEN = re.compile(r"[a-z]+|\d+")
_MARKED_NUMBER = re.compile(r"^(sw|bs|fs|cab|left|right|back|front|[bflr])(\d+)$", re.IGNORECASE)
#: Words that nothing but a trick has in its name.
_KNOWN = GRABS | SPUN | {word for meant in (*PHRASES.values(), *ENDINGS, *ENDINGS.values()) for word in meant.split()}
_LONGEST_PHRASE = max(len(phrase.split()) for phrase in PHRASES)


@dataclass(frozen=True)
class TrickName:
    """The parts of a trick's name.

    Attributes
    ----------
    stance : str
        SW, NOLLIE, FAKIE, CAB, or "".
    direction : str
        FS, BS, LEFT, RIGHT, or "".
    rotations_deg : tuple of int
        Each rotation in degrees, in the order of the name.
    base : str
        What is left, as it is compared: "boardslide", "cork", "".
    normal : str
        All of it in one form. Two names with the same normal form are one trick.
    """

    stance: str
    direction: str
    rotations_deg: tuple[int, ...]
    base: str
    normal: str


@functools.lru_cache(maxsize=4096)
def read(name: str) -> TrickName:
    """Return the parts of a trick's name, however it is written."""
    name = clean_name(name)
    tokens = _meant(_tokens(name))
    stance, direction, rest = _take_markers(tokens)
    rotations = tuple(token for token in rest if isinstance(token, int))
    words = [str(token).lower() for token in rest if not isinstance(token, int)]
    if len(rotations) == 1 and not ORDERED.intersection(words):
        parts = [str(rotations[0]), "".join(words)]  # "cork 720" and "720 cork" are one
    else:
        parts = _runs(rest)
    normal = " ".join(filter(None, [stance.lower(), direction.lower(), *parts]))
    return TrickName(stance, direction, rotations, "".join(words), (normal or _plain(name))[:MAX_NORMAL])


def index_words(name: str) -> set[str]:
    """Return the words that a search for this trick may use, however the name is written.

    Stance, direction and rotation are marked, so that they match whole: "xbs", "x360"; and so is the name itself.
    """
    tokens = _meant(_tokens(name))
    return {whole_word(name), *map(_index_word, tokens), read(name).base} - {""}


def whole_word(name: str) -> str:
    """Return a name as one word that is the same for all names of one trick: "xt" and its normal form."""
    return "xt" + re.sub(r"[\W_]", "", normal_form(name))


def query_words(words: list[str]) -> list[tuple[list[str], list[str]]]:
    """Read trick names out of a search, and return its words in order as (typed, meant).

    ``meant`` holds ``index_words`` where the typed words mean a trick's part for sure, and is empty elsewhere: "back"
    is a direction before "3" or "lip", and may be anything else alone.
    """
    words = [part for word in words for part in _MARKED_NUMBER.sub(r"\1 \2", word).split()]
    tokens = [anyascii(word).casefold() for word in words]
    steps, at = [], 0
    while at < len(tokens):
        n_used, meant = _phrase_at(tokens, at)
        steps.append((words[at : at + n_used], tokens[at : at + n_used], meant))
        at += n_used
    return [(step[0], _meant_for_sure(steps, place)) for place, step in enumerate(steps)]


def fold_signs(text: str) -> str:
    """Write "F/S", "f.s." and "5-40" as single words."""
    return _PARTED_SPIN.sub(_joined_spin, _DOTTED.sub(r"\1\2", _SLASHED.sub(r"\1\2", text.casefold())))


def _meant_for_sure(steps: list[tuple[list[str], list[str], list[str]]], place: int) -> list[str]:
    """Return what the words of one step (typed, as ASCII, meant) say about a trick; [] if they are ambiguous."""
    _typed, tokens, meant = steps[place]
    before = steps[place - 1][2][-1] if place else ""
    after = steps[place + 1][2][0] if place + 1 < len(steps) else ""
    is_after_part = before in _MARKERS or before in SPUN
    if len(meant) > 1 or (meant != tokens and meant[0] not in _MARKERS):
        return [_index_word(int(word) if word.isdigit() else word) for word in meant]
    word = meant[0]
    if word in SHORT_SPINS_DEG or (word.isdigit() and int(word) in SPINS_DEG):
        return [f"x{SHORT_SPINS_DEG.get(word) or word}"] if is_after_part else []
    if word in _MARKERS:
        is_part = after in _MARKERS or after in _KNOWN or after in SHORT_SPINS_DEG or after.isdigit()
        return [_index_word(word)] if is_part else []
    return [ENDINGS[word]] if word in ENDINGS and not after and is_after_part else []


def _index_word(token: str | int) -> str:
    return f"x{token}".lower() if isinstance(token, int) or token in _MARKERS else token


def normal_form(name: str) -> str:
    """Return the form in which two names of one trick are equal; "" only for a name without letters and digits."""
    return read(name).normal


def split(name: str) -> tuple[str, str, str]:
    """Split stance and direction off the beginning of a name: "switch back 1" is ("SW", "BS", "180").

    "front" and "back" are taken only where a direction is meant for sure: "Back Swap" stays what the crew calls it.
    """
    whole, plain = read(name), " ".join(name.split())
    stance, direction, rest = "", "", _GLUED.sub(r"\1 \2", plain)
    while True:
        marker, after = _leading_marker(rest)
        if not (marker and after) or (stance if marker in STANCES else direction):
            break
        stance, direction, rest = (marker, direction, after) if marker in STANCES else (stance, marker, after)
    # What reads as another trick when it is put together again stays as it was typed.
    for parts in ((stance, direction, _spelled_out(rest, whole.rotations_deg)), (stance, direction, rest)):
        if read(label(*parts)) == whole:
            return parts
    return "", "", plain


def label(stance: str, direction: str, name: str) -> str:
    """Return a trick as it is written everywhere: "SW BS 180", "Nollie Kickflip"."""
    return " ".join(filter(None, [LABELS.get(stance, stance), LABELS.get(direction, direction), name]))


def _leading_marker(name: str) -> tuple[str, str]:
    """Return the stance or direction that a name's first one or two words are, and the words after them."""
    parts = name.split(" ")
    for n_words in (2, 1):
        tokens = _tokens(" ".join(parts[:n_words]))
        marker, after = PHRASES.get(" ".join(tokens), ""), " ".join(parts[n_words:])
        if marker not in _MARKERS or n_words > len(parts):
            continue
        if tokens in (["front"], ["back"]) and not (read(after).rotations_deg or read(after).base.endswith("slide")):
            continue
        return marker, after
    return "", name


def _spelled_out(name: str, rotations_deg: tuple[int, ...]) -> str:
    """Write out short rotations that are words of their own: "9 cork" is "900 cork"."""
    words = _PARTED_SPIN.sub(_joined_spin, name).split(" ")
    degrees = [SHORT_SPINS_DEG.get(word.lower()) for word in words]
    return " ".join(str(deg) if deg in rotations_deg else word for word, deg in zip(words, degrees, strict=True))


def _plain(name: str) -> str:
    """Return the form for comparing a name without any letter or digit."""
    return name_key(name)


def _tokens(name: str) -> list[str]:
    """Return the words and numbers of a name in small ASCII letters; "F/S" is "fs", and "5-40" is "540"."""
    folded = anyascii(unicodedata.normalize("NFKC", name)).replace("'", "").replace("_", " ")
    return _TOKEN.findall(fold_signs(folded))


def _joined_spin(found: re.Match) -> str:
    joined = found[1] + found[2]
    return joined if int(joined) in SPINS_DEG else found[0]


def _meant(tokens: list[str]) -> list[str | int]:
    """Return tokens with synonyms replaced: markers in capitals, rotations as numbers, all else in small letters."""
    found, at = [], 0
    while at < len(tokens):
        n_used, meant = _phrase_at(tokens, at)
        found += [_rotation(tokens, at, found, token) for token in meant]
        at += n_used
    found = [token for token in found if token not in EMPTY] or found
    return _ended(_without_grab(found))


def _phrase_at(tokens: list[str], at: int) -> tuple[int, list[str]]:
    """Return how many tokens the longest known phrase here has, and what it means."""
    for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
        if meant := PHRASES.get(" ".join(tokens[at : at + length])):
            return length, meant.split()
    if tokens[at] in _SHORT_MARKERS and tokens[at + 1 : at + 2] and tokens[at + 1].isdigit():
        return 1, [_SHORT_MARKERS[tokens[at]]]
    return 1, [tokens[at]]


def _rotation(tokens: list[str], at: int, before: list[str | int], token: str) -> str | int:
    """Return a token as degrees where it is a rotation."""
    if token.isdigit() and int(token) in SPINS_DEG:
        return int(token)
    if token not in SHORT_SPINS_DEG:
        return token
    after = tokens[at + 1 : at + 2]
    follows_spin = not before or before[-1] in _MARKERS or before[-1] in SPUN or isinstance(before[-1], int)
    is_whole = token.isdigit() or not after  # "one foot" is no 180
    is_on_rail = bool(after) and after[0] in {"on", "in", "out", "off"}
    return SHORT_SPINS_DEG[token] if is_on_rail or (follows_spin and is_whole) else token


def _without_grab(tokens: list[str | int]) -> list[str | int]:
    is_said_twice = len(tokens) > 1 and tokens[-1] in {"grab", "air"} and tokens[-2] in GRABS
    return tokens[:-1] if is_said_twice else tokens


def _ended(tokens: list[str | int]) -> list[str | int]:
    """Replace the last words if they have a meaning only at the end."""
    for length in (2, 1):
        last, before = tokens[-length:], tokens[:-length]
        words = " ".join(
            {"BS": "back", "FS": "front"}.get(token, token) if isinstance(token, str) else "" for token in last
        )
        meant = ENDINGS.get(words)
        if meant and (words not in ONLY_AFTER_A_MARKER or (before and _is_marked(before))):
            return [*before, meant]
    # A slide's word before a rotation: "back tail 270 out".
    return [
        ENDINGS[token] if token in {"nose", "tail", "blunt"} and _is_slid(tokens, at) else token
        for at, token in enumerate(tokens)
    ]


def _is_marked(before: list[str | int]) -> bool:
    return all(token in _MARKERS or isinstance(token, int) for token in before)


def _is_slid(tokens: list[str | int], at: int) -> bool:
    after = tokens[at + 1 : at + 2]
    is_directed = tokens[at - 1] in ("FS", "BS") if at else False
    return is_directed and bool(after) and (isinstance(after[0], int) or after[0] in ORDERED)


def _take_markers(tokens: list[str | int]) -> tuple[str, str, list[str | int]]:
    """Take stance and direction out of the tokens: from their beginning, their end, and before a rotation."""
    found, rest = {"stance": "", "direction": ""}, list(tokens)
    while len(rest) > 1 and _take(found, rest[0]):
        del rest[0]
    if len(rest) > 1 and rest[-1] == "FAKIE":
        rest[-1] = "tofakie"  # "rock fakie" is a rock to fakie
    while len(rest) > 1 and rest[-1] in {"SW", *DIRECTIONS} and _take(found, rest[-1]):
        del rest[-1]
    for at, token in enumerate(rest[:-1]):
        if token in DIRECTIONS and isinstance(rest[at + 1], int) and _take(found, token):
            del rest[at]
            break
    return found["stance"], found["direction"], rest


def _take(found: dict[str, str], token: str | int) -> bool:
    """Take a token as stance or direction, if it is one and none is known yet."""
    part = "stance" if token in STANCES else "direction" if token in DIRECTIONS else None
    if part is None or found[part]:
        return False
    found[part] = token
    return True


def _runs(tokens: list[str | int]) -> list[str]:
    """Return words in their order, those between two rotations as one: "nose press" and "nosepress" are one."""
    runs: list[str] = []
    joins = False
    for token in tokens:
        if isinstance(token, int) or token in ORDERED:
            runs.append(str(token))
            joins = False
        elif joins:
            runs[-1] += token.lower()
        else:
            runs.append(token.lower())
            joins = True
    return runs
