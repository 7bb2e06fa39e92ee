"""Views of the start page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from clips.archive import outage
from clips.disk import floor
from clips.jobs.summary import OF_ONE_UPLOAD, causes, kinds_of_work, told_to
from clips.models import FinalClip, JobKind, JobState, Upload, UploadState
from clips.sorting.leaderboard import board
from clips.sorting.progress import sessions_to_sort
from clips.sorting.search_progress import STEPS, search_of
from clips.web import wall
from clips.web.jobs import CauseForm
from people.access import requires
from people.audit import Action, note
from people.models import Role
from trickyclip.shared.whole_pages import part_of

MOST_SESSIONS = 6
MOST_UPLOADS = 5
MOST_CAUSES = 3


@requires(Role.VIEWER)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the newest session, what waits for people, and the newest footage."""
    newest = FinalClip.objects.current().for_cards(request.user)
    clips = list(newest.order_by("-created_at", "pk")[: wall.NEWEST_CLIPS])
    context = now(request)
    context |= {
        "clips": clips,
        "picture": wall.picture_of(context["newest"].shoot) if context["newest"] else None,
        "faces": wall.faces() if clips else [],
        "own_clips": wall.own_clips(request.user, beside=clips) if clips else [],
    }
    return render(request, "clips/web/home.html", context)


@requires(Role.VIEWER)
@require_safe
@part_of("home")
def home_now(request: HttpRequest) -> HttpResponse:
    """Answer with the changing parts of the start page; the whole page is loaded anew once there is a picture to show.

    ``?shows=`` is the session whose picture the page has.
    """
    context = now(request) | {"is_poll": True}
    newest = context["newest"]
    if newest and request.GET.get("shows") != str(newest.shoot.pk) and wall.picture_of(newest.shoot):
        return HttpResponseClientRefresh()
    return render(request, "clips/web/_home_now.html", context)


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
    context = now(request) | {"is_poll": True}
    return render(request, "clips/web/_home_now.html", context, status=200 if form.is_valid() else 422)


def now(request: HttpRequest) -> dict:
    """Return the newest session, open tasks and running work, in a fixed number of queries."""
    newest = wall.newest_session()
    to_sort = sessions_to_sort(MOST_SESSIONS + 1)
    of_hero = next((one for one in to_sort if newest and one.shoot_id == newest.shoot.pk), None)
    first = of_hero or next(iter(to_sort), None)
    rest = [one for one in to_sort if one is not first]
    arriving = arriving_uploads(request)
    work = [one for one in kinds_of_work() if not one.waits_for_quiet]
    stuck = causes(told_to(request.user))
    others = wall.others_sorting(request.user)
    return {
        "newest": newest,
        # What the large button sorts: the newest session, or where that is done the next one.
        "first_to_sort": first,
        "to_sort": rest[: MOST_SESSIONS - 1],
        "more_to_sort": len(rest) > MOST_SESSIONS - 1,
        "also_sorting": others.get(first.shoot_id, []) if first else [],
        "uploads": arriving,
        "incoming": wall.incoming(),
        "work": work,
        "search": search_of() if any(one.kind in STEPS for one in work) else None,
        "drawing": next((one for one in work if one.kind == JobKind.DEMO), None),
        "no_room": floor.lacks_room(0, beside_promises=False),
        "archive_block": outage.current_outage(),
        "board": board(request.user),
        "causes": stuck[:MOST_CAUSES],
        "n_more_causes": max(0, len(stuck) - MOST_CAUSES),
        "is_moving": bool(work) or any(not upload.is_silent for upload in arriving),
        "is_empty": not (newest or arriving or work or stuck),
    }


def arriving_uploads(request: HttpRequest) -> list[Upload]:
    """Return the member's unfinished uploads, each with its progress and whether it is still moving."""
    mine = Upload.objects.filter(owner=request.user, state__in=[UploadState.RECEIVING, UploadState.RECEIVED])
    uploads = list(mine.select_related("shoot").order_by("-updated_at", "pk")[:MOST_UPLOADS])
    for upload in uploads:
        upload.share = upload.offset_bytes / upload.size_bytes
        is_old = upload.updated_at < timezone.now() - wall.SILENT_AFTER
        upload.is_silent = upload.state == UploadState.RECEIVING and is_old
    return uploads
