"""Views of the pairs of videos that filmed the same: confirm one, take it apart, move it by frames, undo that."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clips.library.bulk_forms import KeyForm
from clips.library.camera_clocks import said_of_times
from clips.library.pair_clocks import pairs_with_clocks, put_right, take_back, with_wrong_clocks
from clips.library.pairs import PairRow, change, find_pairs, with_names
from clips.models import PairChange, Shoot, VideoPair
from clips.models.video_pair import TooFarError
from people.access import requires
from people.models import Role

#: A second of 240 fps at once; who wants more goes there step by step.
MOST_FRAMES = 240
#: What an integer of the database holds.
MOST_OFFSET_S = 2**31 - 1


class NudgeForm(KeyForm):
    """By how many frames the second video moves, later if positive."""

    frames = forms.IntegerField(min_value=-MOST_FRAMES, max_value=MOST_FRAMES)


class ClockForm(forms.Form):
    """Names the clock that was wrong, and the correction that its line offered."""

    which = forms.ChoiceField(choices=[("first", ""), ("second", "")])
    offset_s = forms.IntegerField(min_value=-MOST_OFFSET_S, max_value=MOST_OFFSET_S)


class ClockUndoForm(forms.Form):
    clock = forms.IntegerField(min_value=0, max_value=2**63 - 1)
    offset_s = forms.IntegerField(min_value=-MOST_OFFSET_S, max_value=MOST_OFFSET_S)
    #: Empty where there was no correction before.
    before_s = forms.IntegerField(required=False, min_value=-MOST_OFFSET_S, max_value=MOST_OFFSET_S)


class UndoChangeForm(forms.Form):
    change = forms.UUIDField()


@requires(Role.SORTER)
@require_POST
def pair_confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that two videos belong together as they lie."""
    form = KeyForm(request.POST)
    return _change(request, pk, form, lambda pair: pair.confirm(request.user, key=form.cleaned_data["key"]))


@requires(Role.SORTER)
@require_POST
def pair_take_apart(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that two videos do not belong together."""
    form = KeyForm(request.POST)
    return _change(request, pk, form, lambda pair: pair.take_apart(request.user, key=form.cleaned_data["key"]))


@requires(Role.SORTER)
@require_POST
def pair_nudge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Move the second of two videos by frames, which confirms that they belong together."""
    form = NudgeForm(request.POST)

    def nudge(pair: VideoPair) -> bool:
        return pair.nudge(form.cleaned_data["frames"], request.user, key=form.cleaned_data["key"])

    return _change(request, pk, form, nudge)


@requires(Role.SORTER)
@require_POST
def pair_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Undo the last change of a pair; 409 if it was changed again since."""
    form = UndoChangeForm(request.POST)

    def undo(pair: VideoPair) -> bool:
        change = PairChange.objects.filter(pair=pair, pk=form.cleaned_data["change"]).first()
        return change is not None and change.undo()

    return _change(request, pk, form, undo)


@requires(Role.CURATOR)
@require_POST
def pair_clock(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put right the clock of one of two cameras for its videos of that day; 409 if that is not so any more."""
    pair, form = _pair(pk), ClockForm(request.POST)
    if not form.is_valid():
        return _list(request, pair, status=422, said=_("Reload the page."))
    done = put_right(pair, is_first=form.cleaned_data["which"] == "first", offset_s=form.cleaned_data["offset_s"])
    if done is None:
        return _list(request, pair, status=409, said=_("Somebody has corrected this clock meanwhile."))
    clock, before_s, n_changed = done
    undo = {"clock": clock.pk, "offset_s": clock.offset_s, "before_s": "" if before_s is None else before_s}
    return _list(request, pair, said=said_of_times(n_changed), undo=undo)


@requires(Role.CURATOR)
@require_POST
def pair_clock_undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a clock back what it had before a pair put it right; 409 if somebody has corrected it since."""
    pair, form = _pair(pk), ClockUndoForm(request.POST)
    if not form.is_valid():
        return _list(request, pair, status=422, said=_("Reload the page."))
    asked = form.cleaned_data
    n_changed = take_back(asked["clock"], offset_s=asked["offset_s"], before_s=asked["before_s"])
    if n_changed is None:
        return _list(request, pair, status=409, said=_("Somebody has corrected this clock meanwhile."))
    return _list(request, pair, said=said_of_times(n_changed))


@requires(Role.CURATOR)
@require_POST
def session_find_pairs(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Compare all videos of a session in the background, whatever their clocks say."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    with transaction.atomic():
        n_videos = find_pairs(shoot)
    return render(request, "clips/library/_find_pairs.html", {"shoot": shoot, "n_videos": n_videos, "has_asked": True})


def _change(request: HttpRequest, pk: UUID, form: forms.Form, act: Callable[[VideoPair], bool]) -> HttpResponse:
    """Change a pair as it is now, and answer with its line: 409 if somebody was faster.

    422 for a bad form, or for a move further than people move a video.
    """
    pair = _pair(pk)
    if not form.is_valid():
        return _line(request, pair, status=422)
    try:
        status = 200 if change(pair, act) else 409
    except TooFarError as error:
        return _line(request, pair, status=422, said=str(error))
    return _line(request, _pair(pk), status=status)


def _pair(pk: UUID) -> VideoPair:
    pair = with_names(VideoPair.objects.in_use()).filter(pk=pk).first()
    if pair is None:
        raise Http404
    return pair


def _line(request: HttpRequest, pair: VideoPair, *, status: int, said: str = "") -> HttpResponse:
    (row,) = with_wrong_clocks([PairRow.of(pair)])
    return render(request, "clips/library/_pair.html", {"row": row, "refusal": said}, status=status)


def _list(request: HttpRequest, pair: VideoPair, *, status: int = 200, **more: object) -> HttpResponse:
    """Answer with all pairs of a session: of several lines the same clock may be wrong."""
    context = {"pairs": pairs_with_clocks(pair.first.shoot), "is_open": True, "at": pair, **more}
    return render(request, "clips/library/_pairs.html", context, status=status)
