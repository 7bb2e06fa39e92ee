"""Background jobs. The row is the truth; the broker only hints that there is something to do."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.bin import BinEntry
from clips.models.bulk import BulkChange
from clips.models.clip import FinalClip
from clips.models.leases import Leased, LeasedQuerySet, lent
from clips.models.original import OriginalFile
from clips.models.public_text import told
from clips.models.reel_render import ReelRender
from clips.models.segment import CandidateSegment
from clips.models.shoot import Shoot
from clips.models.upload import Upload
from people.models import Person
from tricks.models import Trick

MAX_ATTEMPTS = 5
#: The wait after the first failed attempt; each later one doubles it.
BACK_OFF = timedelta(seconds=15)
DEFAULT_PRIORITY = 5
#: So often a job's reader may be killed from outside, and how long the job rests after the first time.
MAX_KILLS = 3
REST_AFTER_KILL = timedelta(seconds=30)
#: The fields of which one says what a job is about.
TARGETS = (
    "upload", "original_file", "segment", "clip", "shoot", "person", "trick", "bulk_change", "bin_entry", "reel_render",
)  # fmt: skip
#: Of these, the ones that a page of jobs is nearly always about.
OFTEN = ("upload", "original_file", "segment", "clip")
#: The id of what a job is about. Ten comparisons, one a field, took PostgreSQL a tenth of a second to plan.
ABOUT = Coalesce(*(f"{target}_id" for target in TARGETS), output_field=models.UUIDField())


class LeaseLostError(Exception):
    """The job was cancelled, or given to another worker because this one was silent for too long."""


class JobKind(models.TextChoices):
    INGEST = "INGEST", _("check upload")
    PROBE = "PROBE", _("read camera data")
    DETECT = "DETECT", _("search for tricks")
    POSTER = "POSTER", _("make pictures")
    PREVIEW = "PREVIEW", _("make preview")
    FILMSTRIP = "FILMSTRIP", _("make filmstrip")
    PIECES = "PIECES", _("make video watchable")
    RENDER = "RENDER", _("cut clip")
    SHARE = "SHARE", _("make share video")
    ARCHIVE = "ARCHIVE", _("archive")
    WITHDRAW = "WITHDRAW", _("remove from archive")
    COLLECT = "COLLECT", _("import from Drive folder")
    FETCH = "FETCH", _("restore from archive")
    RENAME = "RENAME", _("rename clips")
    REGAIN = "REGAIN", _("restore clip from archive")
    RECORD = "RECORD", _("describe session in archive")
    EMPTY = "EMPTY", _("empty the bin")
    DEMO = "DEMO", _("draw the demo film")
    FILM = "FILM", _("render edit")
    READ_BACK = "READ_BACK", _("read back")
    HANDLES = "HANDLES", _("cut clip with handles")
    PAIR = "PAIR", _("look for other cameras")
    LOOK = "LOOK", _("look closer")
    TRIM = "TRIM", _("trim original")
    LEARN = "LEARN", _("learn from sorting")


class JobState(models.TextChoices):
    WAITING = "WAITING", _("waiting")
    RUNNING = "RUNNING", _("running")
    DONE = "DONE", _("done")
    FAILED = "FAILED", _("failed")
    CANCELLED = "CANCELLED", _("cancelled")


class WaitsFor(models.TextChoices):
    """The cause of a job's wait that is not its fault; whoever removes it resumes the job."""

    ROOM = "ROOM", _("free disk space")
    ORIGINAL = "ORIGINAL", _("its original")
    MACHINE = "MACHINE", _("exclusive use of the machine")
    BIN = "BIN", _("restoring from the bin")


ACTIVE = (JobState.WAITING, JobState.RUNNING)
#: What waits for the bin looks for itself after this long, should nobody have noticed that it can go on.
LOOK_INTO_BIN_AFTER = timedelta(days=1)
#: What the bin does not hold up: it serves what is still in use, or the bin itself.
NOT_HELD_BY_BIN = (
    JobKind.FETCH, JobKind.WITHDRAW, JobKind.RENAME, JobKind.RECORD, JobKind.EMPTY, JobKind.LEARN,
)  # fmt: skip
#: They wait while somebody is here, which may be all day: no page asks for their end.
GIVING_WAY = (JobKind.PAIR, JobKind.LOOK)
#: What a job has that is tried again from the start.
_FRESH = {
    "state": JobState.WAITING, "attempts": 0, "kills": 0, "progress": 0, "reason": "", "waits_for": "",
    "published_at": None,
}  # fmt: skip


#: The parameter of a job with those of the job that follows it.
_NEXT = "next"


class JobQuerySet(LeasedQuerySet["Job"]):
    LEASED = {"state": JobState.RUNNING}
    NO_HOLDER = {"worker": ""}

    def active(self) -> "JobQuerySet":
        return self.filter(state__in=ACTIVE)

    def in_motion(self) -> "JobQuerySet":
        """Return those of which something is to be expected soon: not what waits until nobody is here."""
        return self.active().exclude(kind__in=GIVING_WAY, state=JobState.WAITING)

    def due(self) -> "JobQuerySet":
        return self.filter(state=JobState.WAITING, run_after__lte=timezone.now())

    def for_target(self, kind: JobKind, target: models.Model, **fields: object) -> "Job":
        """Return the active job of this kind for this target, creating it if there is none."""
        of_target = {"kind": kind, target_field(target): target}
        while True:
            try:
                with transaction.atomic():
                    return self.create(**of_target, **fields)
            except IntegrityError:
                existing = self.active().filter(**of_target).first()
                if existing:
                    return existing  # else it ended between the two looks: try again

    @transaction.atomic
    def have_followed(self, params: dict[str, object]) -> int:
        """Have another job of the same kind follow those of these that run; return how many.

        What they looked at may have changed since.
        """
        running = self.filter(state=JobState.RUNNING).lock_in_order()
        rows = self.model.objects.filter(pk__in=running, state=JobState.RUNNING)
        added = Value({_NEXT: params}, output_field=models.JSONField())
        return rows.update(params=CombinedExpression(F("params"), "||", added, output_field=models.JSONField()))

    def with_targets(self) -> "JobQuerySet":
        """Fetch what the jobs are about: what most are about with them, the rest if there is any."""
        rare = [target for target in TARGETS if target not in OFTEN]
        return self.select_related("segment__original_file", *OFTEN).prefetch_related(*rare)

    def same_work(self) -> "JobQuerySet":
        """Return these jobs as a subquery: those of the outer job's kind and about the same."""
        same = Coalesce(*(OuterRef(f"{target}_id") for target in TARGETS), output_field=models.UUIDField())
        return self.alias(about_id=ABOUT).filter(about_id=same, kind=OuterRef("kind"))

    def claim(self, job_id: uuid.UUID | str, *, worker: str) -> "Job | None":
        """Claim a waiting job; None if it is done, not due, or held by another worker."""
        token = uuid.uuid4()
        taken = (
            self.due()
            .filter(pk=job_id)
            .update(
                state=JobState.RUNNING,
                **lent(token, settings.JOB_LEASE_SECONDS),
                attempts=F("attempts") + 1,
                progress=0,
                reason="",
                waits_for="",
                worker=worker,
                node=settings.NODE,
                started_at=timezone.now(),
            )
        )
        return self.get(pk=job_id) if taken else None

    @transaction.atomic
    def return_expired(self) -> int:
        """Return jobs of silent workers to the queue, except those locked by others; return how many."""
        free = self.lease_ran_out().filter(attempts__lt=MAX_ATTEMPTS).lock_free()
        waiting = {"state": JobState.WAITING, "run_after": timezone.now(), "published_at": None}
        return self.model.objects.filter(pk__in=free).update(**waiting, **self.unleased())

    def spent(self) -> "JobQuerySet":
        """Return jobs whose worker went silent in their last attempt."""
        return self.lease_ran_out().filter(attempts__gte=MAX_ATTEMPTS)

    @transaction.atomic
    def note_published(self, job_id: uuid.UUID) -> None:
        """Record that a job was published; not while its row is locked, then it is published again."""
        free = self.filter(pk=job_id).lock_free()
        self.model.objects.filter(pk__in=free).update(published_at=timezone.now())

    @transaction.atomic
    def retry_all(self) -> list["Job"]:
        """Run failed ones of these again, and those that wait after a failed attempt at once.

        One for each target: of several that failed the newest, and none beside a job that is active already.
        """
        now = timezone.now()
        waiting = self.filter(state=JobState.WAITING).lock_in_order()
        self.model.objects.filter(pk__in=waiting, state=JobState.WAITING).update(run_after=now, published_at=None)
        ended = self.filter(state=JobState.FAILED).annotate(about_id=ABOUT)
        idle = ended.exclude(Exists(self.model.objects.active().same_work()))
        in_time = idle.order_by("created_at").values_list("kind", "about_id", "pk")
        newest = {(kind, about_id): pk for kind, about_id, pk in in_time}
        failed = self.model.objects.filter(pk__in=newest.values()).lock_in_order()
        self.model.objects.filter(pk__in=failed, state=JobState.FAILED).update(
            run_after=now, finished_at=None, **_FRESH
        )
        return list(self.model.objects.filter(pk__in=waiting + failed, state=JobState.WAITING))

    @transaction.atomic
    def cancel_all(self) -> int:
        """Stop those of these that wait or run, and dismiss failed ones; return how many."""
        unfinished = self.filter(state__in=[*ACTIVE, JobState.FAILED]).lock_in_order()
        rows = self.model.objects.filter(pk__in=unfinished, state__in=[*ACTIVE, JobState.FAILED])
        return rows.update(state=JobState.CANCELLED, finished_at=timezone.now(), **self.unleased())

    def lock_in_order(self) -> list[uuid.UUID]:
        """Lock these rows until the transaction ends, one after the other in the order of their ids; return the ids."""
        return list(self.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))

    def lock_free(self) -> list[uuid.UUID]:
        """Lock those of these rows that nobody else has locked until the transaction ends; return their ids."""
        rows = self.order_by("pk").select_for_update(skip_locked=True, of=("self",))
        return list(rows.values_list("pk", flat=True))

    def about(self, original: OriginalFile) -> "JobQuerySet":
        """Return the jobs about an original, one of its segments or one of its clips."""
        of_clip, of_segment = Q(clip__original_file=original), Q(segment__original_file=original)
        return self.filter(Q(original_file=original) | of_segment | of_clip)

    @transaction.atomic
    def let_go_on(self, waits_for: WaitsFor) -> list["Job"]:
        """Resume those of these that waited for this; return them, to be published."""
        held = self.filter(state=JobState.WAITING, waits_for=waits_for).lock_in_order()
        rows = self.model.objects.filter(pk__in=held, state=JobState.WAITING, waits_for=waits_for)
        rows.update(run_after=timezone.now(), published_at=None, waits_for="", reason="")
        return list(self.model.objects.filter(pk__in=held, state=JobState.WAITING))

    @transaction.atomic
    def wait_in_bin(self) -> int:
        """Make those of these that wait or run wait until what they are about leaves the bin; return how many."""
        rows = self.active().exclude(kind__in=NOT_HELD_BY_BIN)
        held = self.model.objects.active().filter(pk__in=rows.lock_in_order())
        ran = When(state=JobState.RUNNING, attempts__gt=0, then=F("attempts") - 1)
        attempts = Case(ran, default=F("attempts"), output_field=models.PositiveSmallIntegerField())
        return held.update(
            state=JobState.WAITING,
            waits_for=WaitsFor.BIN,
            run_after=timezone.now() + LOOK_INTO_BIN_AFTER,
            published_at=None,
            progress=0,
            reason="",
            attempts=attempts,
            **self.unleased(),
        )

    @transaction.atomic
    def refuse(self, waits_for: WaitsFor, reason: str) -> list["Job"]:
        """End those of these that waited for what will not come; return them."""
        held = self.filter(state=JobState.WAITING, waits_for=waits_for).lock_in_order()
        rows = self.model.objects.filter(pk__in=held, state=JobState.WAITING, waits_for=waits_for)
        rows.update(state=JobState.FAILED, finished_at=timezone.now(), waits_for="", reason=told(reason)[:500])
        return list(self.model.objects.filter(pk__in=held, state=JobState.FAILED))

    @transaction.atomic
    def put_off(self, run_after: datetime) -> int:
        """Make those of these that are due wait until then, except those locked by others; return how many."""
        free = self.due().lock_free()
        rows = self.model.objects.filter(pk__in=free, state=JobState.WAITING)
        return rows.update(run_after=run_after, published_at=None)

    def release_all(self) -> int:
        """Return every running job to the queue, without counting the attempt. Only for a start as the only worker."""
        return self.filter(state=JobState.RUNNING).update(
            state=JobState.WAITING,
            run_after=timezone.now(),
            published_at=None,
            attempts=Case(When(attempts__gt=0, then=F("attempts") - 1), default=Value(0)),
            **self.unleased(),
        )


class Job(Leased):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=JobKind)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    original_file = models.ForeignKey(
        OriginalFile, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs"
    )
    segment = models.ForeignKey(CandidateSegment, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    clip = models.ForeignKey(FinalClip, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    shoot = models.ForeignKey(Shoot, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    trick = models.ForeignKey(Trick, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    bulk_change = models.ForeignKey(BulkChange, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    bin_entry = models.ForeignKey(BinEntry, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    reel_render = models.ForeignKey(ReelRender, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.WAITING)
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=DEFAULT_PRIORITY, help_text=_("0 is first, 9 last.")
    )
    run_after = models.DateTimeField(_("not before"), default=timezone.now)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    kills = models.PositiveSmallIntegerField(_("times the reader was killed"), default=0, editable=False)
    worker = models.CharField(_("worker"), max_length=100, blank=True, editable=False)
    node = models.CharField(_("machine"), max_length=100, blank=True, editable=False)
    progress = models.FloatField(_("progress"), default=0)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    waits_for = models.CharField(_("waits for"), max_length=10, choices=WaitsFor, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    finished_at = models.DateTimeField(_("ended"), null=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=JobKind.values), name="job_kind_known"),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(condition=Q(waits_for__in=["", *WaitsFor.values]), name="job_waits_for_known"),
            models.CheckConstraint(condition=Q(priority__lte=9), name="job_priority_in_steps"),
            models.CheckConstraint(condition=Q(progress__gte=0, progress__lte=1), name="job_progress_in_unit"),
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease_token__isnull=False, lease_ends_at__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease_token=None, lease_ends_at=None)),
                name="job_lease_fields_together",
            ),
            *(
                models.UniqueConstraint(
                    fields=["kind", target],
                    condition=Q(state__in=ACTIVE),
                    name=f"job_one_active_per_{target}",
                )
                for target in TARGETS
            ),
        ]
        indexes = [
            models.Index(fields=["state", "run_after"], condition=Q(state__in=ACTIVE), name="job_active"),
            models.Index(fields=["-created_at"], name="job_newest"),
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="job_ended"),
            models.Index(fields=["kind"], condition=Q(state=JobState.FAILED), name="job_failed"),
            models.Index(ABOUT, "kind", "created_at", name="job_about"),
            models.Index(fields=["waits_for"], condition=~Q(waits_for=""), name="job_waits_for"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.target}"

    @property
    def target(self) -> models.Model | None:
        return next((getattr(self, name) for name in TARGETS if getattr(self, f"{name}_id")), None)

    @property
    def target_id(self) -> uuid.UUID | None:
        """The id of what it is about, without a query."""
        return next((getattr(self, f"{name}_id") for name in TARGETS if getattr(self, f"{name}_id")), None)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_in_motion(self) -> bool:
        """Whether something is to be expected of it soon, as `JobQuerySet.in_motion` has it."""
        return self.is_active and not (self.kind in GIVING_WAY and self.state == JobState.WAITING)

    def renew(self, progress: float | None) -> None:
        """Prolong the lease, and save the progress; LeaseLostError if it is not ours any more."""
        if self.lease_token is None:
            raise LeaseLostError(str(self.pk))
        fields = lent(self.lease_token, settings.JOB_LEASE_SECONDS)
        if progress is not None:
            fields["progress"] = min(1.0, max(0.0, progress))
        if not Job.objects.leased_by(self.lease_token).filter(pk=self.pk).update(**fields):
            raise LeaseLostError(str(self.pk))

    def finish(self) -> None:
        """End the job well; LeaseLostError if it is not ours any more. Call it in the transaction of its effect."""
        self._end(state=JobState.DONE, progress=1)

    def next_params(self) -> dict[str, object] | None:
        """Return the parameters of the job that is to follow this one, by now; None if none is."""
        rows = Job.objects.filter(pk=self.pk).order_by()
        found: dict[str, object] | None = rows.values_list(f"params__{_NEXT}", flat=True).first()
        return found

    def fail(self, reason: str) -> bool:
        """End the job with a sentence for people; False if it is not ours any more."""
        try:
            self._end(state=JobState.FAILED, reason=told(reason)[:500])
        except LeaseLostError:
            return False
        return True

    def put_back(self, reason: str) -> bool:
        """Schedule a retry of the job; False if that was its last attempt, or it is not ours any more."""
        if self.attempts >= MAX_ATTEMPTS:
            return False
        wait = BACK_OFF * 2 ** (self.attempts - 1)
        held = Job.objects.leased_by(self.lease_token).filter(pk=self.pk)
        return bool(
            held.update(
                state=JobState.WAITING,
                run_after=timezone.now() + wait,
                published_at=None,
                reason=told(reason)[:500],
                **Job.objects.unleased(),
            )
        )

    def rest_after_kill(self, reason: str) -> bool:
        """Schedule a retry alone after its reader was killed; False if that was its last time, or not ours.

        The attempt does not count: kills have a limit of their own.
        """
        if self.kills + 1 >= MAX_KILLS:
            return False
        rested_at = timezone.now() + REST_AFTER_KILL * 2**self.kills
        held = Job.objects.leased_by(self.lease_token).filter(pk=self.pk)
        back = {"state": JobState.WAITING, "run_after": rested_at, "published_at": None, "progress": 0}
        counted = {"kills": F("kills") + 1, "attempts": F("attempts") - 1}
        return bool(held.update(reason=str(reason)[:500], **back, **counted, **Job.objects.unleased()))

    def postpone(self, run_after: datetime, *, waits_for: str = "", reason: str = "") -> bool:
        """Make the job wait for something that is not its fault, so the attempt does not count; False if not ours."""
        held = Job.objects.leased_by(self.lease_token).filter(pk=self.pk)
        fields = {"state": JobState.WAITING, "run_after": run_after, "published_at": None, "progress": 0}
        fields |= {"waits_for": waits_for, "reason": told(reason)[:500]}
        return bool(held.update(attempts=F("attempts") - 1, **fields, **Job.objects.unleased()))

    def cancel(self) -> bool:
        """Stop the job; a worker that has it notices at its next report. False if it had ended already."""
        active = Job.objects.active().filter(pk=self.pk)
        return bool(active.update(state=JobState.CANCELLED, finished_at=timezone.now(), **Job.objects.unleased()))

    def retry(self) -> bool:
        """Run an ended job again; False if it is active, was done, or a newer one of its kind is active."""
        ended = Job.objects.filter(pk=self.pk, state__in=[JobState.FAILED, JobState.CANCELLED])
        try:
            with transaction.atomic():
                return bool(ended.update(run_after=timezone.now(), finished_at=None, **_FRESH))
        except IntegrityError:
            return False

    def _end(self, **fields: object) -> None:
        held = Job.objects.leased_by(self.lease_token).filter(pk=self.pk)
        if not held.update(finished_at=timezone.now(), **Job.objects.unleased(), **fields):
            raise LeaseLostError(str(self.pk))


def target_field(target: models.Model) -> str:
    """Return the name of the field that refers to such a target."""
    return next(name for name in TARGETS if Job._meta.get_field(name).related_model is type(target))
