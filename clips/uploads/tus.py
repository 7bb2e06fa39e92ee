"""The tus 1.0 protocol (https://tus.io/protocols/resumable-upload): creation, creation-with-upload, termination.

Written here because the Django packages for it read a whole chunk into memory, leave out the login, or are years old.
"""

import base64
import binascii
import datetime as dt
import socket
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clips import pipeline
from clips.models import JobKind, Upload, UploadState
from clips.storage import free_bytes
from clips.uploads import part
from clips.uploads.incoming import display_name

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination"
GIVE_UP_PATIENCE_S = 3.0
OCTETS = "application/offset+octet-stream"


class TusError(Exception):
    """An answer other than success: its status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def collection(request: HttpRequest) -> HttpResponse:
    """Say what is spoken here (OPTIONS) or begin an upload (POST)."""
    return _answer(request, {"OPTIONS": _describe, "POST": _create})


def resource(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Ask for the offset (HEAD), append (PATCH) or give up (DELETE) one upload."""
    return _answer(request, {"OPTIONS": _describe, "HEAD": _head, "PATCH": _patch, "DELETE": _delete}, upload_id)


def _answer(request: HttpRequest, methods: dict, *args: UUID) -> HttpResponse:
    method = request.headers.get("X-HTTP-Method-Override", request.method).upper()
    try:
        if method not in methods:
            raise TusError(405, _("This method is not part of the upload protocol."))
        if method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            raise TusError(412, _("This server speaks tus %(version)s.") % {"version": VERSION})
        response = methods[method](request, *args)
    except TusError as error:
        response = HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")
        if error.status == 412:
            response["Tus-Version"] = VERSION
        if error.status == 405:
            response["Allow"] = ", ".join(methods)
    response["Tus-Resumable"] = VERSION
    response["Cache-Control"] = "no-store"
    return response


def _describe(request: HttpRequest, *_args: UUID) -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.UPLOAD_MAX_FILE_BYTES),
    }
    return HttpResponse(status=204, headers=headers)


def _create(request: HttpRequest) -> HttpResponse:
    size_bytes = _whole_number(request, "Upload-Length")
    check_size(size_bytes)
    about = metadata_of(request.headers.get("Upload-Metadata", ""))
    has_body = request.content_type == OCTETS
    with transaction.atomic():
        upload = Upload.objects.start(
            owner=request.user,
            filename=display_name(about.filename),
            size_bytes=size_bytes,
            shoot_name=about.session_name,
            shoot_date=about.date,
        )
        part.create_part(upload.pk)
    if has_body:
        _receive(request, upload)
    headers = {
        "Location": reverse("clips:tus_resource", args=[upload.pk]),
        "Upload-Offset": str(upload.offset_bytes),
    }
    return HttpResponse(status=201, headers=headers)


def _head(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = _own_upload(request, upload_id)
    headers = {"Upload-Offset": str(upload.offset_bytes), "Upload-Length": str(upload.size_bytes)}
    return HttpResponse(status=200, headers=headers)


def _patch(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    if request.content_type != OCTETS:
        raise TusError(415, _("Send the bytes as %(type)s.") % {"type": OCTETS})
    upload = _own_upload(request, upload_id)
    claimed_bytes = _whole_number(request, "Upload-Offset")
    if claimed_bytes != upload.offset_bytes:
        raise TusError(409, _("The offset differs: %(n)d bytes are here.") % {"n": upload.offset_bytes})
    _receive(request, upload)
    return HttpResponse(status=204, headers={"Upload-Offset": str(upload.offset_bytes)})


def _delete(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = _own_upload(request, upload_id)
    try:
        # Whoever gives up has often just broken off a request, which the server notices a moment later.
        with part.writing(upload.pk, patience_s=GIVE_UP_PATIENCE_S):
            deleted, _rows = Upload.objects.receiving().filter(pk=upload.pk).delete()
            if not deleted:
                raise TusError(403, _("This upload is complete; delete the file instead."))
            part.delete_part(upload.pk)
    except part.LockedError:
        raise TusError(423, _("This upload is being written at the moment.")) from None
    except part.LostBytesError:
        Upload.objects.receiving().filter(pk=upload.pk).delete()
    return HttpResponse(status=204)


def _receive(request: HttpRequest, upload: Upload) -> None:
    """Append the request's body and acknowledge what is on disk."""
    length_bytes = _body_length(request)
    if upload.offset_bytes + length_bytes > upload.size_bytes:
        raise TusError(413, _("These are more bytes than were announced for this file."))
    try:
        with part.writing(upload.pk) as descriptor:
            # Between the look at the offset and this lock another request may have moved it.
            upload.refresh_from_db()
            claimed_bytes = int(request.headers.get("Upload-Offset", 0))
            if upload.state != UploadState.RECEIVING or claimed_bytes != upload.offset_bytes:
                raise TusError(409, _("The offset differs: %(n)d bytes are here.") % {"n": upload.offset_bytes})
            received_bytes, fell_silent = part.append(
                descriptor, offset_bytes=upload.offset_bytes, length_bytes=length_bytes, read=_reader(request)
            )
            _acknowledge(upload, received_bytes)
    except part.LockedError:
        raise TusError(423, _("Another connection is writing to this upload.")) from None
    except part.LostBytesError:
        raise TusError(410, _("This upload is not here any more; send the file again.")) from None
    if fell_silent:
        raise TusError(408, _("The connection fell silent. What arrived is kept; go on from there."))


@transaction.atomic
def _acknowledge(upload: Upload, received_bytes: int) -> None:
    """Move the offset; with the last byte the file's life begins, in the same transaction."""
    from_bytes = upload.offset_bytes
    if not upload.advance(from_bytes=from_bytes, to_bytes=from_bytes + received_bytes):
        raise TusError(409, _("Another connection wrote to this upload."))
    if upload.is_whole and upload.mark_received():
        pipeline.start(JobKind.INGEST, upload)


def _reader(request: HttpRequest):
    """Give a read function that ends when the client is silent, so that a stalled phone does not keep a thread."""
    connection = request.META.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(settings.UPLOAD_STALL_SECONDS)

    def read(length_bytes: int) -> bytes:
        try:
            return request.read(length_bytes)
        except (UnreadablePostError, TimeoutError) as error:
            if connection is not None:
                _stop_reading(connection)
            raise part.ClientSilentError from error

    return read


def _stop_reading(connection: socket.socket) -> None:
    """Let gunicorn's own wait for the rest of the body end at once."""
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        return  # the client closed it already, which is the same


@dataclass(frozen=True)
class UploadMetadata:
    filename: str
    session_name: str
    date: dt.date


def metadata_of(header: str) -> UploadMetadata:
    """Read ``Upload-Metadata``: comma-separated pairs of a key and a base64 value."""
    pairs = {}
    for pair in filter(None, (pair.strip() for pair in header.split(","))):
        key, _space, value = pair.partition(" ")
        try:
            pairs[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise TusError(400, _("Upload-Metadata has a value that is not base64 of UTF-8.")) from None
    try:
        date = dt.date.fromisoformat(pairs["date"]) if pairs.get("date") else timezone.localdate()
    except ValueError:
        raise TusError(400, _("The session's date must look like 2024-12-01.")) from None
    return UploadMetadata(
        filename=pairs.get("filename", ""),
        session_name=clean_session_name(pairs.get("session", "")),
        date=date,
    )


def clean_session_name(name: str) -> str:
    """Return a session's name on one line, at most as long as its row holds."""
    return " ".join(name.split())[:100] or _("Session")


def check_size(size_bytes: int) -> None:
    if size_bytes == 0:
        raise TusError(400, _("The file is empty."))
    if size_bytes > settings.UPLOAD_MAX_FILE_BYTES:
        limit_gb = settings.UPLOAD_MAX_FILE_BYTES // 10**9
        raise TusError(413, _("Files over %(n)d GB are not taken.") % {"n": limit_gb})
    if size_bytes > free_bytes():
        raise TusError(
            507,
            _("The server's disk is too full for this file. Nothing was sent; ask an admin to make room."),
        )


def _own_upload(request: HttpRequest, upload_id: UUID) -> Upload:
    upload = Upload.objects.filter(pk=upload_id, owner=request.user).first()
    if upload is None:
        raise TusError(404, _("There is no such upload."))
    return upload


def _whole_number(request: HttpRequest, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise TusError(400, _("%(header)s must be a whole number of bytes.") % {"header": header})
    return int(value)


def _body_length(request: HttpRequest) -> int:
    value = request.META.get("CONTENT_LENGTH", "")
    if not value.isdigit():
        raise TusError(411, _("Send Content-Length."))
    if int(value) > settings.UPLOAD_MAX_CHUNK_BYTES:
        raise TusError(413, _("One request may carry 90 MB at most; send the file in smaller chunks."))
    return int(value)
