"""Views that change many clips at once, follow the change until the archive has it, and undo it."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from clips.library import bulk, undoing
from clips.library.angles import with_beside
from clips.library.bin_forms import next_address
from clips.library.bulk_forms import BulkTagsForm, KeyForm
from clips.library.new_version import current_version
from clips.library.selection import SelectionForm
from clips.models import BulkChange, BulkKind, FinalClip, Shoot
from clips.models.bulk import Undone
from clips.sorting.decisions import ConflictError
from people.access import requires
from people.models import Role
from trickyclip.shared.asked_once import mark_of
from trickyclip.shared.page_events import announce
from trickyclip.shared.whole_pages import part_of

#: Sent by a message that offers an undo on whatever page comes next (`trickyclip.shared.undo_offer`).
NEXT = "next"


@requires(Role.SORTER)
@require_POST
def clips_tag_plan(request: HttpRequest) -> HttpResponse:
    """Answer with what the filled-in form would change, and what it would not."""
    form = BulkTagsForm(request.POST)
    if not form.is_valid():
        return render(request, "clips/library/_bulk_plan.html", {"errors": _sentences(form)})
    chosen = set(form.selection().clips(request.user).values_list("pk", flat=True))
    n_beside = len(with_beside(chosen) - chosen)
    context = {"plan": bulk.plan(form.clips(request.user), form.change_to_plan()), "n_beside": n_beside}
    return render(request, "clips/library/_bulk_plan.html", context | {"form": form})


@requires(Role.SORTER)
@require_POST
def clips_tag(request: HttpRequest) -> HttpResponse:
    """Tag the selected clips; answer with a toast that can undo it."""
    form, key_form = BulkTagsForm(request.POST), KeyForm(request.POST)
    if not (form.is_valid() and key_form.is_valid()):
        return render(request, "clips/library/_bulk_plan.html", {"errors": _sentences(form)}, status=422)
    chosen = form.clips(request.user)
    try:
        with transaction.atomic():  # a refused change adds no new people or tricks either
            who = {"member": request.user, "key": key_form.cleaned_data["key"], "asked": mark_of(request)}
            made = bulk.change_tags(chosen, form.change(), **who)
    except ConflictError as error:
        return render(request, "clips/library/_bulk_plan.html", {"errors": [str(error)]}, status=409)
    return answer_changed(request, made)


@requires(Role.VIEWER)
@require_safe
@part_of("clips:library")
def bulk_change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with a change and how far file names and archive have followed."""
    return _toast(request, get_object_or_404(BulkChange, pk=pk))


@requires(Role.SORTER)
@require_POST
def bulk_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Undo a change: one's own, or as a curator anybody's."""
    change = get_object_or_404(BulkChange, pk=pk)
    try:
        undone = undoing.undo(change, member=request.user)
    except ConflictError as error:
        if NEXT in request.POST:
            messages.error(request, str(error))
            return redirect(next_address(request, "clips:library"))
        return _toast(request, change, problem=str(error), status=409)
    if change.kind == BulkKind.MOVE:  # to where the videos are now
        messages.success(request, said_of_undo(undone))
        was_in = Shoot.objects.in_use().filter(pk__in=change.states[:-1]).first()
        if undone.n_restored and was_in:
            return HttpResponseClientRedirect(reverse("clips:session", args=[was_in.pk]))
        return HttpResponseClientRefresh()
    if NEXT in request.POST:  # the offer of the page that came after an edit
        messages.success(request, said_of_undo(undone))
        return redirect(_page_of(change) or next_address(request, "clips:library"))
    change.refresh_from_db()
    return answer_changed(request, change, said=said_of_undo(undone))


def _page_of(change: BulkChange) -> str | None:
    """Return the page of the clip from which others were edited as well, as it is now."""
    edited = FinalClip.objects.filter(pk=change.states[0]).first() if change.kind == BulkKind.EDIT else None
    current = edited and current_version(edited)
    return reverse("clips:clip", args=[current.pk]) if current else None


def said_of_undo(undone: Undone) -> str:
    """Return the sentence about an undo."""
    said = ngettext("Undone. %(n)d is as before.", "Undone. %(n)d are as before.", undone.n_restored)
    said %= {"n": undone.n_restored}
    if undone.n_kept:
        kept = ngettext("%(n)d was changed since and stays.", "%(n)d were changed since and stay.", undone.n_kept)
        said = f"{said} {kept % {'n': undone.n_kept}}"
    return said


def answer_changed(request: HttpRequest, change: BulkChange, **more: object) -> HttpResponse:
    """Answer with the toast, and tell the page to draw its clips and moments again."""
    return announce(_toast(request, change, **more), "clips-changed", "moments-changed")


def answer_selected(request: HttpRequest, change: Callable[..., BulkChange]) -> HttpResponse:
    """Change the selected clips, given by their ids, member, key and mark; answer with a toast that can undo it."""
    form, key_form = SelectionForm(request.POST), KeyForm(request.POST)
    if not (form.is_valid() and key_form.is_valid()):
        return answer_said(request, _("Select at least one clip."), status=422)
    chosen = form.selection().clips(request.user).values_list("pk", flat=True)
    try:
        made = change(chosen, member=request.user, key=key_form.cleaned_data["key"], asked=mark_of(request))
    except ConflictError as error:
        return answer_said(request, str(error), status=409)
    return answer_changed(request, made)


def answer_said(request: HttpRequest, sentence: str, status: int = 200) -> HttpResponse:
    """Answer with a toast that says one sentence."""
    return render(request, "clips/library/_said_toast.html", {"said": sentence}, status=status)


def _toast(request: HttpRequest, change: BulkChange, status: int = 200, **more: object) -> HttpResponse:
    context = bulk.toast_context(change, request.user)
    return render(request, "clips/library/_bulk_toast.html", context | more, status=status)


def _sentences(form: BulkTagsForm) -> list[str]:
    return [str(sentence) for errors in form.errors.values() for sentence in errors] or [_("Reload the page.")]
