"""``manage.py bench_bulk``: measures the server time of a change of many clips, and of its undo."""

import gc
import time
import uuid

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.test import Client
from django.urls import reverse

from bench.figures import HEAD, Figure
from clips.models import BulkChange, FinalClip
from people.models import Member, Role

SIZES = (10, 500, 5000)
#: The project's budget: 500 clips are changed, and changed back, within this time.
BUDGET = {500: 300.0}
RIDERS = ("Bench Ada", "Bench Bo")


class Command(BaseCommand):
    help = (
        "Print median and 95th percentile of the server's time for tagging many clips at once, for the look ahead and "
        "for the undo. Everything is rolled back, so the time of the commit is not included."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--times", type=int, default=10, help="changes of each size (default: %(default)s)")

    def handle(self, *, times: int, **_: object) -> None:
        member = Member.objects.filter(role=Role.ADMIN, is_active=True).first()
        clips = list(FinalClip.objects.current().order_by("-date", "pk").values_list("pk", flat=True)[: max(SIZES)])
        if member is None or not clips:
            raise CommandError("There are no rows to measure. Run make_library to make some.")
        self.stdout.write(HEAD)
        gc.collect()
        gc.freeze()  # as deploy/gunicorn.conf.py does before it forks the web workers
        with transaction.atomic():
            client = Client(headers={"host": "localhost"})
            client.force_login(member)
            for size in (size for size in SIZES if size <= len(clips)):
                for figure in measured(client, clips[:size], times):
                    self.stdout.write(figure.line())
            transaction.set_rollback(True)


def measured(client: Client, clips: list[uuid.UUID], times: int) -> list[Figure]:
    """Tag the clips, and undo it, so many times; the first time is not measured, as on a site that is in use."""
    asked = {"clips": ",".join(map(str, clips)), "trick": "Kickflip", "category": "TRICK"}
    size, budget = len(clips), BUDGET.get(len(clips))
    look, change, undo = (Figure(f"{what}: {size} clips", p95_ms=budget) for what in ("look ahead", "tag", "undo"))
    for number in range(times + 1):
        sent = asked | {"people": RIDERS[number % 2], "key": str(uuid.uuid4())}
        taken = [
            _timed_ms(client, reverse("clips:clips_tag_plan"), sent),
            _timed_ms(client, reverse("clips:clips_tag"), sent),
            _timed_ms(client, reverse("clips:bulk_undo", args=[sent["key"]]), {}),
        ]
        if BulkChange.objects.get(pk=sent["key"]).undone_at is None:
            raise CommandError("The change was not undone.")
        if number:
            for figure, time_ms in zip((look, change, undo), taken, strict=True):
                figure.times_ms.append(time_ms)
    return [look, change, undo]


def _timed_ms(client: Client, address: str, sent: dict) -> float:
    started_s = time.perf_counter()
    response = client.post(address, sent)
    taken_ms = 1000 * (time.perf_counter() - started_s)
    if response.status_code != 200:
        raise CommandError(f"{address} answered {response.status_code}.")
    return taken_ms
