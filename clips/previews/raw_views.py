"""Views that send whole videos to a player: the camera's file or its small copy, by ranges."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from clips.models import OriginalFile
from clips.previews.http_ranges import NOT_KEPT, serve
from clips.previews.raw_playback import plays_directly
from people.access import requires
from people.models import Role


@requires(Role.VIEWER)
@require_safe
def raw_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Play a video, or a camera's small copy of one, as the camera wrote it; 404 if browsers would not play it."""
    original = get_object_or_404(OriginalFile.objects.in_use().on_disk(), pk=pk)
    if not plays_directly(original):
        raise Http404
    # QuickTime is MP4 to every browser, and some refuse it by its own name.
    return serve(request, original.stored_path, "video/mp4", NOT_KEPT)
