"""Views that gather clips in an edit: a selection, a whole session or search, or the clip of a page."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from clips.library.bin_forms import next_address
from clips.library.bulk_views import answer_said
from clips.models import Reel, ReelChange, Shoot
from clips.models.clip import FinalClipQuerySet
from clips.reels.editing import MAX_NAME, Hand, add_clips, free_name, make_reel, undo
from clips.reels.forms import AddForm, MakeForm
from clips.sorting.decisions import ConflictError
from people.access import requires
from people.models import Member, Role
from people.naming.picking import MAX_OPTIONS, Option, typed_in
from people.naming.spelling import name_key
from trickyclip.shared.whole_pages import part_of


@requires(Role.SORTER)
@require_safe
@part_of("clips:reels")
def reel_pick(request: HttpRequest) -> HttpResponse:
    """Answer with the edits that ``?q=`` may mean, the last changed first, or with a new one of that name."""
    typed = typed_in(request)
    rows = Reel.objects.in_use().order_by("-changed_at")
    key = name_key(typed)
    found = list(rows.filter(name_key__contains=key)[:MAX_OPTIONS]) if key else list(rows[:MAX_OPTIONS])
    exact = next((row for row in rows.named(typed)), None) if key else None
    options = [Option(exact.name, is_marked=True, is_exact=True)] if exact else []
    if key and not exact:
        options = [Option(typed[:MAX_NAME], is_new=True, is_marked=True)]
    options += [Option(row.name) for row in found if row != exact]
    return render(request, "_picker_options.html", {"options": options})


@requires(Role.SORTER)
@require_POST
def reel_add(request: HttpRequest) -> HttpResponse:
    """Add the selected clips to the edit of that name, which is made if there is none; answer with a toast."""
    form = AddForm(request.POST)
    if not form.is_valid():
        return render(request, "clips/library/_bulk_plan.html", {"errors": _sentences(form)}, status=422)
    asked = form.cleaned_data
    try:
        change = gather(
            asked["name"], form.selection().clips(request.user), member=request.user, key=asked["key"]
        )  # fmt: skip
    except ConflictError as error:
        return render(request, "clips/library/_bulk_plan.html", {"errors": [str(error)]}, status=409)
    return render(request, "clips/reels/_added_toast.html", {"change": change, "reel": change.reel})


@requires(Role.SORTER)
@require_POST
def reel_make(request: HttpRequest) -> HttpResponse:
    """Make an edit of all clips of a session or a search, and go there."""
    form = MakeForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(_sentences(form)))
        return redirect(next_address(request, "clips:reels"))
    asked = form.cleaned_data
    shoot = Shoot.objects.in_use().filter(pk=asked["session"]).first() if asked["session"] else None
    earlier = ReelChange.objects.filter(pk=asked["key"], member=request.user).first()
    if earlier:
        return redirect("clips:reel", earlier.reel_id)
    name = free_name(asked["name"] or (shoot.name if shoot else ""))
    try:
        change = gather(
            name, form.selection().clips(request.user), member=request.user, key=asked["key"], shoot=shoot
        )  # fmt: skip
    except ConflictError as error:
        messages.error(request, str(error))
        return redirect(next_address(request, "clips:reels"))
    return redirect("clips:reel", change.reel_id)


@requires(Role.SORTER)
@require_POST
def reel_add_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take added clips out of the edit again; an edit that was made for them goes, too."""
    change = get_object_or_404(ReelChange.objects.select_related("reel"), pk=pk)
    try:
        undo(change, member=request.user)
    except ConflictError as error:
        return answer_said(request, str(error), status=409)
    return answer_said(request, _("Undone."))


def gather(
    name: str, clips: FinalClipQuerySet | QuerySet, *, member: Member, key: UUID, shoot: Shoot | None = None
) -> ReelChange:
    """Add clips to the edit of that name; it is made if there is none.

    Raises
    ------
    ConflictError
        If none of them is new in it, they are too many, or the key stands for another change.
    """
    with transaction.atomic():
        if earlier := ReelChange.objects.filter(pk=key).select_related("reel").first():
            if earlier.member_id != member.pk:
                raise ConflictError(_("This key was used for another change."))
            return earlier
        reel = Reel.objects.named(name).first()
        made = reel is None
        reel = reel or make_reel(name, member=member, shoot=shoot)
        return add_clips(reel, clips, hand=Hand(member, key), made=made)


def said_of(change: ReelChange) -> str:
    """Return the sentence of the toast."""
    one, many = "Added %(n)d clip to “%(name)s”", "Added %(n)d clips to “%(name)s”"
    return ngettext(one, many, change.n_clips) % {"n": change.n_clips, "name": change.reel.name}


def _sentences(form: AddForm | MakeForm) -> list[str]:
    return [str(sentence) for name, errors in form.errors.items() if name != "key" for sentence in errors] or [
        _("Reload the page.")
    ]
