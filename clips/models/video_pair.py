"""Pairs of videos that filmed the same, and how they lie in time: what the sound says, and what people said of it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile
from people.models import Member

#: Two clocks of cameras are never further apart than this, in parts per million; a pair beyond it is a mistake.
MOST_DRIFT_PPM = 1000
#: The parameter of a job that somebody asked for: it compares a day to either side, whatever the clocks say.
WIDE = "wide"
#: What is read of a match, in milliseconds and not in seconds.
_MS = 1000
#: Of videos whose rate nobody knows.
_USUAL_FRAME_US = 33_333
#: Nobody moves two videos by hand that lie further apart: then another offset was meant.
MOST_NUDGE_US = 60_000_000


class PairState(models.TextChoices):
    """States of a pair. A person's word stands, whatever a later comparison finds."""

    NONE = "NONE", _("nothing in common")
    UNSURE = "UNSURE", _("unsure")
    SURE = "SURE", _("sure by sound")
    CONFIRMED = "CONFIRMED", _("confirmed")
    REJECTED = "REJECTED", _("taken apart")


class FoundBy(models.TextChoices):
    """Lists the ways in which the offset of a pair is found."""

    SOUND = "SOUND", _("sound")
    TAKE = "TAKE", _("other parts of the recording")
    MOMENTS = "MOMENTS", _("pattern of moments")
    CLOCK = "CLOCK", _("cameras’ clocks")


STANDING = (PairState.SURE, PairState.CONFIRMED)
DECIDED = (PairState.CONFIRMED, PairState.REJECTED)


class VideoPairQuerySet(models.QuerySet["VideoPair"]):
    def standing(self) -> "VideoPairQuerySet":
        """Return the pairs that count: sure by sound or confirmed."""
        return self.filter(state__in=STANDING)

    def of(self, video: OriginalFile) -> "VideoPairQuerySet":
        return self.filter(Q(first=video) | Q(second=video))

    def in_use(self) -> "VideoPairQuerySet":
        """Return the pairs of which neither video is in the bin."""
        return self.filter(first__bin_entry=None, second__bin_entry=None)

    def note(
        self, one: OriginalFile, other: OriginalFile, found: dict[str, Any], *, state: PairState | None = None
    ) -> bool:
        """Write down what comparing two videos found; False where a person has decided about them.

        Parameters
        ----------
        one, other : OriginalFile
        found : dict
            ``match`` of `detection.sync.files.compare` with ``one`` first; ``found_by`` where it is not the sound.
        state : PairState, optional
            What is known by it; by default what the sound alone says.

        Notes
        -----
        Comparing the same two again writes the same row, whichever is named first.
        """
        if state is None:
            state = PairState.SURE if found["is_sure"] else PairState.UNSURE
        offset_ms, drift_ppm = found["offset_s"] * _MS, found["drift_ppm"]
        if one.pk > other.pk:
            one, other = other, one
            rate = 1 + (drift_ppm or 0.0) * 1e-6
            offset_ms, drift_ppm = -offset_ms / rate, None if drift_ppm is None else (1 / rate - 1) * 1e6
        values = {
            "offset_ms": round(offset_ms),
            "drift_ppm": drift_ppm,
            "confidence": found["confidence"],
            "found_by": found.get("found_by", FoundBy.SOUND),
            "state": state,
            "found_at": timezone.now(),
        }
        self.bulk_create([VideoPair(first=one, second=other, **values)], ignore_conflicts=True)
        return bool(self.filter(first=one, second=other).exclude(state__in=DECIDED).update(**values))


class VideoPair(models.Model):
    """Two videos that filmed the same at the same time, or seem to have.

    A moment at ``t`` ms of the second is at ``offset_ms + nudge_us / 1000 + t * (1 + drift_ppm * 1e-6)`` of the first.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    first = models.ForeignKey(OriginalFile, on_delete=models.CASCADE, related_name="+", verbose_name=_("video"))
    second = models.ForeignKey(OriginalFile, on_delete=models.CASCADE, related_name="+", verbose_name=_("other video"))
    offset_ms = models.BigIntegerField(_("offset in milliseconds"))
    nudge_us = models.IntegerField(
        _("moved by hand"), default=0, help_text=_("Microseconds by which people moved the second video.")
    )
    drift_ppm = models.FloatField(_("drift of the clocks"), null=True, blank=True)
    confidence = models.FloatField(_("confidence"))
    found_by = models.CharField(_("found by"), max_length=7, choices=FoundBy, default=FoundBy.SOUND)
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
            models.CheckConstraint(
                condition=Q(nudge_us__range=(-MOST_NUDGE_US, MOST_NUDGE_US)), name="video_pair_nudge_is_small"
            ),
            models.CheckConstraint(condition=Q(state__in=PairState.values), name="video_pair_state_known"),
            models.CheckConstraint(condition=Q(found_by__in=FoundBy.values), name="video_pair_found_by_known"),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_at__isnull=False)
                | Q(~Q(state__in=DECIDED), decided_at=None, decided_by=None),
                name="video_pair_decided_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} + {self.second}: {self.offset_ms} ms"

    @property
    def frame_us(self) -> int:
        """A frame of the video with more frames a second, in microseconds."""
        rates = [video.rate for video in (self.first, self.second) if video.rate]
        return round(1_000_000 / max(rates)) if rates else _USUAL_FRAME_US

    @property
    def shift_ms(self) -> float:
        """Time of the first video at which the second begins, as it was found and moved by hand."""
        return self.offset_ms + self.nudge_us / 1000

    def in_first_ms(self, second_ms: float) -> float:
        """Return the time of the first video at which something happens that is at ``second_ms`` of the second."""
        return self.shift_ms + second_ms * (1 + (self.drift_ppm or 0.0) * 1e-6)

    def in_second_ms(self, first_ms: float) -> float:
        """Return the time of the second video at which something happens that is at ``first_ms`` of the first."""
        return (first_ms - self.shift_ms) / (1 + (self.drift_ppm or 0.0) * 1e-6)

    def confirm(self, member: Member, *, key: uuid.UUID | None = None) -> bool:
        """Say that the two belong together as they lie; False if somebody has decided otherwise meanwhile."""
        return self._change(PairChangeKind.CONFIRM, member, key, state=PairState.CONFIRMED)

    def take_apart(self, member: Member, *, key: uuid.UUID | None = None) -> bool:
        """Say that the two do not belong together; False if somebody has decided otherwise meanwhile."""
        return self._change(PairChangeKind.TAKE_APART, member, key, state=PairState.REJECTED)

    def nudge(self, n_frames: int, member: Member, *, key: uuid.UUID | None = None) -> bool:
        """Move the second video by so many frames, later if positive, which confirms the pair; False as above.

        Raises
        ------
        TooFarError
            If it would then lie further from where it was found than people move it.
        """
        nudge_us = self.nudge_us + n_frames * self.frame_us
        if abs(nudge_us) > MOST_NUDGE_US:
            said = _t("A video can be moved by %(n)d s at most. If it is off by more, take the pair apart.")
            raise TooFarError(said % {"n": MOST_NUDGE_US // 1_000_000})
        return self._change(PairChangeKind.NUDGE, member, key, state=PairState.CONFIRMED, nudge_us=nudge_us)

    def _change(self, kind: "PairChangeKind", member: Member, key: uuid.UUID | None, **values: Any) -> bool:
        """Change the row as long as it is as it was read, and note how it was; the same key again changes nothing."""
        as_read = VideoPair.objects.filter(
            pk=self.pk, state=self.state, offset_ms=self.offset_ms, nudge_us=self.nudge_us
        )
        key = key or uuid.uuid4()
        try:
            with transaction.atomic():
                change = PairChange.objects.create(
                    pk=key, pair=self, kind=kind, member=member, member_name=member.username, before=self._decision()
                )
                if not as_read.update(decided_by=member, decided_at=timezone.now(), **values):
                    raise _OtherwiseError
                after = VideoPair.objects.get(pk=self.pk)
                PairChange.objects.filter(pk=change.pk).update(after=after._decision())
        except _OtherwiseError:
            return False
        except IntegrityError:
            return PairChange.objects.filter(pk=key, pair=self, kind=kind, member=member).exists()
        return True

    def _decision(self) -> dict[str, Any]:
        """Return what a person changes of a pair, as it is now."""
        return {
            "state": self.state,
            "nudge_us": self.nudge_us,
            "decided_by": self.decided_by_id and str(self.decided_by_id),
            "decided_at": self.decided_at and self.decided_at.isoformat(),
        }


class TooFarError(Exception):
    """Two videos would be moved further by hand than people do. The text is one sentence or two."""


class _OtherwiseError(Exception):
    """Somebody changed the pair meanwhile."""


class PairChangeKind(models.TextChoices):
    CONFIRM = "CONFIRM", _("confirm a pair")
    TAKE_APART = "TAKE_APART", _("take a pair apart")
    NUDGE = "NUDGE", _("move a video by frames")


class PairChange(models.Model):
    """A person's change of a pair; its id is the client's idempotency key, so the same request twice has one row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    pair = models.ForeignKey(VideoPair, on_delete=models.CASCADE, related_name="changes", verbose_name=_("pair"))
    kind = models.CharField(_("change"), max_length=10, choices=PairChangeKind.choices)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    member_name = models.CharField(_("by (name)"), max_length=40, help_text=_("Kept when the member is deleted."))
    before = models.JSONField(default=dict, editable=False)
    after = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of a pair")
        verbose_name_plural = _("changes of pairs")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PairChangeKind.values), name="pair_change_kind_known")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.pair}"

    @transaction.atomic
    def undo(self) -> bool:
        """Give the pair back what it was before; False if it was changed again since, or this was undone."""
        pair = VideoPair.objects.select_for_update(of=("self",)).get(pk=self.pair_id)
        if pair._decision() != self.after:
            return False
        if not PairChange.objects.filter(pk=self.pk, undone_at=None).update(undone_at=timezone.now()):
            return False
        before = dict(self.before)
        by = before.pop("decided_by")
        is_there = by and Member.objects.filter(pk=by).exists()
        values = {"decided_by_id": by if is_there else None, **before}
        return bool(VideoPair.objects.filter(pk=pair.pk).update(**values))
