"""``manage.py bench_crowd``: measures the answer times of a site while many people sort and a search runs."""

import contextlib
import http.client
import itertools
import random
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.middleware.csrf import CSRF_SECRET_LENGTH
from django.test import Client
from django.utils.crypto import get_random_string

from bench.figures import HEAD, Figure
from bench.phones import Phones
from bench.searching import searching
from people.models import Member, Role

#: What DESIGN.md asks of 20 people and two searches; and of as many beside phones.
AT_MOST_MS, AT_MOST_BESIDE_PHONES_MS = 250, 300
ORDER = re.compile(r'data-order="([^"]*)"')
CARD = re.compile(r'data-segment="([^"]+)".*?name="start_ms" value="(\d+)".*?name="end_ms" value="(\d+)"', re.DOTALL)
#: The first ones come at once, the last one so many decisions later.
COME_WITHIN = 3
#: What somebody opens between decisions, one time in ten; as often they take one back.
PAGES = ("/", "/clips", "/sessions", "/jobs")
ONE_IN = 10
KEEP_ONE_IN = 4
PATIENCE_S = 60


class SiteError(Exception):
    """The site's answer is not one that a person wants to see."""


class Command(BaseCommand):
    help = (
        "Let many people sort at once on a running site on this machine, and print the answer times. "
        "Their decisions are undone afterwards. Needs the members of a library made by make_library."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="address of the running site, which has this database")
        parser.add_argument("--people", type=int, default=20, help="how many (default: %(default)s)")
        parser.add_argument("--seconds", type=float, default=60, help="how long (default: %(default)s)")
        parser.add_argument("--every", type=float, default=3.0, help="seconds for each decision (default: %(default)s)")
        parser.add_argument(
            "--searching", metavar="FILE", dest="film", help="a video to search for tricks meanwhile, twice"
        )
        parser.add_argument("--phones", type=int, default=0, help="phones that upload meanwhile (default: none)")
        parser.add_argument("--rate", type=_bytes, default="60k", help="bytes a second of each (default: %(default)s)")
        parser.add_argument("--silent", type=int, default=0, help="bodies that are announced but never sent")
        parser.add_argument("--slow-headers", type=int, default=0, help="requests whose headers never end")

    def handle(self, *, url: str, people: int, seconds: float, every: float, film: str | None, **more: object) -> None:
        members = list(Member.objects.filter(is_active=True, role__in=(Role.SORTER, Role.ADMIN)))
        if not members:
            raise CommandError("There is no member who may sort.")
        with self._phones(urlsplit(url).netloc, members, seconds, **more) as at_most_ms:
            self._sort(members, at_most_ms, url=url, people=people, seconds=seconds, every=every, film=film)

    @contextlib.contextmanager
    def _phones(
        self, host: str, members: list[Member], seconds: float, *, phones: int, rate: int, silent: int,
        slow_headers: int, **_: object,
    ) -> Iterator[int]:  # fmt: skip
        """Run phones meanwhile and print their result; yield the longest acceptable waits."""
        if not phones + silent + slow_headers:
            yield AT_MOST_MS
            return
        called = Phones(host, members[0], rate=rate)
        try:
            called.call(n_phones=phones, n_silent=silent, n_slow_headers=slow_headers, seconds=seconds)
            yield AT_MOST_BESIDE_PHONES_MS
            called.leave()
            self.stdout.write(f"meanwhile {called.check()}")
            for what, bore_s in called.bore_s.items():
                if bore_s:
                    self.stdout.write(f"meanwhile {len(bore_s)} {what} were ended, after {max(bore_s):.0f} s at most")
        finally:
            called.leave()
            called.forget()

    def _sort(
        self, members: list[Member], at_most_ms: int, *, url: str, people: int, seconds: float, every: float,
        film: str | None,
    ) -> None:  # fmt: skip
        took_ms: dict[str, list[float]] = defaultdict(list)
        until_s = time.monotonic() + seconds
        sorters = [
            Sorter(url, member, took_ms, random.Random(number))  # noqa: S311  who does what when, the same each time
            for number, member in zip(range(people), itertools.cycle(members), strict=False)
        ]
        with searching(film, at_once=2) as searches, ThreadPoolExecutor(people) as pool:
            faults = list(pool.map(lambda sorter: sorter.sort(until_s, every), sorters))
            # Only when nobody is measured any more: hundreds of undos at once are no evening of a crew.
            faults = [fault for fault in (*faults, *pool.map(Sorter.clean_up, sorters)) if fault]
        self.stdout.write(HEAD)
        for name, times_ms in sorted(took_ms.items()):
            self.stdout.write(Figure(name, times_ms, None, at_most_ms).line())
        self.stdout.write(Figure("all of it", list(itertools.chain(*took_ms.values())), None, at_most_ms).line())
        if film:
            self.stdout.write(f"meanwhile searched for tricks: {searches.count(0)} × and twice in part")
        if faults:
            n_left = sum(sorter.n_standing for sorter in sorters)
            says = f"{len(faults)} of {people} broke off: {faults[0]}"
            raise CommandError(f"{says}\n{n_left} of their decisions were not undone." if n_left else says)


def _bytes(text: str) -> int:
    """Return a number of bytes written with k or M."""
    factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    return int(float(text.rstrip("kM")) * factor)


class Sorter:
    """One person with one open sort page, who now and then opens another page."""

    def __init__(self, url: str, member: Member, took_ms: dict[str, list[float]], rng: random.Random) -> None:
        self._client = Client()
        self._client.force_login(member)
        self._session = self._client.cookies["sessionid"].value
        self._csrf = get_random_string(CSRF_SECRET_LENGTH)
        self._lease = str(uuid.uuid4())
        self._host = urlsplit(url).netloc
        self._took_ms, self._rng = took_ms, rng
        self._cards: dict[str, tuple[str, str]] = {}
        self._order: list[str] = []
        self._decided: list[str] = []

    @property
    def n_standing(self) -> int:
        """Number of this person's decisions that were not undone."""
        return len(self._decided)

    def sort(self, until_s: float, every_s: float) -> str:
        """Sort until the given time; return the fault, if any."""
        with self._told() as faults:
            time.sleep(self._rng.uniform(0, COME_WITHIN * every_s))
            self._ask("page: sort", "GET", "/sort")
            self._deal("hand", "/sort/hand", {})
            while time.monotonic() < until_s and self._order:
                time.sleep(self._rng.uniform(0.5, 1.5) * every_s)
                self._decide()
                if self._rng.randrange(ONE_IN) == 0:
                    self._undo("undo")
                if self._rng.randrange(ONE_IN) == 0:
                    path = self._rng.choice(PAGES)
                    self._ask(f"page: {path}", "GET", path)
        return "".join(faults)

    def clean_up(self) -> str:
        """Undo all remaining decisions and log out; return the fault, if any."""
        with self._told() as faults:
            while self._decided:
                self._undo(None)
            self._ask(None, "POST", "/sort/release", {"lease": self._lease})
        self._client.session.flush()
        connection.close()  # this thread's own
        return "".join(faults)

    @contextlib.contextmanager
    def _told(self) -> Iterator[list[str]]:
        """Record a fault instead of raising it, since the others continue."""
        faults: list[str] = []
        try:
            yield faults
        except (OSError, http.client.HTTPException, SiteError) as error:
            faults.append(f"{type(error).__name__}: {error}")

    def _decide(self) -> None:
        segment, key = self._order[0], str(uuid.uuid4())
        fields = {"segment": segment, "key": key}
        kind = "trash" if self._rng.randrange(KEEP_ONE_IN) else "keep"
        if kind == "keep":
            start_ms, end_ms = self._cards[segment]
            fields |= {"start_ms": start_ms, "end_ms": end_ms, "category": "TRICK", "people": "", "trick": ""}
        self._deal(f"decision: {kind}", f"/sort/{kind}", fields)
        self._decided.append(key)

    def _undo(self, name: str | None) -> None:
        self._deal(name, "/sort/undo", {"key": str(uuid.uuid4()), "decision": self._decided[-1]})
        self._decided.pop()

    def _deal(self, name: str | None, path: str, fields: dict[str, str]) -> None:
        """Post a form of the sort page and take the hand from the answer."""
        page = {"lease": self._lease, "have": " ".join(self._order)}
        html = self._ask(name, "POST", path, page | fields)
        self._order = ORDER.search(html).group(1).split()
        self._cards |= {segment: (start_ms, end_ms) for segment, start_ms, end_ms in CARD.findall(html)}

    def _ask(self, name: str | None, method: str, path: str, fields: dict[str, str] | None = None) -> str:
        """Send a request and note its time under ``name``; clean-up at the end is not timed."""
        headers = {
            "Cookie": f"sessionid={self._session}; csrftoken={self._csrf}",
            "X-CSRFToken": self._csrf,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        began_s = time.monotonic()
        line = http.client.HTTPConnection(self._host, timeout=PATIENCE_S)
        line.request(method, path, urlencode(fields or {}), headers)
        answer = line.getresponse()
        html = answer.read().decode()
        line.close()
        if name:
            self._took_ms[name].append(1000 * (time.monotonic() - began_s))
        if answer.status >= 300:
            raise SiteError(f"{method} {path} was answered {answer.status}: {html[:200]}")
        return html
