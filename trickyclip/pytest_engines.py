"""Starts one real PostgreSQL and Redis for the whole test run, before Django reads its settings.

Loaded with ``-p`` in pytest.ini. Servers named by ``DATABASE_URL`` and ``REDIS_URL`` are used where they are set.
"""

import atexit
import contextlib
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

from trickyclip.runtime import embedded

FOOTAGE = Path(os.environ.get("TRICKYCLIP_FOOTAGE") or embedded.BASE_DIR.parent / "shared" / "footage").resolve()
WITHOUT_FOOTAGE = f"no footage at {FOOTAGE}: set TRICKYCLIP_FOOTAGE"

#: Files that take minutes by themselves, as the end of each run tells.
LONGEST = ("test_every_field.py", "test_up_survives.py", "test_killed_workers.py", "test_footage.py", "test_corpus.py")
#: How many of the longest files the end of a run names, and from how long on.
TOLD, LONG_S = 25, 10
#: A file of which all tests are slow.
ALL_SLOW = re.compile(r"^pytestmark = (\[[^\]]*)?pytest\.mark\.slow\b", re.MULTILINE)
#: Files with a test that asks for ``running_site``.
WITH_KEPT_SITE = pytest.StashKey[set[Path]]()

# Hypothesis would fail a test for one example that took longer than others, as on a machine that is busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="also run the long random tests marked soak")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config):
    """Put the engines' addresses into the environment, before pytest-django's own hook."""
    _keep_compiled()
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _separate(worker)
    else:
        stack = contextlib.ExitStack()
        early_config.add_cleanup(stack.close)
        atexit.register(stack.close)
        _start(stack)
    return (yield)


def _keep_compiled() -> None:
    """Let Python keep compiled modules, whatever is set.

    Otherwise each of the hundreds of processes that tests start compiles the same modules again, and each test process
    rewrites the assertions of all test files.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _separate(worker: str) -> None:
    """Give each of several test processes its own data folder and its own of Redis's 16 databases.

    The engines themselves are the controller's; pytest-django makes a PostgreSQL database for each worker.
    """
    os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"]) / worker)
    number = int(worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].removesuffix('/0').rstrip('/')}/{number}"


def _start(stack: contextlib.ExitStack) -> None:
    folder = Path(tempfile.mkdtemp(prefix="trickyclip-tests-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ |= {
        "DATA_DIR": str(folder / "data"),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TRICKYCLIP_TESTS": str(folder),  # what the processes of this run share
    }
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    try:
        stack.enter_context(embedded.running(embedded.prepare(folder, durable=False)))
    except embedded.EngineError as error:
        raise pytest.UsageError(str(error)) from error
    found = embedded.addresses(folder)
    os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or found.database_url
    os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or found.redis_url


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a file of slow tests unread: to import it and collect its tests takes as long as other files' tests."""
    if config.option.markexpr != "not slow" or not collection_path.match("test_*.py"):
        return None
    return True if ALL_SLOW.search(collection_path.read_text(encoding="utf-8")) else None


@pytest.hookimpl(trylast=True)  # after what -m and -k leave out is gone
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first, so that no process is left with one when the others have ended.

    Then come those that need a running site, which a process keeps from one of them to the next, those with other slow
    tests, and last the quick ones; where several processes take file after file, of these the ones with most tests.
    """
    with_site = config.stash[WITH_KEPT_SITE] = {item.path for item in items if "running_site" in item.fixturenames}
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    n_tests = Counter(item.path for item in items if "PYTEST_XDIST_WORKER" in os.environ)

    def turn(item: pytest.Item) -> tuple[int, bool, bool, int]:
        path = item.path
        is_long = path in slow and path.name in LONGEST
        place = LONGEST.index(path.name) if is_long else len(LONGEST)
        return place, path not in with_site, path not in slow, 0 if path in slow else -n_tests[path]

    items.sort(key=turn)
    if config.getoption("--soak"):
        return
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.skip(reason="long random run: pass --soak"))


def pytest_report_header() -> str:
    return f"footage: {FOOTAGE}" if FOOTAGE.is_dir() else f"footage: {WITHOUT_FOOTAGE}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the files that took longest, and every test that was skipped for lack of real footage."""
    took_s: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                took_s[report.nodeid.split("::")[0]] += report.duration
    longest = [(name, seconds) for name, seconds in took_s.most_common(TOLD) if seconds >= LONG_S]
    if longest:
        terminalreporter.section("the files that took longest")
        for name, seconds in longest:
            terminalreporter.write_line(f"{seconds:7.0f} s  {name}")
    skipped = [
        report.nodeid
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and WITHOUT_FOOTAGE in report.longrepr[2]
    ]
    if skipped:
        terminalreporter.section(f"{len(skipped)} tests were skipped, {WITHOUT_FOOTAGE}")
        for nodeid in skipped:
            terminalreporter.write_line(nodeid)
