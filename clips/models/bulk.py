"""Changes of many rows at once: one row each, with what was there before, so that each is undone in one step."""

import uuid
from typing import NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from people.models import Member


class BulkKind(models.TextChoices):
    TAG = "TAG", _("tag clips")
    MOVE = "MOVE", _("move videos to a session")
    TRASH = "TRASH", _("trash moments")
    UNLINK = "UNLINK", _("take a rider out of the library")
    HEART = "HEART", _("give clips a heart, or take it away")
    STARS = "STARS", _("rate clips")
    EDIT = "EDIT", _("edit all cameras’ clips of a trick")


class Undone(NamedTuple):
    """Counts of an undo: rows that are as before, and rows that were changed again since and stay as they are."""

    n_restored: int
    n_kept: int


class BulkChange(models.Model):
    """Its id is the client's idempotency key: the same request twice finds the first one's row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(_("change"), max_length=10, choices=BulkKind)
    #: In words, as they were then: "Mia · BS 180".
    label = models.CharField(_("to"), max_length=300, blank=True)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    member_name = models.CharField(_("by (name)"), max_length=40, help_text=_("Kept when the member is deleted."))
    #: Checksum of the request: the same key with another one is refused. Empty for changes from before it was kept.
    asked = models.CharField(max_length=64, blank=True, default="", editable=False)
    #: The different states that rows had before or got; ``rows`` has two numbers into it for each id: before and after.
    #: Of an edit each new version has one: that of the version which it replaced.
    states = models.JSONField(default=list, editable=False)
    rows = models.JSONField(default=dict, editable=False)
    n_changed = models.PositiveIntegerField(_("rows changed"))
    #: A move made the session that it moved to.
    made_session = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("undone by"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("bulk change")
        verbose_name_plural = _("bulk changes")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=BulkKind.values), name="bulk_kind_known"),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(undone_at__gte=F("created_at")), name="bulk_undone_afterwards"
            ),
        ]
        indexes = [models.Index(fields=["member", "-created_at"], name="bulk_newest_of_member")]

    def __str__(self) -> str:
        says = (
            _said_of_hearts_taken
            if self.kind == BulkKind.HEART and not self.gave_hearts
            else _SAID[BulkKind(self.kind)]
        )
        return says(self.n_changed) % {"n": self.n_changed, "label": self.label or "…"}

    @property
    def gave_hearts(self) -> bool:
        """Return whether it gave hearts, and did not take some away."""
        return self.kind == BulkKind.HEART and self.states[-1]

    def mark_undone(self, member: Member) -> bool:
        """Note that the change is undone; False if it was before."""
        marked = BulkChange.objects.filter(pk=self.pk, undone_at=None)
        return bool(marked.update(undone_at=timezone.now(), undone_by=member))

    def forget_person(self, pk: str) -> None:
        """Take a rider, by the id, out of what is called and what an undo would restore."""
        states = []
        for person, also, *more in self.states:
            person, *also = [one for one in (person, *also) if one and one != pk] or [None]
            states.append([person, also, *more])
        BulkChange.objects.filter(pk=self.pk).update(states=states, label="")


def _said_of_hearts_taken(n: int) -> str:
    return ngettext("Took the heart off %(n)d clip", "Took the heart off %(n)d clips", n)


_SAID = {
    BulkKind.TAG: lambda n: ngettext("Tagged %(n)d clip: %(label)s", "Tagged %(n)d clips: %(label)s", n),
    BulkKind.MOVE: lambda n: ngettext("Moved %(n)d video to %(label)s", "Moved %(n)d videos to %(label)s", n),
    BulkKind.TRASH: lambda n: ngettext("Trashed %(n)d moment", "Trashed %(n)d moments", n),
    BulkKind.UNLINK: lambda n: ngettext("Took a rider out of %(n)d clip", "Took a rider out of %(n)d clips", n),
    BulkKind.EDIT: lambda n: ngettext("Edited %(n)d clip", "Edited %(n)d clips", n),
    BulkKind.STARS: lambda n: ngettext("Rated %(n)d clip: %(label)s", "Rated %(n)d clips: %(label)s", n),
    BulkKind.HEART: lambda n: ngettext("Gave %(n)d clip a heart", "Gave %(n)d clips a heart", n),
}
