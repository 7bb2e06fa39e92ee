"""Views that change an edit; each answers with its clips as they are then."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clips.models import FinalClip, Reel, ReelChange, ReelClip
from clips.reels import angles, editing
from clips.reels.contents import current_clips
from clips.reels.draft import Weighing
from clips.reels.drafting import draft_again
from clips.reels.editing import SHORTEST_MS, Hand, NotPossibleError
from clips.reels.forms import (
    CameraForm,
    CropForm,
    CutForm,
    DraftForm,
    HandForm,
    LeaseForm,
    MoveForm,
    NameForm,
    SoundForm,
    SpeedForm,
    TitleForm,
    TrimForm,
)
from clips.reels.views import answer_body
from clips.sorting.decisions import ConflictError
from people.access import requires
from people.models import Role
from trickyclip.shared.page_events import announce


@requires(Role.SORTER)
@require_POST
def reel_rename(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give an edit another name."""
    shown = get_object_or_404(Reel.objects.in_use(), pk=pk)
    return _changed(request, shown, NameForm, lambda form, hand: editing.rename(shown, form["name"], hand=hand))


@requires(Role.SORTER)
@require_POST
def reel_draft(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose the clips of a session's own edit again, by other weights."""
    shown = get_object_or_404(Reel.objects.in_use().filter(is_drafted=True).select_related("shoot"), pk=pk)
    return _changed(
        request, shown, DraftForm, lambda form, hand: draft_again(shown, Weighing(form["weighing"]), hand=hand)
    )  # fmt: skip


@requires(Role.SORTER)
@require_POST
def reel_clip_move(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Give a clip another position."""
    return _changed_clip(request, pk, row, MoveForm, editing.move_clip)


@requires(Role.SORTER)
@require_POST
def reel_clip_trim(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Show another part of a clip, or all of it (``whole``)."""
    if request.POST.get("whole"):
        return _changed_clip(request, pk, row, forms.Form, partial(editing.trim_clip, start_ms=None, end_ms=None))
    return _changed_clip(request, pk, row, TrimForm, _trim_within)


@requires(Role.SORTER)
@require_POST
def reel_clip_speed(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Play a clip faster or slower."""
    return _changed_clip(request, pk, row, SpeedForm, editing.set_speed)


@requires(Role.SORTER)
@require_POST
def reel_clip_title(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Write a title over a clip."""
    return _changed_clip(request, pk, row, TitleForm, editing.set_title)


@requires(Role.SORTER)
@require_POST
def reel_clip_sound(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Switch the sound of a clip."""
    return _changed_clip(request, pk, row, SoundForm, editing.set_sound)


@requires(Role.SORTER)
@require_POST
def reel_clip_crop(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Move the crop that upright films have of a clip, or let it follow the rider (``follow``)."""
    if request.POST.get("follow"):
        return _changed_clip(request, pk, row, forms.Form, editing.follow_again)
    return _changed_clip(request, pk, row, CropForm, _crop_within)


@requires(Role.SORTER)
@require_POST
def reel_clip_camera(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Show another camera's clip of the same moment instead."""
    return _changed_clip(request, pk, row, CameraForm, angles.show_camera)


@requires(Role.SORTER)
@require_POST
def reel_clip_cut(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Show another camera from one picture of a clip on."""
    return _changed_clip(request, pk, row, CutForm, _cut_within)


@requires(Role.SORTER)
@require_POST
def reel_clip_remove(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Take a clip out of the edit; a clip that is out already is no fault."""
    place = ReelClip.objects.filter(reel=pk, pk=row).select_related("reel").first()
    if place is None:
        return answer_changed(request, get_object_or_404(Reel.objects.in_use(), pk=pk))
    return _changed(request, place.reel, forms.Form, lambda _form, hand: editing.remove_clip(place, hand=hand))


@requires(Role.SORTER)
@require_POST
def reel_undo(request: HttpRequest, pk: UUID, change: UUID) -> HttpResponse:
    """Take the last change back."""
    return _gone_through(request, pk, change, editing.undo)


@requires(Role.SORTER)
@require_POST
def reel_redo(request: HttpRequest, pk: UUID, change: UUID) -> HttpResponse:
    """Do the change again that was undone last."""
    return _gone_through(request, pk, change, editing.redo)


def answer_changed(
    request: HttpRequest, shown: Reel, *, problem: str = "", said: str = "", status: int = 200
) -> HttpResponse:
    """Answer with the clips of an edit, and tell the page that they may be others now; ``said`` is a toast."""
    shown = Reel.objects.in_use().filter(pk=shown.pk).select_related("edited_by").first()
    if shown is None:
        return HttpResponse(status=404)
    return announce(answer_body(request, shown, problem=problem, said=said, status=status), "reel-changed")


def _trim_within(place: ReelClip, *, start_ms: int, end_ms: int, hand: Hand) -> ReelChange | None:
    """Trim a clip to times that count from its own start, as pages show them."""
    begins_ms = _clip_of(place).start_ms
    return editing.trim_clip(place, start_ms=begins_ms + start_ms, end_ms=begins_ms + end_ms, hand=hand)


def _crop_within(place: ReelClip, *, at_ms: int, middle: int, hand: Hand) -> ReelChange | None:
    """Move a clip's crop at a time that counts from the clip's own start."""
    return editing.move_crop(place, _clip_of(place).start_ms + at_ms, middle, hand=hand)


def _cut_within(place: ReelClip, *, camera: UUID, at_ms: int, hand: Hand) -> angles.Switched:
    """Cut to another camera at a time that counts from the clip's own start."""
    return angles.cut_to_camera(place, camera, _clip_of(place).start_ms + at_ms, hand=hand)


def _clip_of(place: ReelClip) -> FinalClip:
    clip = current_clips([place.lineage]).get(place.lineage)
    if clip is None:
        raise NotPossibleError(_("This clip is in the bin."))
    return clip


def _changed_clip(
    request: HttpRequest, pk: UUID, row: UUID, form: type[forms.Form], change: Callable[..., object]
) -> HttpResponse:
    place = get_object_or_404(ReelClip.objects.filter(reel__bin_entry=None).select_related("reel"), reel=pk, pk=row)
    return _changed(request, place.reel, form, lambda asked, hand: change(place, **asked, hand=hand))


def _changed(
    request: HttpRequest, shown: Reel, form_class: type[forms.Form], change: Callable[[dict, Hand], object]
) -> HttpResponse:
    """Check the form and the page's right, change the edit, and answer with its clips."""
    form, hand_form = form_class(request.POST), HandForm(request.POST)
    if not hand_form.is_valid():
        return answer_changed(request, shown, problem=_("Reload the page."), status=422)
    if not form.is_valid():
        problem = " ".join(str(said) for errors in form.errors.values() for said in errors)
        return answer_changed(request, shown, problem=problem, status=422)
    hand = Hand(request.user, hand_form.cleaned_data["key"], hand_form.cleaned_data["lease"])
    try:
        done = change(form.cleaned_data, hand)
    except ConflictError as error:
        return answer_changed(request, shown, problem=str(error), status=409)
    except NotPossibleError as error:
        return answer_changed(request, shown, problem=str(error), status=422)
    return answer_changed(request, shown, said=_lacking(done))


def _lacking(done: object) -> str:
    """Return the sentence about a camera whose clip does not show all that was wanted, if it lacks what people see."""
    if not isinstance(done, angles.Switched) or done.lacks_ms < SHORTEST_MS:
        return ""
    said = {"seconds": number_format(done.lacks_ms / 1000, 1)}
    return _("That camera’s clip is shorter: %(seconds)s s are left out.") % said


def _gone_through(request: HttpRequest, pk: UUID, change: UUID, go: Callable[..., bool]) -> HttpResponse:
    found = get_object_or_404(ReelChange.objects.select_related("reel"), reel=pk, pk=change)
    form = LeaseForm(request.POST)
    if not form.is_valid():
        return answer_changed(request, found.reel, problem=_("Reload the page."), status=422)
    try:
        go(found, member=request.user, lease=form.cleaned_data["lease"])
    except ConflictError as error:
        return answer_changed(request, found.reel, problem=str(error), status=409)
    return answer_changed(request, found.reel)
