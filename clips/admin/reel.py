"""Admin pages of edits, their history and films, and links to several clips. All is changed on the site's own pages."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.admin.record import RecordAdmin, count_of, row_link, rows_link, size
from clips.models import CollectionLink, Job, Reel, ReelChange, ReelClip, ReelMusic, ReelRender


@admin.register(Reel)
class ReelAdmin(RecordAdmin):
    fields = [
        "name", "session", "made_by_name", "created_at", "changed_at", "bin_entry",
        "n_clips", "history", "films", "links",
    ]  # fmt: skip
    list_display = ["name", "n_clips", "made_by_name", "created_at", "changed_at"]
    search_fields = ["name", "made_by_name"]
    date_hierarchy = "created_at"
    ordering = ["-changed_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reel]:
        return super().get_queryset(request).annotate(counted=count_of(ReelClip.objects.all(), "reel"))

    @admin.display(description=_("session"))
    def session(self, reel: Reel) -> str:
        return row_link(reel.shoot)

    @admin.display(description=_("clips"))
    def n_clips(self, reel: Reel) -> int:
        return reel.counted

    @admin.display(description=_("changes"))
    def history(self, reel: Reel) -> str:
        return rows_link(ReelChange, reel.changes.count(), reel__id__exact=reel.pk)

    @admin.display(description=_("films"))
    def films(self, reel: Reel) -> str:
        return rows_link(ReelRender, reel.renders.count(), reel__id__exact=reel.pk)

    @admin.display(description=_("links"))
    def links(self, reel: Reel) -> str:
        return rows_link(CollectionLink, reel.links.count(), reel__id__exact=reel.pk)


@admin.register(ReelChange)
class ReelChangeAdmin(RecordAdmin):
    fields = ["reel", "number", "kind", "n_clips", "state", "member_name", "created_at"]
    list_display = ["reel", "number", "kind", "n_clips", "state", "member_name", "created_at"]
    list_select_related = ["reel"]
    list_filter = ["kind", "state"]
    search_fields = ["reel__name", "member_name"]
    ordering = ["-created_at"]


@admin.register(ReelRender)
class ReelRenderAdmin(RecordAdmin):
    fields = [
        "reel", "shape", "shorter_px", "rate", "follows", "n_in_middle", "music", "snaps", "made_by", "created_at",
        "seen_at", "stored_path", "file_size", "duration_ms", "jobs",
    ]  # fmt: skip
    list_display = ["reel", "shape", "shorter_px", "made_by", "created_at", "seen_at", "file_size", "is_made"]
    list_select_related = ["reel", "made_by"]
    list_filter = ["shape", "shorter_px", "follows"]
    search_fields = ["reel__name", "made_by__username"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReelRender]:
        return super().get_queryset(request).defer("plan")

    @admin.display(description=_("size"))
    def file_size(self, film: ReelRender) -> str:
        return size(film.size_bytes)

    @admin.display(description=_("rendered"), boolean=True)
    def is_made(self, film: ReelRender) -> bool:
        return bool(film.stored_path)

    @admin.display(description=_("jobs"))
    def jobs(self, film: ReelRender) -> str:
        return rows_link(Job, film.jobs.count(), reel_render__id__exact=film.pk)


@admin.register(ReelMusic)
class ReelMusicAdmin(RecordAdmin):
    fields = ["name", "reel", "brought_by", "created_at", "stored_path", "file_size"]
    list_display = ["name", "reel", "brought_by", "created_at", "file_size"]
    list_select_related = ["reel", "brought_by"]
    search_fields = ["name", "reel__name", "brought_by__username"]
    ordering = ["-created_at"]

    @admin.display(description=_("size"))
    def file_size(self, music: ReelMusic) -> str:
        return size(music.size_bytes)


@admin.register(CollectionLink)
class CollectionLinkAdmin(RecordAdmin):
    fields = ["shown", "created_by", "created_at", "ends_at", "ended_at", "works", "locked", "may_download",
              "guest_comments", "n_views"]  # fmt: skip
    list_display = ["shown", "created_by", "created_at", "ends_at", "ended_at", "works", "n_views"]
    list_select_related = ["reel", "shoot", "created_by"]
    search_fields = ["title", "reel__name", "shoot__name", "created_by__username"]
    date_hierarchy = "created_at"

    @admin.display(description=_("shows"))
    def shown(self, link: CollectionLink) -> str:
        return link.shown_title

    @admin.display(description=_("active"), boolean=True)
    def works(self, link: CollectionLink) -> bool:
        return link.ended_at is None and (link.ends_at is None or link.ends_at > timezone.now())

    @admin.display(description=_("password"), boolean=True)
    def locked(self, link: CollectionLink) -> bool:
        return link.has_password
