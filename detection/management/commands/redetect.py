"""``manage.py redetect``: searches videos for moments again."""

from django.db.models import QuerySet

from clips.jobs.backfill import BackfillCommand
from clips.models import JobKind, OriginalFile


class Command(BackfillCommand):
    help = "Search videos for moments again, except trimmed ones. Sorted moments stay; untouched ones are replaced."
    kind = JobKind.DETECT

    def rows(self) -> QuerySet:
        return OriginalFile.objects.filter(duration_ms__isnull=False, trimmed_at=None)
