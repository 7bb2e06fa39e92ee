"""Views of films of an edit: ask for one, watch its progress, play, download and delete it; and of music for them."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from clips.models import Reel, ReelMusic, ReelRender
from clips.previews.http_ranges import ASKED_EACH_TIME, NOT_KEPT, serve
from clips.reels import music, rendering
from clips.reels.editing import NotPossibleError
from clips.reels.forms import MusicPieceForm, RenderForm
from clips.sorting.decisions import ConflictError
from people.access import requires
from people.models import Role
from trickyclip.shared.whole_pages import part_of


def _page_of(pk: UUID, **_of: UUID) -> str:
    return f"{reverse('clips:reel', args=[pk])}#film"


@requires(Role.VIEWER, Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@part_of(_page_of)
def reel_renders(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the films of an edit and what another one could be like; POST asks for one."""
    reel = get_object_or_404(Reel.objects.in_use(), pk=pk)
    if request.method != "POST":
        return _answer(request, reel)
    form = RenderForm(request.POST, reel=reel)
    if not form.is_valid():
        return _answer(request, reel, form=form, problem=_("Check the fields."), status=422)
    try:
        rendering.ask_for(reel, form.wish(), member=request.user, key=form.cleaned_data["key"])
    except ConflictError as error:
        return _answer(request, reel, form=form, problem=str(error), status=409)
    except NotPossibleError as error:
        return _answer(request, reel, form=form, problem=str(error), status=422)
    return _answer(request, reel)


@requires(Role.VIEWER)
@require_GET
@never_cache
@part_of(lambda pk, film: _page_of(pk))
def reel_render(request: HttpRequest, pk: UUID, film: UUID) -> HttpResponse:
    """Answer with one film: its progress, or what can be done with it."""
    return _answer_film(request, get_object_or_404(ReelRender.objects.shown(), reel=pk, pk=film))


@requires(Role.SORTER)
@require_POST
def reel_render_cancel(request: HttpRequest, pk: UUID, film: UUID) -> HttpResponse:
    """Stop a render."""
    found = get_object_or_404(ReelRender.objects.shown(), reel=pk, pk=film)
    rendering.cancel(found)
    return _answer_film(request, found)


@requires(Role.SORTER)
@require_POST
def reel_render_retry(request: HttpRequest, pk: UUID, film: UUID) -> HttpResponse:
    """Render again what failed or was cancelled."""
    found = get_object_or_404(ReelRender.objects.shown(), reel=pk, pk=film)
    rendering.retry(found)
    return _answer_film(request, found)


@requires(Role.SORTER)
@require_POST
def reel_render_delete(request: HttpRequest, pk: UUID, film: UUID) -> HttpResponse:
    """Delete a film; one that is gone already is no fault."""
    reel = get_object_or_404(Reel.objects.in_use(), pk=pk)
    if (found := ReelRender.objects.filter(reel=reel, pk=film).first()) is not None:
        rendering.delete(found)
    return _answer(request, reel)


@requires(Role.VIEWER)
@require_safe
def reel_render_file(request: HttpRequest, pk: UUID, film: UUID) -> HttpResponseBase:
    """Play a film in the page."""
    found = get_object_or_404(ReelRender.objects.shown().made(), reel=pk, pk=film)
    rendering.note_seen(found)
    return serve(request, found.stored_path, "video/mp4", NOT_KEPT)


@requires(Role.VIEWER)
@require_safe
def reel_render_download(request: HttpRequest, pk: UUID, film: UUID) -> HttpResponseBase:
    """Download a film under the edit's name."""
    found = get_object_or_404(ReelRender.objects.shown().made(), reel=pk, pk=film)
    rendering.note_seen(found)
    return serve(request, found.stored_path, "video/mp4", ASKED_EACH_TIME, save_as=found.save_as)


@requires(Role.SORTER)
@require_POST
def reel_music(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a piece of a music file; answer with how much of it is here."""
    reel = get_object_or_404(Reel.objects.in_use(), pk=pk)
    form = MusicPieceForm(request.POST, request.FILES)
    if not form.is_valid():
        return JsonResponse({"problem": _("This music file is too large or damaged.")}, status=422)
    sent = form.cleaned_data
    where = {"key": sent["key"], "name": sent["name"], "at": sent["at"], "size_bytes": sent["size"]}
    try:
        n_here, brought = music.take_piece(reel, **where, piece=sent["piece"].read(), member=request.user)
    except NotPossibleError as error:
        return JsonResponse({"problem": str(error)}, status=422)
    except ConflictError as error:
        return JsonResponse({"problem": str(error)}, status=409)
    return JsonResponse({"here": n_here, "is_whole": brought is not None})


@requires(Role.SORTER)
@require_POST
def reel_music_remove(request: HttpRequest, pk: UUID, track: UUID) -> HttpResponse:
    """Delete a music file; one that is gone already is no fault."""
    reel = get_object_or_404(Reel.objects.in_use(), pk=pk)
    if (found := ReelMusic.objects.filter(reel=reel, pk=track).first()) is not None:
        music.remove(found)
    return _answer(request, reel)


def _answer_film(request: HttpRequest, film: ReelRender) -> HttpResponse:
    film.refresh_from_db(fields=["stored_path", "size_bytes", "duration_ms", "n_in_middle"])
    shown = rendering.with_state(film, rendering.last_job(film))
    return render(request, "clips/reels/_render.html", {"reel": film.reel, "film": shown})


def _answer(
    request: HttpRequest, reel: Reel, *, form: RenderForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    """Answer with all films of an edit and the form for another one."""
    context = {
        "reel": reel,
        "films": rendering.renders_of(reel),
        "music": list(reel.music.all()),
        "form": form or RenderForm(reel=reel),
        "problem": problem,
    }
    return render(request, "clips/reels/_renders.html", context, status=status)
