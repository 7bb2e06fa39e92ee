"""Hands an edit to a video editor: a project file alone, or in a ZIP with its clips."""

import datetime as dt
from dataclasses import replace
from functools import partial
from uuid import UUID
from zlib import crc32

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clips.library import download
from clips.library.download_views import ZIP_READS_S, later, sent, too_many
from clips.library.zip_stream import Entry, ZipStream
from clips.models import FinalClip, Reel
from clips.reels.forms import HandoverForm
from clips.reels.handover import ZIP_FOLDER, Handover, Linked, hand_over
from clips.reels.timeline.formats import FORMATS, Format
from clips.reels.timeline.model import TimelineError
from people.access import requires
from people.models import Role
from people.naming.slugs import slugify

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
    try:
        handed = hand_over(reel, linked, asked["rate"])
        project = known.write(handed.timeline)
    except TimelineError as error:
        return _refused(request, reel, str(error))
    name = slugify(reel.name, fallback="TrickyClip")
    if linked == Linked.ZIP:
        return _zip(request, reel, handed, project, f"{name}.{known.ending}")
    return _file(project, known, f"{name}.{known.ending}")


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
    lines = download.lines_of(clips)
    files = [replace(line.entry, name=f"{ZIP_FOLDER}/{line.path}") for line, missing in lines if not missing]
    missing = [f"{line.path}: {why}" for line, why in lines if why]
    changed = timezone.make_naive(reel.changed_at)
    written = [_written(name, project, changed)]
    if missing or handed.left_out:
        text = "\r\n".join(dict.fromkeys([*missing, *handed.left_out]))
        written.append(_written(LEFT_OUT, text.encode(), changed))
    file = ZipStream([*written, *files], while_sent=download.slots.one)
    return sent(request, file, f"{name.rpartition('.')[0]}.zip")


def _written(name: str, data: bytes, changed: dt.datetime) -> Entry:
    return Entry(name, len(data), crc32(data), changed, partial(_part, data))


def _part(data: bytes, first: int, last: int) -> list[bytes]:
    return [data[first : last + 1]]


def _refused(request: HttpRequest, reel: Reel, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("clips:reel", reel.pk)
