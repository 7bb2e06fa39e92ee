"""The crew's time zone, where an admin changed it: Django itself knows only the one of its start."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from people.site_settings.registry import TIME_ZONE


def zone() -> zoneinfo.ZoneInfo:
    """Return the crew's time zone."""
    return zoneinfo.ZoneInfo(TIME_ZONE.value())


def use() -> None:
    """Make it the current one of this thread, for dates on pages and "today"."""
    if TIME_ZONE.is_from_environment or (name := TIME_ZONE.value()) == TIME_ZONE.default:
        timezone.deactivate()
    else:
        timezone.activate(name)


@contextmanager
def left_behind() -> Iterator[None]:
    """Return to the zone of the start after this block, since threads serve one request after the other."""
    try:
        yield
    finally:
        timezone.deactivate()
