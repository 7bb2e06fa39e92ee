"""Template filters that describe clips."""

from uuid import UUID

from django import template
from django.template.defaultfilters import floatformat
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.models import ClipCategory, FinalClip, OriginalFile
from clips.models.camera import camera_name, rate_name
from clips.models.clock import exact_clock
from clips.previews.playback import Source, light_source
from trickyclip.shared.addresses import address_of

register = template.Library()
register.filter(exact_clock)
register.filter(camera_name)
register.filter(rate_name)


@register.filter
def seconds(duration_ms: int) -> str:
    """Return a short duration: 3.2 s."""
    return _("%(seconds)s s") % {"seconds": floatformat(duration_ms / 1000, 1)}


@register.filter
def camera(shown: FinalClip | OriginalFile) -> str:
    """Return what the crew calls the camera of a clip or file, or its id as people say it."""
    return getattr(shown, "own_camera_name", None) or camera_name(shown.camera_id)


@register.filter
def who(clip: FinalClip) -> str:
    """Return whom a clip shows, or that it has no tags yet; a clip without a rider is named by its trick."""
    if clip.person or clip.trick:
        return str(clip.person or clip.trick)
    category = clip.get_category_display().capitalize()
    return _("Untagged") if clip.category == ClipCategory.TRICK else category


@register.filter
def what(clip: FinalClip) -> str:
    """Return what is done in a clip, unless ``who`` says it already; its category if it has no trick."""
    if not clip.person:
        return _("untagged") if clip.category != ClipCategory.TRICK and not clip.trick else ""
    if clip.trick:
        return str(clip.trick)
    return _("no trick tagged") if clip.category == ClipCategory.TRICK else clip.get_category_display().capitalize()


@register.filter
def address(pk: UUID, route: str) -> str:
    """Return the address of a row, as ``{% url %}`` does; for cards, of which a page has many."""
    return mark_safe(address_of(route, pk))  # noqa: S308 - a route and an id


@register.filter
def hearts(n: int) -> str:
    """Return the noun for so many hearts."""
    return ngettext("heart", "hearts", n)


@register.filter
def stars(n: int) -> str:
    """Return a number of stars in words: 3 stars."""
    return ngettext("%(n)d star", "%(n)d stars", n) % {"n": n}


@register.filter
def star_row(n: int) -> str:
    return "★" * n


@register.simple_tag
def hover_source(clip: FinalClip) -> Source | None:
    return light_source(clip)
