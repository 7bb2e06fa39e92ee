"""Bin entries: what was thrown away in one step, by whom, and what became of it."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models import Member
from people.site_settings.registry import BIN_DAYS


class BinKind(models.TextChoices):
    CLIPS = "CLIPS", _("clips")
    VIDEO = "VIDEO", _("video")
    SESSION = "SESSION", _("session")
    EDIT = "EDIT", _("edit")


def bin_lasts() -> dt.timedelta:
    """Return how long things stay in the bin."""
    return dt.timedelta(days=BIN_DAYS.value())


class BinEntryQuerySet(models.QuerySet["BinEntry"]):
    def lying(self) -> "BinEntryQuerySet":
        """Return entries that can still be restored."""
        return self.filter(restored_at=None, emptying_at=None)

    def overdue(self) -> "BinEntryQuerySet":
        """Return entries that have been in the bin for too long."""
        return self.lying().filter(thrown_at__lte=timezone.now() - bin_lasts())

    def being_emptied(self) -> "BinEntryQuerySet":
        """Return entries whose files are being deleted."""
        return self.filter(emptying_at__isnull=False, emptied_at=None)


class BinEntry(models.Model):
    """Its id is the client's idempotency key: the same request twice finds the first one's row.

    Rows of clips, videos and sessions say in which entry they are (``bin_entry``). They keep saying it once their files
    are deleted, so a row with an entry is out of use, whatever became of the entry.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(_("what"), max_length=7, choices=BinKind)
    title = models.CharField(_("name"), max_length=300, help_text=_("As it was called when it was thrown away."))
    reason = models.CharField(_("why"), max_length=200, blank=True)
    thrown_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="bin_entries", verbose_name=_("by")
    )
    thrown_by_name = models.CharField(_("by (name)"), max_length=40, help_text=_("Kept when the member is deleted."))
    thrown_at = models.DateTimeField(_("when"), default=timezone.now)
    # What lay in it at that time.
    n_clips = models.PositiveIntegerField(_("clips"), default=0)
    n_videos = models.PositiveIntegerField(_("videos"), default=0)
    n_moments = models.PositiveIntegerField(_("moments"), default=0)
    n_archived = models.PositiveIntegerField(_("archive copies"), default=0)
    size_bytes = models.PositiveBigIntegerField(_("size"), default=0)
    restored_at = models.DateTimeField(_("restored"), null=True, blank=True)
    restored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("restored by"),
    )  # fmt: skip
    #: From here on nothing comes back; a job deletes the files.
    emptying_at = models.DateTimeField(_("deletion began"), null=True, blank=True)
    emptied_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    objects = BinEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("bin entry")
        verbose_name_plural = _("bin entries")
        ordering = ["-thrown_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=BinKind.values), name="bin_kind_known"),
            models.CheckConstraint(condition=Q(restored_at=None) | Q(emptying_at=None), name="bin_restored_or_emptied"),
            models.CheckConstraint(
                condition=Q(emptied_at=None) | Q(emptying_at__isnull=False), name="bin_emptied_after_it_began"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-thrown_at"], condition=Q(restored_at=None, emptied_at=None), name="bin_newest_in_it"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_lying(self) -> bool:
        """Return whether it can still be restored."""
        return self.restored_at is None and self.emptying_at is None

    @property
    def goes_at(self) -> dt.datetime:
        """When it is deleted unless somebody restores it."""
        return self.thrown_at + bin_lasts()

    @property
    def days_left(self) -> int:
        """Days until then, rounded up; 0 once it is due."""
        return max(0, -((timezone.now() - self.goes_at) // dt.timedelta(days=1)))

    def note_restored(self, member: Member) -> bool:
        """Close the entry as restored; False if it was closed before."""
        lying = BinEntry.objects.lying().filter(pk=self.pk)
        return bool(lying.update(restored_at=timezone.now(), restored_by=member))

    def begin_emptying(self) -> bool:
        """Make the entry final; False if it was restored, or is being emptied already."""
        return bool(BinEntry.objects.lying().filter(pk=self.pk).update(emptying_at=timezone.now()))

    def note_emptied(self) -> bool:
        """Record that all its files are gone; False if that was known."""
        return bool(BinEntry.objects.being_emptied().filter(pk=self.pk).update(emptied_at=timezone.now()))
