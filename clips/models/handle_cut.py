"""Clips cut once more with some of their video around them, for a video editor in which a trim may be made longer."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.clip import FinalClip


class HandleCutQuerySet(models.QuerySet["HandleCut"]):
    def made(self) -> "HandleCutQuerySet":
        """Return those whose file exists."""
        return self.exclude(stored_path="")


class HandleCut(models.Model):
    """A clip with handles; requested as soon as the row exists."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(FinalClip, on_delete=models.CASCADE, related_name="handle_cuts", verbose_name=_("clip"))
    handle_ms = models.PositiveIntegerField(_("handles"), help_text=_("Milliseconds before and after the clip."))
    # In the video: where it begins and ends, handles are shorter.
    start_ms = models.PositiveBigIntegerField(_("start"))
    end_ms = models.PositiveBigIntegerField(_("end"))
    n_frames = models.PositiveIntegerField(_("frames"), null=True, blank=True)
    stored_path = models.CharField(_("stored as"), max_length=100, blank=True, help_text=_("Empty until it exists."))
    size_bytes = models.PositiveBigIntegerField(_("size"), null=True, blank=True)
    crc32 = models.PositiveBigIntegerField(_("CRC-32"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last downloaded"), default=timezone.now)

    objects = HandleCutQuerySet.as_manager()

    class Meta:
        verbose_name = _("clip with handles")
        verbose_name_plural = _("clips with handles")
        ordering = ["clip", "handle_ms"]
        constraints = [
            models.UniqueConstraint(fields=["clip", "handle_ms"], name="handle_cut_unique"),
            models.CheckConstraint(
                condition=Q(handle_ms__gt=0, end_ms__gt=F("start_ms")), name="handle_cut_has_length"
            ),
            models.CheckConstraint(
                condition=Q(stored_path="", size_bytes=None, crc32=None, n_frames=None)
                | Q(size_bytes__gt=0, crc32__isnull=False, n_frames__gt=0) & ~Q(stored_path=""),
                name="handle_cut_file_fields_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clip} ±{self.handle_ms / 1000:g} s"

    def note_cut(self, *, stored_path: str, size_bytes: int, crc32: int, n_frames: int) -> bool:
        """Note the finished file; False if the row was deleted meanwhile."""
        facts = {"size_bytes": size_bytes, "crc32": crc32, "n_frames": n_frames}
        return bool(HandleCut.objects.filter(pk=self.pk).update(stored_path=stored_path, **facts))
