"""Template filters that format durations."""

from django import template
from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.jobs.summary import seconds_left
from clips.models import Job
from clips.models.clock import clock as clock_of
from clips.previews.timeline import NOISE

register = template.Library()


@register.filter
def clock(duration_ms: int | None) -> str:
    """Return 0:41, or 1:02:03 from an hour on."""
    return clock_of(duration_ms)


@register.filter
def hours(duration_ms: int) -> str:
    """Return the length of footage: 42 min, or 1.7 h from an hour on."""
    if duration_ms >= 3_600_000:
        return _("%(n)s h") % {"n": floatformat(duration_ms / 3_600_000, 1)}
    return _("%(n)d min") % {"n": -(-duration_ms // 60_000)}


@register.filter
def time_left(job: Job) -> str:
    """Return the estimated remaining time of a running job; empty if unknown."""
    left_s = seconds_left(job)
    return "" if left_s is None else about_left(left_s)


@register.filter
def about_left(left_s: float) -> str:
    """Return a remaining time, rounded to a useful precision."""
    if left_s < 60:
        return _("less than a minute left")
    minutes = round(left_s / 60)
    if minutes < 90:
        return ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}
    return _("about %(n)d hours left") % {"n": round(minutes / 60)}


@register.filter
def clock_offset(offset_s: int) -> str:
    """Return by how much a clock is corrected: 1:00:00 with its sign, or 3257 d 12:00:00."""
    minutes, seconds = divmod(abs(offset_s), 60)
    days, minutes = divmod(minutes, 24 * 60)
    sign, time = "−" if offset_s < 0 else "+", f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"  # noqa: RUF001
    return _("%(sign)s%(days)d d %(time)s") % {"sign": sign, "days": days, "time": time} if days else f"{sign}{time}"


@register.filter
def percent(fraction: float) -> int:
    """Return a fraction as a whole percentage, rounded down."""
    return int(100 * fraction + NOISE)
