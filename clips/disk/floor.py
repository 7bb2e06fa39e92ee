"""Checks free space against the disk's floor, below which nothing big is written so that the database always can."""

import errno
import shutil

import psycopg
from django.conf import settings
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from clips.disk import reserve_file
from clips.media.sandbox.runner import DiskFullError
from clips.models import Job, JobKind, JobState, Upload
from clips.storage.backend import NoRoomError
from clips.storage.files import free_bytes
from people.site_settings.registry import DISK_FLOOR_BYTES


def lacks_room(size_bytes: int, *, beside_promises: bool = True) -> str:
    """Return the sentence why this many bytes must wait; empty if there is space for them.

    Parameters
    ----------
    size_bytes : int
        How much the disk is to take. 0 asks whether it takes anything at all.
    beside_promises : bool
        Whether unfinished uploads get theirs first, and the work that is under way some beside them. Not for that
        work itself: an upload that somebody left half-way keeps its room for days.
    """
    left_bytes = free_bytes()
    if left_bytes < 0:
        reserve_file.release_if_needed()
    room_bytes = left_bytes - (promised_bytes() + working_bytes() if beside_promises else 0)
    if room_bytes >= max(0, size_bytes):
        return ""
    return sentence()


def sentence() -> str:
    """Return the sentence for everything that waits for space."""
    return _("The server's disk is nearly full. This will continue when there is space.")


def need_room(size_bytes: int, *, beside_promises: bool = True) -> None:
    """Raise NoRoomError with the sentence of ``lacks_room``, if any."""
    if why := lacks_room(size_bytes, beside_promises=beside_promises):
        raise NoRoomError(why)


def is_disk_full(error: BaseException) -> bool:
    """Return whether a full disk caused an exception, at any depth of its causes."""
    if isinstance(error, NoRoomError | DiskFullError | psycopg.errors.DiskFull):
        return True
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    return error.__cause__ is not None and is_disk_full(error.__cause__)


def floor_bytes() -> int:
    """Return how much of the disk is kept free."""
    return min(DISK_FLOOR_BYTES.value(), shutil.disk_usage(settings.DATA_DIR).total // 10)


def working_bytes() -> int:
    """Return the space above the floor that is reserved for cuts, previews and copies.

    If camera files took all of it, none could be cut and archived any more, so that none of them could ever go.
    """
    return floor_bytes() // 2


def promised_bytes() -> int:
    """Return the bytes still missing of all unfinished uploads and of originals being fetched."""
    uploads = Upload.objects.receiving().aggregate(n=Sum(F("size_bytes") - F("offset_bytes")))["n"] or 0
    fetched = Job.objects.filter(kind=JobKind.FETCH, state=JobState.RUNNING)
    return uploads + (fetched.aggregate(n=Sum("original_file__size_bytes"))["n"] or 0)
