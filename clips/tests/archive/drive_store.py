"""Storage of the test Drive: files, folders, upload sessions, changes, accounts.

It behaves as Google documents it and, where that is silent, as people report: names repeat, a search lags behind, a
trashed folder takes its content along.
"""

import hashlib
import itertools
import secrets
import threading
import time
from dataclasses import dataclass, field
from enum import Enum

from clips.tests.archive.drive_query import QueryError, condition

FOLDER_TYPE = "application/vnd.google-apps.folder"
#: Of a chunk that is cut off Drive keeps whole multiples of this.
GRAIN_BYTES = 256 * 1024
GIB = 1024**3
#: The bytes of larger files are looked at and forgotten, so that a long run does not fill the memory.
KEPT_BYTES = 4 * 1024**2


class DriveError(Exception):
    """An answer other than 2xx, with Google's word for it."""

    def __init__(self, status: int, reason: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.retry_after = status, reason, message, retry_after

    def body(self) -> dict:
        one = {"message": self.message, "domain": "usageLimits" if "imit" in self.reason else "global"}
        return {"error": {"code": self.status, "message": self.message, "errors": [one | {"reason": self.reason}]}}


def not_found(file_id: str) -> DriveError:
    return DriveError(404, "notFound", f"File not found: {file_id}.")


@dataclass
class Account:
    email: str
    is_service: bool = False
    limit_bytes: int | None = 15 * GIB
    used_bytes: int = 0


@dataclass
class Item:
    id: str
    name: str
    mime_type: str
    parents: list[str]
    owner: str
    drive_id: str = ""
    trashed: bool = False
    sha256: str = ""
    md5: str = ""
    content: bytes | None = None
    size_bytes: int = 0
    app_properties: dict[str, str] = field(default_factory=dict)
    read_only: bool = False
    description: str = ""
    modified_at: str = "2024-12-01T12:00:00.000Z"
    found_from_s: float = 0.0
    #: Whether the site's account made, opened or changed it.
    is_used: bool = False
    #: Whether Google takes it for malware, and does not give it out.
    is_flagged: bool = False
    unseen_for: int = 0


@dataclass
class Session:
    """A resumable upload: its parameters and its progress."""

    key: str
    account: Account
    meta: dict
    size_bytes: int
    replaces: str = ""
    n_bytes: int = 0
    result: str = ""
    content: bytearray = field(default_factory=bytearray)
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    md5: "hashlib._Hash" = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))
    lock: threading.Lock = field(default_factory=threading.Lock)


#: How long after a change a search still answers as before.
SEARCH_LAG_S = 0.2


class UserSees(Enum):
    """How much of a shared drive a user's own log of changes and own corpus show; all three were seen.

    Google's guide says that a drive's changes are in the drive's log, and in a user's perhaps by use, on which nobody
    may rely.
    """

    DOCUMENTED = "documented"
    BY_USE = "by use"
    EVERYTHING = "everything"

    def shows(self, item: "Item") -> bool:
        by_use = self is UserSees.BY_USE and item.is_used
        return not item.drive_id or by_use or self is UserSees.EVERYTHING


class DriveStore:
    def __init__(self, *, search_lag_s: float = SEARCH_LAG_S) -> None:
        self.lock = threading.RLock()
        self.items: dict[str, Item] = {}
        self.given_ids: set[str] = set()
        self.sessions: dict[str, Session] = {}
        #: Logs of changed ids: of each shared drive by its id, and the user's.
        self.logs: dict[str, list[str]] = {"": []}
        self.user_sees = UserSees.DOCUMENTED
        self.search_lag_s = search_lag_s
        #: How many questions after it was made a file or folder is still answered not to be there.
        self.unseen_for = 0
        #: Upload sessions that answer so to everything while all else works; None: 308, and no byte is ever taken.
        self.broken_sessions: dict[str, DriveError | None] = {}
        self.resent: dict[str, int] = {}
        self.add("root-of-person", "My Drive", FOLDER_TYPE, [], owner="person@example.org")

    # --- by hand, as a person in a browser would ---------------------------------------------------------------------

    def add(self, file_id: str, name: str, mime_type: str, parents: list[str], *, owner: str, **fields) -> Item:
        item = Item(file_id, name, mime_type, parents, owner, found_from_s=time.monotonic(), **fields)
        with self.lock:
            self.items[file_id] = item
            self.note_change(item)
        return item

    def note_change(self, item: Item, *, left: str = "") -> None:
        """Add a change to each log that tells of it; ``left``: the shared drive that it was moved out of."""
        if item.drive_id:
            self.logs.setdefault(item.drive_id, []).append(item.id)
        if left and left != item.drive_id:
            self.logs[left].append(item.id)
        if self.user_sees.shows(item):
            self.logs[""].append(item.id)

    def drop(self, name: str, content: bytes, parent: str = "shared-drive", *, mime_type: str = "video/mp4") -> Item:
        """Put a file there, as a person drags it in."""
        about = {"content": content, "size_bytes": len(content), "drive_id": self.items[parent].drive_id}
        about |= {"sha256": hashlib.sha256(content).hexdigest()}
        about |= {"md5": hashlib.md5(content, usedforsecurity=False).hexdigest()}
        (file_id,) = self.generate_ids(1)
        return self.add(file_id, name, mime_type, [parent], owner="person@example.org", **about)

    def shared_drive(self, drive_id: str = "shared-drive") -> Item:
        return self.add(drive_id, "Crew", FOLDER_TYPE, [], owner="", drive_id=drive_id)

    def trash(self, file_id: str, *, trashed: bool = True) -> None:
        with self.lock:
            self.items[file_id].trashed = trashed
            self.note_change(self.items[file_id])

    def tidy(self, file_id: str, *, parent: str = "", name: str = "") -> None:
        """Move or rename a file."""
        with self.lock:
            item = self.items[file_id]
            item.parents, item.name = [parent] if parent else item.parents, name or item.name
            self.note_change(item)

    def has_theirs(self, folder: Item, file_ids: set[str]) -> bool:
        """Return whether one of these files lies in a folder."""
        with self.lock:
            return any(folder.id in self.items[file_id].parents for file_id in file_ids)

    def revise(self, file_id: str, content: bytes) -> None:
        """Put another content into a file, as "Manage versions" does; what apps keep beside it stays."""
        with self.lock:
            item = self.items[file_id]
            item.content, item.size_bytes = content, len(content)
            item.sha256 = hashlib.sha256(content).hexdigest()
            item.md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            self.note_change(item)

    def delete(self, file_id: str) -> None:
        """Delete for good, as emptying the trash does."""
        with self.lock:
            self.note_change(self.items.pop(file_id))

    def files(self) -> list[Item]:
        with self.lock:
            return [item for item in self.items.values() if item.mime_type != FOLDER_TYPE]

    def folders(self) -> list[Item]:
        """Folders that somebody made, without the roots."""
        with self.lock:
            return [item for item in self.items.values() if item.mime_type == FOLDER_TYPE and item.parents]

    def path(self, item: Item) -> str:
        parts = [item.name]
        while item.parents:
            item = self.items[item.parents[0]]
            parts.append(item.name)
        return "/".join(parts[::-1])

    # --- methods of the API ------------------------------------------------------------------------------------------

    def generate_ids(self, count: int) -> list[str]:
        ids = [f"1{secrets.token_urlsafe(24)}" for _number in range(count)]
        with self.lock:
            self.given_ids |= set(ids)
        return ids

    def get(self, file_id: str, *, all_drives: bool) -> Item:
        item = self.items.get(self.real_id(file_id))
        if item is None or (item.drive_id and not all_drives):
            raise not_found(file_id)
        if item.unseen_for:
            item.unseen_for -= 1
            raise not_found(file_id)
        return item

    @staticmethod
    def real_id(file_id: str) -> str:
        """Return the id behind an alias that Drive accepts."""
        return "root-of-person" if file_id == "root" else file_id

    def is_trashed(self, item: Item) -> bool:
        return item.trashed or any(self.is_trashed(self.items[parent]) for parent in item.parents)

    def check_new(self, meta: dict, account: Account, *, all_drives: bool, size_bytes: int = 0) -> Item:
        """Return the item that would be made; DriveError if it may not be."""
        file_id = meta.get("id") or self.generate_ids(1)[0]
        if file_id in self.items:
            raise DriveError(409, "fileIdInUse", "A file already exists with the provided ID.")
        if file_id not in self.given_ids:
            raise DriveError(400, "invalid", "The provided file ID is not usable.")
        parents = meta.get("parents", ["root"])
        if len(parents) != 1:
            raise DriveError(400, "multipleParentsNotSupported", "A file cannot have several parents.")
        parent = self.get(parents[0], all_drives=all_drives)
        if parent.read_only:
            says = "The user does not have sufficient permissions for this file."
            raise DriveError(403, "insufficientFilePermissions", says)
        self._check_room(account, parent, size_bytes)
        mime_type = meta.get("mimeType", "application/octet-stream")
        properties = {key: value for key, value in meta.get("appProperties", {}).items() if value is not None}
        for key, value in properties.items():
            if len(key.encode()) + len(value.encode()) > 124:
                raise DriveError(400, "propertyTooLong", "A property's key and value may have 124 bytes.")
        name = meta.get("name", "Untitled")
        return Item(file_id, name, mime_type, [parent.id], account.email, parent.drive_id, app_properties=properties)

    def _check_room(self, account: Account, parent: Item, size_bytes: int) -> None:
        if parent.drive_id or not size_bytes:
            return
        if account.is_service:
            says = (
                "Service Accounts do not have storage quota. Leverage shared drives, or use OAuth delegation instead."
            )
            raise DriveError(403, "storageQuotaExceeded", says)
        if account.limit_bytes is not None and account.used_bytes + size_bytes > account.limit_bytes:
            raise DriveError(403, "storageQuotaExceeded", "The user's Drive storage quota has been exceeded.")

    def create(self, item: Item) -> Item:
        with self.lock:
            if item.id in self.items:
                raise DriveError(409, "fileIdInUse", "A file already exists with the provided ID.")
            item.found_from_s = time.monotonic() + self.search_lag_s
            self.items[item.id], item.is_used, item.unseen_for = item, True, self.unseen_for
            self.note_change(item)
        return item

    def update(self, item: Item, meta: dict, *, add: str, remove: str, all_drives: bool) -> Item:
        if item.read_only:
            raise DriveError(403, "insufficientFilePermissions", "The user does not have sufficient permissions.")
        if "parents" in meta:
            raise DriveError(403, "fieldNotWritable", "Use addParents and removeParents to change parents.")
        with self.lock:
            left = item.drive_id
            if add:
                parent = self.get(add, all_drives=all_drives)
                add, item.drive_id = parent.id, parent.drive_id
                if set(item.parents) - set(filter(None, remove.split(","))):
                    raise DriveError(403, "cannotAddParent", "A file in a folder needs removeParents too.")
                item.parents = [add]
            item.name = meta.get("name", item.name)
            item.trashed = meta.get("trashed", item.trashed)
            item.description = meta.get("description", item.description)
            item.app_properties |= meta.get("appProperties", {})
            item.is_used = True
            self.note_change(item, left=left)
        return item

    def search(self, query: str, *, all_drives: bool, drive_id: str = "", corpora: str = "user") -> list[Item]:
        if (corpora == "drive") != bool(drive_id) or (drive_id and not all_drives):
            says = "The driveId parameter must be specified if and only if corpora is set to drive."
            raise DriveError(403, "invalid", says)
        try:
            is_wanted = condition(query) if query else None
        except QueryError as error:
            raise DriveError(400, "invalid", f"Invalid Value: q, at {error}") from error
        with self.lock:
            now_s = time.monotonic()
            seen = [item for item in self.items.values() if item.found_from_s <= now_s and item.parents]
        if corpora == "drive":
            seen = [item for item in seen if item.drive_id == drive_id]
        elif corpora == "user":
            seen = [item for item in seen if self.user_sees.shows(item)]
        seen = [item for item in seen if all_drives or not item.drive_id]
        return [item for item in seen if is_wanted is None or is_wanted(self, item)]

    # --- uploads -----------------------------------------------------------------------------------------------------

    def open_session(self, account: Account, meta: dict, size_bytes: int, *, replaces: str = "") -> Session:
        session = Session(secrets.token_urlsafe(32), account, meta, size_bytes, replaces)
        with self.lock:
            self.sessions[session.key] = session
        return session

    def take(self, session: Session, start: int, blocks) -> None:
        """Add bytes that begin at ``start``; what is cut off keeps whole grains. ``blocks`` yields what arrives."""
        whole, offset = b"", start
        for block in itertools.chain(blocks, [b""]):
            is_last = not block
            n_again = max(0, min(len(block), session.n_bytes - offset))
            self.resent[session.key] = self.resent.get(session.key, 0) + n_again
            offset += len(block)
            whole += block[n_again:]
            is_end = session.n_bytes + len(whole) == session.size_bytes
            n_keep = len(whole) if is_end else len(whole) // GRAIN_BYTES * GRAIN_BYTES
            if n_keep:
                session.sha256.update(whole[:n_keep])
                session.md5.update(whole[:n_keep])
                session.n_bytes += n_keep
                if session.size_bytes <= KEPT_BYTES:
                    session.content += whole[:n_keep]
                whole = whole[n_keep:]
            if is_last:
                return

    def finish(self, session: Session) -> Item:
        if session.result:
            return self.items[session.result]
        if session.replaces:
            item = self.get(session.replaces, all_drives=True)
            self.update(item, session.meta, add="", remove="", all_drives=True)
        else:
            item = self.check_new(session.meta, session.account, all_drives=True, size_bytes=session.size_bytes)
        item.sha256, item.md5 = session.sha256.hexdigest(), session.md5.hexdigest()
        item.size_bytes = session.size_bytes
        item.content = bytes(session.content) if session.size_bytes <= KEPT_BYTES else None
        if not session.replaces:
            self.create(item)
            if not item.drive_id:
                session.account.used_bytes += item.size_bytes
        session.result = item.id
        return item
