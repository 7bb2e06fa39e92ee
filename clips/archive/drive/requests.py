"""Does requests to Drive: tries again what may pass, lists, and reads the log of changes. Knows no Django."""

import random
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from google.auth.credentials import Credentials
from googleapiclient.http import HttpRequest

from clips.archive.backend import ArchiveError, Report, silent
from clips.archive.drive.errors import (
    NETWORK_FAULTS,
    Fault,
    Kind,
    daily_limit,
    fault_of,
    folder_missing,
    only_this_file,
)
from clips.archive.drive.http import GOOGLE_URL, authorised, drive_service

#: First wait after a fault; each further one is twice as long, up to the longest.
BACK_OFF_S, LONGEST_WAIT_S = 1.0, 32.0
MAX_TRIES = 9
#: A waiting worker still says this often that it lives.
BREATH_S = 1.0
FIELDS = "id,name,parents,trashed,size,sha256Checksum,appProperties"
LIST_FIELDS = "nextPageToken,files(id,name,mimeType,parents,trashed,size,sha256Checksum,appProperties)"


class DriveRequests:
    """Requests about one folder on Drive, for one piece of work in one thread."""

    #: The setting that names the folder, for sentences about it.
    folder_setting = "DRIVE_FOLDER_ID"

    def __init__(
        self,
        credentials: Credentials,
        *,
        report: Report = silent,
        folder_id: str = "",
        root_url: str = GOOGLE_URL,
        back_off_s: float = BACK_OFF_S,
        max_tries: int = MAX_TRIES,
    ) -> None:
        #: What the archive's top folder lies in; empty for the top of a person's own drive.
        self.folder_id = folder_id
        self.credentials = credentials
        self.service = drive_service(root_url)
        self.files = self.service.files()
        self._http = authorised(credentials)
        self._back_off_s = back_off_s
        #: A worker waits for minutes; somebody before a page does not.
        self._max_tries = max_tries
        self._report = report
        #: What is surely there, because it was made here or Drive said that its id is taken.
        self._made: set[str] = set()

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
                if fault.kind == Kind.MISSING and self._names_new(fields):
                    self._wait_for_new(fault, tries)
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

    # --- lists and changes -------------------------------------------------------------------------------------------

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

    def _changes(self, token: str, fields: str) -> tuple[list[dict], str]:
        """Return one page of ``drive_id``'s log of changes since a token, and the next token; "" begins now."""
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

    # --- waits -------------------------------------------------------------------------------------------------------

    def _wait_for_new(self, fault: Fault, tries: int) -> None:
        """Wait for what was made a moment ago, which not all of Drive knows yet; raise the fault after the last try."""
        if tries >= self._max_tries:
            raise fault.error
        self._breathe(min(LONGEST_WAIT_S, self._back_off_s * 2 ** (tries - 1)))

    def _wait_or_give_up(self, fault: Fault, tries: int, *, is_upload: bool = False) -> None:
        if fault.kind not in {Kind.PASSING, Kind.RATE} or tries >= self._max_tries:
            raise self._end_of(fault, is_upload=is_upload)
        longest_s = min(LONGEST_WAIT_S, self._back_off_s * 2 ** (tries - 1))
        self._breathe(max(fault.retry_after_s, random.uniform(longest_s / 2, longest_s)))  # noqa: S311

    @staticmethod
    def _end_of(fault: Fault, *, is_upload: bool) -> ArchiveError:
        """Return what is raised of a fault that no waiting ended.

        A limit of requests passes within the minute or two that were waited; on an upload it is the day's.
        """
        return daily_limit() if fault.kind == Kind.RATE and is_upload else fault.error

    def _breathe(self, wait_s: float) -> None:
        """Sleep while keeping the lease alive."""
        ends_s = time.monotonic() + wait_s
        while (left_s := ends_s - time.monotonic()) > 0:
            time.sleep(min(BREATH_S, left_s))
            self._report(None)


def quoted(text: str) -> str:
    """Return a text quoted for Drive's search language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
