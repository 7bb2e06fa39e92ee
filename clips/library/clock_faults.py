"""Describes wrong camera clocks for pages, with the link to the form that corrects them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from clips.models import OriginalFile
from clips.models.recording import camera_time, named_day, zone_of

_FACTS = ("recorded_at", "clock_shows", "clock_is_local", "utc_offset_min")

_NIGHT_ENDS_HOUR = 4


@dataclass(frozen=True)
class ClockFault:
    """A wrong camera clock: the time it showed, and the link to the form that corrects it."""

    shown: dt.datetime
    correct_url: str

    @property
    def day(self) -> dt.date:
        """The day on the clock, whatever the page's own zone is."""
        return self.shown.date()

    @property
    def is_ahead(self) -> bool:
        """Return whether the clock runs ahead; else it was not set, or lost power."""
        return self.shown > timezone.now()


def clock_facts() -> JSONObject:
    """Return the probe's facts about a file's clock, for an annotation ``clock_facts``."""
    return JSONObject(**{name: f"probe__{name}" for name in _FACTS})


def fault_of(file: OriginalFile) -> ClockFault | None:
    """Return why a file has no date; None if it has one, or if the clock is not the reason."""
    facts: Mapping[str, Any] = getattr(file, "clock_facts", None) or file.probe
    if file.recorded_at is not None or not facts.get("clock_shows") or named_day(file.original_filename):
        return None
    shown = camera_time(facts, zone_of(file.shoot))
    if shown is None:
        return None
    # The day is known, by the session. The hour is a guess for whoever opens the form: clocks begin again at midnight.
    wrong_s = (file.shoot.date - shown.date()).days * 86_400 + (0 if shown.hour > _NIGHT_ENDS_HOUR else 43_200)
    times = {"shown": _typed(shown), "true": _typed(shown + dt.timedelta(seconds=wrong_s))}
    about = {"camera_id": file.camera_id, "serial": file.camera_serial, **times}
    return ClockFault(shown, f"{reverse('clips:clock_correct')}?{urlencode(about)}")


def _typed(time: dt.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S")
