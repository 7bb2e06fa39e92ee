"""Returns the archive named in the settings, with its credentials.

Google's library is imported where it is used: it takes 30 MB of every process, and most never send anything.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q

from clips.archive.backend import ArchiveBackend, ArchiveBlockedError, BlockReason, Report, silent
from clips.archive.drive import oauth
from clips.archive.local import LocalArchive
from clips.models import ArchiveMarker, DriveGrant
from people.site_settings.registry import (
    ARCHIVE_BACKEND,
    DRIVE_DROP_FOLDER_ID,
    DRIVE_FOLDER_ID,
    DRIVE_SERVICE_ACCOUNT_KEY,
)

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from clips.archive.drive.inbox import DriveInbox
    from clips.archive.drive.places import DrivePlaces

#: Somebody waits before the page.
PAGE_TRIES = 2


def archive_name() -> str:
    return ARCHIVE_BACKEND.value()


def archive_backend(report: Report = silent, *, name: str = "") -> ArchiveBackend:
    """Return the archive named in the settings, or another one by its name, for one piece of work.

    Raises
    ------
    ArchiveBlockedError
        If nobody has said yet with which account Drive is used, or that cannot be read.
    """
    name = name or archive_name()
    if name == "local":
        return LocalArchive(settings.ARCHIVE_DIR, report, ArchiveMarker.objects.local())
    if name.partition(" ")[0] != "drive":  # "drive 1a2b3c4d" is one of before, see clips/archive/questions.py
        says = f"ARCHIVE_BACKEND is “{name}”. Set it to “local” or “drive”."
        raise ArchiveBlockedError(BlockReason.SETTINGS, says)
    from clips.archive.drive.client import GoogleDriveArchive

    return GoogleDriveArchive(drive_credentials(), report=report, **_drive(DRIVE_FOLDER_ID.value()))


def of_archive() -> Q:
    """Return the condition that a row is about the archive in use, or about a place where it was before."""
    return Q(backend=archive_name()) | Q(backend__startswith=f"{archive_name()} ")


def place_in_use(name: str) -> str:
    """Return what holds an archive by the settings: a folder's id, or an account whose own drive it is; asks nobody.

    Empty where that is not known, or an archive has but one place.
    """
    if name != "drive":
        return ""
    if folder_id := DRIVE_FOLDER_ID.value():
        return folder_id
    given = DriveGrant.objects.first()
    return f"My Drive of {given.account}" if given and not _has_key() else ""


def _has_key() -> bool:
    return bool(settings.DRIVE_SERVICE_ACCOUNT_FILE or DRIVE_SERVICE_ACCOUNT_KEY.value())


def drive_at(folder_id: str, credentials: "Credentials | None" = None) -> "DrivePlaces":
    """Return Drive for a page: with that folder, and without a worker's patience; ArchiveBlockedError as above."""
    from clips.archive.drive.places import DrivePlaces

    return DrivePlaces(credentials or drive_credentials(), **_drive(folder_id), max_tries=PAGE_TRIES)


def drive_inbox(report: Report = silent) -> "DriveInbox":
    """Return the drop folder on Drive; ArchiveBlockedError as above."""
    from clips.archive.drive.inbox import DriveInbox

    return DriveInbox(drive_credentials(), report=report, **_drive(DRIVE_DROP_FOLDER_ID.value()))


def _drive(folder_id: str) -> dict[str, object]:
    return {
        "folder_id": folder_id,
        "root_url": settings.DRIVE_API_URL,
        "chunk_bytes": settings.DRIVE_CHUNK_BYTES,
        "back_off_s": settings.DRIVE_BACK_OFF_SECONDS,
    }


def drive_credentials() -> "Credentials":
    """Return the service account's credentials if a key file is set, otherwise those granted by a person."""
    if settings.DRIVE_SERVICE_ACCOUNT_FILE:
        path = Path(settings.DRIVE_SERVICE_ACCOUNT_FILE)
        try:
            return _of_service_account(str(path), path.stat().st_mtime_ns)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not the JSON key of a service account"
            says = f"DRIVE_SERVICE_ACCOUNT_FILE cannot be used: {why}. Make a new key in the Google Cloud console."
            raise ArchiveBlockedError(BlockReason.SETTINGS, says) from error
    if key := DRIVE_SERVICE_ACCOUNT_KEY.value():
        return of_key(key)
    given = DriveGrant.objects.first()
    if given is None:
        raise ArchiveBlockedError(
            BlockReason.SETTINGS,
            "No account is connected. Connect one on the page Google Drive, or set DRIVE_SERVICE_ACCOUNT_FILE.",
        )
    return _of_grant(given.pk, given.sealed_token)


@lru_cache(maxsize=2)
def of_key(key: str) -> "Credentials":
    """Return a service account's credentials; ArchiveBlockedError if the text is no such key.

    Its requests go to Google, whatever address the key names.
    """
    from google.oauth2 import service_account

    try:
        facts = json.loads(key) | {"token_uri": settings.DRIVE_TOKEN_URL}
        return service_account.Credentials.from_service_account_info(facts, scopes=[oauth.WHOLE_DRIVE])
    except (ValueError, TypeError) as error:
        says = "This key of a service account is damaged. Make a new key in the Google Cloud console."
        raise ArchiveBlockedError(BlockReason.SETTINGS, says) from error


# Kept within a process, so that not each clip asks Google for a new access token.
@lru_cache(maxsize=2)
def _of_service_account(path: str, _changed_ns: int) -> "Credentials":
    from google.oauth2 import service_account

    return service_account.Credentials.from_service_account_file(path, scopes=[oauth.WHOLE_DRIVE])


@lru_cache(maxsize=2)
def _of_grant(pk: int, sealed_token: str) -> "Credentials":
    return oauth.credentials(sealed_token)


def archive_shares_disk() -> bool:
    """Return whether the archive is a folder on the disk of the data folder."""
    if archive_name() != "local":
        return False
    return _nearest(settings.ARCHIVE_DIR).stat().st_dev == settings.DATA_DIR.stat().st_dev


def _nearest(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there already."""
    return path if path.exists() else _nearest(path.parent)
