"""Imports files from the incoming folder once they stop changing, then moves them to ``done`` or ``failed`` inside it.

The folder and the rows are the only memory. Each look compares the two and does the next step of each file, so it can
be interrupted at any moment and repeated at will.
"""

import contextlib
import datetime as dt
import os
import time
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.ingest import folder_receipts, local_files, outcome, part_file
from clips.ingest.folder_receipts import FolderReceipts
from clips.ingest.register import display_name
from clips.ingest.session_assignment import named_by
from clips.models import Inbox, Upload, UploadSource, UploadState
from clips.storage.files import StorageError
from people.site_settings.registry import INCOMING_DONE_DAYS

DONE, FAILED = "done", "failed"


class IncomingFolder:
    """Looks into one folder repeatedly; between looks it remembers only since when each file is unchanged."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._receipts = FolderReceipts(root, self._say)
        self._rests_since: dict[str, tuple[str, float]] = {}
        #: Why something could not be done in the last look, each thing once.
        self._in_the_way: list[str] = []

    @property
    def is_restless(self) -> bool:
        """Return whether another look is worthwhile soon: a file is growing, or being imported."""
        under_way = Upload.objects.owed(UploadSource.FOLDER).filter(state=UploadState.RECEIVED)
        return bool(self._rests_since) or under_way.exists()

    def look(self) -> tuple[str, bool]:
        """Do the next step of every file; return the current obstacle, and whether it is new."""
        self._in_the_way = []
        try:
            found = dict(self._found())
            for upload in Upload.objects.owed(UploadSource.FOLDER).order_by("created_at"):
                self._go_on(upload, found.pop(upload.came_from, None))
            for came_from in self._resting(found):
                self._take(came_from, found[came_from])
            self._receipts.look(set(found) | set(self._rests_since), is_clear=not self._in_the_way)
            self._remove_second_names()
        except OSError as error:
            self._say_why(self.root, error)
        told = " ".join(self._in_the_way)
        return told, Inbox.objects.looked_into(str(self.root), told)

    def _found(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the files to import, by path within the folder, the first filmed first."""
        if self.root.parent == settings.DATA_DIR:  # any other is a mount that may be away, and shall not be hidden
            self.root.mkdir(exist_ok=True)
        os.listdir(self.root)  # what is away must not look empty
        found = []
        ours = (self.root / DONE, self.root / FAILED)
        for path in local_files.footage_in(self.root, but=ours, on_error=self._note):
            with contextlib.suppress(FileNotFoundError):
                stat, within = path.lstat(), path.relative_to(self.root)
                if not S_ISREG(stat.st_mode) or not stat.st_size:
                    continue
                if sentence := local_files.why_not_kept(within):
                    self._say(sentence)
                else:
                    found.append((str(within), stat))
        return iter(sorted(found, key=lambda one: one[1].st_mtime))

    def _resting(self, found: dict[str, os.stat_result]) -> list[str]:
        """Return the files that have been unchanged for long enough, and that nobody is seen to write."""
        now_s, before = time.monotonic(), self._rests_since
        self._rests_since = {}
        resting = []
        for came_from, stat in found.items():
            mark = local_files.mark_of(stat)
            known, since_s = before.get(came_from, ("", now_s))
            since_s = since_s if known == mark else now_s
            if now_s - since_s < settings.INCOMING_REST_SECONDS or self._is_being_written(came_from):
                self._rests_since[came_from] = (mark, since_s)
            else:
                resting.append(came_from)
        return resting

    def _is_being_written(self, came_from: str) -> bool:
        try:
            return local_files.is_being_written(self.root / came_from)
        except OSError as error:
            self._say_why(self.root / came_from, error)
            return True

    def _take(self, came_from: str, stat: os.stat_result) -> None:
        """Create the row of a settled file, unless somebody else just did, and import it."""
        session_name, session_date = named_by(Path(came_from).parts[:-1])
        try:
            with transaction.atomic():
                upload = Upload.objects.create(
                    state=UploadState.WAITING, source=UploadSource.FOLDER, came_from=came_from,
                    mark=local_files.mark_of(stat), modified_at=local_files.modified_at(stat), size_bytes=stat.st_size,
                    original_filename=display_name(came_from), session_name=session_name, session_date=session_date,
                )  # fmt: skip
                self._receipts.add(upload)
        except IntegrityError:
            return
        self._bring(upload)

    def _go_on(self, upload: Upload, stat: os.stat_result | None) -> None:
        """Do the next step of a file that has a row."""
        is_same = stat is not None and local_files.mark_of(stat) == upload.mark
        if upload.is_settled:
            if not is_same or self._put_away(upload):
                upload.note_put_away()
        elif is_same:
            if upload.state != UploadState.RECEIVED:
                self._bring(upload)
        elif upload.state != UploadState.RECEIVED or stat is not None:
            self._give_up(upload)

    def _bring(self, upload: Upload) -> None:
        try:
            if not local_files.bring(upload, self.root / upload.came_from, may_link=True):
                self._say(upload.reason)
        except StorageError as error:
            self._say(str(error))

    def _give_up(self, upload: Upload) -> None:
        """Close a row whose file was removed or changed before the import; a changed one is found anew."""
        if upload.give_up(_("It was changed or removed from the folder before it was imported.")):
            for job in upload.jobs.active():
                job.cancel()
            part_file.delete_part(upload.pk)
            upload.note_put_away()

    def _put_away(self, upload: Upload) -> bool:
        """Move a file to the folder of its outcome; False if that is not possible now."""
        source = self.root / upload.came_from
        is_bad = upload.state in {UploadState.FAILED, UploadState.GONE}
        folder = self.root / (FAILED if is_bad else DONE) / timezone.localdate().isoformat()
        try:
            target = _free_name(folder / upload.came_from)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._receipts.note_place(upload, target)
            if upload.state != UploadState.REGISTERED:
                target.with_name(f"{target.name}.txt").write_text(f"{outcome.of(upload)}\n", encoding="utf-8")
            source.rename(target)
        except OSError as error:
            self._say_why(source, error)
            return False
        if is_bad:
            part_file.delete_part(upload.pk)
        self._remove_empty(source.parent)
        return True

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder that was emptied, and empty folders above it."""
        with contextlib.suppress(OSError):
            while folder != self.root:
                folder.rmdir()
                folder = folder.parent

    def _remove_second_names(self) -> None:
        """Delete hard links in ``done`` after some days; they free no space."""
        last = timezone.localdate() - dt.timedelta(days=INCOMING_DONE_DAYS.value())
        for folder in (self.root / DONE).glob("????-??-??"):
            if folder.name >= last.isoformat():
                continue
            for path in sorted(folder.rglob("*"), reverse=True):
                with contextlib.suppress(OSError):
                    if path.is_dir():
                        path.rmdir()
                    elif path.lstat().st_nlink > 1 or path.suffix == ".txt":
                        path.unlink()
            folder_receipts.remove_alone(folder)
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _note(self, error: OSError) -> None:
        self._say_why(Path(error.filename or self.root), error)

    def _say_why(self, path: Path, error: OSError) -> None:
        sentence = _("%(path)s cannot be read or moved: %(why)s. Other files continue, and this one is retried.")
        self._say(sentence % {"path": local_files.legible(path), "why": error.strerror or str(error)})

    def _say(self, sentence: str) -> None:
        if sentence not in self._in_the_way:
            self._in_the_way.append(sentence)


def _free_name(path: Path) -> Path:
    """Return the path, or the next similar one that is free."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return free
