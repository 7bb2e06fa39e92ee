"""Angles: the moments of several cameras that are one trick, and how their videos lie on one clock."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clips.models.segment import CandidateSegment


class AngleGroup(models.Model):
    """One trick that several cameras filmed; made again whenever moments or pairs of videos change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    created_at = models.DateTimeField(_("found"), auto_now_add=True)

    class Meta:
        verbose_name = _("trick with angles")
        verbose_name_plural = _("tricks with angles")

    def __str__(self) -> str:
        return str(self.pk)


class Angle(models.Model):
    """One camera's moment of such a trick.

    A moment at ``t`` ms of its video is at ``shift_us / 1000 + t * (1 + drift_ppm * 1e-6)`` of the group's clock.
    """

    group = models.ForeignKey(AngleGroup, on_delete=models.CASCADE, related_name="angles", verbose_name=_("trick"))
    segment = models.OneToOneField(
        CandidateSegment, on_delete=models.CASCADE, related_name="angle", verbose_name=_("moment")
    )
    #: Of a group the one whose card is sorted; the others come with it.
    is_lead = models.BooleanField(_("sorted first"), default=False)
    shift_us = models.BigIntegerField(_("shift in microseconds"))
    drift_ppm = models.FloatField(_("drift of the clocks"), default=0.0)

    class Meta:
        verbose_name = _("angle")
        verbose_name_plural = _("angles")
        ordering = ["group", "-is_lead", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["group"], condition=Q(is_lead=True), name="angle_one_lead_per_group")
        ]

    def __str__(self) -> str:
        return f"{self.segment}"

    def at_ms(self, place_ms: float) -> float:
        """Return where a place of this angle's video lies on the group's clock."""
        return self.shift_us / 1000 + place_ms * (1 + self.drift_ppm * 1e-6)

    def place_ms(self, at_ms: float) -> float:
        """Return the place of this angle's video that lies there on the group's clock."""
        return (at_ms - self.shift_us / 1000) / (1 + self.drift_ppm * 1e-6)
