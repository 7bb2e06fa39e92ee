"""A proposed moment of a file, and who holds it while deciding."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.original import OriginalFile
from clips.models.run import DetectionRun

#: The most one page may hold; more would keep cards from the others of the crew.
MAX_HAND = 8
_NO_LEASE = {"locked_by": None, "locked_at": None, "lease_token": None, "lease_ends_at": None}


class SegmentStatus(models.TextChoices):
    UNREVIEWED = "UNREVIEWED", _("unreviewed")
    IN_PROGRESS = "IN_PROGRESS", _("being sorted")
    ACCEPTED = "ACCEPTED", _("kept")
    TRASHED = "TRASHED", _("trashed")


class CandidateSegmentQuerySet(models.QuerySet):
    def unreviewed(self) -> "CandidateSegmentQuerySet":
        return self.filter(status=SegmentStatus.UNREVIEWED)

    def decided(self) -> "CandidateSegmentQuerySet":
        return self.filter(status__in=[SegmentStatus.ACCEPTED, SegmentStatus.TRASHED])

    def shown(self) -> "CandidateSegmentQuerySet":
        """What the session's sensitivity lets through; what a person made by hand always is."""
        sure_enough = Q(score__gte=1.0 - F("original_file__shoot__sensitivity") / 100.0)
        return self.filter(Q(run=None) | sure_enough)

    def available(self) -> "CandidateSegmentQuerySet":
        """What nobody has decided and nobody holds: a lease that ran out holds nothing."""
        ran_out = Q(status=SegmentStatus.IN_PROGRESS, lease_ends_at__lte=timezone.now())
        return self.filter(Q(status=SegmentStatus.UNREVIEWED) | ran_out)

    def held(self, lease: uuid.UUID) -> "CandidateSegmentQuerySet":
        return self.filter(status=SegmentStatus.IN_PROGRESS, lease_token=lease, lease_ends_at__gt=timezone.now())

    def best_first(self) -> "CandidateSegmentQuerySet":
        """Newest session first, the best of each file first; made by hand before all."""
        return self.order_by(
            "-original_file__shoot__date",
            "original_file_id",
            F("score").desc(nulls_first=True),
            "start_ms",
            "pk",
        )

    def lock_in_order(self) -> list[uuid.UUID]:
        """Lock these rows until the transaction ends, one after the other in the order of their ids; return the ids."""
        return list(self.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))

    @transaction.atomic
    def lease_hand(self, *, member, lease: uuid.UUID, count: int) -> list["CandidateSegment"]:
        """Give a page up to ``count`` segments, those it holds already among them, and renew its lease.

        Rows that somebody else is taking at this moment are skipped instead of waited for. Those it holds already are
        locked in the order of their ids, as everybody does who locks several, so that no two wait for each other.
        """
        self.held(lease).lock_in_order()
        ends_at = timezone.now() + timedelta(seconds=settings.SORT_LEASE_SECONDS)
        held = list(self.held(lease).best_first().values_list("pk", flat=True)[:count])
        free = self.available().shown().best_first().select_for_update(skip_locked=True, of=("self",))
        taken = list(free.values_list("pk", flat=True)[: max(0, min(count, MAX_HAND) - len(held))])
        CandidateSegment.objects.filter(pk__in=held + taken).update(
            status=SegmentStatus.IN_PROGRESS,
            locked_by=member,
            locked_at=timezone.now(),
            lease_token=lease,
            lease_ends_at=ends_at,
        )
        return list(
            CandidateSegment.objects.filter(pk__in=held + taken)
            .select_related("original_file__shoot", "run")
            .best_first()
        )

    @transaction.atomic
    def give_back(self, lease: uuid.UUID) -> int:
        """Return all that a page holds to the queue."""
        held = self.filter(status=SegmentStatus.IN_PROGRESS, lease_token=lease)
        held.lock_in_order()
        return held.update(status=SegmentStatus.UNREVIEWED, **_NO_LEASE)


class CandidateSegment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.PROTECT, related_name="segments", verbose_name=_("original file")
    )
    run = models.ForeignKey(
        DetectionRun, on_delete=models.PROTECT, null=True, blank=True, related_name="segments",
        verbose_name=_("proposed by"), help_text=_("Empty when a person made it by hand."),
    )  # fmt: skip
    parent = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("split from"),
    )
    start_ms = models.PositiveBigIntegerField(_("start"))
    end_ms = models.PositiveBigIntegerField(_("end"))
    score = models.FloatField(_("score"), null=True, blank=True)
    why = models.CharField(_("why"), max_length=300, blank=True)
    features = models.JSONField(_("features"), default=dict, blank=True)
    status = models.CharField(_("status"), max_length=11, choices=SegmentStatus, default=SegmentStatus.UNREVIEWED)
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="held_segments",
        verbose_name=_("held by"),
    )  # fmt: skip
    locked_at = models.DateTimeField(_("held since"), null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_ends_at = models.DateTimeField(_("held until"), null=True, blank=True)
    created_at = models.DateTimeField(_("proposed"), auto_now_add=True)

    objects = CandidateSegmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("candidate segment")
        verbose_name_plural = _("candidate segments")
        ordering = ["original_file", "start_ms"]
        constraints = [
            models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="segment_has_length"),
            models.CheckConstraint(condition=Q(status__in=SegmentStatus.values), name="segment_status_known"),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=0, score__lte=1), name="segment_score_in_unit"
            ),
            models.CheckConstraint(condition=Q(run=None) | Q(score__isnull=False), name="segment_proposal_has_score"),
            # The member may be removed while holding one; the lease itself is complete or absent.
            models.CheckConstraint(
                condition=Q(
                    status=SegmentStatus.IN_PROGRESS,
                    locked_at__isnull=False,
                    lease_token__isnull=False,
                    lease_ends_at__isnull=False,
                )
                | (
                    ~Q(status=SegmentStatus.IN_PROGRESS)
                    & Q(locked_by=None, locked_at=None, lease_token=None, lease_ends_at=None)
                ),
                name="segment_lock_fields_together",
            ),
        ]
        indexes = [
            models.Index(
                fields=["original_file", "-score", "start_ms"],
                condition=Q(status__in=[SegmentStatus.UNREVIEWED, SegmentStatus.IN_PROGRESS]),
                name="segment_queue",
            ),
            models.Index(fields=["lease_token"], condition=Q(lease_token__isnull=False), name="segment_lease"),
        ]

    def __str__(self) -> str:
        return f"{self.original_file} {self.start_ms / 1000:.1f}–{self.end_ms / 1000:.1f} s"

    def accept(self, *, lease: uuid.UUID) -> bool:
        """Mark the segment as kept; False when that lease does not hold it any more."""
        return self._decide(SegmentStatus.ACCEPTED, lease)

    def trash(self, *, lease: uuid.UUID) -> bool:
        """Move the segment out of the queue; False when that lease does not hold it any more."""
        return self._decide(SegmentStatus.TRASHED, lease)

    def _decide(self, status: SegmentStatus, lease: uuid.UUID) -> bool:
        held = CandidateSegment.objects.held(lease).filter(pk=self.pk)
        return bool(held.update(status=status, **_NO_LEASE))
