"""Template tag of the navigation: the main places of the site, and the current one."""

from dataclasses import dataclass

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from people.models import Role

register = template.Library()


@dataclass(frozen=True)
class Place:
    """A place in the navigation; ``icon`` names a drawing in ``_icon.html``."""

    title: str
    route: str
    icon: str
    role: Role

    @property
    def url(self) -> str:
        return reverse(self.route)


#: For one thumb at the bottom of a phone.
MAIN = (
    Place(_("Home"), "home", "home", Role.VIEWER),
    Place(_("Sort"), "clips:sort", "sort", Role.SORTER),
    Place(_("Sessions"), "clips:sessions", "sessions", Role.VIEWER),
    Place(_("Clips"), "clips:library", "clips", Role.VIEWER),
    Place(_("Edits"), "clips:reels", "edits", Role.VIEWER),
    Place(_("Upload"), "clips:upload", "upload", Role.SORTER),
)
MORE = (
    Place(_("Season"), "clips:seasons", "season", Role.VIEWER),
    Place(_("Comments"), "clips:comments", "comments", Role.VIEWER),
    Place(_("Jobs"), "clips:jobs", "jobs", Role.SORTER),
    Place(_("Bin"), "clips:bin", "bin", Role.SORTER),
    Place(_("Manage"), "clips:manage", "admin", Role.CURATOR),
)


@register.simple_tag(takes_context=True)
def places(context: Context, which: str) -> list[tuple[Place, bool]]:
    """Return the "main" or "more" places open to the reader, each with whether this page belongs to it."""
    request = context["request"]
    offered = MAIN if which == "main" else MORE
    return [(place, _is_here(place, request.path)) for place in offered if request.user.may(place.role)]


def _is_here(place: Place, path: str) -> bool:
    """Return whether a place is current: its own page and all below it; home only itself."""
    return path == place.url or (place.url != "/" and path.startswith(f"{place.url.rstrip('/')}/"))
