"""``manage.py rearchive``: archives cut clips again."""

from django.db.models import QuerySet

from clips.archive.earlier import sendable
from clips.jobs.backfill import BackfillCommand
from clips.models import FinalClip, JobKind


class Command(BackfillCommand):
    help = "Archive cut clips again."
    kind = JobKind.ARCHIVE
    to_original = "original_file__"

    def params(self) -> dict:
        return {"again": True}  # also what somebody threw away there

    def rows(self) -> QuerySet[FinalClip]:
        return sendable()
