"""Admin pages of rows whose names are in file names: a rename is explained first and done in the background."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t

from people.audit import AuditedAdmin
from people.rename_form import RenameForm, said_of_renaming
from people.renaming import announce, keep_old_names


class RenameAdmin(AuditedAdmin):
    """Rows with a slug. Their form is a ``RenameForm``, and their query set counts clips as ``n_clips``."""

    change_form_template = "admin/rename.html"

    class Media:
        js = ["vendor/htmx-2.0.11.min.js"]

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        names = super().get_fields(request, obj)
        return [name for name in names if obj or name != "keep_slug"]

    def get_urls(self) -> list:
        page = self.admin_site.admin_view(self.rename_says)
        name = f"{self.opts.app_label}_{self.opts.model_name}_rename_says"
        return [path("<uuid:pk>/rename-says/", page, name=name), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict, *args, **kwargs) -> HttpResponse:
        if row := kwargs.get("obj"):
            form = context["adminform"].form
            url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_rename_says", args=[row.pk])
            context |= {"says": form.says(row.n_clips), "says_url": url, "asked": ",".join(form.fields)}
        return super().render_change_form(request, context, *args, **kwargs)

    def rename_says(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Answer with the sentence about what the filled-in form would do."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        form = self.get_form(request, row)(request.GET, instance=row)
        return TemplateResponse(request, "admin/_rename_says.html", {"says": form.says(row.n_clips)})

    def save_related(self, request: HttpRequest, form: RenameForm, formsets: list, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and (form.has_changed() or any(formset.has_changed() for formset in formsets)):
            self.follow(form.instance, form)
            if isinstance(form, RenameForm) and form.renames_files:
                self._say_it_began(request, form.instance)

    def follow(self, row: models.Model, form: RenameForm) -> None:
        """Announce changed names; a row of a list, which renames nothing, is announced as well."""
        if isinstance(form, RenameForm) and form.is_rename:
            keep_old_names(row, form.old_names)
        announce(row)

    def _say_it_began(self, request: HttpRequest, row: models.Model) -> None:
        if row.n_clips:
            link = format_html('<a href="{}?kind=RENAME">{}</a>', reverse("clips:jobs"), _t("See Jobs"))
            self.message_user(request, format_html("{} {}", said_of_renaming(row.n_clips), link), messages.INFO)

    def get_deleted_objects(self, objs: list, request: HttpRequest) -> tuple:
        """Allow deleting a row together with its jobs, although nobody may delete jobs alone."""
        listed, counts, not_permitted, protected = super().get_deleted_objects(objs, request)
        own = [relation for relation in self.opts.related_objects if relation.on_delete is models.CASCADE]
        return listed, counts, not_permitted - {str(r.related_model._meta.verbose_name) for r in own}, protected
