"""The page that leads curators and admins to everything they look after, with a live figure of each place."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from clips.web import figures
from people.access import requires
from people.models import Role


@dataclass(frozen=True)
class Door:
    """One place, with what it is for in a line, and what there is of it now."""

    title: str | Promise
    says: str | Promise
    route: str
    role: Role = Role.CURATOR
    #: Returns a few words, and costs one query at most.
    figure: Callable[[], figures.Figure] | None = None

    @property
    def url(self) -> str:
        return reverse(self.route)


AREAS: tuple[tuple[str | Promise, tuple[Door, ...]], ...] = (
    (
        _("Crew"),
        (
            Door(_("Members"), _("Invite, set roles, remove"), "people:members", Role.ADMIN, figures.members),
            Door(_("Settings"), _("Time zone, quotas, retention, mail"), "people:settings", Role.ADMIN),
            Door(_("Google Drive"), _("Archive clips there"), "clips:drive", Role.ADMIN),
            Door(
                _("Notice channels"), _("Tell chats, webhooks and mail"), "clips:notices", Role.ADMIN, figures.channels
            ),
            Door(_("Audit trail"), _("Who did what"), "people:audit_trail", Role.ADMIN, figures.last_entry),
        ),
    ),
    (
        _("Names"),
        (
            Door(_("Riders"), _("Rename, merge, take out"), "people:riders", figure=figures.riders),
            Door(_("Tricks"), _("Rename, merge, add aliases"), "tricks:tricks", figure=figures.tricks),
            Door(_("Sessions"), _("Rename, move videos"), "clips:sessions", figure=figures.sessions),
            Door(_("Cameras and clocks"), _("Name cameras, correct times"), "clips:cameras", figure=figures.cameras),
        ),
    ),
    (
        _("Machine"),
        (
            Door(_("Jobs"), _("What runs, waits and failed"), "clips:jobs", figure=figures.jobs),
            Door(_("Storage"), _("What fills the disk, and what can go"), "clips:storage", figure=figures.storage),
            Door(_("Learned from sorting"), _("Use, pause, forget"), "clips:learned", figure=figures.learned),
            Door(_("Bin"), _("Restore or delete"), "clips:bin", figure=figures.binned),
            Door(_("Nightly check"), _("Rows, files and archive compared"), "clips:audit", figure=figures.check),
            Door(_("Admin"), _("All other rows"), "admin:index"),
        ),
    ),
)


@requires(Role.CURATOR)
@require_safe
def manage(request: HttpRequest) -> HttpResponse:
    """Show the places that are open to the reader."""
    shown = [(title, [door for door in doors if request.user.may(door.role)]) for title, doors in AREAS]
    return render(request, "clips/web/manage.html", {"areas": [(title, doors) for title, doors in shown if doors]})
