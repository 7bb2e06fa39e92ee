"""Hands an edit to a video editor: a project file alone, or in a ZIP with its clips, which may be cut with handles."""

import datetime as dt
from dataclasses import replace
from functools import partial
from uuid import UUID
from zlib import crc32

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clips.library import download
from clips.library.download_views import ZIP_READS_S, later, sent, too_many
from clips.library.zip_stream import Entry, ZipStream
from clips.models import FinalClip, HandleCut, Reel
from clips.reels import handles
from clips.reels.forms import HandoverForm
from clips.reels.handover import ZIP_FOLDER, Handover, Linked, hand_over
from clips.reels.timeline.formats import FORMATS, Format
from clips.reels.timeline.model import TimelineError
from people.access import requires
from people.models import Role
from people.naming.slugs import slugify
from trickyclip.shared.whole_pages import part_of

LEFT_OUT = "left out.txt"


@requires(Role.VIEWER)
@require_safe
def reel_timeline(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Download an edit as a project file of a video editor, with its clips in a ZIP or without."""
    reel = get_object_or_404(Reel.objects.in_use(), pk=pk)
    form = HandoverForm(request.GET)
    if not form.is_valid():
        return _refused(request, reel, _("Choose a format and the files to link."))
    asked = form.cleaned_data
    known, linked = FORMATS[asked["format"]], Linked(asked["linked"])
    handle_ms = asked["handles"] if linked == Linked.ZIP else 0
    if handle_ms and not handles.state_of(reel, handle_ms).is_over:
        return _refused(request, reel, _("Cut the clips with handles first."))
    try:
        handed = hand_over(reel, linked, asked["rate"], handle_ms=handle_ms)
        project = known.write(handed.timeline)
    except TimelineError as error:
        return _refused(request, reel, str(error))
    name = slugify(reel.name, fallback="TrickyClip")
    if linked == Linked.ZIP:
        return _zip(request, reel, handed, project, f"{name}.{known.ending}")
    return _file(project, known, f"{name}.{known.ending}")


@requires(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@part_of(lambda pk: f"{reverse('clips:reel', args=[pk])}#editor")
def reel_handles(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show how far the clips with handles are that somebody chose; POST has those cut that are not."""
    reel = get_object_or_404(Reel.objects.in_use(), pk=pk)
    form = HandoverForm(request.POST if request.method == "POST" else request.GET)
    form.is_valid()
    handle_ms = form.cleaned_data.get("handles") if form.cleaned_data.get("linked") == Linked.ZIP else 0
    if request.method == "POST" and handle_ms:
        handles.want(reel, handle_ms)
    state = handles.state_of(reel, handle_ms) if handle_ms else None
    return render(request, "clips/reels/_handles.html", {"reel": reel, "handle_ms": handle_ms, "state": state})


def _file(project: bytes, known: Format, name: str) -> HttpResponse:
    headers = {
        "Content-Type": known.media_type,
        "Content-Disposition": content_disposition_header(True, name),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(project, headers=headers)


def _zip(request: HttpRequest, reel: Reel, handed: Handover, project: bytes, name: str) -> HttpResponseBase:
    """Stream the project file and the clips that it links, each once."""
    if download.slots.are_taken:
        return too_many()
    clips = FinalClip.objects.current().filter(lineage__in=reel.clips.values("lineage"))
    if n_to_read := download.fill_checksums(clips, for_s=ZIP_READS_S):
        return later(_("Preparing the download: %(n)d clips left. Try again.") % {"n": n_to_read}, after_s=1)
    handles.note_downloaded(handed.cuts.values())
    lines = download.lines_of(clips)
    entries = (_with_handles(line, handed.cuts.get(line.pk)).entry for line, missing in lines if not missing)
    files = [replace(entry, name=f"{ZIP_FOLDER}/{entry.name}") for entry in entries]
    missing = [f"{line.path}: {why}" for line, why in lines if why]
    changed = timezone.make_naive(reel.changed_at)
    written = [_written(name, project, changed)]
    if missing or handed.left_out:
        text = "\r\n".join(dict.fromkeys([*missing, *handed.left_out]))
        written.append(_written(LEFT_OUT, text.encode(), changed))
    file = ZipStream([*written, *files], while_sent=download.slots.one)
    return sent(request, file, f"{name.rpartition('.')[0]}.zip")


def _with_handles(line: download.Line, wider: HandleCut | None) -> download.Line:
    if wider is None:
        return line
    own = {"stored_path": wider.stored_path, "size_bytes": wider.size_bytes, "crc32": wider.crc32}
    return replace(line, **own, file_hash=str(wider.pk))


def _written(name: str, data: bytes, changed: dt.datetime) -> Entry:
    return Entry(name, len(data), crc32(data), changed, partial(_part, data))


def _part(data: bytes, first: int, last: int) -> list[bytes]:
    return [data[first : last + 1]]


def _refused(request: HttpRequest, reel: Reel, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("clips:reel", reel.pk)
