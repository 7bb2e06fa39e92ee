"""Finds, makes, moves and removes folders on Drive, where two may have one name. Knows no Django."""

from functools import cached_property

from clips.archive.backend import ArchiveError
from clips.archive.drive.errors import Kind, folder_missing
from clips.archive.drive.requests import DriveRequests, quoted
from clips.archive.naming import ROOT

FOLDER_TYPE = "application/vnd.google-apps.folder"


class DriveFolders(DriveRequests):
    """The folders of one archive."""

    def new_folder_id(self, parent_id: str | None, name: str) -> str:
        named = f"'{parent_id or self._top}' in parents and name = {quoted(name)} and mimeType = '{FOLDER_TYPE}'"
        there = self._found(f"{named} and trashed = false", "nextPageToken,files(id,name)")
        return next((found["id"] for found in there if found["name"] == name), "") or self._new_id()

    def make_folder(self, folder_id: str, parent_id: str | None, name: str) -> bool:
        if parent_id is None and self.folder_id and not self.has_folder(self.folder_id):
            raise folder_missing(self.folder_id)
        parent = parent_id or self._top
        self._made.add(folder_id)  # also where another worker did
        body = {"id": folder_id, "name": name, "mimeType": FOLDER_TYPE, "parents": [parent]}
        made = self.call(self.files.create, accept=Kind.THERE, body=body, supportsAllDrives=True, fields="id")
        return made is not None

    def has_folder(self, folder_id: str) -> bool:
        found = self._get(folder_id)
        return found is not None and not found["trashed"]

    def folders_of(self, folder_id: str) -> tuple[str, ...] | None:
        if folder_id not in self._paths:
            found = self._get(folder_id) if folder_id else None
            self._paths[folder_id] = self._path_of(found) if found and not found["trashed"] else None
        return self._paths[folder_id]

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
    def _top_id(self) -> str:
        return self.folder_id or self._get("root")["id"]

    @cached_property
    def _paths(self) -> dict[str, tuple[str, ...] | None]:
        """The names of folders from the top down, as far as they were asked for."""
        return {}
