"""Views of the pairs of videos that filmed the same: confirm one, take it apart, move it by frames, undo that."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from clips.library.bulk_forms import KeyForm
from clips.library.pairs import PairRow, change, find_pairs, with_names
from clips.models import PairChange, Shoot, VideoPair
from people.access import requires
from people.models import Role

#: A second of 240 fps at once; who wants more goes there step by step.
MOST_FRAMES = 240


class NudgeForm(KeyForm):
    """By how many frames the second video moves, later if positive."""

    frames = forms.IntegerField(min_value=-MOST_FRAMES, max_value=MOST_FRAMES)


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
def session_find_pairs(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Compare all videos of a session in the background, whatever their clocks say."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    with transaction.atomic():
        n_videos = find_pairs(shoot)
    return render(request, "clips/library/_find_pairs.html", {"shoot": shoot, "n_videos": n_videos, "has_asked": True})


def _change(request: HttpRequest, pk: UUID, form: forms.Form, act: Callable[[VideoPair], bool]) -> HttpResponse:
    """Change a pair as it is now, and answer with its line: 422 for a bad form, 409 if somebody was faster."""
    pair = _pair(pk)
    if not form.is_valid():
        return _line(request, pair, status=422)
    return _line(request, _pair(pk), status=200) if change(pair, act) else _line(request, _pair(pk), status=409)


def _pair(pk: UUID) -> VideoPair:
    pair = with_names(VideoPair.objects.in_use()).filter(pk=pk).first()
    if pair is None:
        raise Http404
    return pair


def _line(request: HttpRequest, pair: VideoPair, *, status: int) -> HttpResponse:
    return render(request, "clips/library/_pair.html", {"row": PairRow.of(pair)}, status=status)
