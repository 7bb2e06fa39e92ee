"""Archives originals automatically, as set in ``ARCHIVE_ORIGINALS``."""

from django.db.models import Exists, OuterRef

from clips.archive.configured import archive_name
from clips.disk import evictable
from clips.jobs import pipeline
from clips.models import ArchiveCopy, CopyState, Job, JobKind, JobState, OriginalFile
from people.site_settings.registry import ARCHIVE_ORIGINALS

#: Behind everything that people wait for.
PRIORITY = 9
#: Asked for at a time; they are sent one after the other anyway.
AT_ONCE = 20
AFTER_SORTING, AT_ONCE_ARCHIVED = "after_sorting", "at_once"


def ask() -> int:
    """Start a job for each original that should be in the archive and is not; return how many.

    One whose sending failed or was cancelled is left to people, and so is what people threw away there.
    """
    if ARCHIVE_ORIGINALS.value() not in {AFTER_SORTING, AT_ONCE_ARCHIVED}:
        return 0
    originals = wanted()
    if ARCHIVE_ORIGINALS.value() == AFTER_SORTING:
        originals = evictable.sorted_out(evictable.with_ties(originals))
    asked = list(originals.defer("probe").order_by("created_at", "pk")[:AT_ONCE])
    for original in asked:
        pipeline.start(JobKind.ARCHIVE, original, priority=PRIORITY)
    return len(asked)


def wanted():
    """Return originals on disk that no archive has, no job is sending, and nobody marked as removable."""
    settled = [CopyState.VERIFIED, CopyState.REMOVED, CopyState.WITHDRAWN, CopyState.CHANGED]
    copies = ArchiveCopy.objects.filter(original_file=OuterRef("pk"), backend=archive_name(), state__in=settled)
    asked = Job.objects.filter(original_file=OuterRef("pk"), kind=JobKind.ARCHIVE).exclude(state=JobState.DONE)
    return OriginalFile.objects.on_disk().in_use().filter(~Exists(copies), ~Exists(asked), not_needed_at=None)
