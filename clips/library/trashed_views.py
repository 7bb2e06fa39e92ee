"""View of the moments that somebody trashed, of a session or of one of its videos."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clips.models import CandidateSegment, Decision, DecisionKind, OriginalFile, SegmentStatus, Shoot
from people.access import requires
from people.models import Role

PER_PAGE = 48


@requires(Role.SORTER)
@require_safe
@never_cache
def trashed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """List the trashed moments of a session, whoever trashed them; ``?video=`` leaves those of one video."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    video = _asked_video(request, shoot)
    moments = trashed_in(shoot)
    if video:
        moments = moments.filter(original_file=video)
    page = Paginator(moments, PER_PAGE).get_page(request.GET.get("page"))
    context = {"shoot": shoot, "video": video, "page": page, "more": f"&video={video.pk}" if video else ""}
    return render(request, "clips/library/trashed.html", context)


def trashed_in(shoot: Shoot) -> QuerySet[CandidateSegment]:
    """Return a session's trashed moments, the last one first, each with who trashed it and when."""
    rows = CandidateSegment.objects.in_use().filter(original_file__shoot=shoot, status=SegmentStatus.TRASHED)
    last = Decision.objects.not_undone().filter(segment=OuterRef("pk"), kind=DecisionKind.TRASH).order_by("-created_at")
    rows = rows.annotate(trashed_by=Subquery(last.values("member_name")[:1]))
    rows = rows.annotate(trashed_at=Subquery(last.values("created_at")[:1]))
    return rows.select_related("original_file").defer("features", "original_file__probe").order_by("-trashed_at", "pk")


def _asked_video(request: HttpRequest, shoot: Shoot) -> OriginalFile | None:
    try:
        return OriginalFile.objects.in_use().filter(pk=UUID(request.GET.get("video", "")), shoot=shoot).first()
    except ValueError:
        return None
