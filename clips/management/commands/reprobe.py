"""``manage.py reprobe``: reads the camera data of files again."""

from django.db.models import QuerySet

from clips.jobs.backfill import BackfillCommand
from clips.models import JobKind, OriginalFile


class Command(BackfillCommand):
    help = "Read the camera data of files again."
    kind = JobKind.PROBE

    def rows(self) -> QuerySet:
        return OriginalFile.objects.all()

    def params(self) -> dict:
        return {"alone": True}  # what was found in the file stays as it is; see redetect
