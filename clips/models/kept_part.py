"""What is left of trimmed originals: the parts of their bytes that clips need, each in a file of its own."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile

FOLDER = "originals/kept"


class KeptPartQuerySet(models.QuerySet["KeptPart"]):
    def spans(self) -> "KeptPartQuerySet":
        """Return the parts that can be seen, in order."""
        return self.filter(start_ms__isnull=False).order_by("start_ms")

    def frames(self) -> "KeptPartQuerySet":
        """Return the parts that all others of their original need: index, camera data, telemetry."""
        return self.filter(start_ms=None)

    def around(self, start_ms: int, end_ms: int) -> "KeptPartQuerySet":
        """Return the parts that have all from one time of the video to another."""
        return self.filter(start_ms__lte=start_ms, end_ms__gte=end_ms)


class KeptPart(models.Model):
    """A span of a trimmed original, or, without times, its frame: what each span needs to be read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.CASCADE, related_name="kept_parts", verbose_name=_("video")
    )
    # In the video, as clips count; a clip within them is cut as it was from the whole.
    start_ms = models.PositiveBigIntegerField(_("start"), null=True, blank=True)
    end_ms = models.PositiveBigIntegerField(_("end"), null=True, blank=True)
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    file_hash = models.CharField(_("SHA-256"), max_length=64)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = KeptPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("kept part")
        verbose_name_plural = _("kept parts")
        ordering = ["original_file", F("start_ms").asc(nulls_first=True)]
        constraints = [
            models.UniqueConstraint(
                fields=["original_file"], condition=Q(start_ms=None), name="kept_part_one_frame"
            ),
            models.UniqueConstraint(
                fields=["original_file", "start_ms"], condition=Q(start_ms__isnull=False), name="kept_part_once"
            ),
            models.CheckConstraint(
                condition=Q(start_ms=None, end_ms=None) | Q(start_ms__isnull=False, end_ms__gt=F("start_ms")),
                name="kept_part_has_length",
            ),
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="kept_part_has_size"),
            models.CheckConstraint(condition=Q(file_hash__regex=r"^[0-9a-f]{64}$"), name="kept_part_hash_is_sha256"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.original_file}: {self.start_ms}–{self.end_ms}" if self.end_ms else f"{self.original_file}"
