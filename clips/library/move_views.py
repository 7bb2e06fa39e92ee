"""Views that move the videos of selected clips to another session."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clips.library.bulk_forms import ClipsMoveForm, KeyForm
from clips.library.bulk_views import answer_changed
from clips.library.selection import SelectionForm
from clips.library.video_moves import MovePlan, move_videos, plan_move
from clips.models import Shoot
from clips.sorting.decisions import ConflictError
from people.access import requires
from people.audit import Action, note
from people.models import Role
from trickyclip.shared.asked_once import mark_of

NOTHING = MovePlan([], 0, 0)


@requires(Role.CURATOR)
@require_POST
def clips_move_plan(request: HttpRequest) -> HttpResponse:
    """Answer with what would move, and the boxes that ask where to."""
    return _ask(request)


@requires(Role.CURATOR)
@require_POST
def clips_move(request: HttpRequest) -> HttpResponse:
    """Move the videos of the selected clips to a session; answer with a toast that can undo it."""
    plan, shoot = _planned(request)
    form, key_form = ClipsMoveForm(request.POST, shoot=shoot), KeyForm(request.POST)
    if not (form.is_valid() and key_form.is_valid()):
        return _ask(request, form=form, status=422)
    try:
        with transaction.atomic():  # a refused move adds no session either
            who = {"member": request.user, "key": key_form.cleaned_data["key"], "asked": mark_of(request)}
            made = move_videos(plan.videos, form.moves_to(), **who)
            note(Action.CHANGED, made, what=str(made))
    except ConflictError as error:
        form.add_error(None, str(error))
        return _ask(request, form=form, status=409)
    return answer_changed(request, made)


def _ask(request: HttpRequest, *, form: ClipsMoveForm | None = None, status: int = 200) -> HttpResponse:
    plan, shoot = _planned(request)
    errors = [] if plan.videos else [_("These clips are not in the library any more.")]
    context = {"plan": plan, "form": form or ClipsMoveForm(shoot=shoot), "errors": errors}
    return render(request, "clips/library/_move_plan.html", context, status=status)


def _planned(request: HttpRequest) -> tuple[MovePlan, Shoot | None]:
    """Return what would move, and the first of the sessions it is in now."""
    form = SelectionForm(request.POST)
    plan = plan_move(form.selection().clips(request.user)) if form.is_valid() else NOTHING
    return plan, Shoot.objects.in_use().filter(files__in=plan.videos).first()
