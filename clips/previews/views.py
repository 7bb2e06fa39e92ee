"""View of a segment's preview and its state."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clips.models import CandidateSegment
from clips.previews.forms import SpanForm
from clips.previews.requests import want_preview, want_wider
from people.access import requires
from people.models import Role
from trickyclip.shared.whole_pages import part_of


@requires(Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
@part_of(lambda pk: reverse("clips:moment", args=[pk]))
def segment_preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with a segment's preview or its waiting time; POST requests it before all others.

    A POST with ``start_ms`` and ``end_ms`` asks for one that shows at least these.
    """
    segment = get_object_or_404(CandidateSegment.objects.select_related("preview", "original_file"), pk=pk)
    context = {"segment": segment}
    if request.method == "POST" and "start_ms" in request.POST:
        span = SpanForm(request.POST)
        if not span.is_valid():
            return HttpResponse(_("Invalid times."), status=422, content_type="text/plain; charset=utf-8")
        context["widening"] = want_wider(segment, **span.cleaned_data)
    elif request.method == "POST" and not hasattr(segment, "preview"):
        want_preview(segment, urgent=True)
    return render(request, "clips/previews/_preview.html", context)
