"""Candidate segments: found moments of a file, and the leases of those who decide about them."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Exists, F, FloatField, OuterRef, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.leases import Leased, LeasedQuerySet, lent
from clips.models.original import OriginalFile
from clips.models.run import DetectionRun
from people.models import Member

#: The most one page may hold; more would keep cards from the others of the crew.
MAX_HAND = 8
#: Of the hidden moments, those just below the line have a score that is lower by no more than this.
JUST_BELOW = 0.15
#: What was skipped comes after all others.
_SKIPPED_LAST = F("skipped_at").asc(nulls_first=True)


class SegmentStatus(models.TextChoices):
    UNREVIEWED = "UNREVIEWED", _("to sort")
    IN_PROGRESS = "IN_PROGRESS", _("being sorted")
    ACCEPTED = "ACCEPTED", _("kept")
    TRASHED = "TRASHED", _("trashed")


#: The videos whose moments are sorted; of a trimmed one nothing is left of moments that nobody kept.
TO_SORT = {
    "original_file__aside_at": None, "original_file__low_res_of": None, "original_file__bin_entry": None,
    "original_file__trimmed_at": None,
}  # fmt: skip


def is_shown() -> Q:
    """Return the condition that the session's sensitivity shows a moment."""
    # In doubles, as scores are: 1.0 in a query is a decimal number, and with those a count takes twice as long.
    least = Cast(100 - F("original_file__shoot__sensitivity"), FloatField()) / 100.0
    return Q(run=None) | Q(score__gte=least)


class CandidateSegmentQuerySet(LeasedQuerySet["CandidateSegment"]):
    LEASED = {"status": SegmentStatus.IN_PROGRESS}
    NO_HOLDER = {"locked_by": None, "locked_at": None}

    def unreviewed(self) -> "CandidateSegmentQuerySet":
        return self.filter(status=SegmentStatus.UNREVIEWED)

    def decided(self) -> "CandidateSegmentQuerySet":
        return self.filter(status__in=[SegmentStatus.ACCEPTED, SegmentStatus.TRASHED])

    def in_session(self, shoot_id: uuid.UUID | None) -> "CandidateSegmentQuerySet":
        """Return those of one session; of all if it is None."""
        return self.filter(original_file__shoot=shoot_id) if shoot_id else self

    def shown(self) -> "CandidateSegmentQuerySet":
        """Return those that the session's sensitivity shows; moments made by hand are always shown."""
        return self.filter(is_shown())

    def numbers(self) -> dict[str, int]:
        """Count in one query all of them, those shown, those that wait but are hidden, and what a second look added."""
        waits = Q(status=SegmentStatus.UNREVIEWED, **TO_SORT)
        counts = {"n_moments": Q(), "n_shown": is_shown(), "n_waiting": waits, "n_waiting_shown": waits & is_shown()}
        counts["n_closer"] = Q(is_second_look=True) & is_shown()
        found = self.aggregate(**{name: Count("pk", filter=condition) for name, condition in counts.items()})
        return found | {"n_hidden": found["n_waiting"] - found["n_waiting_shown"]}

    def open(self) -> "CandidateSegmentQuerySet":
        """Return undecided ones, even if their video was set aside."""
        return self.filter(status__in=[SegmentStatus.UNREVIEWED, SegmentStatus.IN_PROGRESS])

    def undecided(self) -> "CandidateSegmentQuerySet":
        """Return those still to be sorted, whoever holds them.

        Not what lies in a video that was set aside, trimmed or binned, or in a camera's small copy of another one.
        """
        return self.open().filter(**TO_SORT)

    def in_use(self) -> "CandidateSegmentQuerySet":
        """Return those whose video is not in the bin."""
        return self.filter(original_file__bin_entry=None)

    def available(self) -> "CandidateSegmentQuerySet":
        """Return those still to be sorted that nobody holds: an expired lease holds nothing."""
        return self.undecided().filter(Q(status=SegmentStatus.UNREVIEWED) | self.ran_out())

    def held(self, lease: uuid.UUID) -> "CandidateSegmentQuerySet":
        """Return what an open page holds; a lease that ran out holds nothing."""
        return self.leased_by(lease).filter(lease_ends_at__gt=timezone.now())

    def in_hands(self) -> "CandidateSegmentQuerySet":
        """Return those that open pages hold now."""
        return self.lease_runs()

    def not_led(self) -> "CandidateSegmentQuerySet":
        """Leave out what comes with the card of another angle, as long as that one is to be sorted."""
        of_lead: dict[str, Any] = {f"angle__group__angles__segment__{name}": value for name, value in TO_SORT.items()}
        of_lead["angle__group__angles__segment__status__in"] = [SegmentStatus.UNREVIEWED, SegmentStatus.IN_PROGRESS]
        led = CandidateSegment.objects.filter(
            pk=OuterRef("pk"), angle__is_lead=False, angle__group__angles__is_lead=True, **of_lead
        )
        return self.exclude(Exists(led))

    def led_by(self, leads: list[uuid.UUID]) -> "CandidateSegmentQuerySet":
        """Return those of these that are other angles of what one of ``leads`` shows."""
        return self.filter(
            angle__is_lead=False, angle__group__angles__is_lead=True, angle__group__angles__segment__in=leads
        )

    def best_first(self) -> "CandidateSegmentQuerySet":
        """Order by newest session, then best of each file; made by hand first, skipped last."""
        return self.order_by(
            _SKIPPED_LAST,
            "-original_file__shoot__date",
            "original_file_id",
            F("score").desc(nulls_first=True),
            "start_ms",
            "pk",
        )

    def by_time(self) -> "CandidateSegmentQuerySet":
        """Order by newest session, then by time; skipped ones last."""
        return self.order_by(
            _SKIPPED_LAST,
            "-original_file__shoot__date",
            F("original_file__recorded_at").asc(nulls_last=True),
            "original_file_id",
            "start_ms",
            "pk",
        )

    def in_turns(self) -> list["CandidateSegmentQuerySet"]:
        """Return those that nobody skipped, then all, both in the current order.

        The session's date then comes first in the first turn, so that its first few are found session by session. The
        second is for when they are too few: it sorts everything that is left.
        """
        unskipped = [key for key in self.query.order_by if key != _SKIPPED_LAST]
        return [self.filter(skipped_at=None).order_by(*unskipped), self]

    def with_card(self) -> "CandidateSegmentQuerySet":
        """Fetch what a card shows, without the large facts of search and probe."""
        return self.select_related("original_file__shoot", "preview").defer(
            "features", "traits", "original_file__probe"
        )

    def lock_in_order(self) -> list[uuid.UUID]:
        """Lock these rows until the transaction ends, one after the other in the order of their ids; return the ids."""
        return list(self.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))

    def lock_free(self) -> list[uuid.UUID]:
        """Lock those of these rows that nobody else has locked until the transaction ends; return their ids."""
        rows = self.order_by("pk").select_for_update(skip_locked=True, of=("self",))
        return list(rows.values_list("pk", flat=True))

    @transaction.atomic
    def lease_hand(
        self,
        *,
        member: Member,
        lease: uuid.UUID,
        count: int,
        in_turns: Callable[["CandidateSegmentQuerySet"], list["CandidateSegmentQuerySet"]] | None = None,
        with_angles: bool = False,
    ) -> list["CandidateSegment"]:
        """Renew all that a page holds, and lease more until it has ``count``, the best first unless ``in_turns``.

        That orders rows and returns them in turns: what one holds comes before all that the next one adds, and the last
        one holds all. Rows that somebody else is taking at this moment are skipped instead of waited for. Those the
        page holds already are locked in the order of their ids, as everybody does who locks several, so that no two
        wait for each other. ``with_angles`` leases the other angles of each as well, beyond ``count``, and returns a
        trick with angles once.
        """
        in_turns = in_turns or (lambda rows: rows.best_first().in_turns())
        held = CandidateSegment.objects.held(lease).lock_in_order()
        led: list[uuid.UUID] = []
        if with_angles:
            led = list(CandidateSegment.objects.filter(pk__in=held).led_by(held).values_list("pk", flat=True))
        taken: list[uuid.UUID] = []
        to_deal = self.available().shown()
        for turn in in_turns(to_deal.not_led() if with_angles else to_deal):
            n_missing = max(0, min(count, MAX_HAND) - (len(held) - len(led)) - len(taken))
            free = turn.exclude(pk__in=taken).select_for_update(skip_locked=True, of=("self",))
            taken += free.values_list("pk", flat=True)[:n_missing]
        if with_angles:
            beside = CandidateSegment.objects.available().led_by(held + taken).exclude(pk__in=held)
            led += beside.lock_free()
        CandidateSegment.objects.filter(pk__in={*held, *taken, *led}).update(
            status=SegmentStatus.IN_PROGRESS,
            locked_by=member,
            locked_at=timezone.now(),
            **lent(lease, settings.SORT_LEASE_SECONDS),
        )
        rows = CandidateSegment.objects.filter(pk__in={*held, *taken} - {*led})
        return list(in_turns(rows.with_card())[-1])

    @transaction.atomic
    def lease_below(
        self, beside: "CandidateSegment", *, member: Member, lease: uuid.UUID, with_angles: bool = False
    ) -> "CandidateSegment | None":
        """Lease the best of the same video that the session only just hides; None if there is none.

        What was never shown has no answer, so nothing could be learned of it. It is a query of its own, within one
        video and by the index of the queue: an OR in that of the hand would sort everything that is hidden.
        """
        line = beside.original_file.shoot.score_shown
        near = self.available().filter(
            original_file=beside.original_file_id, run__isnull=False, skipped_at=None,
            score__lt=line, score__gte=line - JUST_BELOW,
        )  # fmt: skip
        near = near.filter(angle=None) if with_angles else near
        best = near.order_by("original_file_id", "-score", "start_ms").select_for_update(skip_locked=True, of=("self",))
        taken = CandidateSegment.objects.filter(pk__in=list(best.values_list("pk", flat=True)[:1]))
        taken.update(
            status=SegmentStatus.IN_PROGRESS, locked_by=member, locked_at=timezone.now(),
            **lent(lease, settings.SORT_LEASE_SECONDS),
        )  # fmt: skip
        return taken.with_card().first()

    @transaction.atomic
    def give_back(self, lease: uuid.UUID) -> int:
        """Release all that a page holds."""
        held = self.leased_by(lease)
        held.lock_in_order()
        return held.update(status=SegmentStatus.UNREVIEWED, **self.unleased())

    def trash_unreviewed(self) -> int:
        """Trash those of these that nobody sorts or has sorted; return how many."""
        return self.unreviewed().update(status=SegmentStatus.TRASHED)

    @transaction.atomic
    def restore_trashed(self) -> int:
        """Take those of these that are in the trash out of it, to be sorted again; return how many."""
        trashed = self.filter(status=SegmentStatus.TRASHED).lock_in_order()
        rows = CandidateSegment.objects.filter(pk__in=trashed, status=SegmentStatus.TRASHED)
        return rows.update(status=SegmentStatus.UNREVIEWED, skipped_at=None)

    @transaction.atomic
    def leave_hands(self) -> int:
        """Take those of these that are held from their holders."""
        held = self.filter(status=SegmentStatus.IN_PROGRESS)
        return CandidateSegment.objects.filter(pk__in=held.lock_in_order(), status=SegmentStatus.IN_PROGRESS).update(
            status=SegmentStatus.UNREVIEWED, **self.unleased()
        )


class CandidateSegment(Leased):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.PROTECT, related_name="segments", verbose_name=_("video")
    )
    run = models.ForeignKey(
        DetectionRun, on_delete=models.PROTECT, null=True, blank=True, related_name="segments",
        verbose_name=_("found by"), help_text=_("Empty if added by hand."),
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
    chance = models.FloatField(
        _("chance"),
        null=True,
        blank=True,
        help_text=_("Probability that it is a trick; empty if nothing was measured."),
    )
    is_second_look = models.BooleanField(
        _("from the second look"), default=False, editable=False,
        help_text=_("The first search missed it, or hid it."),
    )  # fmt: skip
    is_from_angle = models.BooleanField(
        _("from another camera"), default=False, editable=False, help_text=_("The search of its own video missed it."),
    )  # fmt: skip
    plain_score = models.FloatField(
        _("score of the search"), null=True, blank=True, editable=False,
        help_text=_("Without what was learned from sorting; empty where that changes nothing."),
    )  # fmt: skip
    why = models.CharField(_("why"), max_length=300, blank=True)
    crew_why = models.CharField(_("why, by the crew's habits"), max_length=100, blank=True, editable=False)
    features = models.JSONField(_("features"), default=dict, blank=True)
    traits = models.JSONField(
        _("traits"), default=dict, blank=True, editable=False,
        help_text=_("Colours of the rider and sound after the landing; empty where no preview was made since."),
    )  # fmt: skip
    status = models.CharField(_("status"), max_length=11, choices=SegmentStatus, default=SegmentStatus.UNREVIEWED)
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="held_segments",
        verbose_name=_("held by"),
    )  # fmt: skip
    locked_at = models.DateTimeField(_("held since"), null=True, blank=True)
    skipped_at = models.DateTimeField(_("skipped"), null=True, blank=True, help_text=_("Comes back after the rest."))
    poster_path = models.CharField(_("picture"), max_length=100, blank=True, help_text=_("Empty until it exists."))
    created_at = models.DateTimeField(_("found"), auto_now_add=True)

    objects = CandidateSegmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("moment")
        verbose_name_plural = _("moments")
        ordering = ["original_file", "start_ms"]
        constraints = [
            models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="segment_has_length"),
            models.CheckConstraint(condition=Q(status__in=SegmentStatus.values), name="segment_status_known"),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=0, score__lte=1), name="segment_score_in_unit"
            ),
            models.CheckConstraint(condition=Q(run=None) | Q(score__isnull=False), name="segment_proposal_has_score"),
            models.CheckConstraint(
                condition=Q(plain_score=None) | Q(plain_score__gte=0, plain_score__lte=1),
                name="segment_plain_score_in_unit",
            ),
            models.CheckConstraint(
                condition=Q(chance=None) | Q(chance__gte=0, chance__lte=1), name="segment_chance_in_unit"
            ),
            # What a person split off is theirs to place.
            models.UniqueConstraint(
                fields=["run", "start_ms", "end_ms"], condition=Q(parent=None), name="segment_once_per_run"
            ),
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

    @property
    def is_just_below(self) -> bool:
        """Return whether its session's sensitivity hides it by a small margin."""
        line = self.original_file.shoot.score_shown
        return self.run_id is not None and line - JUST_BELOW <= (self.score or 0.0) < line

    @property
    def likelihood(self) -> float | None:
        """Return how likely it is a trick; its score where nothing better is known, None for one made by hand."""
        return self.score if self.chance is None else self.chance

    def accept(self, *, lease: uuid.UUID) -> bool:
        """Mark the segment as kept; False if that lease no longer holds it."""
        return self._decide(SegmentStatus.ACCEPTED, lease)

    def trash(self, *, lease: uuid.UUID) -> bool:
        """Move the segment out of the queue; False if that lease no longer holds it."""
        return self._decide(SegmentStatus.TRASHED, lease)

    def skip(self, *, lease: uuid.UUID, skipped_at: datetime) -> bool:
        """Move the segment to the end of the queue; False if that lease no longer holds it."""
        return self._decide(SegmentStatus.UNREVIEWED, lease, skipped_at=skipped_at)

    def restore(self) -> bool:
        """Take a segment out of the trash to be sorted again; False if it is not in the trash."""
        trashed = CandidateSegment.objects.filter(pk=self.pk, status=SegmentStatus.TRASHED)
        return bool(trashed.update(status=SegmentStatus.UNREVIEWED, skipped_at=None))

    def reopen(
        self, *, lease: uuid.UUID, member: Member, was: "CandidateSegmentQuerySet", skipped_at: datetime | None
    ) -> bool:
        """Give the segment to a page again, if it still is as ``was`` says; False if it is not."""
        # Locked first: ``was`` may look at other tables, which an UPDATE that had to wait would not look at again.
        CandidateSegment.objects.filter(pk=self.pk).lock_in_order()
        taken = was.filter(pk=self.pk).update(
            status=SegmentStatus.IN_PROGRESS,
            skipped_at=skipped_at,
            locked_by=member,
            locked_at=timezone.now(),
            **lent(lease, settings.SORT_LEASE_SECONDS),
        )
        return bool(taken)

    def _decide(self, status: SegmentStatus, lease: uuid.UUID, **fields: object) -> bool:
        held = CandidateSegment.objects.held(lease).filter(pk=self.pk)
        return bool(held.update(status=status, **fields, **CandidateSegment.objects.unleased()))
