"""``manage.py bench_pages``: measures the server time of each page and each decision on the current rows."""

import gc
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from functools import reduce
from operator import or_

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clips.models import CandidateSegment, Decision, FinalClip, Shoot
from clips.season.seasons import Season
from clips.season.year import seasons_there_are
from clips.sorting.hand import HAND
from clips.sorting.queue_filter import BY_TIME
from people.models import Member, Person, Role
from tricks.models import Trick
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

#: Asked first and not timed, so that templates are compiled and rows are in the cache, as on a site that is in use.
N_WARM = 3
ADMIN_LISTS = (
    "clips_shoot", "clips_originalfile", "clips_candidatesegment", "clips_finalclip", "clips_decision", "clips_job",
    "people_person", "tricks_trick",
)  # fmt: skip

Ask = Callable[[], object]


class Command(BaseCommand):
    help = (
        "Print median and 95th percentile of the server's time and the number of queries for each page and each "
        "decision. Everything is rolled back, so the time of the commit is not included."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--requests", type=int, default=30, help="how many of each (default: %(default)s)")
        parser.add_argument("--only", default="", help="only names containing this")

    def handle(self, *, requests: int, only: str, **_: object) -> None:
        member = Member.objects.filter(role=Role.ADMIN, is_active=True).first()
        if member is None or not FinalClip.objects.current().exists():
            raise CommandError("There are no rows to measure. Run make_library to make some.")
        self.stdout.write(f"{'':<28}{'p50 ms':>8}{'p95 ms':>8}{'queries':>9}")
        gc.collect()
        gc.freeze()  # as deploy/gunicorn.conf.py does before it forks the web workers
        with transaction.atomic():
            client = Client(headers={"host": "localhost"})
            client.force_login(member)
            for name, ask in [*pages(client), *decisions(client, member)]:
                if only in name:
                    self._measure(name, ask, requests)
            transaction.set_rollback(True)

    def _measure(self, name: str, ask: Ask, n_requests: int) -> None:
        for _ in range(N_WARM):
            ask()
        with CaptureQueriesContext(connection) as queries:
            ask()
        n_queries = len(queries)  # the next request empties the list
        times_ms = []
        for _ in range(n_requests):
            started_s = time.perf_counter()
            response = ask()
            times_ms.append(1000 * (time.perf_counter() - started_s))
            if response.status_code >= 400:
                raise CommandError(f"{name} answered {response.status_code}.")
        p50_ms, p95_ms = statistics.median(times_ms), statistics.quantiles(times_ms, n=20)[-1]
        self.stdout.write(f"{name:<28}{p50_ms:>8.0f}{p95_ms:>8.0f}{n_queries:>9}")


#: What a page asks for and draws within itself; opened directly these lead to the page.
PARTS = frozenset({
    "home, again", "board", "session, again", "session, details", "jobs, again", "pick a person", "pick a trick",
    "library, riders", "library, sessions", "library, tricks at 240 fps",
})  # fmt: skip


def pages(client: Client) -> Iterator[tuple[str, Ask]]:
    """Yield the name and the request of each page."""
    clip = FinalClip.objects.current().first()
    best = FinalClip.objects.current().order_by("-stars").first()
    shoot = CandidateSegment.objects.available().shown().first()
    shoot = shoot.original_file.shoot if shoot else Shoot.objects.first()
    person = Person.objects.exclude(clips=None).first()
    library = reverse("clips:library")
    addresses = {
        "home": reverse("home"),
        "home, again": reverse("clips:home_now"),
        "sort": reverse("clips:sort"),
        "library": library,
        "library, page 100": f"{library}?page=100",
        "library, by person's name": f"{library}?sort=person",
        "library, by stars": f"{library}?sort=-stars",
        "library, by hearts": f"{library}?sort=-hearts",
        "library, most stars": f"{library}?stars={best.stars}",
        "library, one person": f"{library}?person={person.slug if person else ''}",
        "library, searched": f"{library}?q={clip.search_text.split()[-1] if clip.search_text else 'mp4'}",
        "library, misspelt": f"{library}?q={clip.original_file.shoot.name.split()[0]}x",
        "library, riders": reverse("clips:library_facet", args=["person"]),
        "library, sessions": reverse("clips:library_facet", args=["session"]),
        "library, tricks at 240 fps": f"{reverse('clips:library_facet', args=['trick'])}?q=240",
        "library, download": reverse("clips:library_download"),
        "export, own": reverse("clips:export_mine"),
        "export, crew": reverse("clips:export_crew"),
        "clip": reverse("clips:clip", args=[clip.pk]),
        "comments": reverse("clips:comments"),
        "clip, edit": reverse("clips:clip_edit", args=[clip.pk]),
        "season": reverse("clips:season", args=[Season.of(clip.date).year]),
        "season, the first": reverse("clips:season", args=[seasons_there_are()[-1].year]),
        "season, rider": reverse("clips:rider", args=[person.pk]) if person else reverse("clips:me"),
        "season, trick": reverse("clips:trick", args=[clip.trick_id or Trick.objects.first().pk]),
        "board": reverse("clips:board"),
        "sessions": reverse("clips:sessions"),
        "session": reverse("clips:session", args=[shoot.pk]),
        "session, details": reverse("clips:session_details", args=[shoot.pk]),
        "session, again": reverse("clips:session_news", args=[shoot.pk]),
        "session, trashed": reverse("clips:trashed", args=[shoot.pk]),
        "bin": reverse("clips:bin"),
        "jobs": reverse("clips:jobs"),
        "jobs, failed": f"{reverse('clips:jobs')}?state=FAILED",
        "jobs, again": reverse("clips:jobs_live"),
        "upload": reverse("clips:upload"),
        "receipts": reverse("clips:receipts"),
        "pick a person": f"{reverse('people:pick')}?q=mil",
        "pick a trick": f"{reverse('tricks:pick')}?q=bord",
        "api: clips": reverse("api:clip_list"),
        "api: jobs": reverse("api:job_list"),
        "api: documentation": reverse("api:docs"),
        "audit": reverse("clips:audit"),
        "manage": reverse("clips:manage"),
        "members": reverse("people:members"),
        "riders": reverse("people:riders"),
        "riders, misspelt": f"{reverse('people:riders')}?q=hansne",
        "rider": reverse("people:rider", args=[person.pk]) if person else reverse("people:riders"),
        "tricks": reverse("tricks:tricks"),
        "cameras": reverse("clips:cameras"),
        "storage": reverse("clips:storage"),
        "learned": reverse("clips:learned"),
        "notices": reverse("clips:notices"),
        "audit trail": reverse("people:audit_trail"),
        "tricks, misspelt": f"{reverse('tricks:tricks')}?q=bordslide",
        "settings": reverse("people:settings"),
        "google drive": reverse("clips:drive"),
        "metrics": reverse("metrics"),
    }
    addresses |= {f"admin: {name.partition('_')[2]}": reverse(f"admin:{name}_changelist") for name in ADMIN_LISTS}
    for name, address in addresses.items():
        headers = AS_A_PAGE_ASKS if name in PARTS else None
        yield name, lambda address=address, headers=headers: client.get(address, headers=headers)


def decisions(client: Client, member: Member) -> Iterator[tuple[str, Ask]]:
    """Yield each action of the sort page, with a hand of four that every answer refills."""
    lease = uuid.uuid4()

    def post(name: str, **fields: object) -> object:
        held = CandidateSegment.objects.held(lease).values_list("pk", flat=True)
        have = " ".join(str(pk) for pk in held)
        return client.post(reverse(f"clips:{name}"), {"lease": lease, "have": have, **fields})

    def decide(name: str, **fields: object) -> object:
        held = list(CandidateSegment.objects.held(lease))
        if not held or len(held) > HAND:  # undone decisions stay in the hand, and such a one gets no further card
            CandidateSegment.objects.give_back(lease)
            post("sort_hand")
            held = list(CandidateSegment.objects.held(lease))
        if not held:
            raise CommandError("Too few segments wait to be sorted.")
        segment = held[0]
        choice = {"start_ms": segment.start_ms, "end_ms": segment.end_ms, **fields}
        return post(name, key=uuid.uuid4(), segment=segment.pk, **choice)

    def undo() -> object:
        last = Decision.objects.not_undone().filter(member=member).order_by("-created_at").first()
        return post("sort_undo", key=uuid.uuid4(), decision=last.pk if last else "")

    yield "sort: a hand", lambda: post("sort_hand")
    yield "sort: keep", lambda: decide("sort_keep", category="TRICK", people="Ada Berg", trick="KFED")
    yield "sort: trash", lambda: decide("sort_trash")
    yield "sort: skip", lambda: decide("sort_skip")
    yield "sort: undo", undo
    for what, table in tables().items():
        yield f"sort: trash, {what}", lambda table=table: decide("sort_trash", **table)
    yield "sort: the past", lambda: client.get(reverse("clips:sort_past"), headers=AS_A_PAGE_ASKS)
    yield "sort, with a past", lambda: client.get(reverse("clips:sort"))
    yield "sort: set aside", lambda: decide("sort_aside")


def tables() -> dict[str, dict[str, object]]:
    """Return for each filter of the sort page the form fields that lead to waiting moments.

    That is at the end of the queue, which a table that is laid for everything does not empty meanwhile.
    """
    waiting = CandidateSegment.objects.available().shown().best_first().select_related("original_file")
    last = waiting.filter(original_file__clips__is_current=True).last()
    if last is None:
        return {}
    file = last.original_file
    laid = {
        "by time": {"order": BY_TIME},
        "finish the video": {"finish": "1", "file": file.pk},
        "one session": {"session": file.shoot_id},
        "one camera": {"camera": file.camera_id},
        "one rider": {"person": file.clips.current().latest("created_at").person_id},
    }
    return laid | {"all of these": reduce(or_, laid.values())}
