"""The archive on Google Drive, in a person's folder or on a shared drive. Knows no Django.

A file is sent under an id that was requested before, in chunks to a session that was saved before its first byte. So an
interrupted upload resumes where Drive stopped receiving it, also from another process, and a file that Drive took
without our hearing of it is found under its id (409) instead of being there twice.
"""

import hashlib
import os
import random
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from google.auth.credentials import Credentials
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest

from clips.archive.backend import (
    ArchiveBlockedError,
    ArchivedFile,
    ArchiveError,
    BlockReason,
    Change,
    Finding,
    ListedFile,
    Parcel,
    RemoteFile,
    Report,
    silent,
)
from clips.archive.drive.errors import (
    NETWORK_FAULTS,
    Fault,
    Kind,
    daily_limit,
    fault_of,
    folder_missing,
    only_this_file,
    unreachable,
)
from clips.archive.drive.http import GOOGLE_URL, FileChunks, authorised, drive_service, watching_bytes
from clips.archive.drive.preflight import findings
from clips.archive.naming import ORIGINALS, ROOT, is_session_file
from clips.media.formats.suffixes import MEDIA_TYPES, SESSION_FILE_TYPE, media_type_of

CHUNK_BYTES = 8 * 1024**2
#: Of a file that is brought back. Less than is sent at once, for nothing is reported before an answer is whole.
FETCH_BYTES = 4 * 1024**2
#: First wait after a fault; each further one is twice as long, up to the longest.
BACK_OFF_S, LONGEST_WAIT_S = 1.0, 32.0
MAX_TRIES = 9
#: So often a session may fail without a byte getting on before a new one is tried, and so many new ones an upload gets.
SESSION_TRIES, MAX_NEW_SESSIONS = 6, 2
SESSION_REFUSED = (BlockReason.QUOTA, BlockReason.PERMISSION)
#: A waiting worker still says this often that it lives.
BREATH_S = 1.0
FOLDER_TYPE = "application/vnd.google-apps.folder"
CHANGE_FIELDS = "nextPageToken,newStartPageToken,changes(fileId,removed,file(trashed,sha256Checksum))"
LIST_FIELDS = "nextPageToken,files(id,name,mimeType,parents,trashed,size,sha256Checksum,appProperties)"
STOCK_FIELDS = "nextPageToken,files(id,name,parents,trashed,size,sha256Checksum)"
FIELDS = "id,name,parents,trashed,size,sha256Checksum,appProperties"
#: Kept beside each file: the checksum of the folder and the name that the site gave it.
PLACE = "trickyclip_place"
#: The same of the content that the site sent, which stays as it is when a person puts in another.
CONTENT = "trickyclip_content"


class GoogleDriveArchive:
    """Ids are Drive's own."""

    name = "drive"
    ids_are_places = False
    folder_setting = "DRIVE_FOLDER_ID"

    def __init__(
        self,
        credentials: Credentials,
        *,
        report: Report = silent,
        folder_id: str = "",
        root_url: str = GOOGLE_URL,
        chunk_bytes: int = CHUNK_BYTES,
        back_off_s: float = BACK_OFF_S,
        max_tries: int = MAX_TRIES,
    ) -> None:
        #: What the archive's top folder lies in; empty for the top of a person's own drive.
        self.folder_id = folder_id
        self.credentials = credentials
        self.service = drive_service(root_url)
        self.files = self.service.files()
        self._http = authorised(credentials)
        self._chunk_bytes = chunk_bytes
        self._back_off_s = back_off_s
        #: A worker waits for minutes; somebody before a page does not.
        self._max_tries = max_tries
        self._report = report
        self._folders: dict[str, tuple[str, ...] | None] = {}
        #: What is surely there, because it was made here or Drive said that its id is taken.
        self._made: set[str] = set()

    # --- folders -----------------------------------------------------------------------------------------------------

    def new_folder_id(self, parent_id: str | None, name: str) -> str:
        named = f"'{parent_id or self._top}' in parents and name = {quoted(name)} and mimeType = '{FOLDER_TYPE}'"
        there = self._found(f"{named} and trashed = false", "nextPageToken,files(id,name)")
        return next((found["id"] for found in there if found["name"] == name), "") or self._new_id()

    def make_folder(self, folder_id: str, parent_id: str | None, name: str) -> None:
        if parent_id is None and self.folder_id and not self.has_folder(self.folder_id):
            raise folder_missing(self.folder_id)
        parent = parent_id or self._top
        self._made.add(folder_id)  # also where another worker did
        body = {"id": folder_id, "name": name, "mimeType": FOLDER_TYPE, "parents": [parent]}
        self.call(self.files.create, accept=Kind.THERE, body=body, supportsAllDrives=True, fields="id")

    def has_folder(self, folder_id: str) -> bool:
        found = self._get(folder_id)
        return found is not None and not found["trashed"]

    def folders_of(self, folder_id: str) -> tuple[str, ...] | None:
        if folder_id not in self._folders:
            found = self._get(folder_id) if folder_id else None
            self._folders[folder_id] = self._path_of(found) if found and not found["trashed"] else None
        return self._folders[folder_id]

    def _path_of(self, folder: dict) -> tuple[str, ...] | None:
        parent_id = (folder.get("parents") or [""])[0]
        if folder["name"] == ROOT and parent_id == self._top_id:
            return (ROOT,)
        above = self.folders_of(parent_id)
        return (*above, folder["name"]) if above else None

    def remove_if_empty(self, folder_id: str) -> bool:
        """Move a folder into the trash if nothing is in it; return whether it is gone.

        Into the trash, and not for good: a search lags behind, and what somebody just put in comes back with it.
        """
        found = self._get(folder_id)
        if found is None or found["trashed"]:
            return True
        if next(self._listed(folder_id, "nextPageToken,files(id)"), None):
            return False
        return self._set_trashed(folder_id, trashed=True)

    def move_folder(self, folder_id: str) -> None:
        """Move the archive's top folder to where the archive shall be now, with all that is in it."""
        found = self._get(folder_id)
        if found is None or found["trashed"]:
            raise ArchiveError(
                "The account does not see the archive's folder. Share it with the account, or begin anew."
            )
        parents = found.get("parents", [])
        if parents == [self._top_id]:
            return  # a person moved it there
        move = {"addParents": self._top_id, "removeParents": ",".join(parents), "body": {}}
        try:
            self.call(self.files.update, fileId=folder_id, **move, supportsAllDrives=True, fields="id")
        except ArchiveError as error:
            says = f"Google Drive does not move the archive there ({error}). Move its folder by hand, or begin anew."
            raise ArchiveError(says) from error

    @property
    def _top(self) -> str:
        """Id of the folder that holds the archive; "root" is Drive's name for the top of a person's own drive."""
        return self.folder_id or "root"

    @cached_property
    def drive_id(self) -> str:
        """Id of the shared drive that the archive's folder is in, or is; empty in a person's own drive.

        A shared drive has a log of changes and an index of its own; of a user's Google promises neither to tell of it.
        """
        if not self.folder_id:
            return ""
        asked = {"fileId": self.folder_id, "supportsAllDrives": True, "fields": "driveId"}
        found = self.call(self.files.get, accept=Kind.MISSING, **asked)
        if found is None:
            raise folder_missing(self.folder_id, setting=self.folder_setting)
        return found.get("driveId", "")

    @cached_property
    def _top_id(self) -> str:
        return self.folder_id or self._get("root")["id"]

    # --- files -------------------------------------------------------------------------------------------------------

    def new_file_id(self, folder_id: str, filename: str) -> str:
        return self._new_id()

    def put(self, parcel: Parcel) -> None:
        request, session, tries, n_anew, n_had = self._upload_of(parcel), parcel.session, 0, 0, 0
        while True:
            try:
                if not session:
                    session = self._open_session(request)
                    parcel.note_session(session)
                if self._send_next(request, session):
                    self._made.add(parcel.file_id)
                    return
            except NETWORK_FAULTS as error:
                fault = fault_of(error)
                if fault.kind == Kind.THERE:
                    self._made.add(parcel.file_id)
                    return  # an earlier try arrived whole and was not heard; whether it is right the checksum says
                tries, n_had = (1 if request.resumable_progress > n_had else tries + 1), request.resumable_progress
                if session and self._is_useless(fault, tries):
                    request, session, n_anew = self._upload_of(parcel), "", n_anew + 1
                    parcel.note_session("")
                    if n_anew <= MAX_NEW_SESSIONS:
                        tries, n_had = 0, 0
                        continue
                    raise fault.error from error
                self._wait_or_give_up(fault, tries, is_upload=True)

    def _is_useless(self, fault: Fault, tries: int) -> bool:
        """Return whether an upload's session is to be dropped: Drive refuses it, or it fails while all else works."""
        if fault.kind in {Kind.MISSING, Kind.OTHER}:  # a week old, lost, or in a state that Drive does not go on from
            return True
        if isinstance(fault.error, ArchiveBlockedError) and fault.kind == Kind.BLOCKED:
            return fault.error.reason in SESSION_REFUSED  # whether it is the file or the account a new one tells
        return fault.kind == Kind.PASSING and tries == SESSION_TRIES and self._answers()

    def _answers(self) -> bool:
        """Return whether Drive answers a small question now."""
        try:
            self.files.generateIds(count=1, space="drive", type="files").execute(http=self._http, num_retries=0)
        except NETWORK_FAULTS:
            return False
        return True

    def look(self, file_id: str) -> RemoteFile | None:
        for _time in range(self._max_tries):
            found = self._get(file_id)
            if found is None:
                return None
            if "sha256Checksum" in found:
                return _held(found)
            self._breathe(self._back_off_s)  # just arrived: Drive is still reading it
        raise unreachable("it does not say the checksum of a file")

    def fetch(self, file_id: str, target: Path) -> None:
        about = {"fileId": file_id, "supportsAllDrives": True}
        found = self.call(self.files.get, accept=Kind.MISSING, **about, fields="size")
        if found is None:
            raise ArchiveError("Google Drive no longer has this file.")
        size_bytes, tries = int(found["size"]), 0
        with target.open("ab") as writer:
            while (n_there := writer.tell()) < size_bytes:
                try:
                    data = self._bytes_of(about, n_there, min(size_bytes, n_there + FETCH_BYTES))
                except NETWORK_FAULTS as error:
                    tries += 1
                    self._wait_or_give_up(fault_of(error), tries)
                    continue
                tries = 0
                writer.write(data)
                self._report(min(1.0, writer.tell() / size_bytes))
            writer.flush()
            os.fsync(writer.fileno())

    def _bytes_of(self, about: dict, begin: int, end: int) -> bytes:
        """Return a part of a file's bytes, without ``end``; Drive may send fewer, but never none."""
        request = self.files.get_media(**about)
        headers = request.headers | {"Range": f"bytes={begin}-{end - 1}"}
        response, data = self._http.request(request.uri, method="GET", headers=headers)
        if response.status != 206 or not data:
            raise HttpError(response, data)
        return data

    def move(self, file_id: str, *, to_folder_id: str, filename: str, facts: dict[str, str]) -> str:
        held = self.look(file_id)
        if held is None:
            raise ArchiveError("The copy on Google Drive is gone.")
        kept = facts | {PLACE: _place(to_folder_id, filename)}
        change = {"fileId": file_id, "body": {"name": filename, "appProperties": kept}}
        if held.folder_id != to_folder_id:
            change |= {"addParents": to_folder_id, "removeParents": held.folder_id}
        with only_this_file():
            self.call(self.files.update, **change, supportsAllDrives=True, fields="id")
        return file_id

    def trash(self, file_id: str) -> bool:
        return self._set_trashed(file_id, trashed=True)

    def restore(self, file_id: str) -> bool:
        return self._set_trashed(file_id, trashed=False)

    def walk(self) -> Iterator[ArchivedFile]:
        ahead = [(top, (ROOT,)) for top in self._listed(self._top) if top["name"] == ROOT]
        while ahead:
            folder, parts = ahead.pop()
            for found in self._listed(folder["id"]):
                if (*parts, found["name"]) == (ROOT, ORIGINALS):
                    continue
                if found["mimeType"] == FOLDER_TYPE:
                    ahead.append((found, (*parts, found["name"])))
                elif "sha256Checksum" in found:
                    yield ArchivedFile(found["id"], parts, _held(found))

    def session_files(self) -> Iterator[ArchivedFile]:
        for found in self._found(f"mimeType = '{SESSION_FILE_TYPE}' and trashed = false", LIST_FIELDS):
            if is_session_file(found["name"]) and "sha256Checksum" in found:
                folders = self.folders_of((found.get("parents") or [""])[0])
                if folders:
                    yield ArchivedFile(found["id"], folders, _held(found))

    def stock(self, *, checksums: bool) -> Iterator[ListedFile]:
        for media_type in MEDIA_TYPES.values():  # at once: one request for each folder would be thousands
            yield from self._stocked(f"mimeType = '{media_type}'")

    def alike(self, facts: dict[str, str], size_bytes: int) -> Iterator[ListedFile]:
        one_of = " or ".join(f"appProperties has {{ key='{key}' and value='{facts[key]}' }}" for key in facts)
        return self._stocked(f"({one_of}) and trashed = false")

    def _stocked(self, query: str) -> Iterator[ListedFile]:
        for found in self._found(query, STOCK_FIELDS):
            if "sha256Checksum" in found:
                parent, size_bytes = (found.get("parents") or [""])[0], int(found["size"])
                yield ListedFile(
                    found["id"], parent, found["name"], size_bytes, found["sha256Checksum"], found["trashed"]
                )

    def _listed(self, folder_id: str, fields: str = LIST_FIELDS) -> Iterator[dict]:
        return self._found(f"'{folder_id}' in parents and trashed = false", fields)

    def _found(self, query: str, fields: str) -> Iterator[dict]:
        asked = {"q": query, "pageSize": 1000, "fields": fields}
        asked |= self._everywhere() | ({"corpora": "drive"} if self.drive_id else {})
        while True:
            page = self.call(self.files.list, **asked)
            yield from page["files"]
            if "nextPageToken" not in page:
                return
            asked["pageToken"] = page["nextPageToken"]

    def check(self) -> list[Finding]:
        return findings(self)

    def changes_since(self, token: str) -> tuple[list[Change], str]:
        """Return one page of changes in ``drive_id``'s log since a token, and the next token; "" begins now."""
        told, token = self._changes(token, CHANGE_FIELDS)
        return [_change(each) for each in told], token

    def _changes(self, token: str, fields: str) -> tuple[list[dict], str]:
        changes = self.service.changes()
        if not token:
            drive = {"driveId": self.drive_id} if self.drive_id else {}
            return [], self.call(changes.getStartPageToken, supportsAllDrives=True, **drive)["startPageToken"]
        page = self.call(changes.list, pageToken=token, pageSize=1000, **self._everywhere(), fields=fields)
        told = [each for each in page["changes"] if "fileId" in each]
        return told, page.get("nextPageToken") or page["newStartPageToken"]

    def _everywhere(self) -> dict[str, object]:
        drive = {"driveId": self.drive_id} if self.drive_id else {}
        return {"supportsAllDrives": True, "includeItemsFromAllDrives": True} | drive

    # --- one request -------------------------------------------------------------------------------------------------

    def call(self, method: Callable[..., HttpRequest], *, accept: Kind | None = None, **fields: object) -> dict | None:
        """Do one request, retried while its fault may pass; None if it was refused as ``accept`` allows.

        Raises
        ------
        ArchiveBlockedError
            If Drive will not do this for any file until something changes.
        RefusedError
            If it will not do this for this one.
        """
        for tries in range(1, self._max_tries + 1):
            try:
                return method(**fields).execute(http=self._http, num_retries=0)
            except NETWORK_FAULTS as error:
                fault = fault_of(error)
                if fault.kind == accept:
                    return None
                if fault.kind == Kind.MISSING and self._names_new(fields) and tries < self._max_tries:
                    self._breathe(self._back_off_s)  # in a folder just made, which not all of Drive knows yet
                    continue
                self._wait_or_give_up(fault, tries)
        raise AssertionError("the last try gives up by itself")

    def _new_id(self) -> str:
        return self.call(self.files.generateIds, count=1, space="drive", type="files")["ids"][0]

    def _names_new(self, fields: dict[str, Any]) -> bool:
        parents = fields.get("body", {}).get("parents", [])
        return bool(self._made.intersection([*parents, fields.get("addParents", "")]))

    def _get(self, file_id: str) -> dict | None:
        """Return what lies under an id. For what was made a moment ago Drive may still answer that it is not there."""
        asked = {"fileId": file_id, "supportsAllDrives": True, "fields": FIELDS}
        for tries in range(1, self._max_tries + 1):
            found = self.call(self.files.get, accept=Kind.MISSING, **asked)
            if found is not None or file_id not in self._made:
                return found
            self._breathe(min(LONGEST_WAIT_S, self._back_off_s * 2 ** (tries - 1)))
        self._made.discard(file_id)
        return None

    def _set_trashed(self, file_id: str, *, trashed: bool) -> bool:
        held = self._get(file_id)
        if held is None or held["trashed"] == trashed:
            return False
        change = {"fileId": file_id, "body": {"trashed": trashed}}
        with only_this_file():
            done = self.call(self.files.update, accept=Kind.MISSING, **change, supportsAllDrives=True, fields="id")
        return done is not None

    # --- sending -----------------------------------------------------------------------------------------------------

    def _upload_of(self, parcel: Parcel) -> HttpRequest:
        """Return the request that makes the file, or that replaces the content of its id."""
        media = FileChunks(parcel.source, chunk_bytes=self._chunk_bytes, mimetype=media_type_of(parcel.filename))
        kept = parcel.facts | {PLACE: _place(parcel.folder_id, parcel.filename), CONTENT: parcel.sha256}
        about = {"name": parcel.filename, "mimeType": media.mimetype(), "appProperties": kept}
        common = {"media_body": media, "supportsAllDrives": True, "fields": "id"}
        if parcel.replaces:
            return self.files.update(fileId=parcel.file_id, body=about, **common)
        return self.files.create(body=about | {"id": parcel.file_id, "parents": [parcel.folder_id]}, **common)

    def _open_session(self, request: HttpRequest) -> str:
        """Request the address that takes the bytes. By hand, since the library would send bytes before we know it."""
        headers = request.headers | {
            "X-Upload-Content-Type": request.resumable.mimetype(),
            "X-Upload-Content-Length": str(request.resumable.size()),
            "Content-Length": str(request.body_size),
        }
        response, content = self._http.request(request.uri, method=request.method, body=request.body, headers=headers)
        if response.status != 200 or "location" not in response:
            raise HttpError(response, content)
        request.resumable_uri = response["location"]
        return request.resumable_uri

    def _send_next(self, request: HttpRequest, session: str) -> bool:
        """Send one chunk from Drive's offset on; return whether Drive has the whole file now."""
        if request.resumable_uri is None:  # begun by another process: ask how far it is before sending anything
            request.resumable_uri = session
            request._in_error_state = True
        n_sent = request.resumable_progress
        size = max(1, request.resumable.size())

        def on_block(n_bytes: int) -> None:
            nonlocal n_sent
            n_sent += n_bytes
            self._report(min(1.0, n_sent / size))

        with watching_bytes(on_block):
            _status, done = request.next_chunk(http=self._http, num_retries=0)
        self._report(1.0 if done else request.resumable_progress / size)
        return done is not None

    def _wait_or_give_up(self, fault: Fault, tries: int, *, is_upload: bool = False) -> None:
        if fault.kind not in {Kind.PASSING, Kind.RATE}:
            raise fault.error
        if tries >= self._max_tries:
            # A limit of requests passes within the minute or two that were waited; on an upload it is the day's.
            raise daily_limit() if fault.kind == Kind.RATE and is_upload else fault.error
        longest_s = min(LONGEST_WAIT_S, self._back_off_s * 2 ** (tries - 1))
        self._breathe(max(fault.retry_after_s, random.uniform(longest_s / 2, longest_s)))  # noqa: S311

    def _breathe(self, wait_s: float) -> None:
        """Sleep while keeping the lease alive."""
        ends_s = time.monotonic() + wait_s
        while (left_s := ends_s - time.monotonic()) > 0:
            time.sleep(min(BREATH_S, left_s))
            self._report(None)


def _change(told: dict) -> Change:
    is_gone = told["removed"] or told["file"]["trashed"]
    return Change(told["fileId"], is_gone, "" if is_gone else told["file"].get("sha256Checksum", ""))


def _held(found: dict) -> RemoteFile:
    """Read Drive's description of a file; its place tells whether the site put it there, or a person since."""
    facts, folder_id = dict(found.get("appProperties", {})), (found.get("parents") or [""])[0]
    place, content = facts.pop(PLACE, None), facts.pop(CONTENT, None)
    is_ours = None if place is None else place == _place(folder_id, found["name"])
    sha256 = found["sha256Checksum"]
    is_own = None if content is None else content == sha256
    return RemoteFile(sha256, folder_id, found["name"], found["trashed"], facts, is_ours, is_own, int(found["size"]))


def _place(folder_id: str, filename: str) -> str:
    """Return the place of a file in the 124 bytes that Drive keeps of a fact."""
    return hashlib.sha256(f"{folder_id}/{filename}".encode()).hexdigest()


def quoted(text: str) -> str:
    """Return a text quoted for Drive's search language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
