"""Translates Drive's errors into sentences with advice. Knows no Django.

Reasons: "Resolve errors" of Google's Drive guide. Two facts that it lacks come from other people's reports: the daily
limit of 750 GB answers like a rate limit and does not go away; and a service account's "quota" is no quota.
"""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError
from googleapiclient.errors import HttpError

from clips.archive.backend import ArchiveBlockedError, ArchiveError, BlockReason, FileRefusedError

DAILY_LIMIT_PAUSE_S = 3600
FULL_PAUSE_S = 600
UNREACHABLE_PAUSE_S = 120
#: Google counts downloads of a file by the day, and does not say when a day ends.
NEXT_DAY_S = 24 * 3600

NETWORK_FAULTS = (OSError, http.client.HTTPException, httplib2.HttpLib2Error, GoogleAuthError, HttpError)
_RATE = {"rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded"}
_DAILY = {"dailyLimitExceeded", "uploadLimitExceeded", "dailyLimitExceededUnreg"}
_FULL = {"storageQuotaExceeded", "quotaExceeded", "teamDriveStorageQuotaExceeded"}
#: Limits of number, which more storage does not lift, and what does.
_TOO_MANY = {
    "teamDriveFileLimitExceeded": (
        "The shared drive is at its limit of files and folders, which counts its trash. Empty the trash, or choose "
        "another shared drive on the page Google Drive."
    ),
    "numChildrenInNonRootLimitExceeded": (
        "A folder on Google Drive is at its limit of files and folders. Move or delete some of what lies in it."
    ),
    "activeItemCreationLimitExceeded": (
        "The Google account is at its limit of files and folders. Empty its trash, or connect another account."
    ),
    "teamDriveHierarchyTooDeep": (
        "The archive's folder lies too deep in the shared drive. Move it up, or choose another one on the page Google "
        "Drive."
    ),
}


_DOWNLOADS_USED_UP = "downloadQuotaExceeded"
#: What Google refuses for one file.
_THIS_FILE = {
    "appNotAuthorizedToFile": (
        "The account may only touch what the site made, and this file was made by somebody else. Connect it again with "
        "access to all folders on the page Google Drive."
    ),
    "cannotDownloadAbusiveFile": (
        "Google takes this file for malware or spam and does not give it out. Its owner can ask Google for a review, "
        "or upload it here."
    ),
    _DOWNLOADS_USED_UP: "Google gives this file out no more for today. It is tried again tomorrow.",
    "cannotDownloadFile": (
        "Its owner does not let others download this file. They can allow it where they share it, or upload it here."
    ),
    "fileNotDownloadable": "This file cannot be downloaded from Google Drive.",
}


class Kind(Enum):
    PASSING = auto()
    #: Passing, unless it stays: then the day's limit.
    RATE = auto()
    MISSING = auto()
    #: The id is taken: what was to be made is there already.
    THERE = auto()
    BLOCKED = auto()
    OTHER = auto()


class RefusedError(FileRefusedError):
    """Drive refuses this one request."""

    def __init__(self, kind: Kind, sentence: str, *, reason: str = "") -> None:
        wait_s = NEXT_DAY_S if reason == _DOWNLOADS_USED_UP else None
        super().__init__(sentence, retry_after_s=wait_s, is_final=bool(reason) and wait_s is None)
        self.kind = kind


@dataclass(frozen=True)
class Fault:
    kind: Kind
    #: What is raised if nothing helps.
    error: ArchiveError
    retry_after_s: float = 0


def fault_of(error: Exception) -> Fault:
    """Return the error for an exception of the client library."""
    if isinstance(error, HttpError):
        return _refusal(error)
    if isinstance(error, RefreshError) and not error.retryable:
        return Fault(Kind.BLOCKED, _no_access(str(error.args[0]) if error.args else ""))
    return Fault(Kind.PASSING, unreachable(type(error).__name__))


@contextmanager
def only_this_file() -> Iterator[None]:
    """Treat a lack of permission within this block as one file's problem, and not the whole archive's."""
    try:
        yield
    except ArchiveBlockedError as error:
        if error.reason != BlockReason.PERMISSION:
            raise
        raise RefusedError(Kind.OTHER, f"Google Drive does not allow changing this file: {error}") from error


def unreachable(why: str) -> ArchiveBlockedError:
    sentence = f"Google Drive cannot be reached ({why}). Sending resumes when it answers again."
    return ArchiveBlockedError(BlockReason.UNREACHABLE, sentence, retry_after_s=UNREACHABLE_PAUSE_S)


def daily_limit() -> ArchiveBlockedError:
    sentence = (
        "Google Drive takes no more for now: an account may send 750 GB within 24 hours. One file is tried now and "
        "then, and when it is taken all go on."
    )
    return ArchiveBlockedError(BlockReason.DAILY_LIMIT, sentence, retry_after_s=DAILY_LIMIT_PAUSE_S)


def folder_missing(folder_id: str, *, setting: str = "DRIVE_FOLDER_ID") -> ArchiveBlockedError:
    return ArchiveBlockedError(
        BlockReason.FOLDER,
        f"The folder {folder_id} is not on Google Drive, is in its trash, or is not shared with the archive's account. "
        f"Restore it, share it with that account as Content manager, or set another one in {setting}.",
    )


def _refusal(error: HttpError) -> Fault:
    status, (reason, message) = error.resp.status, _reason_of(error)
    if status == 401:
        return Fault(Kind.BLOCKED, _no_access(message))
    if status == 404:
        return _refused(Kind.MISSING, f"Google Drive does not have this: {message}")
    if status == 409:
        return _refused(Kind.THERE, f"Google Drive already has this: {message}")
    if status in {408, 429} or status >= 500:
        return Fault(Kind.PASSING, unreachable(f"{status} {reason}".strip()), _retry_after_s(error))
    if status == 403 and reason in _RATE:
        return Fault(Kind.RATE, unreachable("too many requests"), _retry_after_s(error))
    if status == 403 and reason in _THIS_FILE:
        return Fault(Kind.OTHER, RefusedError(Kind.OTHER, _THIS_FILE[reason], reason=reason))
    if status == 403:
        return Fault(Kind.BLOCKED, _forbidden(reason, message))
    return _refused(Kind.OTHER, f"Google Drive refused this ({status} {reason}): {message}")


def _refused(kind: Kind, sentence: str) -> Fault:
    return Fault(kind, RefusedError(kind, sentence))


def _forbidden(reason: str, message: str) -> ArchiveBlockedError:
    if reason in _DAILY:
        return daily_limit()
    if "do not have storage quota" in message:
        return ArchiveBlockedError(
            BlockReason.QUOTA,
            "A service account owns no storage: choose a folder in a shared drive of which it is a Content manager, or "
            "connect a person's account on the page Google Drive.",
        )
    if reason in _FULL:
        return ArchiveBlockedError(
            BlockReason.QUOTA,
            f"Google Drive is full ({message}). Free some space or buy storage. Sending then resumes.",
            retry_after_s=FULL_PAUSE_S,
        )
    if reason in _TOO_MANY:
        return ArchiveBlockedError(BlockReason.QUOTA, _TOO_MANY[reason], retry_after_s=FULL_PAUSE_S)
    if reason in {"accessNotConfigured", "SERVICE_DISABLED"}:
        says = "The Google Drive API is not switched on for this project. Enable it in the Google Cloud console, under "
        return ArchiveBlockedError(BlockReason.SETTINGS, f"{says}APIs and services.")
    says = f"Google Drive does not allow this ({message}). Make the archive's account a Content manager of the folder."
    return ArchiveBlockedError(BlockReason.PERMISSION, says)


def _no_access(why: str) -> ArchiveBlockedError:
    if "reasonable timeframe" in why or "iat and exp" in why:
        says = "The clock of this server is wrong, so Google does not accept its account. Set the clock, best by NTP."
        return ArchiveBlockedError(BlockReason.CREDENTIALS, says)
    why = why[:120].rstrip(".") or "access expired"
    return ArchiveBlockedError(
        BlockReason.CREDENTIALS,
        f"Google no longer accepts the archive's account ({why}). Connect it again on the "
        "page Google Drive, or put a new key into DRIVE_SERVICE_ACCOUNT_FILE.",
    )


def _reason_of(error: HttpError) -> tuple[str, str]:
    """Return Google's reason and its sentence; both empty if the body is not Google's."""
    try:
        told = json.loads(error.content)["error"]
        return told["errors"][0]["reason"], str(told["message"])
    except (ValueError, LookupError, TypeError):
        return "", str(error.resp.reason or "")


def _retry_after_s(error: HttpError) -> float:
    text = str(error.resp.get("retry-after", ""))
    return float(text) if text.isdigit() else 0
