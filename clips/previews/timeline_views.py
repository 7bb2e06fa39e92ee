"""Views of a file's filmstrip, as pictures and WebVTT cues, and of its time-line data."""

import json
from hashlib import blake2b
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from clips.media.render.webvtt import thumbnail_cues
from clips.models import CandidateSegment, Filmstrip, OriginalFile
from clips.previews.http_ranges import ASKED_EACH_TIME, serve
from clips.previews.timeline import REASON_NAMES, MarkState, coarse_curve, reasons_of, state_of
from people.access import requires
from people.models import Role
from trickyclip.shared.retold import retold


@requires(Role.VIEWER)
@require_safe
def filmstrip_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Serve a file's filmstrip, all of its pictures in one."""
    strip = get_object_or_404(Filmstrip.objects.only("stored_path"), original_file=pk)
    return serve(request, strip.stored_path, "image/jpeg", ASKED_EACH_TIME)


@requires(Role.VIEWER)
@require_safe
def filmstrip_cues(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Serve WebVTT cues that map each stretch of the file to its part of the filmstrip."""
    strip = get_object_or_404(Filmstrip.objects.select_related("original_file").defer("waveform"), original_file=pk)
    cues = thumbnail_cues(
        f"{pk}.jpg",  # lies beside the cues
        strip.times_ms,
        columns=strip.columns,
        tile_width_px=strip.tile_width_px,
        tile_height_px=strip.tile_height_px,
        duration_ms=strip.original_file.duration_ms or 0,
    )
    return _unless_known(request, cues, "text/vtt; charset=utf-8")


@requires(Role.VIEWER)
@require_safe
def file_timeline(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Serve the data of a file's time-line, at most about 35 KB and 200 bytes for each moment.

    Returns
    -------
    JSON object
        ``duration_ms``; all times are milliseconds of the file.
        ``curve``: how likely a trick is by the newest run, ``step_ms`` and ``values`` from 0 to 255, at most
        1,500, the first step beginning at 0; empty before the analysis.
        ``waveform``: how loud it is, ``step_ms`` and ``levels`` from 0 to 255 on a scale of 60 dB, at most 2,000; empty
        without sound, and while there is no filmstrip.
        ``filmstrip``: null while there is none; else ``url`` of the sprite, ``cues`` (its WebVTT), ``columns``,
        ``tile_w`` and ``tile_h`` in pixels, and ``times_ms``, ascending: the picture of ``times_ms[n]`` is number ``n``
        counted along the rows.
        ``marks``: the moments in the order of their time but for those below the sensitivity, which are many; each
        ``id``, ``start_ms``, ``end_ms``, ``score`` (0 to 1, or null when made by hand), ``state`` ("shown", "held",
        "kept" or "trashed") and ``why``.
        ``hilights_ms``: what the rider marked on the camera.
        ``reasons``: why something was found, or recognised as no trick, in the order of the time, at most 400; each
        ``at_ms``, ``kind`` and ``strength`` (0 to 1). ``reason_names``: what each kind is called.
    """
    original = get_object_or_404(OriginalFile.objects.select_related("shoot", "filmstrip"), pk=pk)
    if original.duration_ms is None:
        raise Http404
    curve = original.runs.values_list("curve", flat=True).first()
    facts = {
        "duration_ms": original.duration_ms,
        "curve": coarse_curve(curve or {}),
        "waveform": {},
        "filmstrip": None,
        "marks": _marks_of(original),
        "hilights_ms": original.probe.get("hilights_ms", []),
        "reasons": reasons_of(curve or {}),
        "reason_names": {kind: str(name) for kind, name in REASON_NAMES.items()},
    }
    if hasattr(original, "filmstrip"):
        facts |= _pictures_and_sound(original.filmstrip)
    return _unless_known(request, json.dumps(facts, separators=(",", ":")), "application/json")


def _pictures_and_sound(strip: Filmstrip) -> dict:
    pictures = {
        "url": reverse("clips:filmstrip_file", args=[strip.original_file_id]),
        "cues": reverse("clips:filmstrip_cues", args=[strip.original_file_id]),
        "columns": strip.columns,
        "tile_w": strip.tile_width_px,
        "tile_h": strip.tile_height_px,
        "times_ms": strip.times_ms,
    }
    return {"waveform": strip.waveform, "filmstrip": pictures}


def _marks_of(original: OriginalFile) -> list[dict]:
    segments = CandidateSegment.objects.filter(original_file=original).defer("features").order_by("start_ms", "end_ms")
    marks = [
        {
            "id": str(segment.pk),
            "start_ms": segment.start_ms,
            "end_ms": segment.end_ms,
            "score": None if segment.score is None else round(segment.score, 2),
            "state": state_of(segment, score_shown=original.shoot.score_shown),
            "why": retold(segment.why),
        }
        for segment in segments
    ]
    return [mark for mark in marks if mark["state"] != MarkState.BELOW]


def _unless_known(request: HttpRequest, text: str, content_type: str) -> HttpResponse:
    """Answer with a text, or with 304 if the client has just that already."""
    body = text.encode()
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    answer = HttpResponse(body, content_type=content_type)
    answer["ETag"], answer["Cache-Control"] = etag, ASKED_EACH_TIME
    return get_conditional_response(request, etag=etag, response=answer)
