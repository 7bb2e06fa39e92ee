"""Requests and deletes the filmstrips of files."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from clips.jobs import pipeline
from clips.models import Filmstrip, Job, JobKind, JobState, OriginalFile
from clips.storage import files

#: Behind the previews of the first few hands of cards: nobody waits for a strip to sort.
BEHIND_CARDS = 7
#: Somebody looks at the gap where it should be; still behind the first cards and what is to be cut.
LOOKED_FOR = 6


@dataclass(frozen=True)
class FilmstripState:
    """State of a file's filmstrip: "ready", "waiting", "absent" (not requested) or "failed"."""

    name: str
    reason: str = ""


def stored_path(original: OriginalFile) -> str:
    """Return the stored path of a file's filmstrip, whether it is made or not."""
    return f"candidates/{original.pk}-strip.jpg"


@transaction.atomic
def want_filmstrip(original: OriginalFile, *, priority: int = BEHIND_CARDS) -> Job | None:
    """Request a file's filmstrip; None if it exists, or failed before, which asking again does not change.

    None as well where the file was let go: nobody fetches gigabytes back for a strip.
    """
    if original.evicted_at is not None:
        return None
    if Filmstrip.objects.filter(original_file=original).exists():
        return None
    if Job.objects.filter(kind=JobKind.FILMSTRIP, original_file=original, state=JobState.FAILED).exists():
        return None
    job = pipeline.start(JobKind.FILMSTRIP, original, priority=priority)
    if job.priority > priority:
        Job.objects.filter(pk=job.pk).update(priority=priority)
        job.priority = priority  # with which the broker is told of it once more, when this is committed
    return job


@transaction.atomic
def drop_oldest(to_free_bytes: int) -> int:
    """Delete filmstrips, the oldest first, until so much is free; return how many.

    A page that shows such a file asks for its strip again. So those of originals that are on no disk stay.
    """
    n_dropped = 0
    strips = Filmstrip.objects.filter(original_file__evicted_at=None).order_by("created_at", "pk")
    for strip in strips.defer("waveform", "times_ms").iterator():
        if to_free_bytes <= 0:
            break
        to_free_bytes -= strip.size_bytes
        n_dropped += Filmstrip.objects.filter(pk=strip.pk).delete()[0]
        # Before this is committed: who makes it again meanwhile waits for the row, and only then places the file.
        files.discard([strip.stored_path])
    return n_dropped


def forget_lost(original: OriginalFile) -> None:
    """Forget filmstrips deleted from the data folder, so that they are made again."""
    strip = Filmstrip.objects.filter(original_file=original).first()
    if strip and not files.exists(strip.stored_path):
        strip.delete()


def state_of(original: OriginalFile, job: Job | None) -> FilmstripState:
    """Return the state of a file's filmstrip; ``job`` is the newest that was to make it.

    ``original`` comes with its filmstrip selected, or costs a query.
    """
    if hasattr(original, "filmstrip"):
        return FilmstripState("ready")
    if job is None or job.state == JobState.DONE:
        return FilmstripState("absent")
    if job.is_active:
        return FilmstripState("waiting")
    return FilmstripState("failed", reason=job.reason or _("This filmstrip was cancelled."))
