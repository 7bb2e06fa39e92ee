"""Filmstrips and waveforms of whole files."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile


class Filmstrip(models.Model):
    """One picture (a sprite) with rows of small ones, each of a moment; and the file's waveform."""

    original_file = models.OneToOneField(
        OriginalFile, on_delete=models.CASCADE, related_name="filmstrip", verbose_name=_("video")
    )
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    columns = models.PositiveSmallIntegerField(_("pictures per row"))
    tile_width_px = models.PositiveSmallIntegerField(_("width of a picture"))
    tile_height_px = models.PositiveSmallIntegerField(_("height of a picture"))
    times_ms = models.JSONField(_("times"), help_text=_("Time of each picture in the original, in milliseconds."))
    waveform = models.JSONField(
        _("waveform"),
        default=dict,
        blank=True,
        help_text=_("step_ms, and levels from 0 to 255; empty without sound."),
    )
    size_bytes = models.PositiveBigIntegerField(_("size"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("filmstrip")
        verbose_name_plural = _("filmstrips")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(columns__gt=0, tile_width_px__gt=0, tile_height_px__gt=0),
                name="filmstrip_has_tiles",
            )
        ]

    def __str__(self) -> str:
        return self.stored_path
