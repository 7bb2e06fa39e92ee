"""What there is to see of one segment before anybody decided about it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from clips.models import CandidateSegment
from clips.previews import want_preview
from people.access import requires
from people.models import Role


@requires(Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with a segment's preview or how long it takes; POST asks for it, before all others."""
    segment = get_object_or_404(CandidateSegment.objects.select_related("preview", "original_file"), pk=pk)
    if request.method == "POST" and not hasattr(segment, "preview"):
        want_preview(segment, urgent=True)
    return render(request, "clips/_preview.html", {"segment": segment})
