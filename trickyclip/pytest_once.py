"""Does once per test process what is the same for all its tests. Loaded by conftest.py."""

import fcntl
import functools
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from whitenoise.middleware import WhiteNoiseMiddleware

from trickyclip.tests import filled_tables, kept_database


def pytest_collection_finish() -> None:
    """Keep the collected tests out of the garbage collector: it would look through them all, again and again."""
    gc.collect()
    gc.freeze()


#: A database that one of the test processes migrates, or reads from what an earlier run kept, and all of them copy.
MIGRATED = "test_trickyclip_migrated"


@pytest.fixture(scope="session")
def migrated_dump(django_db_blocker, pytestconfig: pytest.Config) -> Path | None:
    """Where the dump of the migrated database is kept from run to run, if it is."""
    cache = getattr(pytestconfig, "cache", None)  # not with -p no:cacheprovider
    if cache is None:
        return None
    with django_db_blocker.unblock():
        dump = kept_database.dump_of(cache.mkdir("trickyclip-database"))
        connections["default"].close()  # PostgreSQL copies no database that somebody is connected to
    return dump


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, django_db_blocker, migrated_dump: Path | None
) -> None:
    """Let the test processes copy one migrated database instead of migrating each its own."""
    with django_db_blocker.unblock():
        connections["default"].settings_dict["TEST"]["TEMPLATE"] = _migrated_once(migrated_dump)


def _migrated_once(dump: Path | None) -> str:
    folder = Path(os.environ["TRICKYCLIP_TESTS"])
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "migrated").exists():
            _make(dump)
            (folder / "migrated").touch()
    return MIGRATED


def _make(dump: Path | None) -> None:
    """Make the database as an earlier run kept it, or by the migrations."""
    if dump and kept_database.restored(dump, MIGRATED):
        return
    _migrate()
    if dump:
        kept_database.keep(dump, MIGRATED)


def _migrate() -> None:
    """Make the database, and leave the connection as it was: PostgreSQL copies none that somebody is connected to."""
    connection = connections["default"]
    name, test_name = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = MIGRATED
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
        connection.settings_dict["TEST"]["NAME"] = test_name


@pytest.fixture(scope="session", autouse=True)
def static_files_listed_once() -> Iterator[None]:
    """Let WhiteNoise list the static files once, not for the first request of each test's client.

    Its middleware does so when it is made, which a site does once; a test client makes all middleware anew.
    """
    with pytest.MonkeyPatch.context() as patch:
        listing = WhiteNoiseMiddleware.add_files_from_finders
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", _once_per_settings(listing))
        yield


@pytest.fixture(scope="session", autouse=True)
def only_filled_tables_are_emptied() -> Iterator[None]:
    """Let a test with transactions of its own cost less than Django's way of emptying the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", filled_tables.empty_after)
        yield


def _once_per_settings(listing: Callable[[WhiteNoiseMiddleware], None]) -> Callable[[WhiteNoiseMiddleware], None]:
    listed = {}

    @functools.wraps(listing)
    def add_files(middleware: WhiteNoiseMiddleware) -> None:
        """Add the files as they were listed under the same settings."""
        key = (
            middleware.static_prefix,
            middleware.max_age,
            middleware.immutable_file_test,
            *(tuple(settings.STATICFILES_FINDERS), tuple(settings.STATICFILES_DIRS)),
        )
        if key not in listed:
            listing(middleware)
            listed[key] = dict(middleware.files)
        middleware.files.update(listed[key])

    return add_files
