"""Pieces of videos that browsers do not play, made on demand, and what members watch of such videos now."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile
from people.models import Member


class Piece(models.Model):
    """One second of a video, small; ``number`` counts from 0 at its beginning."""

    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.CASCADE, related_name="pieces", verbose_name=_("video")
    )
    number = models.PositiveIntegerField(_("number"))
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    seen_at = models.DateTimeField(_("last viewed"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("piece")
        verbose_name_plural = _("pieces")
        constraints = [models.UniqueConstraint(fields=["original_file", "number"], name="piece_once")]

    def __str__(self) -> str:
        return self.stored_path


class WatchQuerySet(models.QuerySet["Watch"]):
    def going_on(self, within: dt.timedelta) -> "WatchQuerySet":
        """Return what was asked for so recently that somebody still watches."""
        return self.filter(asked_at__gt=timezone.now() - within)

    def note(self, original: OriginalFile, member: Member, number: int) -> None:
        """Record the piece that a member's player asked for last."""
        asked = {"number": number, "asked_at": timezone.now()}
        if not self.filter(original_file=original, member=member).update(**asked):
            self.update_or_create(original_file=original, member=member, defaults=asked)


class Watch(models.Model):
    """Piece of a video that a member's player asked for last."""

    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.CASCADE, related_name="watches", verbose_name=_("video")
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches", verbose_name=_("member")
    )
    number = models.PositiveIntegerField(_("piece"))
    asked_at = models.DateTimeField(_("asked for"))

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("watched video")
        verbose_name_plural = _("watched videos")
        constraints = [models.UniqueConstraint(fields=["original_file", "member"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.original_file} {self.number}"
