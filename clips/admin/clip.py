"""Admin pages of clips and their file names."""

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clips.admin.record import OF_SHOOT, RecordAdmin, clock, place, row_link, rows_link, size
from clips.models import ArchiveCopy, FileName, FinalClip, Job
from people.audit import AuditedAdmin


@admin.register(FinalClip)
class FinalClipAdmin(AuditedAdmin):
    """A clip's person, trick and category are in its name and folder, so they change only with a new version; the other
    people in it may be edited at any time.
    """

    fieldsets = [
        (None, {"fields": ["filename", "person", "trick", "category", "also"]}),
        (
            _("Source"),
            {"fields": ["original_file", "candidate_segment", "where", "sorted_by", "created_at"]},
        ),
        (_("Versions"), {"fields": ["is_current", "versions", "updated_at"]}),
        (
            _("Files"),
            {"fields": ["file_size", "file_hash", "stored_path", "copies", "jobs", "drive_file_id"]},
        ),
    ]
    autocomplete_fields = ["also"]
    list_display = [
        "filename", "person", "trick", "category", "date", "duration", "file", "segment", "archived", "is_current",
    ]  # fmt: skip
    list_filter = ["is_current", "category", "person", "camera_id"]
    search_fields = ["filename", "person__display_name", "trick__name", "original_file__original_filename"]
    date_hierarchy = "date"
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FinalClip | None = None) -> bool:
        """Refuse deletion, since decisions refer to clips for good: a repeated save must find the first one's clip."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: FinalClip | None = None) -> list[str]:
        shown = [name for _title, options in self.fieldsets for name in options["fields"]]
        return [name for name in shown if name not in self.autocomplete_fields]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == OF_SHOOT or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Fetch the segment's file for its name; leave out long columns of both that are not shown."""
        rows = super().get_queryset(request).prefetch_related("copies")
        rows = rows.select_related("person", "trick", "original_file", "candidate_segment__original_file")
        segment = "candidate_segment"
        return rows.defer("original_file__probe", f"{segment}__features", f"{segment}__original_file__probe")

    def save_model(self, request: HttpRequest, obj: FinalClip, form: ModelForm, change: bool) -> None:
        """Update only the time: a worker may be writing the rest at this moment."""
        obj.save(update_fields=["updated_at"])

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        FinalClip.objects.filter(pk=form.instance.pk).refresh_search()

    @admin.display(description=_("place"))
    def where(self, clip: FinalClip) -> str:
        return place(clip)

    @admin.display(description=_("duration"))
    def duration(self, clip: FinalClip) -> str:
        return clock(clip.duration_ms)

    @admin.display(description=_("size"))
    def file_size(self, clip: FinalClip) -> str:
        return size(clip.size_bytes)

    @admin.display(description=_("sorted by"))
    def sorted_by(self, clip: FinalClip) -> str:
        return str(clip.created_by or "")

    @admin.display(description=_("video"))
    def file(self, clip: FinalClip) -> str:
        return row_link(clip.original_file)

    @admin.display(description=_("segment"))
    def segment(self, clip: FinalClip) -> str:
        return row_link(clip.candidate_segment)

    @admin.display(description=_("archived"), boolean=True)
    def archived(self, clip: FinalClip) -> bool:
        return any(copy.verified_at for copy in clip.copies.all())

    @admin.display(description=_("archive copies"))
    def copies(self, clip: FinalClip) -> str:
        return rows_link(ArchiveCopy, len(clip.copies.all()), clip__id__exact=clip.pk)

    @admin.display(description=_("jobs"))
    def jobs(self, clip: FinalClip) -> str:
        return rows_link(Job, clip.jobs.count(), clip__id__exact=clip.pk)

    @admin.display(description=_("versions"))
    def versions(self, clip: FinalClip) -> str:
        n_versions = FinalClip.objects.filter(lineage=clip.lineage).count()
        return rows_link(FinalClip, n_versions, lineage__exact=clip.lineage)


@admin.register(FileName)
class FileNameAdmin(RecordAdmin):
    """File names that were given and are never given again."""

    fields = ["stem", "number"]
    list_display = ["__str__", "number"]
    search_fields = ["stem"]
