"""Checks that there is room for an upload: on the disk, and within its member's quota."""

from django.db import transaction
from django.db.models import Sum
from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

from clips.disk import floor, request_room
from clips.ingest import part_file
from clips.ingest.tus_headers import TusError, UploadMetadata
from clips.jobs import locks
from clips.models import OriginalFile, Upload
from people.site_settings.registry import UPLOAD_MAX_FILE_BYTES, UPLOAD_QUOTA_BYTES

#: Room is looked for each minute.
ROOM_AGAIN_S = 60


@transaction.atomic
def begin(owner, filename: str, size_bytes: int, about: UploadMetadata) -> Upload:
    """Create an upload and reserve its space; TusError with a sentence if there is none.

    A declared size counts from here on, though its bytes come later: otherwise ten people who begin at the same
    moment are all promised the same last gigabytes. Hence also the lock, which ends with the transaction.
    """
    check_size(size_bytes)
    locks.hold(locks.Lock.ROOM)
    check_disk(size_bytes)
    check_quota(owner, size_bytes)
    upload = Upload.objects.start(
        owner=owner,
        filename=filename,
        size_bytes=size_bytes,
        shoot_name=about.session_name,
        shoot_date=about.date,
        metadata=about.header,
        anyway=about.anyway,
    )
    part_file.create_part(upload.pk)
    return upload


@transaction.atomic
def promise(upload: Upload) -> bool:
    """Reserve the space of a waiting upload; False, with a sentence in its row, if it must wait."""
    locks.hold(locks.Lock.ROOM)
    if sentence := floor.lacks_room(upload.size_bytes):
        upload.wait(sentence)
        return False
    return upload.begin()


def check_size(size_bytes: int) -> None:
    if size_bytes == 0:
        raise TusError(400, _("The file is empty."))
    if size_bytes > UPLOAD_MAX_FILE_BYTES.value():
        limit_gb = UPLOAD_MAX_FILE_BYTES.value() // 10**9
        raise TusError(413, _("Files over %(n)d GB are not accepted.") % {"n": limit_gb})


def check_disk(size_bytes: int) -> None:
    if floor.lacks_room(size_bytes):
        request_room.ask_for_room(size_bytes)
        sentence = _(
            "The server's disk is too full for this file. Nothing was sent. It will continue when there is space."
        )
        raise TusError(507, sentence, retry_after_s=ROOM_AGAIN_S)


def check_still(size_bytes: int) -> None:
    """Refuse bytes whose reserved space was taken by something outside the site."""
    if floor.lacks_room(size_bytes, beside_promises=False):
        raise no_room()


def no_room() -> TusError:
    sentence = _("The server's disk is full. What arrived is kept, and it will continue when there is space.")
    return TusError(507, sentence, retry_after_s=ROOM_AGAIN_S)


def check_quota(owner, size_bytes: int) -> None:
    """Refuse an upload that would exceed the member's quota.

    With 507, as RFC 4331 (section 6) has it for quotas: 413 would say that the request's own body is too large, and
    that a smaller one were welcome.
    """
    quota_bytes = UPLOAD_QUOTA_BYTES.value()
    if not quota_bytes:
        return
    left_bytes = quota_bytes - held_bytes(owner)
    if size_bytes > left_bytes:
        sentence = _("Each member has %(quota)s GB, and you have %(left)s GB left.")
        quota, left = (floatformat(n_bytes / 1e9, 1) for n_bytes in (quota_bytes, max(0, left_bytes)))
        raise TusError(507, sentence % {"quota": quota, "left": left})


def held_bytes(owner) -> int:
    """Return the total size of a person's camera files and of unfinished uploads at their full size."""
    originals = OriginalFile.objects.filter(uploader=owner).aggregate(n=Sum("size_bytes"))["n"] or 0
    return originals + (Upload.objects.unfinished().filter(owner=owner).aggregate(n=Sum("size_bytes"))["n"] or 0)
