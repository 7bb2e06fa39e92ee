from django.db.models import QuerySet

from clips.jobs.backfill import BackfillCommand
from clips.models import JobKind, OriginalFile


class Command(BackfillCommand):
    help = "Analyse files again. What anybody has sorted stays; proposals that nobody touched are replaced."
    kind = JobKind.DETECT

    def rows(self) -> QuerySet:
        return OriginalFile.objects.filter(duration_ms__isnull=False)
