"""Views that send whole videos to a player: the camera's file or its small copy by ranges, all others in pieces."""

import time
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clips.media.render.wanted_pieces import PIECE_MS
from clips.models import KeptPart, OriginalFile, Piece
from clips.previews import pieces
from clips.previews.http_ranges import NOT_KEPT, serve
from clips.previews.raw_playback import plays_directly
from people.access import requires
from people.models import Role
from trickyclip.shared.retold import retold


@requires(Role.VIEWER)
@require_safe
def raw_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Play a video, or a camera's small copy of one, as the camera wrote it; 404 if browsers would not play it."""
    original = get_object_or_404(OriginalFile.objects.in_use().on_disk(), pk=pk)
    if not plays_directly(original):
        raise Http404
    # QuickTime is MP4 to every browser, and some refuse it by its own name.
    return serve(request, original.stored_path, "video/mp4", NOT_KEPT)


@requires(Role.VIEWER)
@require_safe
def raw_glance(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Play the small video of keyframes that is left of a trimmed one."""
    part = get_object_or_404(KeptPart.objects.videos(), original_file=pk, original_file__bin_entry=None)
    return serve(request, part.stored_path, "video/mp4", NOT_KEPT)


#: A player that cannot ask again is kept waiting for so long, and looked after so often.
HELD_S, LOOK_EVERY_S = 8, 0.2


@requires(Role.VIEWER)
@require_safe
def piece_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    """List the pieces of a video as HLS (RFC 8216), those not made yet as well; ``?hold`` for a player of its own."""
    original = _in_pieces(pk)
    left_ms = original.duration_ms or 0
    hold = "?hold" if "hold" in request.GET else ""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-PLAYLIST-TYPE:VOD", f"#EXT-X-TARGETDURATION:{PIECE_MS // 1000}"]
    lines += ["#EXT-X-INDEPENDENT-SEGMENTS"]
    base = reverse("clips:piece_file", args=[pk, 0]).removesuffix("0.ts")
    for number in range(pieces.count(original)):
        lines += [f"#EXTINF:{min(PIECE_MS, max(1, left_ms)) / 1000:.3f},", f"{base}{number}.ts{hold}"]
        left_ms -= PIECE_MS
    lines += ["#EXT-X-ENDLIST", ""]
    return HttpResponse(
        "\n".join(lines), content_type="application/vnd.apple.mpegurl", headers={"Cache-Control": NOT_KEPT}
    )


@requires(Role.VIEWER)
@require_safe
def piece_file(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """Send one piece of a video; while it is being made, 202 with its state."""
    original = _in_pieces(pk)
    if number >= pieces.count(original):
        raise Http404
    until_s = time.monotonic() + (HELD_S if "hold" in request.GET else 0)
    while True:
        state = pieces.ask(original, number, request.user)
        if state.piece is not None:
            try:
                return serve(request, state.piece.stored_path, "video/mp2t", NOT_KEPT)
            except Http404:  # deleted from the data folder: made again
                Piece.objects.filter(pk=state.piece.pk).delete()
                continue
        if state.name == "failed" or time.monotonic() > until_s:
            break
        time.sleep(LOOK_EVERY_S)
    answer = JsonResponse(
        {"state": state.name, "reason": retold(state.reason)}, status=202 if "hold" not in request.GET else 503
    )
    answer["Cache-Control"] = NOT_KEPT
    return answer


@requires(Role.VIEWER)
@require_POST
def pieces_again(_request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let pieces be made that failed before, because somebody asks once more."""
    pieces.try_again(_in_pieces(pk))
    return HttpResponse(status=204)


def _in_pieces(pk: UUID) -> OriginalFile:
    """Return a read video whose bytes are here."""
    rows = OriginalFile.objects.in_use().on_disk().exclude(duration_ms=None)
    return get_object_or_404(rows.defer("probe"), pk=pk)
