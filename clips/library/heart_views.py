"""Views that give clips a heart, one or many at once."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from clips.library.bulk_views import answer_selected
from clips.library.hearts import heart_many
from clips.models import FinalClip, Heart
from people.access import requires
from people.models import Role


@requires(Role.VIEWER)
@require_POST
def clip_heart(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a clip one's heart or take it away; answer with the button as it is now."""
    clip = get_object_or_404(FinalClip.objects.filter(removed_at=None), pk=pk)
    Heart.objects.toggle(clip.lineage, request.user)
    if not request.htmx:
        return redirect("clips:clip", pk)
    rows = FinalClip.objects.with_tags().with_hearts(request.user)
    return render(request, "clips/library/_heart.html", {"clip": rows.get(pk=pk)})


@requires(Role.SORTER)
@require_POST
def clips_heart(request: HttpRequest) -> HttpResponse:
    """Give the selected clips one's heart, or take it away if all have it; answer with a toast that can undo it."""
    return answer_selected(request, heart_many)
