"""Share copies of clips that play everywhere, and links that show one to people without an account."""

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.media.formats.suffixes import without_ending
from clips.models.clip import FinalClip
from people.models.member import Member, hash_secret


class ShareSound(models.TextChoices):
    """Sound of a copy in slow motion; at normal speed it is unchanged."""

    STRETCH = "STRETCH", _("slowed down too")
    DROP = "DROP", _("left out")


class SharedCopy(models.Model):
    """A copy of a clip in a form that plays in every browser; requested as soon as the row exists."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(FinalClip, on_delete=models.CASCADE, related_name="shared_copies", verbose_name=_("clip"))
    slow_down = models.PositiveSmallIntegerField(_("slowed down"), default=1)
    sound = models.CharField(_("sound"), max_length=7, choices=ShareSound, default=ShareSound.STRETCH)
    stored_path = models.CharField(_("stored as"), max_length=100, blank=True, help_text=_("Empty until it exists."))
    size_bytes = models.PositiveBigIntegerField(_("size"), null=True, blank=True)
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)

    class Meta:
        verbose_name = _("share video")
        verbose_name_plural = _("share videos")
        ordering = ["clip", "slow_down", "sound"]
        constraints = [
            models.UniqueConstraint(fields=["clip", "slow_down", "sound"], name="shared_copy_unique"),
            models.CheckConstraint(condition=Q(slow_down__gte=1, slow_down__lte=16), name="shared_copy_slow_down"),
            models.CheckConstraint(condition=Q(sound__in=ShareSound.values), name="shared_copy_sound_known"),
            models.CheckConstraint(
                condition=Q(stored_path="", size_bytes=None) | Q(size_bytes__gt=0) & ~Q(stored_path=""),
                name="shared_copy_file_fields_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clip} ×{self.slow_down}"

    @property
    def save_as(self) -> str:
        """Its name for downloads: the clip's own, and the changes."""
        stem = without_ending(self.clip.filename)
        slowed = f"__{self.slow_down}X_SLOWER" if self.slow_down > 1 else ""
        silent = "__SILENT" if self.slow_down > 1 and self.sound == ShareSound.DROP else ""
        return f"{stem}__SHARE{slowed}{silent}.mp4"


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def open(self) -> "ShareLinkQuerySet":
        """Return links that still work."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now()), ended_at=None)

    def issue(self, copy: SharedCopy, member: Member, ends_at: datetime | None = None) -> tuple["ShareLink", str]:
        """Make a link; return it and its secret, which is shown once and kept only as a hash."""
        secret = secrets.token_urlsafe(24)
        return self.create(copy=copy, created_by=member, ends_at=ends_at, secret_hash=hash_secret(secret)), secret

    def of_secret(self, secret: str) -> "ShareLink | None":
        """Return the link of a secret; None if it never existed, has expired, or its clip is gone."""
        rows = self.open().filter(secret_hash=hash_secret(secret), copy__clip__removed_at=None)
        clip = "copy__clip"
        rows = rows.select_related(f"{clip}__person", f"{clip}__trick", f"{clip}__candidate_segment")
        rows = rows.select_related(f"{clip}__original_file__shoot").exclude(copy__stored_path="")
        return rows.defer(f"{clip}__original_file__probe", f"{clip}__candidate_segment__features").first()

    def is_binned(self, secret: str) -> bool:
        """Return whether the link of a secret shows a clip that was thrown away."""
        return self.filter(secret_hash=hash_secret(secret), copy__clip__bin_entry__isnull=False).exists()


class ShareLink(models.Model):
    """Shows one copy to whoever has the link."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    copy = models.ForeignKey(SharedCopy, on_delete=models.CASCADE, related_name="links", verbose_name=_("share video"))
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="share_links",
        verbose_name=_("created by"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    ends_at = models.DateTimeField(_("expires"), null=True, blank=True)
    ended_at = models.DateTimeField(_("revoked"), null=True, blank=True, help_text=_("Set when it was revoked."))

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.copy} {self.created_at:%Y-%m-%d}"

    def end(self) -> bool:
        """Revoke the link; False if it had ended already."""
        return bool(ShareLink.objects.open().filter(pk=self.pk).update(ended_at=timezone.now()))
