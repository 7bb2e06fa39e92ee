"""Suggestions on cards, from a crew's decisions so far: who rides, which trick, whether it is a crash.

What is likely is told by what `suggest_with` registers (`detection/suggestions/`); here its facts are gathered, in a
fixed number of short queries. Nothing of it is stored: a suggestion is shown, and accepted by whoever sees it.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, FloatField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from clips.models import CandidateSegment, ClipCategory, FinalClip
from tricks.naming import label

#: The newest so many clips of a session count, and of its riders in others.
IN_SESSION, ELSEWHERE = 100, 150
#: Beyond so many waiting moments of a session nobody needs to know which lie between two turns.
MOST_WAITING = 200

Facts = dict[str, Any]
#: Takes cards, the session's clips, its waiting moments and other clips of its riders.
Estimate = Callable[[list[Facts], list[Facts], list[tuple[str, float]], list[Facts]], list[Facts]]

_estimate: list[tuple[Estimate, int]] = []

_AIR_S = Cast(KeyTextTransform("air_s", "features"), FloatField())
_CLIP_AIR_S = Cast(KeyTextTransform("air_s", "candidate_segment__features"), FloatField())


@dataclass(frozen=True)
class Suggestion:
    """Rider, trick and crash suggested for a card; empty or False where nothing is sure enough."""

    segment: uuid.UUID
    people: str = ""
    trick: str = ""
    is_crash: bool = False
    #: The trick if somebody else rides: names of riders and tricks.
    tricks: dict[str, str] = field(default_factory=dict)

    @property
    def tricks_json(self) -> str:
        return json.dumps(self.tricks)

    def __bool__(self) -> bool:
        return bool(self.people or self.trick or self.is_crash or self.tricks)


def suggest_with(estimate: Estimate, *, least: int) -> None:
    """Let cards carry what a function suggests, in sessions with so many clips at least.

    What it is given and returns: `detection.suggestions.suggest.suggest`.
    """
    _estimate[:] = [(estimate, least)]


def suggestions_for(cards: Collection[uuid.UUID]) -> list[Suggestion]:
    """Return what is suggested for some moments, without those for which nothing is."""
    if not _estimate or not cards:
        return []
    estimate, least = _estimate[0]
    moments = CandidateSegment.objects.filter(pk__in=cards)
    kept = _kept(moments)
    if len(kept) < least:
        return []
    waiting, elsewhere = _waiting(kept), _elsewhere(kept)
    if len(kept) == IN_SESSION:
        waiting += _older(kept)
    of_session: dict[uuid.UUID, list[Facts]] = defaultdict(list)
    for facts in _moments(moments):
        of_session[facts["session"]].append(facts)
    found = []
    for session, own in of_session.items():
        here = [one for one in kept if one["session"] == session]
        riders = {one["rider"] for one in here}
        others = [one for one in kept if one["session"] != session and one["rider"] in riders]
        waits = [(one["clock"], one["at_s"]) for one in waiting if one["session"] == session]
        said = estimate(own, here, waits, others + elsewhere) if here else []
        found += [_suggestion(card, one) for card, one in zip(own, said, strict=False)]
    return [one for one in found if one]


def _suggestion(card: Facts, said: Facts) -> Suggestion:
    return Suggestion(card["pk"], said["rider"], said["trick"], said["is_crash"], said["tricks"])


#: What is asked of each clip; as values, for rows of models take longer to make than all that follows.
_OF_CLIP = ("person", "person__display_name", "trick__stance", "trick__direction", "trick__name", "category", "air_s")
_WHEN = ("start_ms", "original_file", "original_file__recorded_at")


def _moments(rows: QuerySet[CandidateSegment]) -> list[Facts]:
    rows = rows.annotate(air_s=_AIR_S, session=F("original_file__shoot")).values(
        "pk", "session", "air_s", "traits", *_WHEN
    )
    return [one | _when(*(one[name] for name in _WHEN)) | _traits(one["traits"]) for one in rows]


def _kept(cards: QuerySet[CandidateSegment]) -> list[Facts]:
    """Return what is known of the newest clips of the sessions of some moments."""
    clips = FinalClip.objects.current().filter(original_file__shoot__in=cards.values("original_file__shoot"))
    more = {"air_s": _CLIP_AIR_S, "traits": F("candidate_segment__traits"), "session": F("original_file__shoot")}
    rows = clips.exclude(category=ClipCategory.BROLL).annotate(**more).order_by("-created_at")
    rows = rows.values_list("session", "traits", *_WHEN, *_OF_CLIP)[:IN_SESSION]
    return [
        {"session": session} | _done(*done) | _when(start_ms, original, recorded_at) | _traits(traits)
        for session, traits, start_ms, original, recorded_at, *done in rows
    ]


def _done(person: uuid.UUID, rider: str, stance: str, direction: str, trick: str, kind: str, air_s: float) -> Facts:
    return {
        "person": person,
        "rider": rider or "",
        "trick": label(stance, direction, trick) if trick else "",
        "is_crash": kind == ClipCategory.CRASH,
        "air_s": air_s,
    }


def _elsewhere(kept: list[Facts]) -> list[Facts]:
    """Return the newest clips of some clips' riders in other sessions."""
    riders, sessions = {one["person"] for one in kept} - {None}, {one["session"] for one in kept}
    clips = FinalClip.objects.current().filter(person__in=riders).exclude(category=ClipCategory.BROLL)
    rows = clips.exclude(original_file__shoot__in=sessions).annotate(air_s=_CLIP_AIR_S).order_by("-created_at")
    return [_done(*one) for one in rows.values_list(*_OF_CLIP)[:ELSEWHERE]]


def _waiting(kept: list[Facts]) -> list[Facts]:
    """Return when the undecided moments of some clips' sessions were filmed."""
    sessions = {one["session"] for one in kept}
    rows = CandidateSegment.objects.undecided().shown().filter(original_file__shoot__in=sessions)
    found = rows.annotate(session=F("original_file__shoot")).values_list("session", *_WHEN)[:MOST_WAITING]
    return [{"session": session} | _when(*when) for session, *when in found]


def _older(kept: list[Facts]) -> list[Facts]:
    """Return when the older clips of a large session were filmed: turns that lie between others, told or not."""
    sessions = {one["session"] for one in kept}
    clips = FinalClip.objects.current().filter(original_file__shoot__in=sessions).order_by("-created_at")
    found = clips.annotate(session=F("original_file__shoot")).values_list("session", *_WHEN)
    return [{"session": session} | _when(*when) for session, *when in found[IN_SESSION : IN_SESSION + MOST_WAITING]]


def _when(start_ms: int, original: uuid.UUID, recorded_at: datetime | None) -> Facts:
    """Return when a moment was filmed: by the clock of the day, or only within its video."""
    if recorded_at is None:
        return {"clock": str(original), "at_s": start_ms / 1000}
    return {"clock": "", "at_s": recorded_at.timestamp() + start_ms / 1000}


def _traits(traits: Facts | None) -> Facts:
    known = traits or {}
    return {"colours": known.get("colours"), "after_db": known.get("after_db")}
