"""Makes a claimed job wait for what it needs before its work begins, without counting an attempt.

Each wait is ended by somebody: space is checked each minute (``clips.disk.tasks``), and an evicted original is fetched
back by its own job, which resumes all jobs that waited for it.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.disk import floor, needs
from clips.jobs import kept, pipeline, registry
from clips.models import Job, JobKind, JobState, OriginalFile, WaitsFor

#: A job that waits looks for itself after this long, should nobody have noticed that it can go on.
LOOK_AGAIN_AFTER = timedelta(hours=1)
#: Originals are many gigabytes: one is sent and one is fetched at a time, so that a worker is left for short work.
NEXT_TURN_AFTER = timedelta(seconds=15)


def holds_back(job: Job) -> bool:
    """Postpone a job that was just claimed if it cannot begin yet; return whether it has to wait."""
    return _waits_for_turn(job) or _waits_for_original(job) or _waits_for_room(job)


def wait_for_room(job: Job, sentence: str) -> bool:
    """Postpone a claimed job until there is space; False if it is not ours any more."""
    return job.postpone(timezone.now() + LOOK_AGAIN_AFTER, waits_for=WaitsFor.ROOM, reason=sentence)


def _waits_for_room(job: Job) -> bool:
    size_bytes = registry.step_of(job.kind).room_bytes(job)
    if not size_bytes:
        return False
    # One that is being fetched is counted as promised itself.
    is_promised = job.kind == JobKind.FETCH
    sentence = floor.lacks_room(0 if is_promised else size_bytes, beside_promises=is_promised)
    return bool(sentence) and (wait_for_room(job, sentence) or True)


def _waits_for_original(job: Job) -> bool:
    """Return whether a job's original was evicted, and what the job reads is not left of it.

    It is fetched as soon as the most urgent job is due.
    """
    original = needs.original_of(job) if job.kind in registry.originals_readers() else None
    if original is None:
        return False
    with transaction.atomic():
        # Who lets an original go, or brings it back, holds this lock; he sees this job running, or waiting for him.
        row = OriginalFile.objects.select_for_update(no_key=True).defer("probe").get(pk=original.pk)
        if row.evicted_at is None or _is_left(row, job):
            return False
        if registry.step_of(job.kind).when_idle:
            job.cancel()
            return True
        fetch = pipeline.start(JobKind.FETCH, original, priority=job.priority)
        sentence = _("Its original is being restored from the archive. This continues once it is here.")
        job.postpone(timezone.now() + LOOK_AGAIN_AFTER, waits_for=WaitsFor.ORIGINAL, reason=sentence)
    if fetch.priority > job.priority:
        Job.objects.filter(pk=fetch.pk, state=JobState.WAITING).update(priority=job.priority)
    return True


def _is_left(original: OriginalFile, job: Job) -> bool:
    span_ms = registry.step_of(job.kind).reads_ms(job)
    return span_ms is not None and kept.has(original, *span_ms)


def _waits_for_turn(job: Job) -> bool:
    if job.original_file_id is None or job.kind not in {JobKind.FETCH, JobKind.ARCHIVE}:
        return False
    others = Job.objects.filter(kind=job.kind, state=JobState.RUNNING, original_file__isnull=False)
    if not others.exclude(pk=job.pk).filter(lease_ends_at__gt=timezone.now()).exists():
        return False
    job.postpone(timezone.now() + NEXT_TURN_AFTER)
    return True
