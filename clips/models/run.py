"""Detection runs: one analysis of a file, with its parameters, curve and timings."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile


class DetectionRun(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.CASCADE, related_name="runs", verbose_name=_("video")
    )
    version = models.CharField(_("version"), max_length=60)
    parameters = models.JSONField(_("parameters"), default=dict)
    curve = models.JSONField(_("curve"), default=dict, help_text=_("step_ms and one value from 0 to 1 for each step."))
    timings = models.JSONField(_("timings"), default=dict)
    unread = models.CharField(
        _("could not be read"),
        max_length=500,
        blank=True,
        help_text=_("Parts of the video that the search could not read."),
    )
    layer_version = models.PositiveIntegerField(
        _("scored by version"), null=True, blank=True,
        help_text=_("Of what was learned from sorting; empty for the search's own scores."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("searched"), auto_now_add=True)

    class Meta:
        verbose_name = _("search")
        verbose_name_plural = _("searches")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.version} {self.created_at:%Y-%m-%d %H:%M}"
