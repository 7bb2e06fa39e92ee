"""Lists the drop folder on Google Drive, and moves its files away afterwards.

Knows no Django.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from clips.archive.drive.client import GoogleDriveArchive
from clips.archive.drive.errors import Kind, folder_missing, only_this_file
from clips.archive.drive.folders import FOLDER_TYPE

FILE_FIELDS = "id,name,mimeType,parents,trashed,size,sha256Checksum,md5Checksum,modifiedTime"
LIST_FIELDS = f"nextPageToken,files({FILE_FIELDS})"
CHANGE_FIELDS = f"nextPageToken,newStartPageToken,changes(fileId,removed,file({FILE_FIELDS}))"
#: Google's own documents, forms and links; they have no bytes.
GOOGLES_TYPES = "application/vnd.google-apps."
SHORTCUT_TYPE = f"{GOOGLES_TYPES}shortcut"
PROCESSED, FAILED = "processed", "failed"


@dataclass(frozen=True)
class Found:
    """A file in the folder."""

    file_id: str
    #: The folders that it lies in, from the drop folder's own down, and its name.
    folders: tuple[str, ...]
    name: str
    size_bytes: int
    #: As ``sha256:…``, or ``md5:…`` where Drive knows no other; empty for what has no bytes.
    checksum: str
    #: RFC 3339.
    modified_at: str
    mime_type: str

    @property
    def is_shortcut(self) -> bool:
        return self.mime_type == SHORTCUT_TYPE

    @property
    def is_googles(self) -> bool:
        """Return whether it is a document, a form or a link, which has no bytes."""
        return self.mime_type.startswith(GOOGLES_TYPES)

    @property
    def has_bytes(self) -> bool:
        return bool(self.checksum) and self.size_bytes > 0

    @property
    def is_arriving(self) -> bool:
        """Return whether Drive has no checksum of it yet, because it is still being uploaded or read."""
        return not self.is_googles and not self.checksum


class DriveInbox(GoogleDriveArchive):
    """One drop folder, for one piece of work in one thread."""

    folder_setting = "DRIVE_DROP_FOLDER_ID"

    @property
    def name(self) -> str:
        """The name that its folders are saved under, so that another drop folder has its own."""
        return f"inbox {hashlib.sha256(self.folder_id.encode()).hexdigest()[:12]}"

    def be_there(self) -> None:
        """Raise ArchiveBlockedError if the folder is gone or in the trash, of which nothing else tells."""
        if not self.has_folder(self.folder_id):
            raise folder_missing(self.folder_id, setting=self.folder_setting)

    def start_token(self) -> str:
        """Return the token to read changes from; requested before the listing, so that nothing is missed."""
        return self._changes("", CHANGE_FIELDS)[1]

    def everything(self) -> Iterator[Found]:
        """Find every file in the folder and its subfolders, except the folders that we move files to."""
        yield from self._inside(self.folder_id, ())

    def changed(self, token: str) -> tuple[list[Found], str, bool]:
        """Return the files added or changed since a token, the next token, and whether that is all for now."""
        told, next_token = self._changes(token, CHANGE_FIELDS)
        found, known = [], {self.folder_id: ()}
        for item in (each["file"] for each in told if not each["removed"] and not each["file"]["trashed"]):
            folders = self._folders_above(item, known)
            if folders is None or _is_put_away((*folders, item["name"])):
                continue
            if item["mimeType"] == FOLDER_TYPE:  # moved in with all that is in it, of which nothing else is said
                found += self._inside(item["id"], (*folders, item["name"]))
            else:
                found.append(_found(item, folders))
        return found, next_token, not told

    def look_for(self, file_id: str) -> Found | None:
        """Return the current state of a file, wherever it is; None if it is gone or in the trash."""
        asked = {"fileId": file_id, "supportsAllDrives": True, "fields": FILE_FIELDS}
        item = self.call(self.files.get, accept=Kind.MISSING, **asked)
        return None if item is None or item["trashed"] else _found(item, ())

    def put_away(self, file_id: str, *, to_folder_id: str, sentence: str = "") -> None:
        """Move a file into a folder, with the reason in its description; does nothing if it is there or gone."""
        asked = {"fileId": file_id, "supportsAllDrives": True}
        item = self.call(self.files.get, accept=Kind.MISSING, **asked, fields="id,parents,trashed")
        if item is None or item["trashed"] or item.get("parents") == [to_folder_id]:
            return
        move = {"addParents": to_folder_id, "removeParents": ",".join(item.get("parents", []))}
        body = {"description": sentence} if sentence else {}
        with only_this_file():
            self.call(self.files.update, accept=Kind.MISSING, **asked, **move, body=body, fields="id")

    def _inside(self, folder_id: str, folders: tuple[str, ...]) -> Iterator[Found]:
        for item in self._listed(folder_id, LIST_FIELDS):
            if item["mimeType"] != FOLDER_TYPE:
                yield _found(item, folders)
            elif not _is_put_away((*folders, item["name"])):
                yield from self._inside(item["id"], (*folders, item["name"]))

    def _folders_above(self, item: dict, known: dict[str, tuple[str, ...] | None]) -> tuple[str, ...] | None:
        """Return the folders between the drop folder and a file or folder; None if it is elsewhere."""
        parent_id = next(iter(item.get("parents", [])), None)
        if parent_id is None:
            return None
        if parent_id not in known:
            asked = {"fileId": parent_id, "supportsAllDrives": True, "fields": "id,name,parents,trashed"}
            parent = self.call(self.files.get, accept=Kind.MISSING, **asked)
            above = None if parent is None or parent["trashed"] else self._folders_above(parent, known)
            known[parent_id] = None if above is None else (*above, parent["name"])
        return known[parent_id]


def _is_put_away(folders: tuple[str, ...]) -> bool:
    return bool(folders) and folders[0] in {PROCESSED, FAILED}


def _found(item: dict, folders: tuple[str, ...]) -> Found:
    known = {"sha256": item.get("sha256Checksum"), "md5": item.get("md5Checksum")}
    checksum = next((f"{kind}:{value}" for kind, value in known.items() if value), "")
    size_bytes = int(item.get("size", 0))
    return Found(
        item["id"], folders, item["name"], size_bytes, checksum, item.get("modifiedTime", ""), item["mimeType"]
    )
