"""Pairs of videos that filmed the same, and how they lie in time: what the sound says, and what people said of it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile
from people.models import Member

#: Two clocks of cameras are never further apart than this, in parts per million; a pair beyond it is a mistake.
MOST_DRIFT_PPM = 1000
#: What is read of a match, in milliseconds and not in seconds.
_MS = 1000


class PairState(models.TextChoices):
    """What is known of a pair. A person's word stands, whatever a later comparison finds."""

    UNSURE = "UNSURE", _("unsure")
    SURE = "SURE", _("sure by sound")
    CONFIRMED = "CONFIRMED", _("confirmed")
    REJECTED = "REJECTED", _("taken apart")


DECIDED = (PairState.CONFIRMED, PairState.REJECTED)


class VideoPairQuerySet(models.QuerySet["VideoPair"]):
    def standing(self) -> "VideoPairQuerySet":
        """Return the pairs that count: sure by sound or confirmed."""
        return self.filter(state__in=(PairState.SURE, PairState.CONFIRMED))

    def of(self, video: OriginalFile) -> "VideoPairQuerySet":
        return self.filter(Q(first=video) | Q(second=video))

    def note(self, one: OriginalFile, other: OriginalFile, found: dict[str, Any]) -> bool:
        """Write down what comparing two videos found; False where a person has decided about them.

        Parameters
        ----------
        one, other : OriginalFile
        found : dict
            ``match`` of `detection.sync.files.compare` with ``one`` first.

        Notes
        -----
        Comparing the same two again writes the same row, whichever is named first.
        """
        offset_ms, drift_ppm = found["offset_s"] * _MS, found["drift_ppm"]
        if one.pk > other.pk:
            one, other = other, one
            rate = 1 + (drift_ppm or 0.0) * 1e-6
            offset_ms, drift_ppm = -offset_ms / rate, None if drift_ppm is None else (1 / rate - 1) * 1e6
        values = {
            "offset_ms": round(offset_ms),
            "drift_ppm": drift_ppm,
            "confidence": found["confidence"],
            "state": PairState.SURE if found["is_sure"] else PairState.UNSURE,
            "found_at": timezone.now(),
        }
        self.bulk_create([VideoPair(first=one, second=other, **values)], ignore_conflicts=True)
        return bool(self.filter(first=one, second=other).exclude(state__in=DECIDED).update(**values))


class VideoPair(models.Model):
    """Two videos that filmed the same at the same time, or seem to have.

    A moment at ``t`` ms of the second is at ``offset_ms + t * (1 + drift_ppm * 1e-6)`` of the first.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    first = models.ForeignKey(OriginalFile, on_delete=models.CASCADE, related_name="+", verbose_name=_("video"))
    second = models.ForeignKey(OriginalFile, on_delete=models.CASCADE, related_name="+", verbose_name=_("other video"))
    offset_ms = models.BigIntegerField(_("offset in milliseconds"))
    drift_ppm = models.FloatField(_("drift of the clocks"), null=True, blank=True)
    confidence = models.FloatField(_("confidence"))
    state = models.CharField(_("state"), max_length=9, choices=PairState.choices)
    found_at = models.DateTimeField(_("compared"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("decided by"),
    )  # fmt: skip
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    objects = VideoPairQuerySet.as_manager()

    class Meta:
        verbose_name = _("pair of videos")
        verbose_name_plural = _("pairs of videos")
        ordering = ["-found_at"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="video_pair_once"),
            # So that two videos are one pair, whichever was compared with which.
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="video_pair_in_order"),
            models.CheckConstraint(condition=Q(confidence__range=(0, 1)), name="video_pair_confidence_is_share"),
            models.CheckConstraint(
                condition=Q(drift_ppm=None) | Q(drift_ppm__range=(-MOST_DRIFT_PPM, MOST_DRIFT_PPM)),
                name="video_pair_drift_is_small",
            ),
            models.CheckConstraint(condition=Q(state__in=PairState.values), name="video_pair_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_at__isnull=False)
                | Q(~Q(state__in=DECIDED), decided_at=None, decided_by=None),
                name="video_pair_decided_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} + {self.second}: {self.offset_ms} ms"

    def confirm(self, member: Member) -> bool:
        """Say that the two belong together as they lie; False if somebody has decided otherwise meanwhile."""
        return self._decide(PairState.CONFIRMED, member)

    def take_apart(self, member: Member) -> bool:
        """Say that the two do not belong together; False if somebody has decided otherwise meanwhile."""
        return self._decide(PairState.REJECTED, member)

    def _decide(self, state: PairState, member: Member) -> bool:
        """Decide as long as the row is as it was read."""
        as_read = VideoPair.objects.filter(pk=self.pk, state=self.state, offset_ms=self.offset_ms)
        return bool(as_read.update(state=state, decided_by=member, decided_at=timezone.now()))
