"""The archive on Google Drive, in a person's folder or on a shared drive. Knows no Django.

A file is sent under an id that was requested before, in chunks to a session that was saved before its first byte. So an
interrupted upload resumes where Drive stopped receiving it, also from another process, and a file that Drive took
without our hearing of it is found under its id (409) instead of being there twice.
"""

import hashlib
from collections.abc import Iterator

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
from clips.archive.drive.downloads import DriveDownloads
from clips.archive.drive.errors import NETWORK_FAULTS, Fault, Kind, fault_of, only_this_file, unreachable
from clips.archive.drive.folders import FOLDER_TYPE, DriveFolders
from clips.archive.drive.http import GOOGLE_URL, FileChunks, watching_bytes
from clips.archive.drive.preflight import findings
from clips.archive.drive.requests import BACK_OFF_S, LIST_FIELDS, MAX_TRIES
from clips.archive.naming import ORIGINALS, ROOT, is_session_file
from clips.media.formats.suffixes import MEDIA_TYPES, SESSION_FILE_TYPE, media_type_of

CHUNK_BYTES = 8 * 1024**2
#: So often a session may fail without a byte getting on before a new one is tried, and so many new ones an upload gets.
SESSION_TRIES, MAX_NEW_SESSIONS = 6, 2
SESSION_REFUSED = (BlockReason.QUOTA, BlockReason.PERMISSION)
CHANGE_FIELDS = "nextPageToken,newStartPageToken,changes(fileId,removed,file(trashed,sha256Checksum))"
STOCK_FIELDS = "nextPageToken,files(id,name,parents,trashed,size,sha256Checksum)"
#: Kept beside each file: the checksum of the folder and the name that the site gave it.
PLACE = "trickyclip_place"
#: The same of the content that the site sent, which stays as it is when a person puts in another.
CONTENT = "trickyclip_content"


class GoogleDriveArchive(DriveFolders, DriveDownloads):
    """Ids are Drive's own."""

    name = "drive"
    ids_are_places = False

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
        super().__init__(
            credentials,
            report=report,
            folder_id=folder_id,
            root_url=root_url,
            back_off_s=back_off_s,
            max_tries=max_tries,
        )
        self._chunk_bytes = chunk_bytes

    def new_file_id(self, folder_id: str, filename: str) -> str:
        return self._new_id()

    def is_same(self, one_id: str, other_id: str) -> bool:
        return one_id == other_id

    def put(self, parcel: Parcel) -> None:
        request, session, tries, n_anew, n_had, n_idle = self._upload_of(parcel), parcel.session, 0, 0, 0, 0
        while True:
            try:
                if not session:
                    session = self._open_session(request)
                    parcel.note_session(session)
                n_before = request.resumable_progress
                if self._send_next(request, session):
                    self._made.add(parcel.file_id)
                    return
                n_idle = 0 if request.resumable_progress > n_before else n_idle + 1
                if n_idle > 1:  # once is the question how far it is
                    raise TimeoutError("no byte is taken")
            except NETWORK_FAULTS as error:
                fault = fault_of(error)
                if fault.kind == Kind.THERE:
                    self._made.add(parcel.file_id)
                    return  # an earlier try arrived whole and was not heard; whether it is right the checksum says
                tries, n_had = (1 if request.resumable_progress > n_had else tries + 1), request.resumable_progress
                if session and self._is_useless(fault, tries):
                    request, session, n_anew = self._upload_of(parcel), "", n_anew + 1
                    parcel.note_session("")
                    if n_anew > MAX_NEW_SESSIONS:
                        raise self._end_of(fault, is_upload=True) from error
                    tries, n_had, n_idle = 0, 0, 0
                elif not session and fault.kind == Kind.MISSING and parcel.folder_id in self._made:
                    self._wait_for_new(fault, tries)
                else:
                    self._wait_or_give_up(fault, tries, is_upload=True)

    def _is_useless(self, fault: Fault, tries: int) -> bool:
        """Return whether an upload's session is to be dropped: Drive refuses it, or it fails while all else works."""
        if fault.kind in {Kind.MISSING, Kind.OTHER}:  # a week old, lost, or in a state that Drive does not go on from
            return True
        if isinstance(fault.error, ArchiveBlockedError) and fault.kind == Kind.BLOCKED:
            return fault.error.reason in SESSION_REFUSED  # whether it is the file or the account a new one tells
        return fault.kind in {Kind.PASSING, Kind.RATE} and tries == SESSION_TRIES and self._answers()

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

    def check(self) -> list[Finding]:
        return findings(self)

    def changes_since(self, token: str) -> tuple[list[Change], str]:
        """Return one page of changes in ``drive_id``'s log since a token, and the next token; "" begins now."""
        told, token = self._changes(token, CHANGE_FIELDS)
        return [_change(each) for each in told], token

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
