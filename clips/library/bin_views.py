"""Views of the bin: what lies in it, throwing away, restoring, deleting for good."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clips.library import bin_rights, emptying
from clips.library.bin import restore, throw_away
from clips.library.bin_forms import MoveForm, ThrowForm, next_address
from clips.library.bin_rights import BinError, NotAllowedError
from clips.library.bulk_forms import KeyForm
from clips.library.bulk_views import answer_said
from clips.library.clip_views import answer_redirect
from clips.library.selection import SelectionForm
from clips.library.video_moves import move_videos
from clips.models import BinEntry, CandidateSegment, FinalClip, OriginalFile, ReelClip, Shoot
from clips.sorting.decisions import ConflictError
from people.access import requires
from people.models import Role
from people.site_settings.registry import BIN_DAYS
from trickyclip.shared.page_events import announce
from trickyclip.shared.undo_offer import offer_undo

PER_PAGE = 30


@requires(Role.SORTER)
@require_safe
@never_cache
def bin_page(request: HttpRequest) -> HttpResponse:
    """List what can be restored, newest first."""
    page = Paginator(with_pictures(BinEntry.objects.lying()), PER_PAGE).get_page(request.GET.get("page"))
    for entry in page.object_list:
        entry.may_be_restored = bin_rights.may_restore(request.user, entry)
        entry.says = emptying.says(entry)
    context = {"page": page, "n_being_emptied": BinEntry.objects.being_emptied().count()}
    return render(request, "clips/library/bin.html", context)


@requires(Role.SORTER)
@require_safe
@never_cache
def bin_ask(request: HttpRequest) -> HttpResponse:
    """Ask what goes along with a video or a session; a page of its own where no script runs."""
    if video := _asked(request, "video", OriginalFile.objects.in_use().select_related("shoot")):
        clips = _clips_of(original_file=video)
        context = {"video": video, "shoot": video.shoot, "n_clips": clips.count()}
        context["may_take_clips"] = bin_rights.own(request.user, clips).count() == context["n_clips"]
    elif shoot := _asked(request, "session", Shoot.objects.in_use()):
        context = _about_session(shoot)
    else:
        raise Http404
    context["may"] = bin_rights.may_throw_away(request.user, context.get("video") or context["shoot"])
    template = "clips/library/_bin_question.html" if request.htmx else "clips/library/bin_question.html"
    return render(request, template, context)


@requires(Role.SORTER)
@require_POST
def bin_throw(request: HttpRequest) -> HttpResponse:
    """Move clips, videos or sessions to the bin, and offer to undo it."""
    form = ThrowForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This is not a valid row id."))
        return answer_redirect(request, next_address(request))
    try:
        entry = throw_away(request.user, **form.cleaned_data)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except BinError as error:
        messages.error(request, str(error))
    else:
        said = _("Binned: %(what)s") % {"what": entry.title}
        offer_undo(request, said, reverse("clips:bin_restore", args=[entry.pk]))
    return answer_redirect(request, next_address(request))


@requires(Role.SORTER)
@require_POST
def clips_bin_plan(request: HttpRequest) -> HttpResponse:
    """Answer with how many of the selected clips can go to the bin, and why others cannot."""
    form = SelectionForm(request.POST)
    if not form.is_valid():
        return render(request, "clips/library/_bin_plan.html", {"problem": _said_of(form)})
    chosen, own = _chosen(request, form)
    context = {"n": len(own), "n_others": len(chosen) - len(own), "days": BIN_DAYS.value()}
    return render(request, "clips/library/_bin_plan.html", context)


@requires(Role.SORTER)
@require_POST
def clips_bin(request: HttpRequest) -> HttpResponse:
    """Move those of the selected clips to the bin that the member may; answer with a toast that can undo it."""
    form, key_form = SelectionForm(request.POST), KeyForm(request.POST)
    if not (form.is_valid() and key_form.is_valid()):
        return render(request, "clips/library/_bin_plan.html", {"problem": _said_of(form)}, status=422)
    chosen, own = _chosen(request, form)
    if chosen and not own:
        context = {"n": 0, "n_others": len(chosen)}
        return render(request, "clips/library/_bin_plan.html", context, status=409)
    try:
        entry = throw_away(request.user, clips=own, key=key_form.cleaned_data["key"])
    except BinError as error:
        return render(request, "clips/library/_bin_plan.html", {"problem": str(error)}, status=409)
    toast = render(request, "clips/library/_bin_toast.html", {"entry": entry})
    return announce(toast, "clips-changed")


@requires(Role.SORTER)
@require_POST
def bin_restore(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Bring an entry back; HTMX gets a toast that says so."""
    entry = get_object_or_404(BinEntry, pk=pk)
    try:
        restore(entry, request.user)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except BinError as error:
        if request.htmx:
            return answer_said(request, str(error), status=409)
        messages.error(request, str(error))
    else:
        said = _("Restored: %(what)s") % {"what": entry.title}
        if request.htmx:
            return announce(answer_said(request, said), "clips-changed")
        messages.success(request, said)
    return redirect(next_address(request))


@requires(Role.CURATOR)
@require_POST
def bin_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete an entry's files for good, now."""
    entry = get_object_or_404(BinEntry, pk=pk)
    try:
        emptying.delete_now(entry, request.user)
    except BinError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Deleting: %(what)s") % {"what": entry.title})
    return redirect(next_address(request))


@requires(Role.SORTER)
@require_POST
def session_move_all(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Move all videos of a session to another one, and offer to undo it; what is left is an empty session."""
    shoot = get_object_or_404(Shoot.objects.in_use(), pk=pk)
    if not bin_rights.may_throw_away(request.user, shoot):
        raise PermissionDenied(_("Others uploaded to this session. Ask a curator."))
    form = MoveForm(request.POST, shoot=shoot)
    if not form.is_valid():
        messages.error(request, _("Choose another session."))
        return redirect("clips:session", pk)
    videos = shoot.files.in_use().values_list("pk", flat=True)
    try:
        made = move_videos(videos, form.cleaned_data["to"], member=request.user, key=uuid4())
    except ConflictError as error:
        messages.error(request, str(error))
        return redirect("clips:session", pk)
    return redirect(f"{reverse('clips:session', args=[pk])}?did={made.pk}")


def with_pictures(entries: QuerySet[BinEntry]) -> QuerySet[BinEntry]:
    """Annotate each entry with a moment that has a picture of what lies in it, ``pictured``."""
    shown = CandidateSegment.objects.exclude(poster_path="").order_by("pk").values("pk")
    of_clip = Subquery(shown.filter(clips__bin_entry=OuterRef("pk"))[:1])
    of_video = Subquery(shown.filter(original_file__bin_entry=OuterRef("pk"))[:1])
    in_reel = ReelClip.objects.filter(reel__bin_entry=OuterRef(OuterRef("pk"))).values("lineage")
    of_reel = Subquery(shown.filter(clips__is_current=True, clips__lineage__in=in_reel)[:1])
    return entries.annotate(pictured=Coalesce(of_clip, of_video, of_reel))


def _chosen(request: HttpRequest, form: SelectionForm) -> tuple[list[UUID], list[UUID]]:
    """Return the selected clips, and those of them that the member may throw away."""
    chosen = list(form.selection().clips(request.user).order_by().values_list("pk", flat=True))
    own = bin_rights.own(request.user, FinalClip.objects.current().filter(pk__in=chosen))
    return chosen, list(own.order_by().values_list("pk", flat=True))


def _said_of(form: SelectionForm) -> str:
    return " ".join(str(said) for errors in form.errors.values() for said in errors) or _("Reload the page.")


def _asked(request: HttpRequest, name: str, rows: QuerySet) -> OriginalFile | Shoot | None:
    """Return the row whose id the address asks about; None if it names none."""
    try:
        return rows.filter(pk=UUID(request.GET.get(name, ""))).first()
    except ValueError:
        return None


def _clips_of(**of: object) -> QuerySet[FinalClip]:
    return FinalClip.objects.current().filter(**of)


def _about_session(shoot: Shoot) -> dict:
    files = shoot.files.in_use().aggregate(n=Count("pk", filter=Q(low_res_of=None)))
    move_form = MoveForm(shoot=shoot) if files["n"] and Shoot.objects.in_use().exclude(pk=shoot.pk).exists() else None
    return {
        "shoot": shoot,
        "n_videos": files["n"],
        "n_clips": _clips_of(original_file__shoot=shoot).count(),
        "move_form": move_form,
    }
