"""Parses the headers of a tus request: numbers, metadata, a checksum; and defines its errors."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from people.naming.spelling import clean_name

VERSION = "1.0.0"
OCTETS = "application/offset+octet-stream"
#: tus wants sha1 of every server that checks sums; sha256 is for those who choose.
CHECKSUM_ALGORITHMS = ("sha1", "sha256")


class TusError(Exception):
    """An answer other than success: its status, one sentence, and when to try again."""

    def __init__(self, status: int, sentence: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.retry_after_s = status, retry_after_s


def whole_number(request: HttpRequest, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise TusError(400, _("%(header)s must be a whole number of bytes.") % {"header": header})
    return int(value)


def body_length(request: HttpRequest) -> int:
    """Return the announced length of the body; more than a tunnel passes is refused."""
    value = request.META.get("CONTENT_LENGTH", "")
    if not value.isdigit():
        raise TusError(411, _("Send Content-Length."))
    if int(value) > settings.UPLOAD_MAX_CHUNK_BYTES:
        limit_mb = settings.UPLOAD_MAX_CHUNK_BYTES // 10**6
        sentence = _("Requests may have at most %(n)d MB. Send the file in smaller chunks.")
        raise TusError(413, sentence % {"n": limit_mb})
    return int(value)


@dataclass(frozen=True)
class UploadMetadata:
    filename: str
    session_name: str
    date: dt.date
    #: The header as it came, which HEAD gives back.
    header: str
    #: The quick fingerprint, if the client computed it.
    fingerprint: str = ""
    #: Whether the file is wanted though somebody deleted it before.
    anyway: bool = False
    #: The receipt that lists the file, and as what.
    receipt: UUID | None = None
    path: str = ""


def metadata_of(header: str) -> UploadMetadata:
    """Parse ``Upload-Metadata``: comma-separated pairs of a key and an optional base64 value."""
    pairs = {}
    for pair in filter(None, (pair.strip() for pair in header.split(","))):
        key, _space, value = pair.partition(" ")
        if not (key.isascii() and key.isprintable()) or key in pairs:
            raise TusError(400, _("Upload-Metadata has a key that is not ASCII or comes twice."))
        try:
            pairs[key] = base64.b64decode(value, validate=True).decode()
        except ValueError:  # of base64 and of UTF-8 alike
            raise TusError(400, _("Upload-Metadata has a value that is not base64 of UTF-8.")) from None
    try:
        date = dt.date.fromisoformat(pairs["date"]) if pairs.get("date") else timezone.localdate()
    except ValueError:
        raise TusError(400, _("The session's date must look like 2024-12-01.")) from None
    try:
        receipt = UUID(pairs["receipt"]) if pairs.get("receipt") else None
    except ValueError:
        raise TusError(400, _("The receipt must be a UUID.")) from None
    return UploadMetadata(
        filename=pairs.get("filename", ""),
        session_name=clean_session_name(pairs.get("session", "")),
        date=date,
        header=header,
        fingerprint=pairs.get("fingerprint", ""),
        anyway=pairs.get("anyway", "") not in {"", "0", "false"},
        receipt=receipt,
        path=pairs.get("path", ""),
    )


def clean_session_name(name: str) -> str:
    """Return a session's name on one line, no longer than its column."""
    return clean_name(name)[:100].strip() or _("Session")


class Checksum:
    """The expected hash of one request's bytes, and the hash of those seen so far."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._digest = hashlib.new(algorithm, usedforsecurity=False)
        self._expected = expected
        if len(expected) != self._digest.digest_size:
            raise ValueError(algorithm)

    def update(self, block: bytes) -> None:
        self._digest.update(block)

    def matches(self) -> bool:
        return hmac.compare_digest(self._digest.digest(), self._expected)


def checksum_of(request: HttpRequest) -> Checksum | None:
    """Parse ``Upload-Checksum``: an algorithm and a base64 digest; None if the client sent none."""
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _space, value = header.strip().partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        known = ", ".join(CHECKSUM_ALGORITHMS)
        raise TusError(400, _("Upload-Checksum must use one of: %(known)s.") % {"known": known})
    try:
        return Checksum(algorithm, base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        raise TusError(400, _("Upload-Checksum is not base64 of such a checksum.")) from None
