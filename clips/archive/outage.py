"""Records an archive outage once and postpones its jobs until it clears."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from clips.archive import questions
from clips.archive.backend import ArchiveBlockedError
from clips.archive.configured import archive_backend, archive_name
from clips.models import ASKED, ArchiveBlock, BlockReason, Job, JobKind, JobState

logger = logging.getLogger(__name__)

KINDS = (JobKind.ARCHIVE, JobKind.WITHDRAW, JobKind.FETCH, JobKind.REGAIN, JobKind.RECORD)
#: What Google does not tell: only a file that is taken shows that it has passed.
TOLD_BY_TRYING = (BlockReason.DAILY_LIMIT, BlockReason.QUOTA)
TRY_EVERY = timedelta(minutes=30)
#: A job that waits for a block looks for itself after this long, should nobody have noticed its end.
HELD_FOR = timedelta(hours=1)


def current_outage() -> ArchiveBlock | None:
    """Return the current outage of the archive in use; None if there is none."""
    return ArchiveBlock.objects.current(archive_name())


def question() -> ArchiveBlock | None:
    """Return the question that waits for an answer; None if there is none."""
    block = current_outage()
    return block if block and block.asks else None


def ask_where() -> None:
    """Ask at once where the archive shall be, after the settings named another place; jobs would ask later."""
    try:
        questions.check_place(archive_name())
    except ArchiveBlockedError as error:
        note(error)


def hold(job: Job, error: ArchiveBlockedError) -> bool:
    """Postpone a job that has just met an outage, and with it all others, without counting the attempt.

    False where the archive takes other things: a folder in it that is closed to us is that one job's trouble.
    """
    if error.reason == BlockReason.PERMISSION and fault_now() is None:
        return False
    with transaction.atomic():
        block = note(error)
        job.postpone(timezone.now() + HELD_FOR)
        waiting = Job.objects.filter(kind__in=KINDS, state=JobState.WAITING)
        Job.objects.filter(pk__in=waiting.lock_in_order()).update(run_after=timezone.now() + HELD_FOR)
    logger.warning("The archive is down (%s): %s", block.reason, block.sentence)
    return True


def holds_back(job_id: UUID | str) -> bool:
    """Return whether a job must wait for the outage; it is then postponed.

    Under a lock, so that an outage that ends meanwhile finds the job among those that it releases.
    """
    if current_outage() is None:
        return False
    with transaction.atomic():
        block = ArchiveBlock.objects.select_for_update().current(archive_name())
        if block is None or str(block.trial_job_id) == str(job_id):
            return False
        Job.objects.due().filter(pk=job_id).update(run_after=timezone.now() + HELD_FOR, published_at=None)
    return True


def look_again() -> None:
    """Check whether the outage is over, and if so resume everything."""
    block = current_outage()
    if block is None or (block.look_again_at > timezone.now() and not _is_untold(block)):
        return
    if block.asks:
        if questions.has_ended(block):
            lift(block)
        return
    error = None if block.reason == BlockReason.DAILY_LIMIT else fault_now()
    if error:
        note(error)
    elif block.reason not in TOLD_BY_TRYING or not _let_one_try(block):
        lift(block)


def _is_untold(block: ArchiveBlock) -> bool:
    """Return whether the job that was to find out has ended, or waits, for a reason of its own."""
    if block.trial_job_id is None:
        return False
    under_way = Q(state=JobState.RUNNING) | Q(state=JobState.WAITING, run_after__lte=timezone.now())
    return not Job.objects.filter(under_way, pk=block.trial_job_id).exists()


@transaction.atomic
def _let_one_try(block: ArchiveBlock) -> bool:
    """Let one waiting job test whether the archive works again; False if none waits."""
    waiting = Job.objects.filter(kind=JobKind.ARCHIVE, state=JobState.WAITING)
    waiting = waiting.order_by("attempts", "priority", "created_at")  # one with a trouble of its own tells nothing
    trial = waiting.select_for_update(of=("self",)).first()
    if trial is None:
        return False
    block.try_with(trial.pk, again_at=timezone.now() + TRY_EVERY)
    Job.objects.filter(pk=trial.pk).update(run_after=timezone.now(), published_at=None)
    return True


def note_sent(job: Job) -> None:
    """End the outage after its trial job succeeded."""
    block = current_outage()
    if block and block.trial_job_id == job.pk:
        lift(block)


def note(error: ArchiveBlockedError) -> ArchiveBlock:
    """Record what keeps the archive in use from taking anything. A question stays one until it is answered."""
    block = current_outage()
    if block and block.asks and error.reason not in ASKED:
        return block
    fields = {"reason": error.reason, "sentence": str(error), "retry_after_s": error.retry_after_s}
    return ArchiveBlock.objects.note(archive_name(), **fields)


def fault_now() -> ArchiveBlockedError | None:
    """Return what would keep a clip from being sent now; None if nothing is known."""
    try:
        return next((finding.fault for finding in archive_backend().check() if finding.fault), None)
    except ArchiveBlockedError as error:
        return error


def answer(block: ArchiveBlock, given: questions.Answer) -> None:
    """Do what somebody answered, and resume everything; ArchiveError, and nothing changed, if that cannot be."""
    questions.settle(block, given)
    lift(block)


@transaction.atomic
def lift(block: ArchiveBlock) -> None:
    """Make the jobs that waited for the outage due now; the sweep publishes them."""
    block.delete()
    held = Job.objects.filter(kind__in=KINDS, state=JobState.WAITING, run_after__gt=timezone.now())
    Job.objects.filter(pk__in=held.lock_in_order()).update(run_after=timezone.now(), published_at=None)
    logger.info("The archive is working again.")
