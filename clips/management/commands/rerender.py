"""``manage.py rerender``: cuts clips again, and archives the new cuts."""

from django.db.models import QuerySet

from clips.jobs.backfill import BackfillCommand
from clips.models import FinalClip, JobKind


class Command(BackfillCommand):
    help = "Cut clips again, and archive the new cuts."
    kind = JobKind.RENDER
    to_original = "original_file__"

    def rows(self) -> QuerySet:
        return FinalClip.objects.all()
