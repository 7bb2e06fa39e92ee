"""One camera file, as it came, and what it says of itself."""

import uuid
from fractions import Fraction

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from clips.models.shoot import Shoot


class OriginalFile(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shoot = models.ForeignKey(Shoot, on_delete=models.PROTECT, related_name="files", verbose_name=_("session"))
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="files",
        verbose_name=_("uploader"),
    )  # fmt: skip
    original_filename = models.CharField(_("file name"), max_length=300)
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    file_hash = models.CharField(_("SHA-256"), max_length=64, unique=True)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    aside_at = models.DateTimeField(
        _("put aside"),
        null=True,
        blank=True,
        help_text=_("Its moments are not handed out for sorting; nothing is trashed."),
    )

    # What the probe reads; empty until then.
    probed_at = models.DateTimeField(_("read"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    camera_id = models.CharField(_("camera"), max_length=40, default="CAM_UNKNOWN")
    fps_label = models.CharField(_("frame rate"), max_length=10, blank=True)
    rate_num = models.PositiveIntegerField(null=True, blank=True)
    rate_den = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveBigIntegerField(_("duration"), null=True, blank=True)
    width_px = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height_px = models.PositiveIntegerField(_("height"), null=True, blank=True)
    rotation_deg = models.SmallIntegerField(_("rotation"), default=0)
    codec = models.CharField(_("codec"), max_length=20, blank=True)
    has_audio = models.BooleanField(_("sound"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"), null=True, blank=True)
    probe = models.JSONField(_("all that the probe read"), default=dict, blank=True)

    class Meta:
        verbose_name = _("original file")
        verbose_name_plural = _("original files")
        ordering = ["shoot", "recorded_at", "original_filename"]
        constraints = [
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="original_has_size"),
            models.CheckConstraint(condition=Q(file_hash__regex=r"^[0-9a-f]{64}$"), name="original_hash_is_sha256"),
            models.CheckConstraint(condition=Q(duration_ms=None) | Q(duration_ms__gt=0), name="original_has_duration"),
            models.CheckConstraint(
                condition=Q(rate_num=None, rate_den=None) | Q(rate_num__gt=0, rate_den__gt=0),
                name="original_rate_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.original_filename

    @property
    def rate(self) -> Fraction | None:
        """Frames per second, exact; None before the probe."""
        return Fraction(self.rate_num, self.rate_den) if self.rate_num else None

    def apply_probe(self, facts: dict) -> None:
        """Take over what the probe found; ``facts`` as ``clips.media.probe.probe`` returns them."""
        OriginalFile.objects.filter(pk=self.pk).update(
            probed_at=timezone.now(),
            problem=facts.get("warning") or "",
            camera_id=facts["camera_id"],
            fps_label=facts["fps_label"],
            rate_num=facts["rate_num"],
            rate_den=facts["rate_den"],
            duration_ms=facts["duration_ms"],
            width_px=facts["width"],
            height_px=facts["height"],
            rotation_deg=facts["rotation"],
            codec=facts["codec"],
            has_audio=facts["has_audio"],
            recorded_at=parse_datetime(facts["recorded_at"]) if facts["recorded_at"] else None,
            probe=facts,
        )
        self.refresh_from_db()

    def note_problem(self, sentence: str) -> None:
        """Write down why the file cannot be used."""
        OriginalFile.objects.filter(pk=self.pk).update(problem=sentence[:500], probed_at=timezone.now())
