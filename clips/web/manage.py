"""The page that leads curators and admins to everything they look after."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from people.access import requires
from people.models import Role


@dataclass(frozen=True)
class Door:
    """One link, with what is behind it in a line."""

    title: str | Promise
    says: str | Promise
    route: str
    role: Role = Role.CURATOR
    #: Part of the page.
    anchor: str = ""

    @property
    def url(self) -> str:
        return reverse(self.route) + self.anchor


AREAS: tuple[tuple[str | Promise, tuple[Door, ...]], ...] = (
    (
        _("Crew"),
        (
            Door(_("Members"), _("Invite, set roles, remove"), "people:members", Role.ADMIN),
            Door(_("Settings"), _("Time zone, quotas, retention, mail"), "people:settings", Role.ADMIN),
            Door(_("Google Drive"), _("Archive clips there"), "clips:drive", Role.ADMIN),
            Door(_("Notice channels"), _("Chats, webhooks, mail"), "admin:clips_noticechannel_changelist", Role.ADMIN),
            Door(_("Audit trail"), _("Who did what"), "admin:people_auditentry_changelist", Role.ADMIN),
        ),
    ),
    (
        _("Names"),
        (
            Door(_("Riders"), _("Rename, merge, take out"), "people:riders"),
            Door(_("Tricks"), _("Rename, merge, add aliases"), "tricks:tricks"),
            Door(_("Cameras"), _("Names of cameras"), "admin:clips_cameraname_changelist"),
            Door(_("Camera clocks"), _("Correct wrong times"), "admin:clips_cameraclock_changelist"),
        ),
    ),
    (
        _("Footage"),
        (
            Door(_("Jobs"), _("What runs, waits and failed"), "clips:jobs"),
            Door(_("Storage"), _("Free up space"), "clips:jobs", anchor="#disk"),
            Door(_("Bin"), _("Restore or delete"), "clips:bin"),
            Door(_("Audit"), _("Rows, files and archive compared"), "clips:audit"),
            Door(_("Admin"), _("All other rows"), "admin:index"),
        ),
    ),
)


@requires(Role.CURATOR)
@require_safe
def manage(request: HttpRequest) -> HttpResponse:
    """Show the doors that are open to the reader."""
    shown = [(title, [door for door in doors if request.user.may(door.role)]) for title, doors in AREAS]
    return render(request, "clips/web/manage.html", {"areas": [(title, doors) for title, doors in shown if doors]})
