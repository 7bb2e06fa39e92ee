"""Serves the tus 1.0 protocol (https://tus.io/protocols/resumable-upload) and five of its extensions.

Written here because the Django packages for it read a whole chunk into memory, leave out the login, or are years old.
"""

import errno
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _

from clips.ingest import deleted_before, part_file, quota, receipts
from clips.ingest.register import display_name
from clips.ingest.tus_headers import (
    CHECKSUM_ALGORITHMS,
    OCTETS,
    VERSION,
    TusError,
    body_length,
    checksum_of,
    metadata_of,
    whole_number,
)
from clips.jobs import pipeline
from clips.models import JobKind, Upload, UploadState
from clips.storage import files
from people.site_settings.registry import UPLOAD_MAX_FILE_BYTES

EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
CHECKSUM_MISMATCH = 460
GIVE_UP_PATIENCE_S = 3.0
#: What a full disk, or one's own share of it, answers to a write.
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class VersionMiddleware:
    """Adds the protocol's version to answers that end before the view, so that refused clients get it too."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(reverse("clips:tus_collection")):
            response.headers.setdefault("Tus-Resumable", VERSION)
        return response


def collection(request: HttpRequest) -> HttpResponse:
    """Describe the server (OPTIONS) or begin an upload (POST)."""
    return _answer(request, {"OPTIONS": _describe, "POST": _create})


def resource(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Return the offset of (HEAD), append to (PATCH) or give up (DELETE) one upload."""
    return _answer(request, {"OPTIONS": _describe, "HEAD": _head, "PATCH": _patch, "DELETE": _delete}, upload_id)


def _answer(request: HttpRequest, methods: dict[str, Callable], *args: UUID) -> HttpResponse:
    method = _method(request)
    try:
        if method not in methods:
            raise TusError(405, _("This method is not part of the upload protocol."))
        if method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            raise TusError(412, _("This server speaks tus %(version)s.") % {"version": VERSION})
        response = methods[method](request, *args)
    except TusError as error:
        response = HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")
        if error.status == CHECKSUM_MISMATCH:
            response.reason_phrase = "Checksum Mismatch"
        if error.status == 412:
            response["Tus-Version"] = VERSION
        if error.retry_after_s:
            response["Retry-After"] = str(error.retry_after_s)
        if error.status == 405:
            response["Allow"] = ", ".join(methods)
    response["Tus-Resumable"] = VERSION
    response["Cache-Control"] = "no-store"
    return response


def _method(request: HttpRequest) -> str:
    """Return the method of a request; only a POST may override it.

    Django asks no CSRF token of a GET, so an override of one would be a write by a cookie alone.
    """
    if request.method != "POST":
        return request.method
    return request.headers.get("X-HTTP-Method-Override", request.method).upper()


def _describe(request: HttpRequest, *_args: UUID) -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(UPLOAD_MAX_FILE_BYTES.value()),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUM_ALGORITHMS),
    }
    return HttpResponse(status=204, headers=headers)


def _create(request: HttpRequest) -> HttpResponse:
    if "Upload-Concat" in request.headers:
        # Taken as usual, each part would become a video of its own. Asked first, so that not a byte is sent in vain.
        raise TusError(501, _("Parts sent side by side are not joined here. Send each file as one upload."))
    size_bytes = whole_number(request, "Upload-Length")
    about = metadata_of(request.headers.get("Upload-Metadata", ""))
    has_body = request.content_type == OCTETS
    if has_body:
        # What is wrong with the bytes is said before there is an upload that nobody would go on with.
        quota.check_size(size_bytes)
        _fitting_length(request, size_bytes)
        checksum_of(request)
    if not about.anyway and (deleted := deleted_before.like(about.fingerprint)):
        raise TusError(422, deleted_before.says(deleted))
    with transaction.atomic():
        upload = quota.begin(request.user, display_name(about.filename), size_bytes, about)
        if about.receipt:
            receipts.bind(upload, receipt=about.receipt, path=about.path, owner=request.user)
    if has_body:
        _receive_with_creation(request, upload)
    headers = {"Location": reverse("clips:tus_resource", args=[upload.pk]), **_progress(upload)}
    return HttpResponse(status=201, headers=headers)


def _receive_with_creation(request: HttpRequest, upload: Upload) -> None:
    """Take the bytes sent with the creation. Part of them is a success; wrong ones undo the creation."""
    try:
        _receive(request, upload, claimed_bytes=0)
    except TusError as error:
        if error.status == 408:
            return
        _remove(upload)
        raise


def _head(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = _own_upload(request, upload_id)
    headers = {**_progress(upload), "Upload-Length": str(upload.size_bytes)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return HttpResponse(status=200, headers=headers)


def _patch(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    if request.content_type != OCTETS:
        raise TusError(415, _("Send the bytes as %(type)s.") % {"type": OCTETS})
    upload = _own_upload(request, upload_id)
    claimed_bytes = whole_number(request, "Upload-Offset")
    if claimed_bytes != upload.offset_bytes:
        raise _other_offset(upload)
    if _fitting_length(request, upload.size_bytes - upload.offset_bytes) or not upload.is_whole:
        _receive(request, upload, claimed_bytes)
    return HttpResponse(status=204, headers=_progress(upload))


def _delete(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    _remove(_own_upload(request, upload_id))
    return HttpResponse(status=204)


def _remove(upload: Upload) -> None:
    """Delete an unfinished upload and free its space."""
    try:
        # Whoever gives up has often just broken off a request, which the server notices a moment later.
        with part_file.writing(upload.pk, patience_s=GIVE_UP_PATIENCE_S):
            deleted, _rows = Upload.objects.receiving().filter(pk=upload.pk).delete()
            if not deleted:
                raise TusError(403, _("This upload is complete. Delete the file instead."))
            part_file.delete_part(upload.pk)
    except part_file.LockedError:
        raise TusError(423, _("This upload is being written right now.")) from None
    except part_file.LostBytesError:
        if not Upload.objects.receiving().filter(pk=upload.pk).delete()[0]:
            raise TusError(403, _("This upload is complete. Delete the file instead.")) from None


def _receive(request: HttpRequest, upload: Upload, claimed_bytes: int) -> None:
    """Append the request's body and acknowledge what is on disk."""
    checksum = checksum_of(request)
    try:
        with part_file.writing(upload.pk) as descriptor:
            _look_again(upload, claimed_bytes)
            quota.check_still(body_length(request))
            _give_back_connection()
            received_bytes, fell_silent = part_file.append(
                descriptor,
                offset_bytes=upload.offset_bytes,
                length_bytes=body_length(request),
                read=_reader(request),
                checksum=checksum,
            )
            _acknowledge(upload, received_bytes)
    except part_file.LockedError:
        raise TusError(423, _("Another connection is writing to this upload.")) from None
    except part_file.ChecksumError:
        raise TusError(CHECKSUM_MISMATCH, _("The data was damaged on its way. Send it again.")) from None
    except part_file.LostBytesError:
        raise _lost(upload) from None
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise quota.no_room() from error
    if fell_silent:
        raise TusError(408, _("The connection went silent. What arrived is kept; resume from there."))


def _give_back_connection() -> None:
    """Let other threads use the database connection during the body, which takes a slow phone minutes."""
    if not connection.in_atomic_block:
        connection.close()


def _look_again(upload: Upload, claimed_bytes: int) -> None:
    """Check, now that nobody else writes, that the upload is unchanged since the request began."""
    fresh = Upload.objects.filter(pk=upload.pk).first()
    if fresh is None:
        raise TusError(404, _("No such upload."))
    if fresh.is_gone:
        raise TusError(410, _("This upload was cancelled. Send the file again."))
    if fresh.state != UploadState.RECEIVING or claimed_bytes != fresh.offset_bytes:
        raise _other_offset(fresh)


@transaction.atomic
def _acknowledge(upload: Upload, received_bytes: int) -> None:
    """Move the offset; the last byte starts the file's jobs in the same transaction."""
    from_bytes = upload.offset_bytes
    if not upload.advance(from_bytes=from_bytes, to_bytes=from_bytes + received_bytes):
        raise TusError(409, _("Another connection wrote to this upload."))
    if upload.is_whole and upload.mark_received():
        pipeline.start(JobKind.INGEST, upload)


def _reader(request: HttpRequest) -> Callable[[int], bytes]:
    """Return a read function that ends when the client is gone or silent too long (trickyclip/http/server/body.py)."""

    def read(length_bytes: int) -> bytes:
        try:
            return request.read(length_bytes)
        except UnreadablePostError as error:
            raise part_file.ClientSilentError from error

    return read


def _own_upload(request: HttpRequest, upload_id: UUID) -> Upload:
    upload = Upload.objects.filter(pk=upload_id, owner=request.user).first()
    if upload is None:
        raise TusError(404, _("No such upload."))
    if upload.is_gone:
        raise TusError(410, _("This upload was cancelled. Send the file again."))
    if upload.node != settings.NODE and not files.is_local("originals"):
        raise TusError(503, _("Another server has the beginning of this file. Send the rest there."))
    return upload


def _progress(upload: Upload) -> dict[str, str]:
    """Return the headers with an upload's offset, and the expiry of an unfinished one."""
    headers = {"Upload-Offset": str(upload.offset_bytes)}
    if not upload.is_whole:
        headers["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return headers


def _fitting_length(request: HttpRequest, room_bytes: int) -> int:
    length_bytes = body_length(request)
    if length_bytes > room_bytes:
        raise TusError(413, _("This is more data than was announced for this file."))
    return length_bytes


def _other_offset(upload: Upload) -> TusError:
    return TusError(409, _("Wrong offset: %(n)d bytes have arrived.") % {"n": upload.offset_bytes})


def _lost(upload: Upload) -> TusError:
    """Answer for an upload whose part file is short or gone: lost, or finished by another request meanwhile."""
    if upload.close_lost(_("Its data is no longer on the disk.")):
        part_file.delete_part(upload.pk)
        return TusError(410, _("This upload no longer exists. Send the file again."))
    return TusError(409, _("Another connection finished this upload."))
