"""Decides whether nobody waits for this site: some work begins only then, and stops at once when somebody comes."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from clips.jobs import registry
from clips.models import CandidateSegment, Job, JobKind, JobState, Upload, WaitsFor

#: An upload without data for so long keeps nothing waiting: its sender sleeps.
UPLOAD_RESTS = timedelta(minutes=1)
#: Jobs that are due for longer are waited for by nobody here: their own workers may be gone.
DUE_FOR = timedelta(hours=1)
#: They wait for disks and networks, often for hours, and nobody waits for them: a site that does only these is idle.
BESIDE = (
    JobKind.ARCHIVE, JobKind.WITHDRAW, JobKind.FETCH, JobKind.RENAME, JobKind.RECORD, JobKind.EMPTY, JobKind.READ_BACK,
)  # fmt: skip
#: After somebody was here, so long until the next look; after other jobs, which end sooner.
QUIET_FOR, BETWEEN_JOBS = timedelta(minutes=3), timedelta(seconds=20)


class BusyError(Exception):
    """Somebody uploads, sorts, or waits for another job. What was done so far may be kept; the job comes again."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


def wait() -> timedelta | None:
    """Return how long to wait before looking again; None if nobody uploads or sorts, and no job in the way is due.

    Not in the way are those that wait for this as well, and those ``BESIDE``.
    """
    now = timezone.now()
    if Upload.objects.receiving().filter(updated_at__gt=now - UPLOAD_RESTS).exists():
        return QUIET_FOR
    if CandidateSegment.objects.in_hands().exists():
        return QUIET_FOR
    others = Job.objects.exclude(kind__in=[*registry.idle_kinds(), *BESIDE])
    due = others.filter(state=JobState.WAITING, run_after__range=(now - DUE_FOR, now))
    due = due.exclude(waits_for__in=[WaitsFor.ROOM, WaitsFor.ORIGINAL, WaitsFor.BIN])
    if others.filter(state=JobState.RUNNING, lease_ends_at__gt=now).exists() or due.exists():
        return BETWEEN_JOBS
    return None


def holds_back(job: Job) -> bool:
    """Postpone a job that was just claimed and has to wait for quiet, and those like it; return whether it has to."""
    if job.kind not in registry.idle_kinds() or _has_waited(job) or (needed := wait()) is None:
        return False
    put_off(job, needed)
    return True


def insist(job: Job) -> None:
    """Raise BusyError as soon as the site is not idle any more, unless the job has waited long enough."""
    if not _has_waited(job) and (needed := wait()):
        raise BusyError(needed)


def put_off(job: Job, needed: timedelta) -> bool:
    """Postpone a claimed job, and all due ones of such kinds: a hundred of them need not look each for itself."""
    run_after = timezone.now() + needed
    Job.objects.filter(_waits_on()).put_off(run_after)
    return job.postpone(run_after)


def _has_waited(job: Job) -> bool:
    """Return whether a job of such a kind has waited for as long as its kind does."""
    longest = registry.step_of(job.kind).waits_at_most
    return longest is not None and job.created_at <= timezone.now() - longest


def _waits_on() -> Q:
    """Return the condition for jobs of such kinds that have not waited long enough."""
    now, kinds = timezone.now(), registry.idle_kinds()
    limits = {kind: longest for kind in kinds if (longest := registry.step_of(kind).waits_at_most)}
    found = Q(kind__in=kinds - limits.keys())
    for kind, longest in limits.items():
        found |= Q(kind=kind, created_at__gt=now - longest)
    return found
