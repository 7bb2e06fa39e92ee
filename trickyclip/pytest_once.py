"""Does once per test process what is the same for all its tests. Loaded with ``-p`` in pytest.ini."""

import functools
import gc
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware


def pytest_collection_finish() -> None:
    """Keep the collected tests out of the garbage collector: it would look through them all, again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def static_files_listed_once() -> Iterator[None]:
    """Let WhiteNoise list the static files once, not for the first request of each test's client.

    Its middleware does so when it is made, which a site does once; a test client makes all middleware anew.
    """
    with pytest.MonkeyPatch.context() as patch:
        listing = WhiteNoiseMiddleware.add_files_from_finders
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", _once_per_settings(listing))
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
