"""Views of the player on a session's page: one video with its moments, and a moment made while watching."""

from uuid import UUID

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clips.library.watching import watched
from clips.models import CandidateSegment, OriginalFile
from clips.previews import requests
from clips.sorting.angle_groups import regroup_soon
from clips.sorting.decisions import TrimError, check_moment
from people.access import requires
from people.models import Role
from trickyclip.shared.whole_pages import part_of


class WatchedSpanForm(forms.Form):
    """A span that somebody marked while watching, and the id that the moment gets, made by the page."""

    key = forms.UUIDField()
    start_ms = forms.IntegerField(min_value=0, max_value=2**53)
    end_ms = forms.IntegerField(min_value=0, max_value=2**53)


def _session_of(pk: UUID) -> str:
    shoot_id = get_object_or_404(OriginalFile.objects.in_use(), pk=pk).shoot_id
    return f"{reverse('clips:session', args=[shoot_id])}?video={pk}"


@requires(Role.VIEWER)
@require_safe
@part_of(_session_of)
def file_watch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the player of one video."""
    return render(request, "clips/library/_watch.html", {"watch": watched(_video(pk))})


@requires(Role.VIEWER)
@require_safe
@part_of(_session_of)
def file_watch_line(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the line below the player: the film and the moments of one video."""
    return render(request, "clips/library/_watch_line.html", {"watch": watched(_video(pk))})


@requires(Role.SORTER)
@require_POST
def watch_add_moment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a moment of a span; the same key again makes no other. 422 with a sentence if it cannot be."""
    video = _video(pk)
    form = WatchedSpanForm(request.POST)
    if not form.is_valid() or video.duration_ms is None:
        return JsonResponse({"error": _("Invalid times.")}, status=422)
    key, start_ms, end_ms = (form.cleaned_data[name] for name in ("key", "start_ms", "end_ms"))
    end_ms = min(end_ms, video.duration_ms)  # a player's clock goes on to where the last sound ends
    try:
        check_moment(video, start_ms, end_ms)
    except TrimError as error:
        return JsonResponse({"error": str(error)}, status=422)
    with transaction.atomic():
        span = {"original_file": video, "start_ms": start_ms, "end_ms": end_ms}
        moment, is_new = CandidateSegment.objects.get_or_create(pk=key, defaults=span)
        if moment.original_file_id != video.pk:
            return JsonResponse({"error": _("Invalid times.")}, status=409)
        if is_new:
            requests.want_preview(moment)
            regroup_soon(video.shoot_id)
    return JsonResponse({"id": str(moment.pk), "start_ms": moment.start_ms, "end_ms": moment.end_ms})


def _video(pk: UUID) -> OriginalFile:
    rows = OriginalFile.objects.in_use().select_related("shoot", "filmstrip")
    return get_object_or_404(rows.defer("filmstrip__waveform", "filmstrip__times_ms"), pk=pk)
