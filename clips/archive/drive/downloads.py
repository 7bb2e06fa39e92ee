"""Brings files back from Drive, part by part, so that an interrupted download is resumed. Knows no Django."""

import os
from pathlib import Path

from googleapiclient.errors import HttpError

from clips.archive.backend import ArchiveError
from clips.archive.drive.errors import NETWORK_FAULTS, Kind, fault_of
from clips.archive.drive.requests import DriveRequests

#: Less than is sent at once, for nothing is reported before an answer is whole.
FETCH_BYTES = 4 * 1024**2


class DriveDownloads(DriveRequests):
    """The bytes of files on Drive."""

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
