"""Views of downloads of many clips: what will be in the ZIP, and the ZIP itself."""

from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from clips.library import download
from clips.library.filters import ClipFilter
from clips.library.selection import Selection, SelectionForm
from clips.library.zip_stream import ZipStream
from clips.models import FinalClip, Shoot
from clips.previews.http_ranges import ASKED_EACH_TIME, whole_or_part
from people.access import requires
from people.models import Role

#: How long one request reads older clips whose checksum is not known yet: a page that asks again, and a program.
PAGE_READS_S, ZIP_READS_S = 1.5, 25.0
#: Below gunicorn's longest request line.
MAX_ADDRESS = 3800


@requires(Role.VIEWER)
@require_safe
def library_download(request: HttpRequest) -> HttpResponse:
    """Show what a download of the clips that match the query will have in it, and its button."""
    found = ClipFilter(request.GET, FinalClip.objects.all(), member=request.user)
    if not found.is_valid():
        return _refused(request, found.errors)
    clips = found.qs
    context = {
        "query": request.GET.urlencode(),
        "summary": download.summary_of(clips),
        "n_to_read": download.fill_checksums(clips, for_s=PAGE_READS_S),
    }
    template = "clips/library/_download.html" if request.htmx else "clips/library/download.html"
    return render(request, template, context)


@requires(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def library_zip(request: HttpRequest) -> HttpResponseBase:
    """Stream the clips that match the query as one ZIP, or the requested range of it.

    A selection is posted, and led to an address that can be resumed, unless it is too long for one.
    """
    if request.method == "POST":
        form = SelectionForm(request.POST)
        if not form.is_valid():
            return _refused(request, form.errors)
        selection = form.selection()
        address = _address_of(selection)
        return redirect(address) if address else _zip(request, selection.clips(request.user))
    found = ClipFilter(request.GET, FinalClip.objects.all(), member=request.user)
    return _zip(request, found.qs) if found.is_valid() else _refused(request, found.errors)


def _zip(request: HttpRequest, clips: QuerySet) -> HttpResponseBase:
    if download.slots.are_taken:
        return too_many()
    if not clips.exists():
        return _refused(request, {"": [_("There are no clips to download.")]}, status=404)
    if n_to_read := download.fill_checksums(clips, for_s=ZIP_READS_S):
        return still_preparing(n_to_read)
    return sent(request, download.zip_of(clips), zip_name(clips))


def sent(request: HttpRequest, file: ZipStream, save_as: str) -> HttpResponseBase:
    """Answer with a ZIP, or the requested range of it."""
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": content_disposition_header(True, save_as),
        "Cache-Control": ASKED_EACH_TIME,
        "X-Content-Type-Options": "nosniff",
        "X-Accel-Buffering": "no",  # nginx would write to its disk what its client is too slow for
    }
    return whole_or_part(request, file, headers, at_once_bytes=None)


def too_many() -> HttpResponse:
    """Answer that enough downloads are being sent."""
    return later(_("Too many downloads at once. Try again in a minute."), after_s=60)


def _address_of(selection: Selection) -> str:
    """Return an address that answers with this selection; "" if it would be longer than servers take."""
    if selection.all_of is None:
        query = urlencode({"clip": selection.ids}, doseq=True)
    else:
        query = selection.all_of
        if selection.without:
            return ""
    address = f"{reverse('clips:library_zip')}?{query}"
    return address if len(address) <= MAX_ADDRESS else ""


def _refused(request: HttpRequest, errors: object, status: int = 422) -> HttpResponse:
    return render(request, "clips/library/download.html", {"errors": errors}, status=status)


def still_preparing(n_to_read: int) -> HttpResponse:
    """Answer that so many clips have to be read before a ZIP can begin."""
    sentence = ngettext(
        "Preparing the download: %(n)d clip left. Try again.",
        "Preparing the download: %(n)d clips left. Try again.",
        n_to_read,
    )
    return later(sentence % {"n": n_to_read}, after_s=1)


def later(sentence: str, *, after_s: int) -> HttpResponse:
    """Answer with a sentence, and when to ask again."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "Retry-After": str(after_s)}
    return HttpResponse(f"{sentence}\n", status=503, headers=headers)


def zip_name(clips: QuerySet) -> str:
    """Return the name of a ZIP: its session's if all clips are of one."""
    shoots = Shoot.objects.filter(pk__in=clips.order_by().values("original_file__shoot").distinct())[:2]
    if len(shoots) == 1:
        return f"{shoots[0].date.isoformat()}__{shoots[0].slug}.zip"
    return f"TrickyClip_{timezone.localdate().isoformat()}.zip"
