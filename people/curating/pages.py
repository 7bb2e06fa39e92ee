"""Views of the list of riders or tricks, and of one of them with its names and aliases."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.access import requires
from people.audit import Action, note
from people.curating.kind import Kind
from people.models import Merge, Role
from people.naming.picking import typed_in
from people.rename_form import RenameForm, said_of_renaming
from people.renaming import announce, keep_old_names
from trickyclip.shared.whole_pages import part_of

PER_PAGE, MOST_FOUND = 100, 30
#: Names that read like one's own, offered to merge it into.
MOST_ALIKE = 3
MOST_MERGES = 10


@requires(Role.CURATOR)
@require_safe
def listed(request: HttpRequest, kind: Kind) -> HttpResponse:
    """List names with clip counts and aliases; ``?q=`` finds misspelt ones, too."""
    return _list(request, kind, kind.new_form())


@requires(Role.CURATOR)
@require_POST
def add(request: HttpRequest, kind: Kind) -> HttpResponse:
    """Add a rider or trick, and go to its page."""
    form = kind.new_form(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                row = form.save()
                note(Action.ADDED, row)
        except IntegrityError:
            form.add_error(None, _("This name is taken."))
        else:
            messages.success(request, _("Added: %(name)s") % {"name": row})
            return redirect(kind.url("", row.pk))
    return _list(request, kind, form, status=422)


@requires(Role.CURATOR)
@require_safe
def one(request: HttpRequest, kind: Kind, pk: UUID) -> HttpResponse:
    """Show one rider or trick, and all that can be done to it."""
    return page_of(request, kind, kind.row(pk))


@requires(Role.CURATOR)
@require_POST
def rename(request: HttpRequest, kind: Kind, pk: UUID) -> HttpResponse:
    """Change a name; its clips' files and folders follow in the background, and the old name stays an alias."""
    row = kind.row(pk)
    form = kind.rename_form(row, request.POST)
    if form.is_valid() and _renamed(form):
        said = [_("Saved.")]
        if form.renames_files and row.n_clips:
            said.append(said_of_renaming(row.n_clips))
        messages.success(request, " ".join(said))
        return redirect(kind.url("", pk))
    return page_of(request, kind, kind.row(pk), status=422, rename_form=form)


@requires(Role.CURATOR)
@require_safe
@part_of(lambda kind, pk: kind.url("", pk))
def rename_says(request: HttpRequest, kind: Kind, pk: UUID) -> HttpResponse:
    """Answer with the sentence about what the filled-in form would do."""
    row = kind.row(pk)
    says = kind.rename_form(row, request.GET).says(row.n_clips)
    return render(request, "people/_rename_says.html", {"says": says})


@requires(Role.CURATOR)
@require_POST
def alias_add(request: HttpRequest, kind: Kind, pk: UUID) -> HttpResponse:
    """Add another name that leads here."""
    row = kind.row(pk)
    form = kind.new_alias_form(row, request.POST)
    if form.is_valid():
        alias = form.cleaned_data["name"]
        if kind.model.form_of(alias) in map(kind.model.form_of, row.spellings):
            form.add_error("name", _("%(other)s already has this name.") % {"other": row})
        else:
            try:
                with transaction.atomic():
                    form.save()
                    announce(row)
                    note(Action.CHANGED, row, alias_added=alias)
            except IntegrityError:
                form.add_error("name", _("This name is taken."))
            else:
                return redirect(f"{kind.url('', pk)}#aliases")
    return page_of(request, kind, row, status=422, alias_form=form)


@requires(Role.CURATOR)
@require_POST
def alias_remove(request: HttpRequest, kind: Kind, pk: UUID, alias: int) -> HttpResponse:
    """Remove an alias: the name is free for somebody else."""
    row = kind.row(pk)
    with transaction.atomic():
        gone = get_object_or_404(row.aliases.select_for_update(), pk=alias)
        note(Action.CHANGED, row, alias_removed=gone.name)
        gone.delete()
        announce(row)
    return redirect(f"{kind.url('', pk)}#aliases")


def page_of(request: HttpRequest, kind: Kind, row: models.Model, *, status: int = 200, **more: object) -> HttpResponse:
    """Answer with the page of one row."""
    form = more.pop("rename_form", None) or kind.rename_form(row)
    merges = Merge.objects.filter(kind=kind.label, survivor=row.pk, undone_at=None)
    context = {
        "kind": kind,
        "row": row,
        "rename_form": form,
        "says": form.says(row.n_clips),
        "rename_url": kind.url("rename", row.pk),
        "says_url": kind.url("rename_says", row.pk),
        "alias_form": kind.new_alias_form(row),
        "alias_url": kind.url("alias_add", row.pk),
        "aliases": [(alias, kind.url("alias_remove", row.pk, alias.pk)) for alias in row.aliases.all()],
        "merge_url": kind.url("merge", row.pk),
        "alike": _alike(kind, row),
        "merges": [(made, kind.url("merge_undo", made.pk)) for made in merges[:MOST_MERGES]],
        **(kind.context_of(row) if kind.context_of else {}),
        **more,
    }
    return render(request, "people/named.html", context, status=status)


def _list(request: HttpRequest, kind: Kind, form: RenameForm, *, status: int = 200) -> HttpResponse:
    typed = typed_in(request)
    rows = kind.model.objects.with_clip_counts().prefetch_related("aliases")
    page = None
    if typed:
        likely = [row.pk for row in kind.closest(typed, _spelt(kind))[:MOST_FOUND]]
        found = {row.pk: row for row in rows.filter(pk__in=likely)}
        shown = [found[pk] for pk in likely if pk in found]
    else:
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        shown = list(page)
    context = {
        "kind": kind,
        "rows": [(row, kind.url("", row.pk)) for row in shown],
        "page": page,
        "typed": typed,
        "form": form,
    }
    return render(request, "people/named_list.html", context, status=status)


def _spelt(kind: Kind) -> list[models.Model]:
    return list(kind.model.objects.prefetch_related("aliases"))


def _alike(kind: Kind, row: models.Model) -> list[models.Model]:
    """Return the rows whose names are nearest to a row's: the same one twice, as a rule."""
    return [other for other in kind.closest(str(row), _spelt(kind)) if other.pk != row.pk][:MOST_ALIKE]


def _renamed(form: RenameForm) -> bool:
    """Save a rename and tell whoever uses the name; False, with an error in the form, if somebody took it meanwhile."""
    try:
        with transaction.atomic():
            row = form.save()
            if form.is_rename:
                keep_old_names(row, form.old_names)
            announce(row)
            note(Action.CHANGED, row, what=form.changed_data, before=form.initial)
    except IntegrityError:
        form.add_error(None, _("This name is taken."))
        return False
    return True
