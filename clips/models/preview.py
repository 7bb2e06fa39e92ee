"""A small seekable copy of a segment and what lies around it, for sorting without waiting."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clips.models.segment import CandidateSegment


class Preview(models.Model):
    """Its time 0 shows the original's frame at ``start_ms``."""

    segment = models.OneToOneField(
        CandidateSegment, on_delete=models.CASCADE, related_name="preview", verbose_name=_("segment")
    )
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    start_ms = models.PositiveBigIntegerField(_("start in the original"))
    end_ms = models.PositiveBigIntegerField(_("end in the original"))
    width_px = models.PositiveIntegerField(_("width"))
    height_px = models.PositiveIntegerField(_("height"))
    size_bytes = models.PositiveBigIntegerField(_("size"))
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("preview")
        verbose_name_plural = _("previews")
        constraints = [models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="preview_has_length")]

    def __str__(self) -> str:
        return self.stored_path
