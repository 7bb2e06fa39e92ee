"""Admin pages of the archive: copies, folders, outages, and the Google account it uses."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.admin.record import RecordAdmin, row_link
from clips.archive.drive import oauth
from clips.models import ArchiveBlock, ArchiveCopy, ArchiveFolder, DriveGrant
from people.models import Role

#: Where the browser's session keeps what must be compared when it comes back from Google.
SESSION_KEY = "drive_grant"


@admin.register(ArchiveCopy)
class ArchiveCopyAdmin(RecordAdmin):
    fields = ["path", "of", "backend", "state", "verified_at", "sha256", "remote_id"]
    list_display = ["path", "of", "backend", "state", "verified_at"]
    list_select_related = ["clip", "original_file"]
    list_filter = ["backend", "state"]
    search_fields = ["path", "sha256"]

    @admin.display(description=_("copy of"))
    def of(self, copy: ArchiveCopy) -> str:
        return row_link(copy.clip or copy.original_file)


@admin.register(ArchiveFolder)
class ArchiveFolderAdmin(RecordAdmin):
    fields = ["name", "inside", "backend", "remote_id"]
    list_display = ["name", "inside", "backend"]
    list_select_related = ["parent"]
    list_filter = ["backend"]
    search_fields = ["name"]

    @admin.display(description=_("inside"))
    def inside(self, folder: ArchiveFolder) -> str:
        return row_link(folder.parent)


@admin.register(ArchiveBlock)
class ArchiveBlockAdmin(RecordAdmin):
    fields = ["backend", "reason", "sentence", "since", "look_again_at"]
    list_display = ["sentence", "backend", "reason", "since"]


@admin.register(DriveGrant)
class DriveGrantAdmin(RecordAdmin):
    """For admins only, since the connected account decides where all clips go."""

    fields = ["account", "scope", "granted_by", "granted_at"]
    list_display = ["account", "granted_by", "granted_at"]
    list_select_related = ["granted_by"]

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        return [
            path("connect/", view(self.connect), name="clips_drivegrant_connect"),
            path("connected/", view(self.connected), name="clips_drivegrant_connected"),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.may(Role.ADMIN)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.may(Role.ADMIN)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.may(Role.ADMIN)

    def connect(self, request: HttpRequest) -> HttpResponse:
        """Explain what will happen, with a link to Google's page.

        A link and not a button, because a form may not lead to another site here (the content security policy).
        """
        self._only_admins(request)
        address = ""
        if oauth.is_set_up():
            address, request.session[SESSION_KEY] = oauth.begin(self._redirect_uri(request))
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Connect a Google account"),
            "opts": self.opts,
            "google_address": address,
            "redirect_uri": self._redirect_uri(request),
            "sees_all": oauth.scope() == oauth.WHOLE_DRIVE,
        }
        return TemplateResponse(request, "admin/clips/drivegrant/connect.html", context)

    def connected(self, request: HttpRequest) -> HttpResponse:
        """Take the answer of Google's consent page; each request is answered at most once."""
        self._only_admins(request)
        kept = request.session.pop(SESSION_KEY, None)
        try:
            given = oauth.complete(request.GET.dict(), kept, self._redirect_uri(request), request.user)
        except oauth.GrantError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            said = _t("Clips now go to the Drive of %(account)s.") % {"account": given.account}
            self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:clips_drivegrant_changelist")

    @staticmethod
    def _redirect_uri(request: HttpRequest) -> str:
        return request.build_absolute_uri(reverse("admin:clips_drivegrant_connected"))

    def _only_admins(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
