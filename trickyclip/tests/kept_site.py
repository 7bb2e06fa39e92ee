"""Keeps one running site for test file after test file, each time with no other rows and files than at its start.

Starting and stopping one costs some fourteen CPU-seconds, and this less than one. What a test does to the programs
themselves (it kills them, changes settings that they read now and then) is no matter of rows and files: it takes a site
of its own.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from django.db import OperationalError, connection, transaction

from clips.models import Job, JobState
from trickyclip.celery import app
from trickyclip.tests import site

#: How long work of the last test file may hold a lock on its rows.
PATIENCE_S = 60
#: How long jobs of the last test file may run on before they are cancelled, and then their workers until they notice.
ENDS_WITHIN_S = 20
#: So long one waits for the workers to say what they do; those that are silent are asked again.
ANSWERS_WITHIN_S = 2.0
REMEMBER = "from trickyclip.tests import kept_site; kept_site.remember_rows({!r})"
PUT_BACK = "from trickyclip.tests import kept_site; kept_site.put_back_rows({!r})"


class KeptSite:
    """One site for the test files of a process that need one."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._site: site.RunningSite | None = None
        self._rows = Path()
        self._paths: set[Path] = set()

    def as_new(self, started: Path) -> site.RunningSite:
        """Return a site as it is after its first start; ``started`` is the folder of one that was started once."""
        if self._site is not None and _answers(self._site):
            self._site.shell.run(PUT_BACK.format(str(self._rows)))
            _remove_others(self._site.data_dir, self._paths)
            self._site.admin_cookies.clear()
            return self._site
        self.close()
        with contextlib.ExitStack() as stack:
            temporary = tempfile.TemporaryDirectory(prefix="trickyclip-site-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(temporary))
            printed = (started / "printed").read_text(encoding="utf-8")
            running = stack.enter_context(site.running_site(site.copied(started, folder), first_text=printed))
            self._rows = folder / "rows"
            self._rows.mkdir()
            running.shell.run(REMEMBER.format(str(self._rows)))
            self._paths = set(_paths(running.data_dir))
            self._stack, self._site = stack.pop_all(), running
        return self._site

    def close(self) -> None:
        """Stop the site, if there is one."""
        self._site = None
        self._stack.close()


kept = KeptSite()


def _answers(running: site.RunningSite) -> bool:
    try:
        return requests.get(f"{running.base_url}/healthz", timeout=30).ok
    except requests.RequestException:
        return False


def remember_rows(folder: str) -> None:
    """Write all rows into a folder; called in the site."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy, (Path(folder) / table).open("wb") as file:
                file.writelines(copy)


def put_back_rows(folder: str) -> None:
    """Have no other rows than those in a folder; called in the site, whose programs may be busy with others."""
    _end_jobs()
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _put_back_rows(Path(folder))
        except OperationalError:  # somebody holds a lock for longer than one waits for it here, or waits for ours
            if time.monotonic() > deadline_s:
                raise


def _end_jobs() -> None:
    """Let jobs that run come to their end and begin no more: one without its row still writes the file it is at."""
    deadline_s = time.monotonic() + ENDS_WITHIN_S
    while time.monotonic() < deadline_s:
        Job.objects.filter(state=JobState.WAITING).cancel_all()
        if not Job.objects.active().exists():  # one that just ended may have begun the next
            return
        time.sleep(0.1)
    Job.objects.active().cancel_all()
    _let_workers_come_to_rest()


def _let_workers_come_to_rest() -> None:
    """Wait until no worker is at anything: what was cancelled is noticed with a job's next sign of life."""
    deadline_s = time.monotonic() + PATIENCE_S
    while (tasks := app.control.inspect(timeout=ANSWERS_WITHIN_S).active()) is None or any(tasks.values()):
        if time.monotonic() > deadline_s:
            raise AssertionError(f"workers of the last test file go on: {tasks}")


@transaction.atomic
def _put_back_rows(folder: Path) -> None:
    with connection.cursor() as cursor:
        tables = sorted(path.name for path in folder.iterdir())
        cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, tables))}")
        for table in tables:
            if rows := (folder / table).read_bytes():
                with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(rows)


def _paths(data_dir: Path) -> Iterator[Path]:
    """Yield all that lies in the site's folders but not the folders themselves, which programs may watch.

    However deep: the archive's own folder is there at the start where that took long enough for it to be looked at.
    """
    for folder in data_dir.iterdir():
        if folder.name != "engines" and folder.is_dir():
            for within, folders, files in os.walk(folder):
                yield from (Path(within) / name for name in (*folders, *files))


def _remove_others(data_dir: Path, first: set[Path]) -> None:
    for path in sorted(set(_paths(data_dir)) - first):  # a folder before what lies in it
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(FileNotFoundError):  # a program may have moved it meanwhile
                os.unlink(path)
