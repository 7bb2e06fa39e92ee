"""Gathers what a page shows of reactions and comments, in a fixed number of queries."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from clips.models import Comment, FinalClip, Reaction, ReactionKind, Reel, Speaker, Subject
from clips.models.talk import CommentQuerySet
from people.leaving import FORMER_MEMBER
from people.models import Member

#: Of one clip or edit; the oldest give way.
MOST_SHOWN = 200


@dataclass(frozen=True)
class Tap:
    """A reaction as a button: how many gave it, and whether the reader did."""

    kind: str
    label: str
    n: int
    is_own: bool
    url: str
    #: The clip that it is about, on pages of several.
    about: uuid.UUID | None = None


@dataclass(frozen=True)
class Said:
    """A comment as one reader sees it."""

    comment: Comment
    name: str
    may_delete: bool
    may_let_through: bool
    #: What it is about, where a page shows comments on several things.
    clip: FinalClip | None = None
    reel: Reel | None = None
    delete_url: str = ""


@dataclass
class Thread:
    """Everything that was said about one thing, and the form for more."""

    taps: list[Tap]
    said: list[Said]
    comment_url: str
    key: uuid.UUID
    #: Guests tell their name, and may have to wait.
    is_guest: bool = False
    waits: bool = False
    #: Clips to choose from, on pages of several.
    clips: list[FinalClip] = field(default_factory=list)
    #: The thing as a whole may be chosen too: an edit.
    has_whole: bool = True
    reactions_url: str = ""
    problem: str = ""
    says: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def n_shown(self) -> int:
        return sum(not one.comment.is_waiting for one in self.said)


def taps(subject: Subject, speaker: Speaker, url: str, *, about: uuid.UUID | None = None) -> list[Tap]:
    """Return the reactions to one thing, all kinds in their order."""
    given = Reaction.objects.counts(subject, speaker)
    return [Tap(kind.value, str(kind.label), *given.get(kind, (0, False)), url, about) for kind in ReactionKind]


def tap(subject: Subject, kind: str, speaker: Speaker, url: str, *, about: uuid.UUID | None = None) -> Tap:
    """Return one of the reactions to a thing."""
    return next(one for one in taps(subject, speaker, url, about=about) if one.kind == kind)


def said_about(*subjects: Subject, speaker: Speaker) -> list[Said]:
    """Return the last comments on some things that somebody may read, the oldest first."""
    rows = Comment.objects.about(*subjects).readable_by(speaker).with_speakers()
    newest = list(rows.order_by("-created_at", "-pk")[:MOST_SHOWN])
    return [seen_by(comment, speaker) for comment in reversed(newest)]


def seen_by(comment: Comment, speaker: Speaker, *, is_public: bool = False, **more: object) -> Said:
    """Return a comment for one reader; ``is_public`` hides logins from whoever has a link."""
    member = speaker.member
    return Said(
        comment=comment,
        name=_public_name(comment) if is_public else _name(comment),
        may_delete=comment.may_be_deleted_by(speaker),
        may_let_through=comment.is_waiting and member is not None and comment.may_be_let_through_by(member),
        **more,
    )


def latest(member: Member) -> CommentQuerySet:
    """Return all comments that a member may read on what is in use, those that wait for them first."""
    clips = FinalClip.objects.current().filter(lineage=OuterRef("lineage"))
    in_use = Q(Exists(clips)) | Q(reel__isnull=False, reel__bin_entry=None)
    rows = Comment.objects.readable_by(Speaker(member=member)).filter(in_use).with_speakers()
    return rows.order_by("-state", "-created_at", "pk")  # WAITING comes after SHOWN


def clips_of(comments: list[Comment]) -> dict[uuid.UUID, FinalClip]:
    """Return the current clips that comments are about, by their lineage."""
    lineages = {comment.lineage for comment in comments if comment.lineage}
    rows = FinalClip.objects.current().filter(lineage__in=lineages).select_related("person", "trick")
    return {clip.lineage: clip for clip in rows.prefetch_related("also")}


def _name(comment: Comment) -> str:
    return _(FORMER_MEMBER) if comment.name == FORMER_MEMBER and not comment.is_guest else comment.name


def _public_name(comment: Comment) -> str:
    """Return a guest's own name, or a member's as a rider: with their login others could try passwords."""
    if comment.is_guest:
        return str(comment.name)
    rider = comment.member.rider if comment.member else None
    return str(rider) if rider else _("Crew")
