"""Views of receipts: what came of a card, and whether it may be formatted."""

import datetime as dt
import json
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clips.ingest import receipt_files
from clips.ingest import receipts as making
from clips.ingest.receipt_text import as_json, verdict_of
from clips.ingest.receipts import Found
from clips.models import Receipt, UploadSource
from people.access import requires
from people.models import Member, Role
from people.naming.spelling import clean_name
from people.site_settings.registry import RECEIPT_WANTS_ARCHIVE

SHOWN = 50
MOST_FILES = 10_000
#: Of a page; the JSON lists all.
FILES_SHOWN = 500
SHA256_CHARS = 64


def visible(member: Member) -> QuerySet[Receipt]:
    """Return the receipts that a member may see: their own and what came by itself; curators see all."""
    if member.may(Role.CURATOR):
        return Receipt.objects.all()
    return Receipt.objects.filter(Q(owner=member) | ~Q(source=UploadSource.BROWSER))


@requires(Role.SORTER)
@require_safe
def receipts(request: HttpRequest) -> HttpResponse:
    """List the newest receipts."""
    rows = visible(request.user).with_counts().select_related("owner")[:SHOWN]
    return render(request, "clips/ingest/receipts.html", {"receipts": rows})


@requires(Role.SORTER)
@require_safe
def receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say whether a card may be formatted, else what is missing, and list its files."""
    verdict = verdict_of(get_object_or_404(visible(request.user), pk=pk))
    context = {
        "verdict": verdict,
        "lines": verdict.lines[:FILES_SHOWN],
        "n_more": max(0, len(verdict.lines) - FILES_SHOWN),
        "wants_archive": RECEIPT_WANTS_ARCHIVE.value(),
    }
    return render(request, "clips/ingest/receipt.html", context)


@requires(Role.SORTER)
@require_safe
def receipt_json(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Answer with a receipt for scripts."""
    return JsonResponse(as_json(verdict_of(get_object_or_404(visible(request.user), pk=pk))))


@requires(Role.SORTER)
@require_safe
def receipt_manifest(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the ASC MHL manifest of a receipt; there is none before it is safe."""
    verdict = verdict_of(get_object_or_404(visible(request.user), pk=pk))
    if not verdict.is_safe:
        raise Http404(_("There is no manifest before all files are safe."))
    response = HttpResponse(receipt_files.zipped(verdict), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="ascmhl.zip"'
    return response


@requires(Role.SORTER)
@require_POST
def receipt_new(request: HttpRequest) -> JsonResponse:
    """Make the receipt of a batch that the upload page is about to send; a second time changes nothing."""
    try:
        told = json.loads(request.body)
        key, name = UUID(told["id"]), clean_name(str(told["name"]))[:200].strip()
        found = [_found(one) for one in told["files"]]
        n_left_alone = min(int(told.get("n_left_alone", 0)), 2**31 - 1)
    except (ValueError, KeyError, TypeError, OverflowError):
        found = []
    if not 0 < len(found) <= MOST_FILES or len({one.path for one in found}) < len(found) or n_left_alone < 0:
        return JsonResponse({"detail": _("Send an id, a name and the files, each path once.")}, status=422)
    made = making.make(
        found, name=name or _("Upload"), source=UploadSource.BROWSER, key=key, owner=request.user,
        n_left_alone=n_left_alone,
    )  # fmt: skip
    if made.owner_id != request.user.pk:
        raise Http404
    return JsonResponse({"url": reverse("clips:receipt", args=[made.pk])})


@requires(Role.SORTER)
@require_POST
def receipt_here(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Note that a file of a batch need not be sent, since its bytes are here."""
    mine = get_object_or_404(Receipt.objects.filter(owner=request.user), pk=pk)
    try:
        told = json.loads(request.body)
        path, sha256 = str(told["path"]), _sha256(told["sha256"])
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"detail": _("Send a path and a SHA-256.")}, status=422)
    return JsonResponse({"found": making.found_here(mine, path, sha256)})


def _found(one: dict[str, Any]) -> Found:
    """Return a file as the page tells of it; ValueError if that cannot be."""
    path, size_bytes = str(one["path"]), int(one["size"])
    if not path.isprintable() or not 0 < len(path) <= 1000 or not 0 < size_bytes < 2**62:
        raise ValueError(path)
    modified_ms = one.get("modified_ms")
    modified_at = dt.datetime.fromtimestamp(int(modified_ms) / 1000, tz=dt.UTC) if modified_ms else None
    return Found(path, size_bytes, modified_at, sha256=_sha256(one["sha256"]) if one.get("sha256") else "")


def _sha256(text: Any) -> str:
    if not isinstance(text, str) or len(text) != SHA256_CHARS:
        raise ValueError(text)
    return text
