"""Saves searches of the library under a name, for oneself or the crew, and lists them in its navigation."""

from uuid import UUID

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from clips.library.asked import asked_for, library_address, query_of
from clips.models import SavedView
from clips.models.saved_view import MAX_QUERY
from people.access import requires
from people.models import Member, Role
from people.naming.spelling import clean_name


class SavedViewForm(forms.Form):
    """The name of a view; one's own view of that name is replaced."""

    name = forms.CharField(label=_("Name"), max_length=60)
    is_crews = forms.BooleanField(label=_("For the whole crew"), required=False)
    query = forms.CharField(required=False, max_length=MAX_QUERY, widget=forms.HiddenInput)

    def __init__(self, *args, member: Member, **kwargs) -> None:
        super().__init__(*args, auto_id="view_%s", **kwargs)
        self.member = member
        if not member.may(Role.SORTER):
            del self.fields["is_crews"]

    def clean_name(self) -> str:
        name = clean_name(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Enter a name."))
        return name

    def clean_query(self) -> str:
        query = query_of(asked_for(QueryDict(self.cleaned_data["query"])))
        if len(query) > MAX_QUERY:  # letters beyond ASCII are longer in an address
            raise forms.ValidationError(_("This search is too long to be saved."))
        return query

    def clean(self) -> dict:
        cleaned = super().clean()
        self.replaced = None
        if "name" in cleaned:
            whose = {"member": self.member, "is_crews": cleaned.get("is_crews", False)}
            self.replaced = SavedView.objects.named(cleaned["name"], **whose).first()
            if self.replaced and not self.replaced.may_be_changed_by(self.member):
                self.add_error("name", _("The crew has a view of this name. Choose another one."))
        return cleaned

    @transaction.atomic
    def save(self) -> SavedView:
        asked = self.cleaned_data
        if self.replaced:
            SavedView.objects.filter(pk=self.replaced.pk).update(query=asked["query"])
            return self.replaced
        is_crews = asked.get("is_crews", False)
        return SavedView.objects.create(
            name=asked["name"], query=asked["query"], is_crews=is_crews, member=self.member
        )  # fmt: skip


def saved_views_context(member: Member, query: str, form: SavedViewForm | None = None) -> dict:
    """Return the context of ``_saved_views.html`` for a query of the library."""
    views = list(SavedView.objects.shown_to(member))
    for view in views:
        view.is_here = view.query == query
        view.may_be_deleted = view.may_be_changed_by(member)
    form = form or SavedViewForm(member=member)
    return {"saved_views": views, "view_form": form, "is_saved": any(view.is_here for view in views)}


@requires(Role.VIEWER)
@require_POST
def saved_view_save(request: HttpRequest) -> HttpResponse:
    """Save a search under a name; answer with the views, or with the form and what is wrong."""
    form = SavedViewForm(request.POST, member=request.user)
    is_valid = form.is_valid()
    if is_valid:
        form.save()
    query = form.cleaned_data.get("query", "")
    if not request.htmx and is_valid:
        return redirect(library_address(query))
    return _answer(request, query, None if is_valid else form)


@requires(Role.VIEWER)
@require_POST
def saved_view_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a view; the clips it finds stay."""
    view = get_object_or_404(SavedView.objects.shown_to(request.user), pk=pk)
    if not view.may_be_changed_by(request.user):
        return HttpResponse(status=403)
    view.delete()
    return _answer(request, view.query)


def _answer(request: HttpRequest, query: str, refused: SavedViewForm | None = None) -> HttpResponse:
    context = saved_views_context(request.user, query, refused) | {"query": query}
    return render(request, "clips/library/_saved_views.html", context, status=422 if refused else 200)
