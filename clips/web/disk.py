"""Views of disk usage, freeing space, and originals that were removed or need not be kept."""

from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clips.disk import fetching, request_room
from clips.disk.overview import overview
from clips.disk.usage import disk_use
from clips.library.session_views import news
from clips.models import Eviction, OriginalFile
from people.access import requires
from people.audit import Action, note
from people.models import Role
from trickyclip.shared.whole_pages import part_of

#: A person waits for it.
WANTED_NOW = 1
LATEST_EVICTIONS = 4
EVICTIONS_PER_PAGE, MOST_EVICTIONS = 50, 5000


@requires(Role.SORTER)
@require_safe
@part_of("clips:jobs", at="disk")
def disk(request: HttpRequest) -> HttpResponse:
    """Answer with the current disk usage."""
    return render(request, "clips/web/_disk.html", disk_context(fresh=True))


@requires(Role.CURATOR)
@require_safe
def storage(request: HttpRequest) -> HttpResponse:
    """Show what fills the disk, what can go, the log of what went, and to admins where videos are taken from."""
    log = Eviction.objects.select_related("original_file").defer("original_file__probe")
    page = Paginator(log[:MOST_EVICTIONS], EVICTIONS_PER_PAGE).get_page(request.GET.get("page"))
    incoming = settings.INCOMING_DIR if request.user.may(Role.ADMIN) else None
    context = {"disk": disk_use(), "space": overview(), "page": page, "incoming": incoming}
    return render(request, "clips/web/storage.html", context)


@requires(Role.CURATOR)
@require_POST
def disk_make_room(request: HttpRequest) -> HttpResponse:
    """Have a worker delete everything that can be made or fetched again."""
    use = disk_use(fresh=True)
    with transaction.atomic():
        note(Action.CHANGED, what="freed disk space", may_go_bytes=use.may_go_bytes)
    is_asked = request_room.ask_for_room(max(0, use.left_bytes) + use.may_go_bytes)
    says = "" if is_asked else _("No worker available. Try again in a minute.")
    return render(request, "clips/web/_disk.html", disk_context() | {"is_asked": is_asked, "problem": says})


@requires(Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
@part_of(lambda pk: f"{reverse('clips:session', args=[_file(pk).shoot_id])}#file-{pk}")
def file_fetch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the progress of fetching an original back; POST requests it."""
    original = _file(pk)
    if request.method == "POST" and original.evicted_at:
        with transaction.atomic():
            fetching.want(original, priority=WANTED_NOW)
    return render(request, "clips/library/_fetch.html", fetching.fetch_context(original))


@requires(Role.CURATOR)
@require_POST
def file_not_needed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Mark an original as unneeded once it is sorted; 409 if it is marked already."""
    original = _file(pk)
    with transaction.atomic():
        marked = OriginalFile.objects.filter(pk=pk).mark_not_needed(request.user)
        if marked:
            note(Action.CHANGED, original, what="marked as removable")
    return news(request, original.shoot, status=200 if marked else 409)


@requires(Role.CURATOR)
@require_POST
def file_needed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Undo that; 409 if it is not marked."""
    original = _file(pk)
    with transaction.atomic():
        cleared = OriginalFile.objects.filter(pk=pk).mark_needed()
        if cleared:
            note(Action.CHANGED, original, what="marked as needed")
    return news(request, original.shoot, status=200 if cleared else 409)


def disk_context(*, fresh: bool = False) -> dict:
    return {"disk": disk_use(fresh=fresh), "evictions": Eviction.objects.all()[:LATEST_EVICTIONS]}


def _file(pk: UUID) -> OriginalFile:
    return get_object_or_404(OriginalFile.objects.select_related("shoot"), pk=pk)
