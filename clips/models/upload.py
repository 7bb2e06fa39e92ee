"""A file on its way in: how many bytes are safe on disk, and what became of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.shoot import Shoot


class UploadState(models.TextChoices):
    RECEIVING = "RECEIVING", _("receiving")
    RECEIVED = "RECEIVED", _("checking")
    REGISTERED = "REGISTERED", _("here")
    DUPLICATE = "DUPLICATE", _("already here")
    FAILED = "FAILED", _("failed")


class UploadQuerySet(models.QuerySet):
    def receiving(self) -> "UploadQuerySet":
        return self.filter(state=UploadState.RECEIVING)

    def start(self, *, owner, filename: str, size_bytes: int, shoot_name: str, shoot_date) -> "Upload":
        return self.create(
            owner=owner,
            original_filename=filename,
            size_bytes=size_bytes,
            shoot=Shoot.objects.called(shoot_name, shoot_date),
        )


class Upload(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="uploads",
        verbose_name=_("owner"),
    )
    shoot = models.ForeignKey(Shoot, on_delete=models.PROTECT, related_name="uploads", verbose_name=_("session"))
    original_filename = models.CharField(_("file name"), max_length=300)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    offset_bytes = models.PositiveBigIntegerField(_("received"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=UploadState, default=UploadState.RECEIVING)
    original_file = models.ForeignKey(
        "clips.OriginalFile", on_delete=models.SET_NULL, null=True, blank=True, related_name="uploads",
        verbose_name=_("became"),
    )  # fmt: skip
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last byte"), auto_now_add=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="upload_has_size"),
            models.CheckConstraint(condition=Q(offset_bytes__lte=F("size_bytes")), name="upload_offset_within_size"),
            models.CheckConstraint(condition=Q(state__in=UploadState.values), name="upload_state_known"),
            models.CheckConstraint(
                condition=Q(state=UploadState.RECEIVING) | Q(offset_bytes=F("size_bytes")),
                name="upload_done_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[UploadState.REGISTERED]) | Q(reason=""),
                name="upload_good_has_no_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.original_filename

    @property
    def is_whole(self) -> bool:
        return self.offset_bytes == self.size_bytes

    def advance(self, *, from_bytes: int, to_bytes: int) -> bool:
        """Move the offset after bytes are on disk; False when another writer moved it meanwhile."""
        held = Upload.objects.receiving().filter(pk=self.pk, offset_bytes=from_bytes)
        moved = bool(held.update(offset_bytes=to_bytes, updated_at=timezone.now()))
        if moved:
            self.offset_bytes = to_bytes
        return moved

    def mark_received(self) -> bool:
        """Close the upload for further bytes; False when it was closed before or is not whole."""
        whole = Upload.objects.receiving().filter(pk=self.pk, offset_bytes=F("size_bytes"))
        return bool(whole.update(state=UploadState.RECEIVED, updated_at=timezone.now()))

    def settle(self, state: UploadState, *, original_file=None, reason: str = "") -> bool:
        """Write down what became of a received upload; False when that was settled before."""
        open_ = Upload.objects.filter(pk=self.pk, state__in=[UploadState.RECEIVED, UploadState.FAILED])
        return bool(open_.update(state=state, original_file=original_file, reason=reason[:500]))
