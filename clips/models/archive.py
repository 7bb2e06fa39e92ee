"""Where in the archive a thing lies, and whether it was seen to lie there whole."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clips.models.clip import FinalClip
from clips.models.original import OriginalFile


class ArchiveFolder(models.Model):
    """A folder that we made. Drive allows two of one name, so the row is what makes it one."""

    backend = models.CharField(_("archive"), max_length=20)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="folders")
    name = models.CharField(_("name"), max_length=150)
    remote_id = models.CharField(_("id there"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("archive folder")
        verbose_name_plural = _("archive folders")
        constraints = [
            models.UniqueConstraint(
                fields=["backend", "parent", "name"], name="archive_folder_unique", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.name


class CopyState(models.TextChoices):
    SENDING = "SENDING", _("sending")
    VERIFIED = "VERIFIED", _("verified")
    WITHDRAWN = "WITHDRAWN", _("taken back")


class ArchiveCopy(models.Model):
    clip = models.ForeignKey(FinalClip, on_delete=models.PROTECT, null=True, blank=True, related_name="copies")
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.PROTECT, null=True, blank=True, related_name="copies"
    )
    backend = models.CharField(_("archive"), max_length=20)
    path = models.CharField(_("path"), max_length=500)
    remote_id = models.CharField(_("id there"), max_length=500, blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=CopyState, default=CopyState.SENDING)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)

    class Meta:
        verbose_name = _("archive copy")
        verbose_name_plural = _("archive copies")
        constraints = [
            models.CheckConstraint(
                condition=Q(clip__isnull=False, original_file=None) | Q(clip=None, original_file__isnull=False),
                name="copy_of_one_thing",
            ),
            models.UniqueConstraint(fields=["clip", "backend"], name="copy_one_per_clip"),
            models.UniqueConstraint(fields=["original_file", "backend"], name="copy_one_per_original"),
            models.UniqueConstraint(fields=["backend", "path"], name="copy_path_unique"),
            models.CheckConstraint(condition=Q(state__in=CopyState.values), name="copy_state_known"),
            models.CheckConstraint(
                condition=Q(state=CopyState.VERIFIED, verified_at__isnull=False)
                | Q(state__in=[CopyState.SENDING, CopyState.WITHDRAWN], verified_at=None),
                name="copy_verified_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.path
