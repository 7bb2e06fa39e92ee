"""Reactions and comments: what members, and guests where a share link allows it, say to a clip or an edit."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from clips.models.collection_link import CollectionLink
from clips.models.reel import Reel
from people.models import Member, Role
from people.naming.fields import NameField

Row = TypeVar("Row", bound=models.Model)

MAX_COMMENT = 1000
MAX_GUEST_NAME = 40


class ReactionKind(models.TextChoices):
    """The reactions to choose from; a heart is one's own list, these are for everybody to see."""

    FIRE = "FIRE", _("fire")
    CLEAN = "CLEAN", _("clean")
    WOW = "WOW", _("wow")
    LAUGH = "LAUGH", _("funny")
    OUCH = "OUCH", _("ouch")


class CommentState(models.TextChoices):
    SHOWN = "SHOWN", _("shown")
    WAITING = "WAITING", _("waiting for approval")


@dataclass(frozen=True)
class Subject:
    """What is talked about: a clip in all its versions, or an edit."""

    lineage: uuid.UUID | None = None
    reel_id: uuid.UUID | None = None

    @property
    def columns(self) -> dict[str, uuid.UUID | None]:
        """Return its columns in a row, and the condition that a row is about it."""
        return {"lineage": self.lineage, "reel_id": self.reel_id}


@dataclass(frozen=True)
class Speaker:
    """Who says something: a member, or a guest of a link, whom a cookie knows again."""

    member: Member | None = None
    guest: uuid.UUID | None = None
    link: CollectionLink | None = None

    @property
    def own(self) -> Q:
        """Return the condition that a row is the speaker's; no row is one of a guest who said nothing yet."""
        if self.member:
            return Q(member=self.member)
        return Q(guest=self.guest, link=self.link) if self.guest else Q(pk=None)


def about_one_thing() -> Q:
    """Return the condition that a row is about a clip or an edit, and not both."""
    return Q(lineage__isnull=False, reel=None) | Q(lineage=None, reel__isnull=False)


class TalkQuerySet(models.QuerySet[Row]):
    def about(self, *subjects: Subject) -> Self:
        """Return the rows about any of these clips and edits."""
        lineages = [subject.lineage for subject in subjects if subject.lineage]
        reels = [subject.reel_id for subject in subjects if subject.reel_id]
        return self.filter(Q(lineage__in=lineages) | Q(reel__in=reels))


class ReactionQuerySet(TalkQuerySet["Reaction"]):
    def counts(self, subject: Subject, speaker: Speaker) -> dict[str, tuple[int, bool]]:
        """Return how often each reaction was given, and whether the speaker's is among them."""
        own = Count("pk", filter=speaker.own)
        rows = self.about(subject).order_by().values("kind").annotate(n=Count("pk"), n_own=own)
        return {row["kind"]: (row["n"], row["n_own"] > 0) for row in rows}

    def give(self, subject: Subject, kind: str, speaker: Speaker, sender: str = "") -> None:
        """Give a reaction, where the speaker has not given it yet."""
        who = {"member": speaker.member, "guest": speaker.guest, "link": speaker.link, "sender": sender}
        self.bulk_create([Reaction(kind=kind, **who, **subject.columns)], ignore_conflicts=True)

    def take_away(self, subject: Subject, kind: str, speaker: Speaker) -> int:
        """Take the speaker's reaction away; return how many there were."""
        return self.about(subject).filter(speaker.own, kind=kind).delete()[0]


class Reaction(models.Model):
    """One reaction of one member or guest to a clip or an edit."""

    lineage = models.UUIDField(_("clip"), null=True, editable=False)
    reel = models.ForeignKey(
        Reel, on_delete=models.CASCADE, null=True, related_name="reactions", verbose_name=_("edit")
    )
    kind = models.CharField(_("reaction"), max_length=5, choices=ReactionKind)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="reactions",
        verbose_name=_("member"),
    )  # fmt: skip
    #: In the cookie of a guest's browser, for one link.
    guest = models.UUIDField(null=True, editable=False)
    link = models.ForeignKey(
        CollectionLink, on_delete=models.SET_NULL, null=True, related_name="reactions", verbose_name=_("share link")
    )
    #: Tells one address from another for a day, and is forgotten then.
    sender = models.CharField(max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = ReactionQuerySet.as_manager()

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")
        constraints = [
            models.CheckConstraint(condition=about_one_thing(), name="reaction_about_one_thing"),
            models.CheckConstraint(condition=Q(kind__in=ReactionKind.values), name="reaction_kind_known"),
            models.CheckConstraint(
                condition=Q(member__isnull=False, guest=None, link=None, sender="")
                | Q(member=None, guest__isnull=False),
                name="reaction_of_a_member_or_a_guest",
            ),
            models.UniqueConstraint(
                fields=["lineage", "reel", "kind", "member", "guest"], name="reaction_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.lineage or self.reel_id}"


class CommentQuerySet(TalkQuerySet["Comment"]):
    def shown(self) -> "CommentQuerySet":
        return self.filter(state=CommentState.SHOWN)

    def waiting(self) -> "CommentQuerySet":
        """Return comments of guests that nobody has let through yet."""
        return self.filter(state=CommentState.WAITING)

    def readable_by(self, speaker: Speaker) -> "CommentQuerySet":
        """Return what is shown to somebody: comments let through, one's own, and those that one may let through."""
        if speaker.member is None:
            return self.filter(Q(state=CommentState.SHOWN) | speaker.own)
        return self.filter(Q(state=CommentState.SHOWN) | self.in_care_of(speaker.member))

    @staticmethod
    def in_care_of(member: Member) -> Q:
        """Return the condition that a member may let a guest's comment through: a curator, or who made the link."""
        if member.may(Role.CURATOR):
            return Q(is_guest=True)
        return Q(is_guest=True, link__created_by=member) if member.may(Role.SORTER) else Q(pk__in=[])

    def with_speakers(self) -> "CommentQuerySet":
        return self.select_related("member__rider", "link", "reel")

    def forget_names(self, names: Iterable[str], instead: str) -> None:
        """Replace the names of somebody who wants to be in here no more, where they stand as words of their own."""
        for name in filter(None, names):
            self.filter(is_guest=True, name__iexact=name).update(name=instead)
            word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
            for comment in self.filter(text__icontains=name):
                text = word.sub(instead, comment.text)[:MAX_COMMENT]
                self.filter(pk=comment.pk).update(text=text)

    def forget_member(self, member: Member, name: str) -> int:
        """Replace the name of an erased member."""
        return self.filter(member=member).update(name=name)


class Comment(models.Model):
    """A comment on a clip or an edit. Its id is the client's idempotency key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    lineage = models.UUIDField(_("clip"), null=True, editable=False)
    reel = models.ForeignKey(
        Reel, on_delete=models.CASCADE, null=True, blank=True, related_name="comments", verbose_name=_("edit")
    )
    text = models.CharField(_("comment"), max_length=MAX_COMMENT)
    #: A member's as it was then; a guest's as they gave it.
    name = NameField(_("name"), max_length=MAX_GUEST_NAME)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="comments",
        verbose_name=_("member"),
    )  # fmt: skip
    is_guest = models.BooleanField(_("of a guest"), default=False, db_default=False)
    guest = models.UUIDField(null=True, editable=False)
    link = models.ForeignKey(
        CollectionLink, on_delete=models.SET_NULL, null=True, blank=True, related_name="comments",
        verbose_name=_("share link"),
    )  # fmt: skip
    sender = models.CharField(max_length=32, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=7, choices=CommentState, default=CommentState.SHOWN)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=about_one_thing(), name="comment_about_one_thing"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(name=""), name="comment_says_something"),
            models.CheckConstraint(condition=Q(state__in=CommentState.values), name="comment_state_known"),
            models.CheckConstraint(
                condition=Q(is_guest=True, member=None)
                | Q(is_guest=False, state=CommentState.SHOWN, guest=None, link=None, sender=""),
                name="comment_of_a_member_or_a_guest",
            ),
        ]
        indexes = [
            models.Index(fields=["lineage", "created_at"], condition=Q(lineage__isnull=False), name="comment_of_clip"),
            models.Index(fields=["-created_at"], name="comment_newest"),
            models.Index(fields=["-created_at"], condition=Q(state=CommentState.WAITING), name="comment_waiting"),
        ]

    def __str__(self) -> str:
        # Neither who nor what: this is what the audit trail keeps of a deleted comment.
        return f"{self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_waiting(self) -> bool:
        return self.state == CommentState.WAITING

    def let_through(self) -> bool:
        """Show a guest's comment to everybody; False if it was shown or deleted meanwhile."""
        return bool(Comment.objects.waiting().filter(pk=self.pk).update(state=CommentState.SHOWN))

    def may_be_let_through_by(self, member: Member) -> bool:
        """Return whether a member looks after this guest's comment: a curator, or who made its link."""
        return self.is_guest and (member.may(Role.CURATOR) or self._came_by_link_of(member))

    def may_be_deleted_by(self, speaker: Speaker) -> bool:
        """Return whether somebody may delete it: its author, a curator, or for a guest's who made the link."""
        if member := speaker.member:
            return self.member_id == member.pk or member.may(Role.CURATOR) or self.may_be_let_through_by(member)
        if speaker.guest is None or speaker.link is None:
            return False
        return (self.guest, self.link_id) == (speaker.guest, speaker.link.pk)

    def _came_by_link_of(self, member: Member) -> bool:
        return self.link is not None and self.link.created_by_id == member.pk and member.may(Role.SORTER)


def delete_talk(lineages: Iterable[uuid.UUID]) -> None:
    """Delete all comments and reactions about these clips."""
    Comment.objects.filter(lineage__in=list(lineages)).delete()
    Reaction.objects.filter(lineage__in=list(lineages)).delete()
