"""``manage.py find_pairs``: looks for videos of a session that filmed the same."""

from django.db.models import QuerySet

from clips.jobs.backfill import BackfillCommand
from clips.models import JobKind
from detection.pairing import comparable


class Command(BackfillCommand):
    help = "Look for videos of a session that filmed the same, by their sound. What was compared before stays."
    kind = JobKind.PAIR

    def rows(self) -> QuerySet:
        return comparable().on_disk()
