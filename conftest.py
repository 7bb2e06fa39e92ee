"""Fixtures for the tests of all apps; trickyclip/pytest_engines.py starts the engines themselves."""

import contextlib
import fcntl
import functools
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from redis import Redis

from clips.jobs.registry import step_of
from clips.media.sandbox import landlock, mounts
from clips.models import CandidateSegment, DetectionRun, Job, OriginalFile, Shoot
from clips.tests import browser
from clips.tests.factories import DetectionRunFactory, OriginalFileFactory, ShootFactory
from people.models import Member, Role
from people.site_settings import snapshot
from trickyclip.pytest_engines import FOOTAGE, WITH_KEPT_SITE, WITHOUT_FOOTAGE
from trickyclip.tests import kept_site, live_server, site

#: Loaded after pytest-django, whose fixture for the database it replaces; one named in pytest.ini would come before it.
pytest_plugins = ["trickyclip.pytest_once"]

PASSWORD = "slushy-spring-rails-4"
FOLDER_NUMBERS = itertools.count()
FAILED_BEFORE = pytest.StashKey[int]()
#: Chromium without a window opens a page at a sixth of the cost.
SHELL_NAMES = ("chromium-headless-shell", "chrome-headless-shell")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@pytest.fixture(scope="session")
def footage() -> Path:
    """Folder of real sessions."""
    if not FOOTAGE.is_dir():
        pytest.skip(WITHOUT_FOOTAGE)
    return FOOTAGE


@pytest.fixture(scope="session")
def cameras() -> Path:
    """Folder of short files from real cameras, beside the footage."""
    folder = FOOTAGE.parent / "cameras"
    if not folder.is_dir():
        pytest.skip(WITHOUT_FOOTAGE)
    return folder


@pytest.fixture(scope="session")
def cases() -> Path:
    """Folder of small files made after faults that others reported, beside the footage."""
    folder = FOOTAGE.parent / "cases"
    if not folder.is_dir():
        pytest.skip(WITHOUT_FOOTAGE)
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """Path of a Chromium, the one that costs least; where one is required (``.ci/run``) its absence is a failure."""
    yield _chromium((*SHELL_NAMES, *CHROMIUM_NAMES))
    browser.kept.close()


@pytest.fixture(scope="session")
def chromium_with_window() -> Iterator[str]:
    """Path of a Chromium as people have it, for what the one without a window does not know."""
    yield _chromium(CHROMIUM_NAMES)
    browser.kept.close()


def _chromium(names: tuple[str, ...]) -> str:
    if path := next(filter(None, map(shutil.which, names)), None):
        return path
    if os.environ.get("TRICKYCLIP_REQUIRE_CHROMIUM"):
        pytest.fail("Chromium is required here and not installed")
    pytest.skip("no Chromium on this machine")


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Use a fast hasher: the real one is slow on purpose, for each member of each test."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def tmp_path(tmp_path_factory) -> Path:
    """An empty folder named by a counter: pytest's own fixture looks through all earlier ones for a free name."""
    folder = tmp_path_factory.getbasetemp() / f"{next(FOLDER_NUMBERS):05d}"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(autouse=True)
def own_data_dir(tmp_path: Path, settings) -> Iterator[Path]:
    """Give each test a data folder of its own; all its names at once, for what is laid over is looked through often."""
    folder = tmp_path / "data"
    folder.mkdir()
    names = ("originals", "final_clips", "uploads", "incoming", "scratch", "archive")
    with override_settings(DATA_DIR=folder, **{f"{name.upper()}_DIR": folder / name for name in names}):
        yield folder


@pytest.fixture(scope="session", name="live_server")
def resting_live_server() -> Iterator[LiveServer]:
    """Serve pages of this process, as the fixture of pytest-django that it replaces."""
    server = live_server.resting_live_server("localhost")
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def rest_before_rows_are_deleted(request, own_data_dir) -> Iterator[None]:
    """Let everything that works with the test's rows end before they are deleted, once its pages are closed."""
    marker = request.node.get_closest_marker("django_db")
    served = "live_server" in request.fixturenames
    if served or "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        request.getfixturevalue("transactional_db")  # and so comes to its end after this
        yield
        if served:
            request.getfixturevalue("live_server").thread.httpd.come_to_rest()
        live_server.others_end_their_transactions()
    else:
        yield


@pytest.fixture(autouse=True)
def no_site_settings() -> None:
    """Begin each test without what an admin set, and read nothing before something is set: pages count queries."""
    snapshot.hold({})


@pytest.fixture(scope="module")
def rows_once(django_db_setup, django_db_blocker) -> Iterator[Callable[[], contextlib.AbstractContextManager[None]]]:
    """Return what opens the database to a module's own fixtures, for rows that all its tests begin with.

    A transaction is around them all and each test works within it, so it finds the rows as they were made. None of them
    may ask for ``transaction=True``.
    """
    snapshot.hold({})  # as for each test: otherwise one query in three seconds would be for what an admin set
    around = transaction.atomic()
    with django_db_blocker.unblock():
        around.__enter__()
    yield django_db_blocker.unblock
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def no_walls(monkeypatch) -> None:
    """Pretend that this kernel cannot keep a process to a few files."""
    monkeypatch.setenv(landlock.PRETEND_NONE, "1")
    monkeypatch.setenv(mounts.PRETEND_NONE, "1")


@pytest.fixture
def viewer(db) -> Member:
    return Member.objects.create_user("vera", PASSWORD, role=Role.VIEWER)


@pytest.fixture
def sorter(db) -> Member:
    return Member.objects.create_user("mia", PASSWORD, role=Role.SORTER)


@pytest.fixture
def other_sorter(db) -> Member:
    return Member.objects.create_user("jo", PASSWORD, role=Role.SORTER)


@pytest.fixture
def curator(db) -> Member:
    return Member.objects.create_user("cora", PASSWORD, role=Role.CURATOR)


@pytest.fixture
def admin(db) -> Member:
    return Member.objects.create_superuser("ada", PASSWORD)


@pytest.fixture
def shoot(db) -> Shoot:
    return ShootFactory()


@pytest.fixture
def original(shoot) -> OriginalFile:
    """A probed file of ten minutes whose bytes are on no disk."""
    return OriginalFileFactory(
        shoot=shoot,
        original_filename="GX010001.MP4",
        stored_path="originals/one.mp4",
        file_hash="a" * 64,
        camera_id="CAM_GOPRO11",
        fps_label="240FPS",
        rate_num=240000,
        rate_den=1001,
        duration_ms=600_000,
        probed_at=timezone.now(),
    )


@pytest.fixture
def run(original) -> DetectionRun:
    return DetectionRunFactory(original_file=original)


@pytest.fixture
def segments(run) -> list[CandidateSegment]:
    """Ten moments of four seconds, the best first; the last three are below the default sensitivity."""
    return CandidateSegment.objects.bulk_create(
        CandidateSegment(
            original_file=run.original_file,
            run=run,
            start_ms=number * 10_000,
            end_ms=number * 10_000 + 4_000,
            score=0.95 - number * 0.07,
            why="3.0 × the usual motion",
        )
        for number in range(10)
    )


class Broker:
    """The real Redis of this test run, asked the way the sweep asks it."""

    def depth(self, queue: str) -> int:
        with current_app.connection_for_read() as connection:
            return connection.default_channel.queue_declare(queue, passive=False).message_count

    def wipe(self) -> None:
        with Redis.from_url(django_settings.REDIS_URL) as redis:
            redis.flushdb()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Point the publishing side at a port where nothing listens."""
        here = current_app.conf.broker_write_url
        current_app.conf.broker_write_url = "redis://127.0.0.1:1/0"
        current_app._after_fork()  # forgets the connections that are open, as a new process would
        try:
            yield
        finally:
            current_app.conf.broker_write_url = here
            current_app._after_fork()


@pytest.fixture
def broker() -> Broker:
    broker = Broker()
    broker.wipe()
    return broker


@pytest.fixture
def engine_path() -> Iterator[Path]:
    """An empty folder like ``tmp_path``, but open to PostgreSQL's own user: every start of pytest closes the folders
    above ``tmp_path`` to all other users.
    """
    with tempfile.TemporaryDirectory(prefix="trickyclip-engine-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def started_site(django_db_modify_db_settings, migrated_dump: Path | None) -> Path:
    """A folder with a site's data folder and the output of its first start, made once by one of the test processes.

    Its tables are those of the test database, where they are kept: starts on nothing are the matter of their own tests.
    """
    common = Path(os.environ["TRICKYCLIP_TESTS"])
    folder = common / "started-site"
    with (common / "started-site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "printed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o755)
            is_kept = migrated_dump is not None and migrated_dump.exists()
            printed = site.first_started(folder, tables=migrated_dump if is_kept else None)
            (folder / "printed").write_text(printed, encoding="utf-8")
    return folder


@pytest.fixture(scope="module", autouse=True)
def no_idle_site(request) -> None:
    """Stop the kept site where a file needs none: it would go on looking for work."""
    if request.path not in request.config.stash[WITH_KEPT_SITE]:
        kept_site.kept.close()


@pytest.fixture(scope="session")
def kept_site_ends() -> Iterator[None]:
    yield
    kept_site.kept.close()


@pytest.fixture(scope="module")
def running_site(request, started_site, kept_site_ends) -> site.RunningSite:
    """A whole site for the tests of one module, with the rows and files of its first start.

    The modules of a process have the same one after each other (trickyclip/tests/kept_site.py); after a test that
    failed, the next module has another.
    """
    if request.session.testsfailed != request.config.stash.get(FAILED_BEFORE, 0):
        request.config.stash[FAILED_BEFORE] = request.session.testsfailed
        kept_site.kept.close()
    return kept_site.kept.as_new(started_site)


@pytest.fixture(scope="module")
def own_site(started_site) -> Iterator[site.RunningSite]:
    """A whole site for one module alone, started by ``manage.py up`` on a free port: its programs may be killed."""
    printed = (started_site / "printed").read_text(encoding="utf-8")
    with contextlib.ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="trickyclip-site-", ignore_cleanup_errors=True)
        data_dir = site.copied(started_site, Path(stack.enter_context(temporary)))
        yield stack.enter_context(site.running_site(data_dir, first_text=printed))


@functools.cache
def load_tasks() -> None:
    """Import what has tasks, as a worker does; with it come Django's checks, of all that there is."""
    current_app.loader.import_default_modules()


@pytest.fixture
def work_off() -> Callable[..., list[str]]:
    """Return a function that runs all due jobs in this process, or so many, and returns their kinds; tasks are real."""
    load_tasks()

    def work(*, most: int | None = None) -> list[str]:
        done = []
        while len(done) != most and (job := Job.objects.due().order_by("created_at").first()):
            done.append(job.kind)
            current_app.tasks[step_of(job.kind).task](str(job.pk))
        return done

    return work
