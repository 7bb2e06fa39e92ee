"""Serves videos and pictures under opaque ids, to members only, with HTTP range requests.

Django's ``FileResponse`` and django-sendfile2 answer every ``Range`` with the whole file, and WhiteNoise, which knows
ranges, serves public files and no ``If-Range``. So a hundred lines here follow RFC 9110, sections 13 and 14, on top of
Django's own ``If-None-Match``. Behind nginx all of it is nginx's work: see ``MEDIA_ACCEL_PREFIX``.
"""

import re
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from clips.media.formats.suffixes import media_type_of
from clips.models import CandidateSegment, FinalClip, Preview
from clips.previews.cache import note_look
from clips.storage import files
from clips.storage.backend import OpenFile
from clips.storage.files import MissingFileError, StorageError
from people.access import requires
from people.models import Role

#: A paused player stops reading, and would hold a thread of the web server for as long as its page is open. So what it
#: asks for without an end is answered in parts, as RFC 9110, 15.3.7 allows; it asks for the next when it wants it.
PLAYED_AT_ONCE_BYTES = 4 * 1024**2
#: What is played. A cache that keeps it asks for all the rest of a file at once, whatever its player wants.
NOT_KEPT = "private, no-store"
#: Kept by the browser, which asks each time whether it still may show it.
ASKED_EACH_TIME = "private, no-cache"
_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


@requires(Role.VIEWER)
@require_safe
def preview_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Play a segment's preview."""
    preview = get_object_or_404(Preview, segment_id=pk)
    note_look(preview)
    return serve(request, preview.stored_path, "video/mp4", NOT_KEPT)


@requires(Role.VIEWER)
@require_safe
def poster_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Show a segment's picture."""
    segment = get_object_or_404(CandidateSegment.objects.exclude(poster_path=""), pk=pk)
    return serve(request, segment.poster_path, "image/jpeg", ASKED_EACH_TIME)


@requires(Role.VIEWER)
@require_safe
def clip_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Play a cut clip in the page."""
    clip = cut_clip(pk)
    return serve(request, clip.stored_path, media_type_of(clip.stored_path), NOT_KEPT)


@requires(Role.VIEWER)
@require_safe
def clip_download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Download a cut clip under its own name."""
    clip = cut_clip(pk)
    content_type = media_type_of(clip.stored_path)
    return serve(request, clip.stored_path, content_type, ASKED_EACH_TIME, save_as=clip.filename)


def cut_clip(pk: UUID) -> FinalClip:
    """Return a clip whose file exists; a clip whose decision was undone is gone for everybody."""
    return get_object_or_404(FinalClip.objects.exclude(stored_path="").filter(removed_at=None), pk=pk)


def serve(
    request: HttpRequest, stored_path: str, content_type: str, cache_control: str, *, save_as: str = ""
) -> HttpResponseBase:
    """Answer with a stored file, or the requested part of it."""
    headers = {"Content-Type": content_type, "Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    if save_as:
        headers["Content-Disposition"] = content_disposition_header(True, save_as)
    if settings.MEDIA_ACCEL_PREFIX and files.is_local(stored_path):
        path = f"{settings.MEDIA_ACCEL_PREFIX.rstrip('/')}/{quote(stored_path)}"
        return HttpResponse(headers=headers | {"X-Accel-Redirect": path})
    try:
        part = files.read(stored_path)
    except MissingFileError as error:
        raise Http404(str(error)) from None
    except StorageError as error:
        return HttpResponse(str(error), status=503, headers={"Content-Type": "text/plain", "Retry-After": "5"})
    return whole_or_part(request, part, headers, at_once_bytes=None if save_as else PLAYED_AT_ONCE_BYTES)


def whole_or_part(
    request: HttpRequest, part: OpenFile, headers: dict[str, str], *, at_once_bytes: int | None
) -> HttpResponseBase:
    """Answer with what an open file has of the requested range, unless the browser has all of it."""
    headers = headers | {"ETag": part.etag, "Accept-Ranges": "bytes"}
    known = get_conditional_response(request, etag=part.etag)
    if known is not None:
        part.close()
        kept = {name: value for name, value in headers.items() if name != "Content-Type"}
        return HttpResponse(status=known.status_code, headers=kept)
    status = 200
    size_bytes = part.size_bytes
    wanted = asked_range(request, part.etag)
    if wanted is not None:
        found = bytes_of(*wanted, size_bytes, at_once_bytes)
        if found is None:
            part.close()
            return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size_bytes}"})
        part.narrow(*found)
        headers = headers | {"Content-Range": f"bytes {found[0]}-{found[1]}/{size_bytes}"}
        status = 206
    headers = headers | {"Content-Length": str(part.left_bytes)}
    if request.method == "HEAD":
        part.close()
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(part, status=status, headers=headers)


def asked_range(request: HttpRequest, etag: str) -> tuple[str, str] | None:
    """Return the two ends of the one requested range, as written; None if the whole file is due.

    A range is for GET alone; several at once, other units and malformed ones may be ignored (RFC 9110, 14.2), and so
    is one that belongs to another state of the file (13.1.5). We have no dates to compare, so a date never matches.
    """
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or asked is None or asked.groups() == ("", ""):
        return None
    if request.headers.get("If-Range", etag).strip() != etag:
        return None
    first, last = asked.groups()
    return None if first and last and int(last) < int(first) else (first, last)


def bytes_of(first: str, last: str, size_bytes: int, at_once_bytes: int | None) -> tuple[int, int] | None:
    """Return the first and the last byte, from 0, of a range as written; None if the file has none of it.

    One without an end is at most ``at_once_bytes`` long.
    """
    if not first:  # the last so many bytes
        return (max(0, size_bytes - int(last)), size_bytes - 1) if int(last) and size_bytes else None
    if int(first) >= size_bytes:
        return None
    if last:
        return int(first), min(int(last), size_bytes - 1)
    return int(first), min(int(first) + (at_once_bytes or size_bytes), size_bytes) - 1
