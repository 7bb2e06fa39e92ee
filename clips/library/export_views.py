"""Views of exports: how much it will be, the button, and the ZIP itself."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clips.library import download, export, export_originals
from clips.library.download_views import PAGE_READS_S, sent, too_many
from clips.library.export import CREW, MEMBER, Scope
from clips.library.export_file import DAYS, open_export
from clips.storage.files import MissingFileError, StorageError
from people.access import requires
from people.models import Role


@requires(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def export_mine(request: HttpRequest) -> HttpResponse:
    """Show how much one's own data are, and begin their export."""
    return _export(request, Scope(MEMBER, request.user))


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def export_crew(request: HttpRequest) -> HttpResponse:
    """Show how much all of the crew's data are, and begin their export."""
    return _export(request, Scope(CREW, request.user))


@requires(Role.VIEWER)
@require_safe
def export_zip(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Stream a member's own export, or the requested range of it."""
    if download.slots.are_taken:
        return too_many()
    try:
        about, file = open_export(request.user, pk)
    except MissingFileError:
        return render(request, "clips/library/export_gone.html", status=410)
    if about.kind == CREW and not request.user.may(Role.ADMIN):
        raise PermissionDenied(_("Your role does not allow this. Ask an admin of your crew."))
    return sent(request, file, about.save_as)


def _export(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Answer with the page, which asks again until all checksums are read; a post leads to the finished ZIP."""
    asked = request.POST if request.method == "POST" else request.GET
    with_originals = asked.get("originals") == "on"
    n_clips_left = download.fill_checksums(scope.clips, for_s=PAGE_READS_S)
    left_bytes = export_originals.read_on(scope.videos, for_s=PAGE_READS_S) if with_originals else 0
    is_ready = not n_clips_left and not left_bytes
    problem = ""
    if request.method == "POST" and is_ready:
        try:
            return redirect("clips:export_zip", export.make(scope, with_originals=with_originals))
        except StorageError as error:
            problem = str(error)
    context = {
        "scope": scope,
        "contents": export.contents_of(scope),
        "with_originals": with_originals,
        "is_ready": is_ready,
        "n_clips_left": n_clips_left,
        "left_bytes": left_bytes,
        "days": DAYS,
        "problem": problem,
    }
    template = "clips/library/_export.html" if request.htmx else "clips/library/export.html"
    return render(request, template, context, status=503 if problem else 200)
