"""Decides which claimed jobs may begin on this machine now, beside those that run there already.

A reader of videos that was killed from outside most likely wanted more memory than other readers left. Its job is
retried with the machine to itself: it waits until no other video is read there, and from then on lets no other begin. A
job's machine is written on its row, so this holds across all workers of one machine.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.jobs import idle
from clips.jobs.registry import originals_readers
from clips.media.sandbox import confine
from clips.models import Job, JobKind, JobState, WaitsFor

NEXT_LOOK_AFTER = timedelta(seconds=10)
#: A job that was claimed and may not begin gives way within this time; until then it looks like one that works.
GIVES_WAY_WITHIN = timedelta(seconds=2)
LOOK_EVERY_S = 0.1
#: A job that wants a machine and has not asked again for so long holds nobody up: its own workers may be gone.
WISH_HOLDS_FOR = timedelta(minutes=5)
#: Until somebody updates the kernel, or accepts that it confines nothing.
LOOK_FOR_WALLS_AFTER = timedelta(minutes=5)


def holds_back(job: Job) -> bool:
    """Postpone a job that was just claimed if it may not begin now; return whether it has to wait."""
    # A new upload is looked into as well, but hashed most of the time, so it keeps out of the way of no other; and so
    # is what is trimmed, but copied most of the time.
    if job.kind not in originals_readers() | {JobKind.INGEST, JobKind.TRIM}:
        return False
    return _waits_for_walls(job) or idle.holds_back(job) or _waits_for_machine(job)


def killed() -> str:
    """Return the sentence for a job whose reader was killed, and that will be retried."""
    return _("This was stopped, most likely because memory ran out. It will be retried alone.")


def killed_again(job: Job) -> str:
    """Return the sentence for a job whose reader was killed too often."""
    why = _(
        "This was stopped from outside %(n)d times: either the video needs more memory than this machine has, "
        "or something else on the machine takes it or stops what reads the video."
    )
    return why % {"n": job.kills + 1}


def _waits_for_walls(job: Job) -> bool:
    why = confine.refusal()
    return bool(why) and (job.postpone(timezone.now() + LOOK_FOR_WALLS_AFTER, reason=why) or True)


def _waits_for_machine(job: Job) -> bool:
    """Return whether a job wants the machine while others run, or another one has it or needs it more."""
    if job.kills:
        if not _wishes().filter(_before(job)).exists() and not _is_taken(job):
            return False
        says = _("This needs a lot of memory, so it waits until no other video is being processed.")
        job.postpone(timezone.now() + NEXT_LOOK_AFTER, waits_for=WaitsFor.MACHINE, reason=says)
        return True
    if job.kind not in originals_readers():
        return False
    if not _running().filter(kills__gt=0).exists() and not _wishes().exists():
        return False
    job.postpone(timezone.now() + NEXT_LOOK_AFTER)
    return True


def _is_taken(job: Job) -> bool:
    """Return whether another job has the machine that this one wants to itself, not counting those that must wait.

    The broker is told of all that wait in one breath, so a crowd is claimed together with whoever it waits for. What
    is claimed from now on sees this job running.
    """
    others = _running().exclude(pk=job.pk)
    if others.filter(_before(job), kills__gt=0).exists():
        return True  # which looks at this one at the same time, and goes first
    seen = list(others.filter(kind__in=originals_readers()).values_list("lease_token", flat=True))
    while began_at := others.filter(lease_token__in=seen).aggregate(first=Min("started_at"))["first"]:
        if began_at < timezone.now() - GIVES_WAY_WITHIN:
            return True
        time.sleep(LOOK_EVERY_S)
    return False


def _running() -> QuerySet[Job]:
    """Return the jobs running here. Two claimed at once see each other: one of them or both give way."""
    here = Job.objects.filter(state=JobState.RUNNING, node=settings.NODE)
    return here.filter(lease_ends_at__gt=timezone.now())


def _wishes() -> QuerySet[Job]:
    """Return the jobs that want this machine to themselves and found it taken."""
    here = Job.objects.filter(state=JobState.WAITING, waits_for=WaitsFor.MACHINE, node=settings.NODE)
    return here.filter(run_after__gt=timezone.now() - WISH_HOLDS_FOR)


def _before(job: Job) -> Q:
    return Q(created_at__lt=job.created_at) | Q(created_at=job.created_at, pk__lt=job.pk)
