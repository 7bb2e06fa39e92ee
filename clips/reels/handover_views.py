"""Hands an edit or selected clips to a video editor: a project file alone, or in a ZIP with the clips."""

import datetime as dt
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID
from zlib import crc32

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clips.library import download
from clips.library.bin_forms import next_address
from clips.library.download_views import ZIP_READS_S, sent, still_preparing, too_many
from clips.library.zip_stream import Entry, ZipStream
from clips.models import FinalClip, HandleCut, Reel
from clips.models.clip import FinalClipQuerySet
from clips.reels import handles
from clips.reels.forms import ClipsHandoverForm, HandoverForm, ProjectForm
from clips.reels.handover import ZIP_FOLDER, Handover, Linked, hand_over, hand_over_clips
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
    form, reel_page = HandoverForm(request.GET), reverse("clips:reel", args=[reel.pk])
    if not form.is_valid():
        return _refused(request, _("Choose a format and the files to link."), reel_page)
    asked = form.cleaned_data
    linked = Linked(asked["linked"])
    handle_ms = asked["handles"] if linked == Linked.ZIP else 0
    has_angles = FORMATS[asked["format"]].has_angles
    if handle_ms and not handles.state_of(reel, handle_ms, has_angles=has_angles).is_over:
        return _refused(request, _("Cut the clips with handles first."), reel_page)
    try:
        handed = hand_over(reel, linked, asked["rate"], handle_ms=handle_ms, has_angles=has_angles)
        linked_here = Q(lineage__in=reel.clips.values("lineage")) | Q(lineage__in=handed.angles)
        clips = FinalClip.objects.current().filter(linked_here)
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
    request: HttpRequest, handed: Handover, form: ProjectForm, clips: FinalClipQuerySet, changed_at: dt.datetime
) -> HttpResponseBase:
    """Answer with a project file, or with a ZIP of it and the clips."""
    known = FORMATS[form.cleaned_data["format"]]
    project = known.write(handed.timeline)
    name = f"{slugify(handed.timeline.name, fallback='TrickyClip')}.{known.ending}"
    if Linked(form.cleaned_data["linked"]) == Linked.ZIP:
        return _zip(request, handed, clips, _Written(name, project, timezone.make_naive(changed_at)))
    return _file(project, known, name)


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
    known = FORMATS.get(form.cleaned_data.get("format"))
    has_angles = known is not None and known.has_angles
    if request.method == "POST" and handle_ms:
        handles.want(reel, handle_ms, has_angles=has_angles)
    state = handles.state_of(reel, handle_ms, has_angles=has_angles) if handle_ms else None
    return render(request, "clips/reels/_handles.html", {"reel": reel, "handle_ms": handle_ms, "state": state})


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
        return still_preparing(n_to_read)
    handles.note_downloaded(handed.cuts.values())
    lines = download.lines_of(clips)
    entries = (_with_handles(line, handed.cuts.get(line.pk)).entry for line, missing in lines if not missing)
    files = [replace(entry, name=f"{ZIP_FOLDER}/{entry.name}") for entry in entries]
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


def _with_handles(line: download.Line, wider: HandleCut | None) -> download.Line:
    if wider is None:
        return line
    own = {"stored_path": wider.stored_path, "size_bytes": wider.size_bytes, "crc32": wider.crc32}
    return replace(line, **own, file_hash=str(wider.pk))


def _part(data: bytes, first: int, last: int) -> list[bytes]:
    return [data[first : last + 1]]


def _refused(request: HttpRequest, sentence: str, page: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect(page)
