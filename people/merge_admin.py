"""Admin pages for tags of clips, with a page that merges two of them after it has shown the changes."""

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from people.audit import Action, AuditedAdmin, note
from people.merging import MergeError, merge, plan, undo
from people.models import Merge


@admin.register(Merge)
class MergesAdmin(AuditedAdmin):
    """Merges that were made, each undone by the action of the list."""

    list_display = ["merged_name", "survivor_name", "kind", "member", "created_at", "undone_at"]
    list_filter = ["kind", ("undone_at", admin.EmptyFieldListFilter)]
    list_select_related = ["member"]
    search_fields = ["merged_name", "survivor_name"]
    fields = ["merged_name", "survivor_name", "kind", "member", "created_at", "undone_at"]
    actions = ["undo"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Merge | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Merge | None = None) -> bool:
        return False

    @admin.action(description=_("Undo"), permissions=["view"])
    def undo(self, request: HttpRequest, merges: QuerySet) -> None:
        """Take merges apart, the newest first, since an older one may need what a newer one took."""
        for made in merges.order_by("-created_at"):
            try:
                with transaction.atomic():
                    merged = undo(made)
                    note(Action.CHANGED, merged, undone_merge=made.pk)
            except MergeError as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            names = {"merged": merged, "survivor": made.survivor_name}
            self.message_user(request, _t("%(merged)s and %(survivor)s are two again.") % names, messages.SUCCESS)


class MergeAdmin(AuditedAdmin):
    """People or tricks: rows with aliases, which clips refer to.

    Adds "Merge …" to the actions of a list: select two rows, look, confirm.
    """

    actions = ["merge"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).with_clip_counts().prefetch_related("aliases")

    @admin.display(description=_("aliases"))
    def also_called(self, row: models.Model) -> str:
        return ", ".join(alias.name for alias in row.aliases.all())

    @admin.display(description=_("clips"), ordering="n_clips")
    def clips(self, row: models.Model) -> str:
        query = f"{self.opts.model_name}__id__exact={row.pk}&is_current__exact=1"
        return format_html('<a href="{}?{}">{}</a>', reverse("admin:clips_finalclip_changelist"), query, row.n_clips)

    def get_urls(self) -> list:
        page = self.admin_site.admin_view(self.merge_page)
        address = "merge/<uuid:merged>/into/<uuid:survivor>/"
        return [path(address, page, name=self._page("merge")), *super().get_urls()]

    @admin.action(description=_("Merge …"), permissions=["change", "delete"])
    def merge(self, request: HttpRequest, rows: QuerySet) -> HttpResponse | None:
        """Redirect to the merge page; the one with more uses is offered as the survivor."""
        if len(rows) != 2:
            self.message_user(request, _t("Select exactly two rows to merge."), messages.ERROR)
            return None
        first, second = rows
        n_uses = {row: sum(change.n_moved for change in plan(row, other).changes) for row, other in (rows, rows[::-1])}
        merged, survivor = sorted((first, second), key=n_uses.__getitem__)
        return redirect(self._address("merge", merged.pk, survivor.pk))

    def merge_page(self, request: HttpRequest, merged: UUID, survivor: UUID) -> HttpResponse:
        """Show what a merge would change (GET), or do it (POST)."""
        if not (self.has_change_permission(request) and self.has_delete_permission(request)):
            raise PermissionDenied
        rows = self.model.objects.prefetch_related("aliases").in_bulk([merged, survivor])
        if len(rows) < 2:
            self.message_user(request, _t("One of the two has been merged or deleted in the meantime."), messages.ERROR)
            return redirect(self._address("changelist"))
        if request.method == "POST":
            return self._merge(request, rows[merged], rows[survivor])
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Merge %(merged)s into %(survivor)s") % {"merged": rows[merged], "survivor": rows[survivor]},
            "opts": self.opts,
            "merged": rows[merged],
            "survivor": rows[survivor],
            "plan": plan(rows[merged], rows[survivor]),
            "swapped": self._address("merge", survivor, merged),
        }
        return TemplateResponse(request, "admin/merge.html", context)

    def _merge(self, request: HttpRequest, merged: models.Model, survivor: models.Model) -> HttpResponse:
        names = {"merged": str(merged), "survivor": str(survivor)}
        try:
            with transaction.atomic():
                note(Action.MERGED, survivor, merged=merged.pk, merged_name=str(merged))
                self.log_deletions(request, self.model.objects.filter(pk=merged.pk))
                made = merge(merged, survivor, member=request.user)
                self.log_change(request, survivor, _t("Merged %(merged)s into this.") % names)
        except MergeError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect(self._address("changelist"))
        undo_at = reverse("admin:people_merge_changelist") + f"?id={made.pk}"
        sentence = format_html(
            '{} <a href="{}">{}</a>', _t("%(merged)s is now %(survivor)s.") % names, undo_at, _t("Undo …")
        )
        self.message_user(request, sentence, messages.SUCCESS)
        return redirect(self._address("change", survivor.pk))

    def _page(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _address(self, page: str, *args: UUID) -> str:
        return reverse(f"admin:{self._page(page)}", args=args)
