"""Views that merge two riders or two tricks after a look at what follows, and undo it."""

from uuid import UUID

from django.contrib import messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from people.access import requires
from people.audit import Action, note
from people.curating.kind import Kind
from people.curating.pages import page_of
from people.merging import MergeError, plan, undo
from people.merging import merge as do_merge
from people.models import Merge, Role
from people.naming.picking import MAX_TYPED
from people.naming.spelling import clean_name
from trickyclip.shared.undo_offer import offer_undo


@requires(Role.CURATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, kind: Kind, pk: UUID) -> HttpResponse:
    """Show what merging a row into another one, ``?into=``, would change; POST does it."""
    row = kind.row(pk)
    asked = clean_name((request.POST if request.method == "POST" else request.GET).get("into", ""))[:MAX_TYPED]
    survivor = _called(kind, asked)
    if survivor is None or survivor.pk == row.pk:
        says = _("Choose two different rows.") if survivor else kind.unknown_words % {"name": asked or "–"}
        return page_of(request, kind, row, status=422, merge_problem=says, into=asked)
    if request.method == "POST":
        return _merged(request, kind, row, survivor)
    context = {
        "kind": kind,
        "merged": row,
        "survivor": survivor,
        "plan": plan(row, survivor),
        "back": kind.url("", pk),
        "swapped": f"{kind.url('merge', survivor.pk)}?into={pk}",
    }
    return render(request, "people/named_merge.html", context)


@requires(Role.CURATOR)
@require_POST
def merge_undo(request: HttpRequest, kind: Kind, pk: int) -> HttpResponse:
    """Take a merge apart again, and go to the row that is back."""
    made = get_object_or_404(Merge, pk=pk, kind=kind.label)
    try:
        with transaction.atomic():
            row = undo(made)
            note(Action.CHANGED, row, undone_merge=made.pk)
    except MergeError as error:
        messages.error(request, str(error))
        return redirect(kind.list_url)
    names = {"merged": row, "survivor": made.survivor_name}
    messages.success(request, _("%(merged)s and %(survivor)s are two again.") % names)
    return redirect(kind.url("", row.pk))


def _merged(request: HttpRequest, kind: Kind, row: models.Model, survivor: models.Model) -> HttpResponse:
    names = {"merged": str(row), "survivor": str(survivor)}
    try:
        with transaction.atomic():
            note(Action.MERGED, survivor, merged=row.pk, merged_name=str(row))
            made = do_merge(row, survivor, member=request.user)
    except MergeError as error:
        messages.error(request, str(error))
        return redirect(kind.list_url)
    offer_undo(request, _("%(merged)s is now %(survivor)s.") % names, kind.url("merge_undo", made.pk))
    return redirect(kind.url("", survivor.pk))


def _called(kind: Kind, asked: str) -> models.Model | None:
    """Return the row of an id, a name, an alias or a slug."""
    try:
        found = kind.model.objects.filter(pk=UUID(asked))
    except ValueError:
        found = kind.model.objects.called(asked) if asked else kind.model.objects.none()
    first = found.values_list("pk", flat=True).first()
    return kind.row(first) if first else None
