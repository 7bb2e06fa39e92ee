"""Where the archive holds what."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from clips.admin.record import RecordAdmin, row_link
from clips.models import ArchiveCopy, ArchiveFolder


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
