"""Views of the upload page."""

import datetime as dt
import json
from collections import defaultdict
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clips.disk import floor, trimmed
from clips.ingest import deleted_before, drive_folder, sidecars, whats_next
from clips.jobs import pipeline
from clips.models import ArchiveCopy, CopyState, Inbox, OriginalFile, Receipt, Shoot, Upload, UploadSource
from people.access import requires
from people.models import Role
from people.site_settings.registry import DRIVE_DROP_FOLDER_ID
from trickyclip.shared.whole_pages import part_of

RECENT = 30
RECEIPTS_SHOWN, RECEIPTS_SHOWN_FOR = 3, dt.timedelta(days=3)
#: What the page asks about at once; it asks again for more.
ASKED_AT_ONCE = 500


@requires(Role.SORTER)
@require_safe
def upload(request: HttpRequest) -> HttpResponse:
    """Show the drop area and recent uploads."""
    context = {
        "today": timezone.localdate(),
        "asked_shoot": asked_shoot(request),
        "shoots": Shoot.objects.in_use()[:20],
        "chunk_bytes": settings.UPLOAD_CHUNK_BYTES,
        "left_alone": json.dumps(sidecars.for_browsers()),
        "has_incoming_folder": bool(settings.INCOMING_DIR),
        "has_drive_folder": bool(DRIVE_DROP_FOLDER_ID.value()),
        "no_room": floor.lacks_room(0, beside_promises=False),
    }
    return render(request, "clips/ingest/upload.html", context | _recent(request))


@requires(Role.SORTER)
@require_safe
@part_of("clips:upload", at="recent")
def upload_recent(request: HttpRequest) -> HttpResponse:
    """Answer with the list of recent uploads only."""
    return render(request, "clips/ingest/_uploads.html", _recent(request))


@csrf_exempt
@requires(Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def upload_shared(request: HttpRequest) -> HttpResponse:
    """Say to open the upload page, where a phone shared videos while its service worker was not there to take them.

    The worker (static/js/worker/) takes this request over before it gets here. Without it the videos come as one body,
    which is not read: it may be gigabytes, and could not be resumed. Nothing is written, so no CSRF token is needed;
    to look for one would be to read the body.
    """
    if request.method != "POST":
        return redirect("clips:upload")
    return render(request, "clips/ingest/shared.html")


@requires(Role.CURATOR)
@require_POST
def drive_folder_look(request: HttpRequest) -> HttpResponse:
    """Search the whole Drive folder now, and return to the list in which its files appear."""
    pipeline.ask("look_into_drive_folder", whole=True)
    messages.info(request, _("Checking the Drive folder. New videos show up below."))
    return redirect(f"{reverse('clips:upload')}#recent")


@requires(Role.SORTER)
@require_POST
def upload_known(request: HttpRequest) -> JsonResponse:
    """Answer which fingerprints belong to files that are here, so that they need not be sent.

    Each comes with the SHA-256 that the page compares before it leaves a file out for good.
    """
    try:
        asked = json.loads(request.body)["fingerprints"]
        is_list = isinstance(asked, list) and all(isinstance(one, str) and one.isprintable() for one in asked)
    except (ValueError, KeyError, TypeError):
        is_list = False
    if not is_list or len(asked) > ASKED_AT_ONCE:
        return JsonResponse({"detail": _("Send up to 500 fingerprints as a list.")}, status=422)
    return JsonResponse({"known": known_files(asked)})


@requires(Role.SORTER)
@require_POST
def upload_anyway(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Bring in an upload that was refused because somebody had deleted the file."""
    upload = get_object_or_404(Upload.objects.filter(owner=request.user), pk=pk)
    if not deleted_before.ask_anyway(upload):
        messages.info(request, _("This upload isn’t waiting any more."))
    return redirect(f"{reverse('clips:upload')}#recent")


@requires(Role.SORTER)
@require_POST
def upload_dismiss(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a failed upload out of the list; a second time changes nothing."""
    upload = get_object_or_404(Upload.objects.select_related("original_file"), pk=pk)
    if not whats_next.may_dismiss(upload, request.user):
        raise Http404
    with transaction.atomic():
        whats_next.dismiss(upload)
    return render(request, "clips/ingest/_uploads.html", _recent(request))


def known_files(fingerprints: list[str]) -> dict[str, list[dict]]:
    """Return the files of each known fingerprint; nearly always one."""
    kept = Count("clips", filter=Q(clips__is_current=True))
    files = OriginalFile.objects.filter(fingerprint__in={one for one in fingerprints if one})
    # What was let go or damaged, and no archive has, is welcome: sent again, it is here again.
    copies = ArchiveCopy.objects.filter(original_file=OuterRef("pk"), state=CopyState.VERIFIED)
    is_here = Q(evicted_at=None, damaged_at=None) | trimmed.stays_trimmed()
    files = files.filter(is_here | Exists(copies) | Q(bin_entry__isnull=False))
    known = defaultdict(list)
    for file in files.select_related("shoot", "bin_entry").annotate(n_kept=kept).defer("probe"):
        there = {"sha256": file.file_hash, "says": already_here(file)}
        there["url"] = f"{reverse('clips:session', args=[file.shoot_id])}#file-{file.pk}"
        if file.bin_entry_id:
            there |= {"says": deleted_before.says(file), "url": reverse("clips:bin")}
        known[file.fingerprint].append(there)
    return known


def already_here(file: OriginalFile) -> str:
    """Return the facts about a file that need not be sent; ``n_kept`` is annotated."""
    date = date_format(file.shoot.date, "SHORT_DATE_FORMAT")
    where = {"name": file.original_filename, "session": file.shoot.name, "date": date}
    kept = _("no clips kept yet")
    if file.n_kept:
        kept = ngettext("%(n)d clip kept", "%(n)d clips kept", file.n_kept) % {"n": file.n_kept}
    return _("already here: %(name)s in %(session)s · %(date)s, %(kept)s") % {**where, "kept": kept}


def asked_shoot(request: HttpRequest) -> Shoot | None:
    """Return the session of ``?session=``, for links that preset the session of the next files."""
    try:
        return Shoot.objects.in_use().filter(pk=UUID(request.GET.get("session", ""))).first()
    except ValueError:
        return None


def _recent(request: HttpRequest) -> dict:
    inboxes = Inbox.objects.filter(place__in=[str(settings.INCOMING_DIR), drive_folder.place()])
    uploads = recent_uploads(request)
    for upload in uploads:
        upload.may_dismiss = whats_next.may_dismiss(upload, request.user)
    return {
        "receipts": _recent_receipts(request),
        "uploads": uploads,
        "next": whats_next.next_of(uploads),
        "stuck_inboxes": inboxes.exclude(sentence="", left_alone=""),
    }


def _recent_receipts(request: HttpRequest) -> list[Receipt]:
    """Return the newest receipts of the member and of what came by itself, of the last days."""
    mine = Q(owner=request.user) | ~Q(source=UploadSource.BROWSER)
    recent = Receipt.objects.filter(mine, created_at__gt=timezone.now() - RECEIPTS_SHOWN_FOR)
    return list(recent.with_counts()[:RECEIPTS_SHOWN])


def recent_uploads(request: HttpRequest) -> list[Upload]:
    """Return the member's recent uploads and imported files, each with its file and that file's ``jobs_seen``.

    Jobs are read before what they leave: a search that ended in between would be seen neither at work nor done, and
    the page, to which nothing seemed to be under way, would never ask again.
    """
    by_itself = Q(owner=None) & ~Q(source=UploadSource.BROWSER)
    shown = Upload.objects.filter(Q(owner=request.user) | by_itself, dismissed_at=None)
    rows = shown.select_related("shoot", "original_file__shoot")
    jobs = Prefetch("original_file__jobs", to_attr="jobs_seen")
    before = list(rows.prefetch_related(jobs)[:RECENT])
    after = rows.with_moments().in_bulk([upload.pk for upload in before])
    return [_with_jobs_of(upload, after[upload.pk]) for upload in before if upload.pk in after]


def _with_jobs_of(before: Upload, after: Upload) -> Upload:
    """Return the later of two looks at an upload; the earlier where the jobs of its file are not known yet."""
    if after.original_file is None or before.original_file is None:
        return before
    after.original_file.jobs_seen = before.original_file.jobs_seen
    return after
