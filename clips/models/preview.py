"""Previews: small seekable copies of a segment and its surroundings, for sorting without waiting."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clips.models.segment import CandidateSegment


class Preview(models.Model):
    """Its time 0 shows the original's frame at ``start_ms``; ``slow_down`` of its seconds are one of the original."""

    segment = models.OneToOneField(
        CandidateSegment, on_delete=models.CASCADE, related_name="preview", verbose_name=_("moment")
    )
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    start_ms = models.PositiveBigIntegerField(_("start in the original"))
    end_ms = models.PositiveBigIntegerField(_("end in the original"))
    slow_down = models.PositiveSmallIntegerField(
        _("slowed down"),
        default=1,
        help_text=_("4 plays 240 frames per second at 60."),
    )
    width_px = models.PositiveIntegerField(_("width"))
    height_px = models.PositiveIntegerField(_("height"))
    size_bytes = models.PositiveBigIntegerField(_("size"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    seen_at = models.DateTimeField(
        _("last viewed"), null=True, blank=True, help_text=_("Approximate; empty if nobody has yet.")
    )

    class Meta:
        verbose_name = _("preview")
        verbose_name_plural = _("previews")
        constraints = [
            models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="preview_has_length"),
            models.CheckConstraint(condition=Q(slow_down__gte=1), name="preview_slowed_or_not"),
        ]

    def __str__(self) -> str:
        return self.stored_path
