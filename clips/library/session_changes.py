"""Views that change a session, its files and their moments; each answers with the updated parts of its page."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clips.jobs import pipeline
from clips.library import bin_rights
from clips.library.bulk import toast_context
from clips.library.bulk_forms import KeyForm
from clips.library.session_clips import covers_of, pictures_of
from clips.library.session_forms import CoverForm, MomentForm, MoveVideosForm, SensitivityForm, SessionForm
from clips.library.session_views import news, page_of_files
from clips.library.video_moves import move_videos
from clips.models import CandidateSegment, JobKind, OriginalFile, Shoot
from clips.previews import filmstrips, requests
from clips.sorting.angle_groups import regroup_soon
from clips.sorting.decisions import ConflictError
from clips.sorting.trash_many import trash_hidden
from people.access import requires
from people.audit import Action, note
from people.models import Role
from people.rename_form import said_of_renaming
from trickyclip.shared.asked_once import mark_of
from trickyclip.shared.page_events import announce
from trickyclip.shared.whole_pages import part_of


@requires(Role.CURATOR)
@require_POST
def session_rename(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a session's name or date; its clips follow in the background."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    form = SessionForm(request.POST, instance=shoot)
    if not form.is_valid():
        shoot.refresh_from_db()  # the form wrote what was typed into the row that the page shows
        return answer_head(request, shoot, form, status=422)
    with transaction.atomic():
        shoot = form.save()
        note(Action.CHANGED, shoot, what=form.changed_data, before=form.initial)
    said = said_of_renaming(form.n_clips) if form.renames_files and form.n_clips else ""
    return answer_head(request, shoot, SessionForm(instance=shoot), said=said)


def answer_head(
    request: HttpRequest, shoot: Shoot, form: SessionForm, *, said: str = "", status: int = 200
) -> HttpResponse:
    context = {"shoot": shoot, "form": form, "said": said, "may_bin": bin_rights.may_throw_away(request.user, shoot)}
    context["cover"] = covers_of([shoot]).get(shoot.pk)
    return render(request, "clips/library/_session_head.html", context, status=status)


@requires(Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
@part_of(lambda pk: reverse("clips:session", args=[pk]))
def session_cover(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with pictures to choose a session's cover from; POST takes one, 422 if it is of no use."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    if request.method != "POST":
        return render(request, "clips/library/_covers.html", {"shoot": shoot, "pictures": pictures_of(shoot)})
    form = CoverForm(request.POST, shoot=shoot)
    if form.is_valid():
        Shoot.objects.filter(pk=pk).update(cover=form.cleaned_data["moment"])
        shoot.refresh_from_db()
    return answer_head(request, shoot, SessionForm(instance=shoot), status=200 if form.is_valid() else 422)


@requires(Role.CURATOR)
@require_safe
@part_of(lambda pk: reverse("clips:session", args=[pk]))
def session_rename_says(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the sentence about what the filled-in rename form would do."""
    form = SessionForm(request.GET, instance=get_object_or_404(Shoot.objects.in_use(), pk=pk))
    return render(request, "clips/library/_rename_says.html", {"says": form.says_now})


@requires(Role.SORTER)
@require_POST
def session_sensitivity(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show more or fewer of a session's moments, at once; newly shown ones get their previews."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    form = SensitivityForm(request.POST, instance=shoot)
    if not form.is_valid():
        shoot.refresh_from_db()
        return news(request, shoot, status=422)
    with transaction.atomic():
        shoot = form.save()
        for original in shoot.files.in_use().filter(trimmed_at=None).exclude(duration_ms=None):
            requests.want_previews(original)
        regroup_soon(shoot.pk)
    return news(request, shoot)


@requires(Role.SORTER)
@require_POST
def session_trash_hidden(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Trash the moments of a session that its sensitivity hides; 409 if there are none."""
    shoot, form = get_object_or_404(Shoot, pk=pk), KeyForm(request.POST)
    if not form.is_valid():
        return news(request, shoot, status=422)
    moments = CandidateSegment.objects.in_session(shoot.pk)
    try:
        key = form.cleaned_data["key"]
        made = trash_hidden(moments, member=request.user, key=key, asked=mark_of(request, {}))
    except ConflictError:
        return news(request, shoot, status=409)
    return news(request, shoot, **toast_context(made, request.user))


@requires(Role.CURATOR)
@require_http_methods(["GET", "HEAD", "POST"])
@part_of(lambda pk: reverse("clips:session", args=[pk]))
def session_move_videos(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the form that moves videos; POST moves them to another session, and goes there."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    if request.method != "POST":  # asked for when it is opened: there may be a thousand sessions to choose from
        form = MoveVideosForm(shoot=shoot, videos=list(page_of_files(request, shoot).object_list))
        return render(request, "clips/library/_move_videos.html", {"shoot": shoot, "move_form": form})
    form = MoveVideosForm(request.POST, shoot=shoot)
    if form.is_valid():
        moved = [UUID(pk) for pk in form.cleaned_data["videos"]]
        try:
            with transaction.atomic():  # a refused move adds no session either
                target = form.moves_to()
                who = {"member": request.user, "key": form.cleaned_data["key"], "asked": mark_of(request)}
                made = move_videos(moved, target, **who)
                note(Action.CHANGED, shoot, what=str(made))
        except ConflictError as error:
            form.add_error(None, str(error))
        else:
            return HttpResponseClientRedirect(f"{reverse('clips:session', args=[target.pk])}?did={made.pk}")
    return render(request, "clips/library/_move_videos.html", {"shoot": shoot, "move_form": form}, status=422)


@requires(Role.CURATOR)
@require_POST
def session_redetect(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Search every file of a session again, except trimmed ones; sorted moments stay."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    with transaction.atomic():
        note(Action.REDETECTED, shoot)
        for original in shoot.files.in_use().filter(trimmed_at=None).exclude(duration_ms=None):
            pipeline.start(JobKind.DETECT, original)
    return news(request, shoot)


@requires(Role.SORTER)
@require_POST
def session_filmstrips(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Request the missing filmstrips of one page's files, because somebody looks at it."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    for original in page_of_files(request, shoot):
        if original.duration_ms is not None and not hasattr(original, "filmstrip"):
            filmstrips.want_filmstrip(original, priority=filmstrips.LOOKED_FOR)
    return news(request, shoot)


@requires(Role.CURATOR)
@require_POST
def file_redetect(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Search one file again; 409 if it has not been probed yet, or was trimmed: restored first, it can be searched."""
    original = _file(pk)
    if original.duration_ms is None or original.trimmed_at:
        return news(request, original.shoot, status=409)
    with transaction.atomic():
        note(Action.REDETECTED, original)
        pipeline.start(JobKind.DETECT, original)
    return news(request, original.shoot)


@requires(Role.SORTER)
@require_POST
def file_aside(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Set a video aside: remove its moments from the queue and from all hands; 409 if it is aside already."""
    original = _file(pk)
    with transaction.atomic():
        OriginalFile.objects.filter(pk=pk).hold()
        CandidateSegment.objects.filter(original_file=original).leave_hands()
        put = OriginalFile.objects.filter(pk=pk, aside_at=None).update(aside_at=timezone.now())
    return news(request, original.shoot, status=200 if put else 409)


@requires(Role.SORTER)
@require_POST
def file_take_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a video's moments back into the queue; 409 if it is not set aside."""
    original = _file(pk)
    taken = OriginalFile.objects.filter(pk=pk, aside_at__isnull=False).update(aside_at=None)
    return news(request, original.shoot, status=200 if taken else 409)


@requires(Role.SORTER)
@require_POST
def file_add_moment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a moment that the detector missed; it is always shown, whatever the sensitivity."""
    original = _file(pk)
    form = MomentForm(request.POST, original=original)
    if not form.is_valid():
        return render(request, "clips/library/_moment_form.html", {"file": original, "form": form}, status=422)
    with transaction.atomic():
        segment = CandidateSegment.objects.create(original_file=original, **form.cleaned_data)
        requests.want_previews(original)
        regroup_soon(original.shoot_id)
    context = {"file": original, "form": MomentForm(original=original), "added": segment}
    return announce(render(request, "clips/library/_moment_form.html", context), "moments-changed")


def _file(pk: UUID) -> OriginalFile:
    return get_object_or_404(OriginalFile.objects.in_use().select_related("shoot"), pk=pk)
