"""Summarises waiting and running jobs by kind, and failed ones by reason."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields.array import IndexTransform  # type: ignore[attr-defined]  # lacking in the stubs
from django.db.models import Avg, CharField, Count, Exists, Max, OuterRef, Q, QuerySet, UUIDField
from django.db.models.functions import Coalesce
from django.utils import timezone

from clips.jobs.registry import idle_kinds
from clips.models import Job, JobKind, JobState, WaitsFor
from people.models import Member, Role

#: Before this much is done an estimate of the rest is a guess.
MIN_PROGRESS, MIN_ELAPSED_S = 0.03, 3.0
#: Of one state; more different sentences than this help nobody.
MOST_CAUSES = 20
#: What people call the file or clip that a job is about.
SUBJECT = Coalesce(
    "upload__original_filename",
    "original_file__original_filename",
    "segment__original_file__original_filename",
    "clip__filename",
    "shoot__name",
    "person__display_name",
    "trick__name",
    "bin_entry__title",
    output_field=CharField(),
)


#: Of what somebody sent. That it is no video is their business, and that of who looks after the site.
OF_ONE_UPLOAD = (JobKind.INGEST, JobKind.PROBE, JobKind.DETECT)


@dataclass(frozen=True)
class KindOfWork:
    """All the jobs of one kind that wait or run."""

    kind: JobKind
    n_waiting: int
    n_running: int
    #: Of those that run, 0 to 1.
    progress: float

    @property
    def waits_for_quiet(self) -> bool:
        """Whether all of it waits until nobody is here, so that nothing is to be expected of it now."""
        return self.kind in idle_kinds() and not self.n_running

    @property
    def n_jobs(self) -> int:
        return self.n_waiting + self.n_running


@dataclass(frozen=True)
class Cause:
    """Failed or delayed jobs of one kind with the same reason."""

    kind: JobKind
    state: JobState
    reason: str
    n_jobs: int
    #: The file or clip that the last of them is about; nothing where it is about none.
    subject: str

    @property
    def n_more(self) -> int:
        return self.n_jobs - 1

    @property
    def is_final(self) -> bool:
        """Return whether it is not retried automatically."""
        return self.state == JobState.FAILED

    @property
    def can_be_dismissed(self) -> bool:
        """Return whether the upload's owner may dismiss it."""
        return self.is_final and self.kind in OF_ONE_UPLOAD


def kinds_of_work() -> list[KindOfWork]:
    """Return waiting and running work, in the order of a video's steps."""
    running = Q(state=JobState.RUNNING)
    rows = Job.objects.active().exclude(waits_for=WaitsFor.BIN).order_by().values("kind")
    rows = rows.annotate(n=Count("pk"), n_running=Count("pk", filter=running), progress=Avg("progress", filter=running))
    work = [
        KindOfWork(JobKind(row["kind"]), row["n"] - row["n_running"], row["n_running"], row["progress"] or 0)
        for row in rows
    ]
    order = list(JobKind)
    return sorted(work, key=lambda one: order.index(one.kind))


def stuck(state: JobState) -> QuerySet[Job]:
    """Return failed jobs without a newer one, or jobs that wait after a failed attempt."""
    rows = Job.objects.filter(state=state).exclude(reason="")
    if state == JobState.WAITING:
        return rows
    return rows.exclude(Exists(Job.objects.filter(created_at__gt=OuterRef("created_at")).same_work()))


def of_own_uploads(member: Member) -> Q:
    """Filter the jobs on a member's uploads."""
    return Q(kind__in=OF_ONE_UPLOAD) & (Q(upload__owner=member) | Q(original_file__uploader=member))


def told_to(member: Member, *, everything: bool = False) -> Q:
    """Filter the jobs whose failure a member is told: of their own uploads, and for curators of automatic imports; with
    ``everything``, for curators all of them.
    """
    if not member.may(Role.CURATOR):
        return ~Q(kind__in=OF_ONE_UPLOAD) | of_own_uploads(member)
    if everything:
        return Q()
    came_by_itself = Q(upload__owner=None, original_file__uploader=None)
    return ~Q(kind__in=OF_ONE_UPLOAD) | of_own_uploads(member) | came_by_itself


def causes(of: Q = Q()) -> list[Cause]:  # noqa: B008  it is not changed
    """Return the reasons of stuck jobs: first those that are not retried automatically, each with the newest first."""
    found = []
    for state in (JobState.FAILED, JobState.WAITING):
        rows = stuck(state).filter(of).order_by().values("kind", "reason")
        last = ArrayAgg("pk", order_by=["-created_at", "pk"])
        rows = rows.annotate(n=Count("pk"), newest=Max("created_at"), last=IndexTransform(1, UUIDField(), last))
        groups = list(rows.order_by("-newest", "kind", "reason")[:MOST_CAUSES])
        subjects = _subjects([row["last"] for row in groups]) if groups else {}
        found += [
            Cause(JobKind(row["kind"]), state, row["reason"], row["n"], subjects.get(row["last"]) or "")
            for row in groups
        ]
    return found


def _subjects(jobs: list[UUID]) -> dict[UUID, str | None]:
    """Return what each of these jobs is about; of a few, since PostgreSQL plans ten joins for long."""
    return dict(Job.objects.filter(pk__in=jobs).values_list("pk", SUBJECT))


def seconds_left(job: Job) -> float | None:
    """Estimate the remaining time of a running job from its progress."""
    if job.state != JobState.RUNNING or job.started_at is None or job.progress < MIN_PROGRESS:
        return None
    elapsed_s = (timezone.now() - job.started_at).total_seconds()
    return elapsed_s * (1 - job.progress) / job.progress if elapsed_s >= MIN_ELAPSED_S else None
