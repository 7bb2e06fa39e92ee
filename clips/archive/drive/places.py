"""Finds and makes the folder that holds the archive, and tries it out with a small file. Knows no Django."""

import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clips.archive.backend import ArchiveBlockedError, ArchiveError, BlockReason, Finding, Parcel
from clips.archive.drive.client import GoogleDriveArchive
from clips.archive.drive.errors import Kind
from clips.archive.drive.folders import FOLDER_TYPE
from clips.archive.drive.preflight import FOLDER
from clips.archive.drive.requests import quoted

MAX_PLACES = 50
PLACE_FIELDS = "files(id,name,driveId,parents)"
TRIAL_NAME = "TrickyClip test.txt"


@dataclass(frozen=True)
class Place:
    """A folder or a shared drive in which the archive may lie."""

    folder_id: str
    name: str
    #: Name of the shared drive; empty in a person's own drive.
    shared_drive: str = ""

    @property
    def is_shared_drive(self) -> bool:
        return self.name == self.shared_drive


class DrivePlaces(GoogleDriveArchive):
    """Drive as a person sees it who looks for a folder; for one request in one thread."""

    def owner(self) -> str:
        """Return the address of the account, and thereby whether Google accepts it."""
        return str(self.call(self.service.about().get, fields="user(emailAddress)")["user"]["emailAddress"])

    def places(self, name: str = "", *, only_shared: bool = False) -> list[Place]:
        """Return shared drives, and folders whose name begins or has a word that begins so; without one, at the top."""
        drives = {each["id"]: each["name"] for each in self._shared_drives()}
        found = [Place(drive_id, title, title) for drive_id, title in drives.items() if name.lower() in title.lower()]
        for each in self._matching(name, drives, only_shared=only_shared):
            drive_id = each.get("driveId", "")
            if drive_id or not only_shared:
                found.append(Place(each["id"], each["name"], drives.get(drive_id, "") if drive_id else ""))
        return found[:MAX_PLACES]

    def folder_name(self) -> str:
        """Return the name of this folder; ArchiveBlockedError, with what to do, if it is none."""
        asked = {"fileId": self.folder_id, "supportsAllDrives": True, "fields": FOLDER}
        folder = self.call(self.files.get, accept=Kind.MISSING, **asked)
        if folder is None or folder.get("trashed") or folder["mimeType"] != FOLDER_TYPE:
            says = "This folder is no longer there, or not shared with the account. Choose another one."
            raise ArchiveBlockedError(BlockReason.FOLDER, says)
        return str(folder["name"])

    def make(self, name: str) -> str:
        """Return the id of the folder of that name in here, making it if there is none."""
        folder_id = self.new_folder_id(None, name)
        self.make_folder(folder_id, None, name)
        return folder_id

    def try_out(self) -> list[Finding]:
        """Check account, folder, permission and room; if all are good, write, read back and delete a small file."""
        found = self.check()
        if all(finding.is_good for finding in found):
            try:
                found.append(self._round_trip())
            except ArchiveError as error:
                fault = error if isinstance(error, ArchiveBlockedError) else None
                found.append(Finding("test file", False, str(error), fault))
        return found

    def _round_trip(self) -> Finding:
        content = secrets.token_hex(512).encode()
        with tempfile.TemporaryDirectory() as folder:
            sent, came = Path(folder) / "sent.txt", Path(folder) / "came.txt"
            sent.write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            file_id = self.new_file_id(self._top, TRIAL_NAME)
            self.put(Parcel(sent, file_id, self._top, TRIAL_NAME, sha256))
            try:
                held = self.look(file_id)
                self.fetch(file_id, came)
                is_same = held is not None and held.sha256 == sha256 and came.read_bytes() == content
            finally:
                self._remove(file_id)
        if not is_same:
            return Finding("test file", False, "The test file came back changed. Try again, then another folder.")
        return Finding("test file", True, "A small file was written, read back and deleted.")

    def _remove(self, file_id: str) -> None:
        """Delete a file for good; where only managers may do that, as in a shared drive, it goes into the trash."""
        try:
            self.call(self.files.delete, accept=Kind.MISSING, fileId=file_id, supportsAllDrives=True)
        except ArchiveError:
            self.trash(file_id)

    def _shared_drives(self) -> list[dict]:
        return self.call(self.service.drives().list, pageSize=100, fields="drives(id,name)").get("drives", [])

    def _matching(self, name: str, drives: dict[str, str], *, only_shared: bool) -> Iterator[dict]:
        kind = f"mimeType = '{FOLDER_TYPE}' and trashed = false"
        if name:
            yield from self._some(f"name contains {quoted(name)} and {kind}", corpora="allDrives")
            return
        for top in [*([] if only_shared else ["root"]), *drives]:
            inside = {"corpora": "drive", "driveId": top} if top in drives else {}
            yield from self._some(f"'{top}' in parents and {kind}", **inside)

    def _some(self, query: str, **more: str) -> list[dict]:
        asked = {"q": query, "pageSize": MAX_PLACES, "fields": PLACE_FIELDS, "orderBy": "name"}
        asked |= {"supportsAllDrives": True, "includeItemsFromAllDrives": True}
        return self.call(self.files.list, **asked, **more)["files"]
