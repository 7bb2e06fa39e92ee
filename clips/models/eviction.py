"""Log of files deleted to free space, and why they could be."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile


class EvictedKind(models.TextChoices):
    """In the order of deletion."""

    SCRATCH = "SCRATCH", _("abandoned work in progress")
    PREVIEW = "PREVIEW", _("previews of sorted moments")
    ORIGINAL = "ORIGINAL", _("originals")


class Eviction(models.Model):
    """One line of the log; many small files of one kind that were deleted together share one."""

    kind = models.CharField(_("what"), max_length=10, choices=EvictedKind)
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.CASCADE, null=True, blank=True, related_name="evictions",
        verbose_name=_("video"),
    )  # fmt: skip
    n_files = models.PositiveIntegerField(_("files"), default=1)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    why = models.CharField(_("why"), max_length=300)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("freed space")
        verbose_name_plural = _("freed space")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EvictedKind.values), name="eviction_kind_known"),
        ]
        indexes = [models.Index(fields=["-created_at"], name="eviction_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.why}"
