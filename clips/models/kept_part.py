"""Kept parts of trimmed originals: the bytes that clips need, each part in a file of its own."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.clock import clock
from clips.models.original import OriginalFile

FOLDER = "originals/kept"


class PartKind(models.TextChoices):
    FRAME = "FRAME", _("index and camera data")
    SPAN = "SPAN", _("span")
    VIDEO = "VIDEO", _("small video of the rest")


class KeptPartQuerySet(models.QuerySet["KeptPart"]):
    def spans(self) -> "KeptPartQuerySet":
        """Return the parts that can be seen, in order."""
        return self.filter(kind=PartKind.SPAN).order_by("start_ms")

    def frames(self) -> "KeptPartQuerySet":
        """Return the parts that all others of their original need: index, camera data, telemetry."""
        return self.filter(kind=PartKind.FRAME)

    def videos(self) -> "KeptPartQuerySet":
        """Return the small videos in which all of their original is seen, in single pictures."""
        return self.filter(kind=PartKind.VIDEO)

    def damaged(self) -> "KeptPartQuerySet":
        """Return those whose bytes on the disk are not those that were written."""
        return self.filter(damaged_at__isnull=False)

    def around(self, start_ms: int, end_ms: int) -> "KeptPartQuerySet":
        """Return the parts that have all from one time of the video to another."""
        return self.filter(start_ms__lte=start_ms, end_ms__gte=end_ms)


class KeptPart(models.Model):
    """A span of a trimmed original; or its frame, which each span needs to be read; or a small video of all of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.CASCADE, related_name="kept_parts", verbose_name=_("video")
    )
    kind = models.CharField(_("what"), max_length=10, choices=PartKind)
    # In the video, as clips count; a clip within them is cut as it was from the whole.
    start_ms = models.PositiveBigIntegerField(_("start"), null=True, blank=True)
    end_ms = models.PositiveBigIntegerField(_("end"), null=True, blank=True)
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    file_hash = models.CharField(_("SHA-256"), max_length=64)
    # What reading it back from the disk showed.
    read_back_at = models.DateTimeField(_("read back"), null=True, blank=True)
    damaged_at = models.DateTimeField(_("damaged"), null=True, blank=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = KeptPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("kept part")
        verbose_name_plural = _("kept parts")
        ordering = ["original_file_id", "kind", "start_ms"]
        constraints = [
            models.UniqueConstraint(
                fields=["original_file", "kind"], condition=~Q(kind="SPAN"), name="kept_part_one_frame_and_video"
            ),
            models.UniqueConstraint(
                fields=["original_file", "start_ms"], condition=Q(kind="SPAN"), name="kept_part_span_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="SPAN", start_ms__isnull=False, end_ms__gt=F("start_ms"))
                | Q(kind__in=["FRAME", "VIDEO"], start_ms=None, end_ms=None),
                name="kept_part_span_has_length",
            ),
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="kept_part_has_size"),
            models.CheckConstraint(
                condition=Q(read_back_at=None) | Q(damaged_at=None), name="kept_part_whole_or_damaged"
            ),
            models.CheckConstraint(condition=Q(file_hash__regex=r"^[0-9a-f]{64}$"), name="kept_part_hash_is_sha256"),
        ]  # fmt: skip

    def __str__(self) -> str:
        if self.start_ms is None or self.end_ms is None:
            return f"{self.original_file}: {self.get_kind_display()}"
        return f"{self.original_file}: {clock(self.start_ms)}–{clock(self.end_ms)}"

    def note_read(self, *, is_whole: bool) -> bool:
        """Note what reading it back showed; False if it is gone."""
        now = timezone.now()
        found = {"read_back_at": now, "damaged_at": None} if is_whole else {"read_back_at": None, "damaged_at": now}
        return bool(KeptPart.objects.filter(pk=self.pk).update(**found))
