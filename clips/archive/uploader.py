"""Uploads a clip or an original to the archive: makes its folder, sends it under its name, and verifies it.

Each step is saved before it is done, in a row that only the worker that holds the job may change. So the next worker
continues where one died, and a worker that comes back too late leaves no trace.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import PurePosixPath

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.archive import adoption, questions
from clips.archive.backend import (
    ArchiveBackend,
    ArchiveBlockedError,
    ArchiveError,
    Parcel,
    RemoteFile,
    RemovesFolders,
)
from clips.archive.configured import archive_backend, archive_name
from clips.archive.item import Item, current_item
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.models import ArchiveCopy, ArchiveFolder, CopyState, FinalClip, JobKind, OriginalFile

MAX_NEW_FOLDERS = 3
#: States of a copy that the archive had.
THERE_BEFORE = (CopyState.VERIFIED, CopyState.REMOVED, CopyState.CHANGED)


class Wish(StrEnum):
    """The request of a job whose copy somebody deleted or changed; without one it is noted and left as it is."""

    NONE = ""
    #: Bring it back from the trash, or send it once more; beside what a person changed.
    AGAIN = "again"
    #: Bring it back from the trash only.
    BACK = "back"
    #: It is right that it is gone, so do not ask.
    LEAVE = "leave"


def send(item: Item, work: Claim, *, wish: Wish = Wish.NONE) -> ArchiveCopy:
    """Bring a copy to its right state and place: sent, moved, restored, or found right already.

    Returns
    -------
    ArchiveCopy
        Its row, for ``note_end`` in the transaction that ends the job. REMOVED where somebody threw the copy away, and
        CHANGED where somebody put another content into the file, unless the ``wish`` is another.

    Raises
    ------
    ArchiveError
        If the archive cannot take it, or what arrived is not what was sent.
    """
    return Shipment(item, work).deliver(wish)


class Shipment:
    """One file's way into the archive, for one worker."""

    def __init__(self, item: Item, work: Claim) -> None:
        self.item, self.work = item, work
        self.backend = archive_backend(work.report)
        wanted = {"path": item.path, "sha256": item.sha256}
        self.copy, _made = ArchiveCopy.objects.get_or_create(**item.owner, backend=self.backend.name, defaults=wanted)
        #: Where it lay before, also if an earlier worker moved it.
        self.left = self.copy.folder

    def deliver(self, wish: Wish) -> ArchiveCopy:
        questions.check_place(self.backend.name)
        held = self._held()
        if self.copy.state in THERE_BEFORE and (held is None or held.is_trashed):
            is_wanted = wish == Wish.AGAIN or (wish == Wish.BACK and held is not None)
            if not is_wanted:
                return self._left_gone(wish)
        if held and self._is_theirs(held):
            if wish != Wish.AGAIN:
                self.copy.state = CopyState.CHANGED
                return self.copy
            self._note(remote_id="", session="", folder=None, is_beside=not held.is_trashed)
            held = None
        folder = ensure_folder(self.backend, self.item.folders)
        if held and held.is_trashed:
            held = self._bring_back(folder, held)
        if held is None or held.sha256 != self.item.sha256:
            held = self._send(folder, held)
        if held.is_trashed:  # somebody threw away the folder meanwhile
            folder = ensure_folder(self.backend, self.item.folders)
            held = self._bring_back(folder, held)
        self._put_right(folder, held)
        self.copy.state = CopyState.VERIFIED
        return self.copy

    def _left_gone(self, wish: Wish) -> ArchiveCopy:
        """Note that somebody deleted the copy; ArchiveBlockedError where that are too many at once to be meant."""
        if wish == Wish.LEAVE:
            self.copy.gone_at = None
        elif self.copy.state != CopyState.REMOVED:
            questions.check_gone(self.backend, self.copy)
            self.copy.gone_at = timezone.now()
        self.copy.state = CopyState.REMOVED
        return self.copy

    def _is_theirs(self, held: RemoteFile) -> bool:
        """Return whether a person put another content into the file, which is never written over."""
        if self.backend.ids_are_places or held.sha256 in {self.item.sha256, self.copy.sha256}:
            return False
        if self.copy.state == CopyState.SENDING and held.size_bytes == self.item.thing.size_bytes:
            return False  # ours, arrived damaged: of Drive's no byte is missing
        if held.is_own_content is not None:
            return not held.is_own_content
        return self.copy.state in {CopyState.VERIFIED, CopyState.CHANGED}

    def _bring_back(self, folder: ArchiveFolder, held: RemoteFile) -> RemoteFile:
        """Take a file out of the trash, and where it lies in a folder that stays there, out of that; look again."""
        copy = self.copy
        self.backend.restore(copy.remote_id)
        back = self.backend.look(copy.remote_id)
        if back and back.is_trashed:
            self._note(next_folder=folder, next_name=self.filename)
            target = {"to_folder_id": folder.remote_id, "filename": self.filename}
            remote_id = self.backend.move(copy.remote_id, **target, facts=self.item.facts)
            self._note(remote_id=remote_id, folder=folder, path=self.path, next_folder=None, next_name="")
            back = self.backend.look(remote_id)
        if back is None or back.is_trashed:
            raise ArchiveError(_("The archive did not give the file back from its trash. Restore it there."))
        return back

    @property
    def filename(self) -> str:
        return self.copy.named(self.item.filename)

    @property
    def path(self) -> str:
        return "/".join([*self.item.folders, self.filename])

    def _held(self) -> RemoteFile | None:
        """Return the archive's file, also if a move of it was not recorded any more."""
        if self.copy.next_folder:
            self._settle_move(self.copy.next_folder, self.copy.next_name)
        held = self.backend.look(self.copy.remote_id) if self.copy.remote_id else None
        if held and not held.is_trashed:
            return held
        return self._held_in_place() or self._held_elsewhere() or held

    def _held_in_place(self) -> RemoteFile | None:
        """Return the file in the right place, in an archive where a place is an id."""
        if not self.backend.ids_are_places:
            return None
        place = str(PurePosixPath(*self.item.folders, self.item.filename))
        there = self.backend.look(place)
        if there is None or there.is_trashed:
            return None
        if adoption.is_another(self.backend, place, there, self.item):
            says = _("Another clip lies at %(path)s; “manage.py rebuild_from_archive” makes a row for it.")
            raise ArchiveError(says % {"path": place})
        self._note(remote_id=place)
        return there

    def _held_elsewhere(self) -> RemoteFile | None:
        """Return an earlier sent file without a row; ``_put_right`` moves it to its place."""
        if self.backend.ids_are_places and not self.copy.remote_id:
            return None  # most likely never sent, and to make sure means to walk through the whole archive
        for file_id, held in adoption.elsewhere(self.backend, self.item):
            self._note(remote_id=file_id, sha256=held.sha256, session="", folder=None)
            return held
        return None

    def _settle_move(self, folder: ArchiveFolder, filename: str) -> None:
        """Record how a move ended whose worker was stopped: the file is at the new place, or still at the old one."""
        remote_id = _id_by_now(self.backend, self.copy)
        held = self.backend.look(remote_id)
        if held and (held.folder_id, held.filename) == (folder.remote_id, filename):
            self._note(remote_id=remote_id, folder=folder, path=f"{folder.path}/{filename}")
        self._note(next_folder=None, next_name="")

    def _send(self, folder: ArchiveFolder, held: RemoteFile | None) -> RemoteFile:
        with self.item.on_this_machine(self.work.report) as source:
            self._begin(folder, held)
            copy = self.copy
            parcel = Parcel(
                source=source,
                file_id=copy.remote_id,
                folder_id=held.folder_id if held and held.is_ours else (copy.folder or folder).remote_id,
                filename=self.copy.filename if copy.stays_put else self.filename,
                sha256=self.item.sha256,
                facts=self.item.facts,
                session=copy.session,
                note_session=lambda session: self._note(session=session),
                replaces=held is not None,
            )
            self.backend.put(parcel)
        arrived = self.backend.look(copy.remote_id)
        self._note(session="")
        if arrived is None or arrived.sha256 != self.item.sha256:
            raise ArchiveError(
                _("The copy in the archive differs from the file. Try again, and check the disk if it happens twice.")
            )
        return arrived

    def _begin(self, folder: ArchiveFolder, held: RemoteFile | None) -> None:
        """Save the file's future id before its first byte is sent; an interrupted upload is resumed."""
        fresh = {}
        if self.copy.sha256 != self.item.sha256:
            fresh = {"sha256": self.item.sha256, "session": ""}
        if held is None and not fresh.get("session", self.copy.session):
            fresh |= {"remote_id": self.backend.new_file_id(folder.remote_id, self.filename), "folder": folder}
            fresh |= {"path": self.path}
        self._note(**fresh, state=CopyState.SENDING, verified_at=None)

    def _put_right(self, folder: ArchiveFolder, held: RemoteFile) -> None:
        """Move the copy to its current place and name, unless a person has moved or renamed it."""
        wanted, there = (folder.remote_id, self.filename), (held.folder_id, held.filename)
        if self.copy.stays_put:
            return  # a rebuild found it there, and nobody has confirmed its move yet
        is_ours, remote_id = self._is_ours(held), self.copy.remote_id
        if is_ours and there != wanted:
            self._note(next_folder=folder, next_name=self.filename)
            target = {"to_folder_id": folder.remote_id, "filename": self.filename}
            remote_id = self.backend.move(remote_id, **target, facts=self.item.facts)
        if is_ours or there == wanted:
            self._note(remote_id=remote_id, folder=folder, path=self.path, next_folder=None, next_name="")
        if self.left and self.left != folder:
            remove_empty(self.backend, self.left)

    def _is_ours(self, held: RemoteFile) -> bool:
        """Return whether the site put the file there, by the facts kept beside it or else by its row."""
        if self.copy.folder is None:  # the row was made again of what lies there
            return held.is_ours is not False
        return bool(held.is_ours) or (held.folder_id, held.filename) == (self.copy.folder.remote_id, self.copy.filename)

    def _note(self, **fields: object) -> None:
        """Save the progress, unless the job now belongs to another worker (LeaseLostError)."""
        with transaction.atomic():
            self.work.job.renew(None)
            self.copy.note(**fields)


def note_end(item: Item, copy: ArchiveCopy) -> None:
    """Record that the archive holds it, verified just now, or that somebody deleted it.

    Where its names were changed while it was sent, a further job brings it to where it belongs by now.
    """
    is_there = copy.state == CopyState.VERIFIED
    gone_at = copy.gone_at if copy.state == CopyState.REMOVED else None
    copy.note(state=copy.state, session="", verified_at=timezone.now() if is_there else None, gone_at=gone_at)
    if isinstance(item.thing, FinalClip):
        drive_file_id = copy.remote_id if is_there and copy.backend == "drive" else ""
        FinalClip.objects.filter(pk=item.thing.pk).update(drive_file_id=drive_file_id)
    if current_item(item.thing).path != item.path:
        pipeline.start(JobKind.ARCHIVE, item.thing)


def take_back(thing: FinalClip | OriginalFile, report: Callable[[float | None], None]) -> None:
    """Withdraw a removed clip's or video's files from every archive, also one that a stopped worker has just sent.

    ArchiveError where an archive that is not in use any more cannot be reached; that one's block would stop the other.
    """
    theirs = CopyState.CHANGED  # what a person made of a file is not the site's to throw away
    for copy in thing.copies.exclude(remote_id="").exclude(state=theirs).select_related("next_folder"):
        try:
            backend = archive_backend(report, name=copy.backend)
            backend.trash(_id_by_now(backend, copy))
        except ArchiveBlockedError as error:
            if copy.backend == archive_name():
                raise
            raise ArchiveError(str(error)) from error


def _id_by_now(backend: ArchiveBackend, copy: ArchiveCopy) -> str:
    """Return a copy's current id, also where ids are places and a worker stopped after a move."""
    if not (backend.ids_are_places and copy.next_folder) or backend.look(copy.remote_id):
        return copy.remote_id
    return backend.new_file_id(copy.next_folder.remote_id, copy.next_name)


def note_withdrawn(thing: FinalClip | OriginalFile) -> None:
    """Record that no archive holds it any more."""
    thing.copies.update(state=CopyState.WITHDRAWN, verified_at=None, session="")
    if isinstance(thing, FinalClip):
        FinalClip.objects.filter(pk=thing.pk).update(drive_file_id="")


def ensure_folder(backend: ArchiveBackend, parts: tuple[str, ...]) -> ArchiveFolder:
    """Return the row of the innermost folder; each is made once, also if eight workers want it at the same time."""
    rows, parent = [], None
    for name in parts:
        parent, _made = ArchiveFolder.objects.get_or_create(backend=backend.name, parent=parent, name=name)
        rows.append(parent)
    if not (parent.remote_id and backend.has_folder(parent.remote_id)):
        for row in rows:
            _make_folder(backend, row)
    else:  # so the top folder is there as well, also where its row was made again
        questions.note_top(rows[0])
    return parent


def remove_empty(backend: ArchiveBackend, row: ArchiveFolder | None) -> None:
    """Remove a folder that the last copy left, and those above it, if they are ours, empty, and nobody's next."""
    while row is not None and row.parent_id and isinstance(backend, RemovesFolders):
        with transaction.atomic():
            row = ArchiveFolder.objects.select_for_update().filter(pk=row.pk).first()
            if row is None or not row.remote_id or not row.is_unused():
                return
            remote_id = row.remote_id
            row.take_id("", instead_of=remote_id)  # whoever wants it from now on makes another
        if not backend.remove_if_empty(remote_id):
            row.take_id(remote_id)  # a person's file is in it
            return
        row = row.parent


def _make_folder(backend: ArchiveBackend, row: ArchiveFolder) -> None:
    """Make one folder unless it exists. A trashed one stays in the trash, and another takes its place."""
    parent_id = row.parent.remote_id if row.parent else None
    if row.parent is None:
        questions.check_top(backend, row)
    for _time in range(MAX_NEW_FOLDERS):
        if not row.remote_id:
            row.take_id(backend.new_folder_id(parent_id, row.name))
        if backend.has_folder(row.remote_id):
            questions.note_top(row)
            return
        is_new = backend.make_folder(row.remote_id, parent_id, row.name)
        if backend.has_folder(row.remote_id):  # waits for one that is not shown at once
            questions.note_top(row)
            return
        if is_new:  # and not in the trash since long ago: another one would lie beside it
            says = _("The folder %(name)s was created in the archive and does not show yet. It is looked for again.")
            raise ArchiveError(says % {"name": row.name})
        row.take_id(backend.new_folder_id(parent_id, row.name), instead_of=row.remote_id)
    raise ArchiveError(_("The folder %(name)s cannot be created in the archive.") % {"name": row.name})
