"""Gathers all that the rows say of a session, or of the crew, for its file in the archive.

What can be made again is left out (previews, curves, search texts, counts), and what is of this machine
alone: logins, leases, jobs. ``clips.archive.session_rows`` makes the rows again.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower

from clips.archive.row_text import facts_of
from clips.models import (
    BinEntry,
    CameraClock,
    CameraName,
    CandidateSegment,
    Comment,
    CrewLayer,
    Decision,
    DetectionRun,
    FileName,
    FinalClip,
    Heart,
    KeptPart,
    OriginalFile,
    Reaction,
    Reel,
    SavedView,
    SegmentStatus,
    Shoot,
    VideoPair,
)
from clips.models.video_pair import DECIDED, STANDING
from people.models import Member, Person
from tricks.models import Trick

Facts = dict[str, Any]
#: Who may log in, how, and when they last did is no fact of the archive.
MEMBER_WITHOUT = ("password", "last_login", "login_mark")
MOMENT_WITHOUT = ("lease_token", "lease_ends_at", "locked_by", "locked_at")
PART_WITHOUT = ("read_back_at", "damaged_at")
SEARCH_WITHOUT = ("curve",)
CLIP_WITHOUT = ("search_text", "drive_file_id", "n_hearts")
EDIT_WITHOUT = ("lease_token", "lease_ends_at", "edited_by")
EDIT_CLIP_WITHOUT = ("reel",)
#: Links are no facts of the archive; from where a guest spoke is forgotten anyway.
COMMENT_WITHOUT = ("link", "sender")
REACTION_WITHOUT = ("id", "link", "sender")


def is_worth_a_file(shoot: Shoot) -> bool:
    """Return whether anybody decided anything in a session; until then the cards have it all."""
    moments = CandidateSegment.objects.filter(original_file__shoot=shoot)
    return FinalClip.objects.filter(original_file__shoot=shoot).exists() or moments.decided().exists()


def session_facts(shoot: Shoot) -> Facts:
    """Return all facts of a session, in the order in which rows can be made of them."""
    of_shoot = {"original_file__shoot": shoot}
    clips = FinalClip.objects.filter(**of_shoot).select_related("person", "trick").prefetch_related("also")
    clips = list(clips.order_by("start_ms", "created_at", "pk"))
    people = {clip.person_id for clip in clips} | {person.pk for clip in clips for person in clip.also.all()}
    videos = list(OriginalFile.objects.filter(shoot=shoot).order_by("recorded_at", "pk"))
    binned = {shoot.bin_entry_id} | {row.bin_entry_id for row in [*videos, *clips]}
    moments = CandidateSegment.objects.filter(**of_shoot).order_by("original_file", "start_ms", "pk")
    lineages = {clip.lineage for clip in clips}
    return {
        "session": facts_of(shoot),
        "people": _named(Person.objects.filter(pk__in=people)),
        "tricks": _named(Trick.objects.filter(pk__in={clip.trick_id for clip in clips})),
        "bin": _all(BinEntry.objects.filter(pk__in=binned).order_by("thrown_at", "pk")),
        "videos": [facts_of(video) for video in videos],
        "kept_parts": _all(KeptPart.objects.filter(**of_shoot).order_by("original_file", "stored_path"), PART_WITHOUT),
        "searches": _all(DetectionRun.objects.filter(**of_shoot).order_by("created_at", "pk"), SEARCH_WITHOUT),
        "moments": [_moment(moment) for moment in moments],
        "clips": [_clip(clip) for clip in clips],
        "names": _all(_names_of(shoot, clips), ("id",)),
        "decisions": _all(Decision.objects.filter(segment__original_file__shoot=shoot).order_by("created_at", "pk")),
        "hearts": _all(Heart.objects.of(lineages).order_by("created_at", "pk"), ("id",)),
        **_talk({"lineage__in": lineages}),
        "pairs": _all(_pairs_of(shoot)),
    }


def crew_facts() -> Facts:
    """Return what belongs to no session: people, tricks, members, cameras, edits, what was learned."""
    edits = Reel.objects.select_related("bin_entry").prefetch_related("clips").order_by("created_at", "pk")
    thrown = BinEntry.objects.filter(pk__in=Reel.objects.exclude(bin_entry=None).values("bin_entry"))
    return {
        "people": _named(Person.objects.all()),
        "members": _all(Member.objects.order_by("date_joined", "pk"), MEMBER_WITHOUT),
        "tricks": _named(Trick.objects.all()),
        "cameras": _all(CameraName.objects.order_by("pk"), ("id",)),
        "clocks": _all(CameraClock.objects.order_by("pk"), ("id",)),
        "bin": _all(thrown.order_by("thrown_at", "pk")),
        "edits": [_edit(edit) for edit in edits],
        **_talk({"reel__isnull": False}),
        "learned": _all(CrewLayer.objects.order_by("version")),
        "views": _all(SavedView.objects.order_by("created_at", "pk")),
    }


def _talk(about: dict[str, object]) -> Facts:
    """Return the reactions and comments about some clips or edits."""
    reactions = Reaction.objects.filter(**about).order_by("created_at", "pk")
    comments = Comment.objects.filter(**about).order_by("created_at", "pk")
    return {"reactions": _all(reactions, REACTION_WITHOUT), "comments": _all(comments, COMMENT_WITHOUT)}


def _pairs_of(shoot: Shoot) -> QuerySet:
    """Return the pairs of videos that stand, or that somebody took apart; what else was compared is compared again."""
    rows = VideoPair.objects.filter(first__shoot=shoot).filter(Q(state__in=STANDING) | Q(state__in=DECIDED))
    return rows.order_by("found_at", "pk")


def _all(rows: Iterable[Model], without: tuple[str, ...] = ()) -> list[Facts]:
    return [facts_of(row, without) for row in rows]


def _named(rows: QuerySet) -> list[Facts]:
    """Return riders or tricks with their other names."""
    rows = rows.prefetch_related("aliases").order_by("created_at", "pk")
    return [facts_of(row) | {"aliases": [alias.name for alias in row.aliases.all()]} for row in rows]


def _moment(moment: CandidateSegment) -> Facts:
    facts = facts_of(moment, MOMENT_WITHOUT)
    return facts | ({"status": SegmentStatus.UNREVIEWED.value} if moment.status == SegmentStatus.IN_PROGRESS else {})


def _clip(clip: FinalClip) -> Facts:
    """Return a clip's facts, with those in it, and a line for people that nobody reads back."""
    others = sorted(clip.also.all(), key=lambda person: person.pk)
    says = [str(clip.person or "nobody"), str(clip.trick or clip.get_category_display())]
    says += [f"with {', '.join(map(str, others))}"] if others else []
    facts = facts_of(clip, CLIP_WITHOUT) | {"says": " · ".join(says)}
    return facts | ({"also": [str(person.pk) for person in others]} if others else {})


def _names_of(shoot: Shoot, clips: list[FinalClip]) -> QuerySet:
    """Return the names that were given in a session, also those that no clip has any more."""
    stems = {clip.filename.rpartition("__v")[0].lower() for clip in clips}
    begins = f"{shoot.date.isoformat()}__{shoot.slug}__".lower()
    rows = FileName.objects.annotate(small=Lower("stem"))
    return rows.filter(Q(small__in=stems) | Q(small__startswith=begins)).order_by("stem", "number")


def _edit(edit: Reel) -> Facts:
    clips = sorted(edit.clips.all(), key=lambda clip: clip.position)
    return facts_of(edit, EDIT_WITHOUT) | {"clips": _all(clips, EDIT_CLIP_WITHOUT)}
