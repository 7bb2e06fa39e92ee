"""``manage.py look_closer``: looks at videos a second time, while nobody uploads or sorts."""

from django.db.models import QuerySet

from clips.jobs.backfill import BackfillCommand
from clips.models import JobKind, OriginalFile


class Command(BackfillCommand):
    help = "Search videos more closely while nobody uploads or sorts. Moments are added and scored anew; none goes."
    kind = JobKind.LOOK

    def rows(self) -> QuerySet:
        return OriginalFile.objects.on_disk().in_use().filter(duration_ms__isnull=False, low_res_of=None)
