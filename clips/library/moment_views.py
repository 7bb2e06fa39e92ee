"""Views that lead to one moment, whether it is on the sort page, in a clip, or neither."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clips.library.clip_views import answer_redirect
from clips.models import CandidateSegment, Decision, DecisionKind, FinalClip, SegmentStatus
from clips.sorting.undo import restore
from people.access import requires
from people.models import Role
from trickyclip.shared.page_events import announce


@requires(Role.VIEWER)
@require_safe
@never_cache
def moment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Redirect to a moment's card or clip; if it has neither, say why, and continue once somebody releases it."""
    segment = get_object_or_404(CandidateSegment.objects.with_card().select_related("locked_by"), pk=pk)
    clip = FinalClip.objects.current().filter(candidate_segment=segment).first()
    if segment.status == SegmentStatus.ACCEPTED and clip:
        return answer_redirect(request, reverse("clips:clip", args=[clip.pk]))
    is_held = segment.status == SegmentStatus.IN_PROGRESS and segment.lease_ends_at > timezone.now()
    holder = segment.locked_by if is_held and segment.locked_by != request.user else None
    if request.user.may(Role.SORTER) and not holder and _is_to_sort(segment):
        return answer_redirect(request, sort_address(segment))
    is_trashed = segment.status == SegmentStatus.TRASHED
    context = {
        "segment": segment,
        "original": segment.original_file,
        "holder": holder,
        "is_trashed": is_trashed,
        "is_kept": segment.status == SegmentStatus.ACCEPTED,
        "binned": FinalClip.objects.filter(candidate_segment=segment, bin_entry__isnull=False).first(),
        "trashing": _last_trashing(segment) if is_trashed else None,
        "unread": segment.original_file.runs.values_list("unread", flat=True).first(),
    }
    return render(request, "clips/library/moment.html", context)


@requires(Role.SORTER)
@require_POST
def moment_restore(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a moment out of the trash and redirect to its card."""
    segment = get_object_or_404(CandidateSegment.objects.select_related("original_file"), pk=pk)
    is_back = restore(segment, member=request.user)
    if request.htmx:
        return announce(HttpResponse(), "moments-changed")  # the list that asked takes its row away
    if not is_back:
        messages.info(request, _("This moment is no longer in the trash."))
    return redirect("clips:moment", pk)


def sort_address(segment: CandidateSegment) -> str:
    """Return the address of a sort page that begins with this moment."""
    return f"{reverse('clips:sort')}?session={segment.original_file.shoot_id}&moment={segment.pk}"


def _is_to_sort(segment: CandidateSegment) -> bool:
    return CandidateSegment.objects.undecided().filter(pk=segment.pk).exists()


def _last_trashing(segment: CandidateSegment) -> Decision | None:
    trashings = Decision.objects.not_undone().filter(segment=segment, kind=DecisionKind.TRASH)
    return trashings.order_by("-created_at").first()
