"""Views of sessions: their videos, their moments, and the progress of sorting."""

from collections import defaultdict
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from clips.archive.configured import of_archive
from clips.ingest.camera_proxies import SECOND_LENS_NAME
from clips.library import bin_rights
from clips.library.clock_faults import clock_facts
from clips.library.pair_clocks import pairs_with_clocks
from clips.library.session_clips import clips_of, covers_of, riders_of
from clips.library.session_forms import MomentForm, SessionForm
from clips.library.watching import chosen_of, videos_of, videos_to_choose
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    DetectionRun,
    FinalClip,
    Job,
    JobKind,
    JobState,
    KeptPart,
    OriginalFile,
    SegmentStatus,
    Shoot,
    Upload,
)
from clips.models.recording import PART_FIELDS, parts
from clips.previews import filmstrips
from clips.previews.timeline import HEIGHT, WIDTH, hilights_of, marks_of, outline
from clips.sorting.progress import progress_of
from clips.sorting.search_progress import STEPS
from people.access import requires
from people.models import Role
from trickyclip.shared.whole_pages import part_of

SESSIONS_PER_PAGE = 24
FILES_PER_PAGE = 10
#: In an address: the page comes with its files, or draws them again.
DETAILS = "details"
#: Offered to be binned at a time.
MOST_EMPTY = 50
#: Jobs that a file's line shows in their own way.
SHOWN_APART = frozenset({JobKind.FILMSTRIP, JobKind.FETCH, JobKind.PIECES, JobKind.PAIR})


@requires(Role.VIEWER)
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """List the sessions, newest first, each with its progress."""
    shoots = Shoot.objects.in_use().order_by("-date", "name", "pk")
    page = Paginator(shoots, SESSIONS_PER_PAGE).get_page(request.GET.get("page"))
    progress, covers = progress_of(page.object_list), covers_of(page.object_list)
    for shoot in page.object_list:
        shoot.progress, shoot.shown_cover = progress[shoot.pk], covers.get(shoot.pk)
    is_moving = any(shoot.progress.search for shoot in page.object_list)
    context = {"page": page, "is_moving": is_moving, "empty_ones": empty_sessions(request)}
    return render(request, "clips/library/sessions.html", context)


def empty_sessions(request: HttpRequest) -> list[UUID]:
    """Return the sessions without a video, into which none is on its way; for those who may bin them."""
    if not request.user.may(Role.SORTER):
        return []
    files = OriginalFile.objects.in_use().filter(shoot=OuterRef("pk"))
    coming = Upload.objects.with_part().filter(shoot=OuterRef("pk"))
    empty = Shoot.objects.in_use().filter(~Exists(files), ~Exists(coming))
    return list(bin_rights.own(request.user, empty).values_list("pk", flat=True)[:MOST_EMPTY])


@requires(Role.VIEWER)
@require_safe
def session(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one session; its files and their moments are asked for when Details are opened, or by ``?details``."""
    shoot = get_object_or_404(Shoot.objects.select_related("bin_entry"), pk=pk)
    if entry := shoot.bin_entry:
        may_restore = entry.is_lying and bin_rights.may_restore(request.user, entry)
        context = {"shoot": shoot, "entry": entry, "may_restore": may_restore}
        return render(request, "clips/library/session_removed.html", context, status=410)
    context = page_context(request, shoot, with_files=DETAILS in request.GET)
    context |= {"form": SessionForm(instance=shoot), "did": _just_done(request)}
    videos = videos_to_choose(shoot)
    context |= {"videos": videos, "watch": chosen_of(request, shoot, videos)}
    context |= {"clips": clips_of(shoot, request.user), "riders": riders_of(shoot), "cover": covers_of([shoot]).get(pk)}
    context["pairs"] = pairs_with_clocks(shoot)
    context["may_bin"] = bin_rights.may_throw_away(request.user, shoot)
    return render(request, "clips/library/session.html", context)


@requires(Role.VIEWER)
@require_safe
@part_of(lambda pk: reverse("clips:session", args=[pk]))
def session_news(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the changing parts of a session's page: its numbers, and its files where the page shows them."""
    return news(request, get_object_or_404(Shoot.objects.in_use(), pk=pk))


@requires(Role.VIEWER)
@require_safe
@part_of(lambda pk: f"{reverse('clips:session', args=[pk])}?{DETAILS}", at="files-title")
def session_details(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the files of a session and their moments, once somebody opens its details."""
    context = page_context(request, get_object_or_404(Shoot.objects.in_use(), pk=pk), with_files=True)
    return render(request, "clips/library/_session_details.html", context)


@requires(Role.VIEWER)
@require_safe
@cache_control(private=True, max_age=31_536_000, immutable=True)
def curve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Draw the likelihood of a trick over the whole file. A run never changes, so neither does this."""
    values = get_object_or_404(DetectionRun.objects.only("curve"), pk=pk).curve.get("values")
    context = {"points": outline(values), "width": WIDTH, "height": HEIGHT}
    return render(request, "clips/previews/curve.svg", context, content_type="image/svg+xml")


def news(request: HttpRequest, shoot: Shoot, *, status: int = 200, **more: object) -> HttpResponse:
    """Render the changing parts of a session's page; every change on that page answers with them."""
    context = page_context(request, shoot, with_files=DETAILS in request.GET or DETAILS in request.POST) | more
    return render(request, "clips/library/_session_news.html", context, status=status)


def _just_done(request: HttpRequest) -> UUID | None:
    """Return the bulk change that led here (``?did=``), whose toast the page shows."""
    try:
        return UUID(request.GET.get("did", ""))
    except ValueError:
        return None


def page_context(request: HttpRequest, shoot: Shoot, *, with_files: bool) -> dict:
    """Return the context of a session's page, in a fixed number of queries; its files only where they are shown."""
    page = page_of_files(request, shoot, with_facts=with_files)
    page.object_list = list(page.object_list)
    if with_files or not page.object_list:  # of none there is nothing to wait for
        fill_in(page, shoot)
        is_moving = any(file.is_moving for file in page)
        own = bin_rights.own(request.user, OriginalFile.objects.filter(pk__in=[file.pk for file in page]))
        may_be_binned = set(own.values_list("pk", flat=True))
        for file in page:
            file.may_bin = file.pk in may_be_binned
    else:
        is_moving = _are_worked_on(page.object_list)
    moments = CandidateSegment.objects.in_use().filter(original_file__shoot=shoot).order_by()
    progress = progress_of([shoot])[shoot.pk]
    return {
        "shoot": shoot,
        "page": page,
        "progress": progress,
        **moments.numbers(),
        "shows_files": with_files or not page.object_list,
        "is_moving": progress.search is not None or is_moving,
        "trim": _planned_trim(shoot),
        "lacks_filmstrips": _lacks_filmstrips(page.object_list),
        "drawing": {"width": WIDTH, "height": HEIGHT},
    }


def _planned_trim(shoot: Shoot) -> dict:
    """Return how many of a session's videos are to be trimmed, and when the first is."""
    planned = OriginalFile.objects.in_use().filter(shoot=shoot, trim_at__isnull=False)
    return planned.aggregate(n=Count("pk"), first_at=Min("trim_at"))


def _are_worked_on(files: list[OriginalFile]) -> bool:
    """Return whether a job reads one of these files or makes a preview of it."""
    previews = Q(kind=JobKind.PREVIEW, segment__original_file__in=files)
    return Job.objects.in_motion().filter(Q(original_file__in=files) | previews).exists()


def _lacks_filmstrips(files: list[OriginalFile]) -> bool:
    """Return whether some of these files have no filmstrip, and nobody asked for it, or it was deleted since."""
    lacking = [file.pk for file in files if filmstrips.state_of(file, None).name == "absent"]
    jobs = Job.objects.filter(original_file__in=lacking, kind=JobKind.FILMSTRIP).exclude(state=JobState.DONE)
    return jobs.values("original_file").distinct().count() < len(lacking)


def page_of_files(request: HttpRequest, shoot: Shoot, *, with_facts: bool = True) -> Page:
    """Return the files of a session's page, without their large columns; a closed list needs no facts of them."""
    files = videos_of(shoot).select_related("filmstrip")
    if not with_facts:
        return Paginator(files.only("filmstrip__original_file"), FILES_PER_PAGE).get_page(request.GET.get("page"))
    files = files.defer("probe", "filmstrip__waveform", "filmstrip__times_ms")
    joined = OriginalFile.objects.filter(low_res_of=OuterRef("pk"))
    files = files.with_camera_names().annotate(
        has_low_res_copy=Exists(joined.filter(width_px__lt=OuterRef("width_px"))),
        has_second_lens=Exists(joined.filter(original_filename__iregex=SECOND_LENS_NAME)),
        hilights_ms=F("probe__hilights_ms"),
        clock_facts=clock_facts(),
        way=F("probe__way"),
    )
    return Paginator(files, FILES_PER_PAGE).get_page(request.GET.get("page"))


def fill_in(page: Page, shoot: Shoot) -> None:
    """Give each file of a page its time-line, its jobs and its form for a moment by hand."""
    files = list(page.object_list)
    segments = _segments_of(files)
    runs = DetectionRun.objects.filter(original_file__in=files).order_by("original_file_id", "-created_at")
    newest_run = {
        run.original_file_id: run for run in runs.distinct("original_file_id").only("original_file", "unread")
    }
    jobs = _newest_jobs_of(files)
    previews = Job.objects.active().filter(kind=JobKind.PREVIEW, segment__original_file__in=files).order_by()
    n_previews = dict(previews.values_list("segment__original_file").annotate(Count("pk")))
    copies = ArchiveCopy.objects.filter(of_archive(), original_file__in=files, state=CopyState.VERIFIED)
    archived = set(copies.values_list("original_file", flat=True))
    clips = FinalClip.objects.current().filter(original_file__in=files).order_by().values_list("original_file")
    n_clips = dict(clips.annotate(Count("pk")))
    kept = defaultdict(list)
    for part in KeptPart.objects.filter(original_file__in=files).spans():
        kept[part.original_file_id].append(part)
    part_of = parts(OriginalFile.objects.in_use().filter(shoot=shoot, low_res_of=None).only(*PART_FIELDS))
    for file in files:
        file.shoot = shoot
        file.part = part_of.get(file.pk)
        file.kept_spans = kept[file.pk]
        file.run = newest_run.get(file.pk)
        file.n_clips = n_clips.get(file.pk, 0)
        file.n_trashed = sum(segment.status == SegmentStatus.TRASHED for segment in segments[file.pk])
        file.marks = marks_of(file, segments[file.pk], score_shown=shoot.score_shown) if file.duration_ms else []
        file.hilights = hilights_of(file, file.hilights_ms) if file.duration_ms else []
        strips = [job for job in jobs[file.pk] if job.kind == JobKind.FILMSTRIP]
        file.film = filmstrips.state_of(file, strips[0] if strips else None)
        file.newest_jobs = [
            job for job in jobs[file.pk] if job.kind not in SHOWN_APART and (job.is_active or _is_news(job, file))
        ]
        file.fetch = next((job for job in jobs[file.pk] if job.kind == JobKind.FETCH), None)
        file.archived_copy = file.pk in archived
        file.n_previews = n_previews.get(file.pk, 0)
        file.is_searched_now = any(job.is_active and job.kind in STEPS for job in jobs[file.pk])
        file.is_moving = bool(file.n_previews) or any(job.is_in_motion for job in jobs[file.pk])
        file.moment_form = MomentForm(original=file)


def _is_news(job: Job, file: OriginalFile) -> bool:
    """Return whether a job failed for a reason that the file itself does not show."""
    return job.state == JobState.FAILED and job.reason != file.problem


def _segments_of(files: list[OriginalFile]) -> dict[UUID, list[CandidateSegment]]:
    current = Prefetch("clips", FinalClip.objects.current().only("candidate_segment"), to_attr="current_clips")
    rows = CandidateSegment.objects.filter(original_file__in=files).defer("features").prefetch_related(current)
    by_file = defaultdict(list)
    for segment in rows:
        by_file[segment.original_file_id].append(segment)
    return by_file


def _newest_jobs_of(files: list[OriginalFile]) -> dict[UUID, list[Job]]:
    """Return, by file, the newest job of each kind that reads the file."""
    rows = Job.objects.filter(original_file__in=files).order_by("original_file_id", "kind", "-created_at")
    by_file = defaultdict(list)
    for job in rows.distinct("original_file_id", "kind"):
        by_file[job.original_file_id].append(job)
    return by_file
