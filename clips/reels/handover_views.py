"""Hands an edit or selected clips to a video editor: a project file alone, or in a ZIP with the clips."""

import datetime as dt
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID
from zlib import crc32

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clips.library import download
from clips.library.bin_forms import next_address
from clips.library.download_views import ZIP_READS_S, later, sent, too_many
from clips.library.zip_stream import Entry, ZipStream
from clips.models import FinalClip, Reel
from clips.models.clip import FinalClipQuerySet
from clips.reels.forms import ClipsHandoverForm, HandoverForm
from clips.reels.handover import ZIP_FOLDER, Handover, Linked, hand_over, hand_over_clips
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
    form, reel_page = HandoverForm(request.GET), reverse("clips:reel", args=[reel.pk])
    if not form.is_valid():
        return _refused(request, _("Choose a format and the files to link."), reel_page)
    asked = form.cleaned_data
    try:
        handed = hand_over(reel, Linked(asked["linked"]), asked["rate"])
        clips = FinalClip.objects.current().filter(lineage__in=reel.clips.values("lineage"))
        return _answer(request, handed, form, clips, reel.changed_at)
    except TimelineError as error:
        return _refused(request, str(error), reel_page)


@requires(Role.VIEWER)
@require_POST
def clips_timeline(request: HttpRequest) -> HttpResponseBase:
    """Download the selected clips as a project file of a video editor, with them in a ZIP or without."""
    form = ClipsHandoverForm(request.POST)
    if not form.is_valid():
        is_selected = not {"clips", "without", "__all__"} & set(form.errors)
        sentence = _("Choose a format and the files to link.") if is_selected else _("Select at least one clip.")
        return _refused(request, sentence, next_address(request, "clips:library"))
    asked, clips, now = form.cleaned_data, form.selection().clips(request.user), timezone.now()
    try:
        name = f"TrickyClip {timezone.localdate(now).isoformat()}"
        handed = hand_over_clips(name, clips, Linked(asked["linked"]), asked["rate"])
        return _answer(request, handed, form, clips, now)
    except TimelineError as error:
        return _refused(request, str(error), next_address(request, "clips:library"))


def _answer(
    request: HttpRequest, handed: Handover, form: HandoverForm, clips: FinalClipQuerySet, changed_at: dt.datetime
) -> HttpResponseBase:
    """Answer with a project file, or with a ZIP of it and the clips."""
    known = FORMATS[form.cleaned_data["format"]]
    project = known.write(handed.timeline)
    name = f"{slugify(handed.timeline.name, fallback='TrickyClip')}.{known.ending}"
    if Linked(form.cleaned_data["linked"]) == Linked.ZIP:
        return _zip(request, handed, clips, _Written(name, project, timezone.make_naive(changed_at)))
    return _file(project, known, name)


def _file(project: bytes, known: Format, name: str) -> HttpResponse:
    headers = {
        "Content-Type": known.media_type,
        "Content-Disposition": content_disposition_header(True, name),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(project, headers=headers)


def _zip(request: HttpRequest, handed: Handover, clips: FinalClipQuerySet, project: "_Written") -> HttpResponseBase:
    """Stream the project file and the clips that it links, each once."""
    if download.slots.are_taken:
        return too_many()
    if n_to_read := download.fill_checksums(clips, for_s=ZIP_READS_S):
        return later(_("Preparing the download: %(n)d clips left. Try again.") % {"n": n_to_read}, after_s=1)
    lines = download.lines_of(clips)
    files = [replace(line.entry, name=f"{ZIP_FOLDER}/{line.path}") for line, missing in lines if not missing]
    missing = [f"{line.path}: {why}" for line, why in lines if why]
    written = [project]
    if missing or handed.left_out:
        text = "\r\n".join(dict.fromkeys([*missing, *handed.left_out]))
        written.append(_Written(LEFT_OUT, text.encode(), project.changed))
    file = ZipStream([*(each.entry for each in written), *files], while_sent=download.slots.one)
    return sent(request, file, f"{project.name.rpartition('.')[0]}.zip")


@dataclass(frozen=True)
class _Written:
    """A file of a ZIP that is written here."""

    name: str
    data: bytes
    changed: dt.datetime

    @property
    def entry(self) -> Entry:
        return Entry(self.name, len(self.data), crc32(self.data), self.changed, partial(_part, self.data))


def _part(data: bytes, first: int, last: int) -> list[bytes]:
    return [data[first : last + 1]]


def _refused(request: HttpRequest, sentence: str, page: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect(page)
