"""Checks whether a clip could be sent to Drive now, without sending one. Knows no Django."""

from clips.archive.backend import ArchiveBlockedError, ArchiveError, BlockReason, Finding
from clips.archive.drive.errors import Kind, folder_missing
from clips.archive.drive.folders import FOLDER_TYPE
from clips.archive.drive.requests import DriveRequests

ABOUT = "user(emailAddress,displayName),storageQuota(limit,usage)"
FOLDER = "id,name,mimeType,trashed,driveId,capabilities(canAddChildren)"
#: Less than this is no room for a session's clips.
LOW_BYTES = 5 * 1024**3


def findings(archive: DriveRequests) -> list[Finding]:
    """Check credentials, folder, permission and quota, in this order; skip what depends on a bad one."""
    found = []
    try:
        about = archive.call(archive.service.about().get, fields=ABOUT)
        found.append(Finding("credentials", True, f"Connected as {about['user']['emailAddress']}."))
        folder = _folder(archive, found)
        found.append(_quota(about["storageQuota"], folder))
    except ArchiveBlockedError as error:
        found.append(Finding(_SUBJECT.get(error.reason, "connection"), False, str(error), error))
    except ArchiveError as error:
        found.append(Finding("connection", False, str(error), ArchiveBlockedError(BlockReason.UNREACHABLE, str(error))))
    return found


_SUBJECT = {
    BlockReason.CREDENTIALS: "credentials",
    BlockReason.SETTINGS: "settings",
    BlockReason.FOLDER: "folder",
    BlockReason.PERMISSION: "permission",
    BlockReason.QUOTA: "quota",
}


def _folder(archive: DriveRequests, found: list[Finding]) -> dict:
    if not archive.folder_id:
        found.append(Finding("folder", True, "None is chosen, so the archive is at the top of My Drive."))
        return {}
    asked = {"fileId": archive.folder_id, "supportsAllDrives": True, "fields": FOLDER}
    folder = archive.call(archive.files.get, accept=Kind.MISSING, **asked)
    if folder is None or folder.get("trashed"):
        raise folder_missing(archive.folder_id)
    if folder["mimeType"] != FOLDER_TYPE:
        says = f"DRIVE_FOLDER_ID names the file {folder['name']}. Set the id of a folder."
        raise ArchiveBlockedError(BlockReason.FOLDER, says)
    where = "in a shared drive" if folder.get("driveId") else "in a person's own drive"
    found.append(Finding("folder", True, f"{folder['name']}, {where}."))
    if not folder["capabilities"]["canAddChildren"]:
        raise ArchiveBlockedError(
            BlockReason.PERMISSION,
            f"The archive's account can read {folder['name']}, but not add files. Make it a Content manager.",
        )
    found.append(Finding("permission", True, "Files can be added."))
    return folder


def _quota(quota: dict, folder: dict) -> Finding:
    if folder.get("driveId"):
        return Finding("quota", True, "The shared drive's owner pays. Google does not say how much space is left.")
    if "limit" not in quota:
        return Finding("quota", True, "Without limit.")
    limit_bytes, used_bytes = int(quota["limit"]), int(quota["usage"])
    if limit_bytes == 0:
        raise ArchiveBlockedError(
            BlockReason.QUOTA,
            "A service account owns no storage: choose a folder in a shared drive of which it is a Content manager, or "
            "connect a person's account on the page Google Drive.",
        )
    left_gib = max(0, limit_bytes - used_bytes) / 1024**3
    if limit_bytes - used_bytes < LOW_BYTES:
        # Only Drive itself knows whether the next file still fits; until it refuses one, sending goes on.
        says = f"Only {left_gib:.1f} GiB are left on Google Drive. Free some space or buy storage."
        return Finding("quota", True, says, warns=True)
    return Finding("quota", True, f"{left_gib:.1f} GiB are left.")
