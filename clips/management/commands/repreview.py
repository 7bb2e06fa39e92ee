"""``manage.py repreview``: makes missing pictures, previews and filmstrips."""

from django.db.models import QuerySet

from clips.jobs.backfill import BackfillCommand
from clips.models import JobKind, OriginalFile


class Command(BackfillCommand):
    help = "Make missing pictures, previews and filmstrips, and those whose files were deleted."
    kind = JobKind.POSTER

    def rows(self) -> QuerySet:
        return OriginalFile.objects.filter(duration_ms__isnull=False)
