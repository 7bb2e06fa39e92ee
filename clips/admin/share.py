"""Admin pages of share videos and share links. Links are made and revoked on the clip's page."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.admin.record import RecordAdmin, row_link, rows_link, size
from clips.models import SharedCopy, ShareLink


@admin.register(SharedCopy)
class SharedCopyAdmin(RecordAdmin):
    fields = ["of", "slow_down", "sound", "stored_path", "file_size", "created_at", "links"]
    list_display = ["of", "slow_down", "sound", "file_size", "created_at"]
    list_select_related = ["clip"]
    list_filter = ["slow_down", "sound"]
    search_fields = ["clip__filename"]
    ordering = ["-created_at"]

    @admin.display(description=_("copy of"))
    def of(self, copy: SharedCopy) -> str:
        return row_link(copy.clip)

    @admin.display(description=_("size"))
    def file_size(self, copy: SharedCopy) -> str:
        return size(copy.size_bytes)

    @admin.display(description=_("links"))
    def links(self, copy: SharedCopy) -> str:
        return rows_link(ShareLink, copy.links.count(), copy__id__exact=copy.pk)


@admin.register(ShareLink)
class ShareLinkAdmin(RecordAdmin):
    fields = ["of", "created_by", "created_at", "ends_at", "ended_at", "works"]
    list_display = ["of", "created_by", "created_at", "ends_at", "ended_at", "works"]
    list_select_related = ["copy__clip", "created_by"]
    search_fields = ["copy__clip__filename", "created_by__username"]
    date_hierarchy = "created_at"

    @admin.display(description=_("copy of"))
    def of(self, link: ShareLink) -> str:
        return row_link(link.copy.clip)

    @admin.display(description=_("active"), boolean=True)
    def works(self, link: ShareLink) -> bool:
        return link.ended_at is None and (link.ends_at is None or link.ends_at > timezone.now())
