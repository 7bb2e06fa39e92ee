"""Finds the clips from before the archive in use, and sends them there."""

from django.db.models import Exists, OuterRef, QuerySet

from clips.archive.configured import archive_name
from clips.jobs import pipeline
from clips.jobs.backfill import BACKFILL_PRIORITY
from clips.models import ArchiveCopy, FinalClip, Job, JobKind
from clips.models.job import ACTIVE


def sendable() -> QuerySet[FinalClip]:
    """Return the cut clips that an archive may hold: of a removed clip no version."""
    removed = FinalClip.objects.filter(lineage=OuterRef("lineage")).exclude(removed_at=None)
    return FinalClip.objects.exclude(stored_path="").filter(~Exists(removed))


def earlier() -> QuerySet[FinalClip]:
    """Return the clips that the archive in use never had, but for those on their way."""
    had = ArchiveCopy.objects.filter(clip=OuterRef("pk"), backend=archive_name())
    asked = Job.objects.filter(clip=OuterRef("pk"), kind=JobKind.ARCHIVE, state__in=ACTIVE)
    return sendable().filter(~Exists(had), ~Exists(asked))


def send() -> int:
    """Ask for the archiving of all of them, and return how many there were."""
    n_asked = 0
    for clip in earlier().order_by("created_at").iterator():
        pipeline.start(JobKind.ARCHIVE, clip, priority=BACKFILL_PRIORITY)
        n_asked += 1
    return n_asked
