"""Views of the start page."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clips.archive import outage
from clips.disk import floor
from clips.jobs.summary import OF_ONE_UPLOAD, causes, kinds_of_work, told_to
from clips.models import FinalClip, JobState, OriginalFile, Upload, UploadState
from clips.sorting.leaderboard import board
from clips.sorting.progress import sessions_to_sort
from clips.sorting.search_progress import STEPS, search_of
from clips.web.jobs import CauseForm
from people.access import requires
from people.audit import Action, note
from people.models import Role
from trickyclip.shared.whole_pages import part_of

MOST_SESSIONS = 6
MOST_UPLOADS = 5
MOST_CAUSES = 3
NEWEST_CLIPS = 8
#: An upload that got no byte for so long is not running: its page was closed, or its network is gone.
SILENT_AFTER = timedelta(minutes=2)


@requires(Role.VIEWER)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for people, what is being processed, and the newest clips."""
    newest = FinalClip.objects.current().with_names().with_pictures().with_hearts(request.user)
    context = now(request) | {"clips": newest.order_by("-created_at", "pk")[:NEWEST_CLIPS]}
    return render(request, "clips/web/home.html", context)


@requires(Role.VIEWER)
@require_safe
@part_of("home")
def home_now(request: HttpRequest) -> HttpResponse:
    """Answer with the changing part of the start page."""
    return render(request, "clips/web/_home_now.html", now(request))


@requires(Role.SORTER)
@require_POST
def failure_dismiss(request: HttpRequest) -> HttpResponse:
    """Dismiss one's own failed uploads, or nobody's, for one reason; the upload page still shows them."""
    form = CauseForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        n_dismissed = (
            form.jobs().filter(told_to(request.user), kind__in=OF_ONE_UPLOAD, state=JobState.FAILED).cancel_all()
        )
        note(Action.CANCELLED, n_jobs=n_dismissed, kind=asked["kind"], reason=asked["reason"])
    return render(request, "clips/web/_home_now.html", now(request), status=200 if form.is_valid() else 422)


def now(request: HttpRequest) -> dict:
    """Return open tasks and running work, in a fixed number of queries."""
    to_sort = sessions_to_sort(MOST_SESSIONS + 1)
    arriving = arriving_uploads(request)
    work = kinds_of_work()
    stuck = causes(told_to(request.user))
    return {
        "to_sort": to_sort[:MOST_SESSIONS],
        "more_to_sort": len(to_sort) > MOST_SESSIONS,
        "uploads": arriving,
        "work": work,
        "search": search_of() if any(one.kind in STEPS for one in work) else None,
        "no_room": floor.lacks_room(0, beside_promises=False),
        "archive_block": outage.current_outage(),
        "board": board(request.user),
        "causes": stuck[:MOST_CAUSES],
        "n_more_causes": max(0, len(stuck) - MOST_CAUSES),
        "is_moving": bool(work) or any(not upload.is_silent for upload in arriving),
        "is_empty": not (to_sort or arriving or work or stuck or OriginalFile.objects.in_use().exists()),
    }


def arriving_uploads(request: HttpRequest) -> list[Upload]:
    """Return the member's unfinished uploads, each with its progress and whether it is still moving."""
    mine = Upload.objects.filter(owner=request.user, state__in=[UploadState.RECEIVING, UploadState.RECEIVED])
    uploads = list(mine.select_related("shoot").order_by("-updated_at", "pk")[:MOST_UPLOADS])
    for upload in uploads:
        upload.share = upload.offset_bytes / upload.size_bytes
        is_old = upload.updated_at < timezone.now() - SILENT_AFTER
        upload.is_silent = upload.state == UploadState.RECEIVING and is_old
    return uploads
