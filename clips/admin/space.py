"""Admin pages of what was deleted to free space and what is left of it, and actions that allow deleting originals."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clips.admin.record import RecordAdmin, place, row_link, size
from clips.models import Eviction, KeptPart, OriginalFile
from people.audit import Action, note


@admin.action(description=_("Allow removal without an archive copy"), permissions=["change"])
def not_needed(model_admin: admin.ModelAdmin, request: HttpRequest, originals: QuerySet) -> None:
    """Mark originals as unneeded. They go only near the disk's floor, once sorted and archived."""
    with transaction.atomic():
        n = OriginalFile.objects.filter(pk__in=originals.values("pk")).mark_not_needed(request.user)
        note(Action.CHANGED, what="marked as removable", n_files=n)
    says = ngettext("%(n)d original may be removed.", "%(n)d originals may be removed.", n)
    model_admin.message_user(request, says % {"n": n}, messages.SUCCESS)


@admin.action(description=_("Keep original"), permissions=["change"])
def needed(model_admin: admin.ModelAdmin, request: HttpRequest, originals: QuerySet) -> None:
    with transaction.atomic():
        n = OriginalFile.objects.filter(pk__in=originals.values("pk")).mark_needed()
        note(Action.CHANGED, what="marked as needed", n_files=n)
    says = ngettext("%(n)d original is marked as needed.", "%(n)d originals are marked as needed.", n)
    model_admin.message_user(request, says % {"n": n}, messages.SUCCESS)


@admin.register(Eviction)
class EvictionAdmin(RecordAdmin):
    fields = ["created_at", "kind", "original", "n_files", "file_size", "why"]
    list_display = ["created_at", "kind", "original", "n_files", "file_size", "why"]
    list_select_related = ["original_file"]
    list_filter = ["kind", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("original_file__probe")

    @admin.display(description=_("video"))
    def original(self, eviction: Eviction) -> str:
        return row_link(eviction.original_file)

    @admin.display(description=_("size"), ordering="size_bytes")
    def file_size(self, eviction: Eviction) -> str:
        return size(eviction.size_bytes)


@admin.register(KeptPart)
class KeptPartAdmin(RecordAdmin):
    fields = ["original", "where", "file_size", "stored_path", "file_hash", "created_at"]
    list_display = ["original", "where", "file_size", "created_at"]
    list_select_related = ["original_file"]
    search_fields = ["original_file__original_filename", "stored_path"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("original_file__probe")

    @admin.display(description=_("video"))
    def original(self, part: KeptPart) -> str:
        return row_link(part.original_file)

    @admin.display(description=_("in the video"), ordering="start_ms")
    def where(self, part: KeptPart) -> str:
        return place(part) if part.end_ms else str(part.get_kind_display())

    @admin.display(description=_("size"), ordering="size_bytes")
    def file_size(self, part: KeptPart) -> str:
        return size(part.size_bytes)
