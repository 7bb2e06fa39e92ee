"""``manage.py ingest``: imports camera files and folders from this machine."""

import datetime as dt
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import pluralize
from django.urls import reverse
from tqdm import tqdm

from clips.ingest import local_files, outcome, part_file, receipt_files, receipt_text, receipts
from clips.ingest.local_files import MAX_PATH_CHARS
from clips.ingest.receipts import Found
from clips.ingest.register import display_name
from clips.ingest.session_assignment import named_by
from clips.ingest.tus_headers import clean_session_name
from clips.models import Receipt, Upload, UploadSource, UploadState
from clips.storage.files import StorageError

LOOK_EVERY_S = 0.5
#: Between two questions whether there is room by now.
ROOM_EVERY_S = 10.0
GOOD = (UploadState.REGISTERED, UploadState.DUPLICATE)
UNDER_WAY = (UploadState.WAITING, UploadState.RECEIVING, UploadState.RECEIVED)


class Command(BaseCommand):
    help = (
        "Import camera files from this machine, and folders with everything in them. Sessions come from the names of "
        "the folders inside, else from the files' own dates, unless you name one. Files that are here already are "
        "only reported. The site must be running, since its workers check the files."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a video or a folder")
        parser.add_argument("--session", default="", help="session for the files, like “Backyard Rails”")
        parser.add_argument("--date", type=dt.date.fromisoformat, help="its date, like 2024-12-01")
        parser.add_argument("--anyway", action="store_true", help="bring in also what somebody deleted on the site")
        parser.add_argument(
            "--receipt", type=Path, metavar="FOLDER", help="write the receipt and ASC MHL manifest there"
        )
        parser.add_argument("--move", action="store_true", help="delete each file once it is safely imported")

    def handle(self, *, paths: list[Path], move: bool, receipt: Path | None, **options) -> None:
        asked = {name: options[name] for name in ("session", "date", "anyway")}
        files = dict(_files(paths))
        if not files:
            raise CommandError("There are no videos here.")
        refused = {path: why for path, folders in files.items() if (why := _why_not_kept(path, folders))}
        for path in refused:
            del files[path]
        self._receipt = _receipt(paths, files, refused)
        uploads: dict[Path, Upload] = {}
        try:
            self._bring_all(files, uploads, move=move, **asked)
            self._wait(uploads)
            self._wait_for_receipt()
        except KeyboardInterrupt:
            self.stdout.write("Stopped. Copied files are still being checked. Repeat the command for the rest.")
            raise SystemExit(130) from None
        finally:
            _close(uploads, move=move)
        try:
            self._sum_up(uploads, refused)
        finally:
            self._say_receipt(receipt)

    def _bring_all(self, files: dict[Path, tuple[str, ...]], uploads: dict, *, move: bool, **asked) -> None:
        total_bytes = sum(path.stat().st_size for path in files)
        bar = tqdm(total=total_bytes, desc="bringing in", unit="B", unit_scale=True, file=self.stderr, disable=None)
        with bar:
            for path, folders in files.items():
                begun_bytes = bar.n
                upload = uploads[path] = _row(path, folders, self._receipt, **asked)
                try:
                    while not local_files.bring(upload, path, may_link=move, report=bar.update):
                        bar.set_postfix_str(upload.reason)
                        time.sleep(ROOM_EVERY_S)
                except StorageError as error:
                    upload.give_up(str(error))
                bar.update(begun_bytes + upload.size_bytes - bar.n)  # also what came by a second name

    def _wait(self, uploads: dict[Path, Upload]) -> None:
        ids = [upload.pk for upload in uploads.values()]
        with tqdm(total=len(ids), desc="checking", unit="file", file=self.stderr, disable=None) as bar:
            while n_left := Upload.objects.filter(pk__in=ids, state__in=UNDER_WAY).count():
                bar.update(len(ids) - n_left - bar.n)
                time.sleep(LOOK_EVERY_S)
            bar.update(len(ids) - bar.n)

    def _wait_for_receipt(self) -> None:
        """Wait until all files were read back from the disk; what the archive has yet to take takes its own time."""
        n_files = self._receipt.files.count()
        with tqdm(total=n_files, desc="reading back", unit="file", file=self.stderr, disable=None) as bar:
            while n_left := self._receipt.files.being_read_back().count():
                bar.update(n_files - n_left - bar.n)
                time.sleep(LOOK_EVERY_S)
            bar.update(n_files - bar.n)

    def _say_receipt(self, folder: Path | None) -> None:
        """Say whether the card may be formatted, and where to look again."""
        receipts.settle(self._receipt)
        verdict = receipt_text.verdict_of(Receipt.objects.get(pk=self._receipt.pk))
        if folder:
            try:
                receipt_files.write_beside(verdict, folder, [(line.row.path, line) for line in verdict.lines])
            except OSError as error:
                self.stderr.write(f"The receipt could not be written to {folder}: {error.strerror}")
        if verdict.is_safe:
            n = len(verdict.lines)
            self.stdout.write(f"Safe to format: {n} file{pluralize(n)} stored and read back.")
        elif verdict.all_arrived:
            trimmed = f"{verdict.n_trimmed} {pluralize(verdict.n_trimmed, 'was,were')} trimmed since"
            self.stdout.write(f"All files arrived; {trimmed}; only the card has the rest.")
        else:
            what = ", ".join(f"{n} {state.label}" for state, n in verdict.missing)
            self.stdout.write(f"Do not format yet: {what}.")
        self.stdout.write(f"Receipt: {reverse('clips:receipt', args=[self._receipt.pk])}")

    def _sum_up(self, uploads: dict[Path, Upload], refused: dict[Path, str]) -> None:
        ids = [upload.pk for upload in uploads.values()]
        settled = Upload.objects.select_related("original_file__shoot").in_bulk(ids)
        n_new = n_known = 0
        for path, upload in uploads.items():
            became = settled[upload.pk]
            n_new += became.state == UploadState.REGISTERED
            n_known += became.state == UploadState.DUPLICATE
            self.stdout.write(f"{path}: {outcome.of(became)}")
        for path, why in refused.items():
            self.stdout.write(f"{local_files.legible(path)}: {why}")
        n_bad = len(ids) + len(refused) - n_new - n_known
        self.stdout.write(f"{n_new} new, {n_known} already here, {n_bad} not imported.")
        if n_bad:
            raise CommandError("Some files were not imported. See the lines above for the reasons.")


def _files(paths: list[Path]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield each video once: the named files, and within folders what looks like footage, the oldest first.

    With it come the names of the folders that may say its session: those inside the folder that was named, and that one
    itself where it begins with a date, because otherwise it is rather "card" or "Videos".
    """
    seen = set()
    for path in paths:
        if not path.exists():
            raise CommandError(f"{path} does not exist.")
        for file in [path] if path.is_file() else _inside(path):
            if not file.stat().st_size:
                continue
            if (real := file.resolve()) not in seen:
                seen.add(real)
                yield real, _folders_of(file, path)


def _folders_of(file: Path, named: Path) -> tuple[str, ...]:
    if file == named:
        return ()
    own = (named.resolve().name,)
    return (own if named_by(own)[1] else ()) + file.relative_to(named).parts[:-1]


def _why_not_kept(path: Path, folders: tuple[str, ...]) -> str:
    """Return why a file cannot be stored, by its path from the named folder on, as in the incoming folder."""
    return local_files.why_not_kept(Path(*folders, path.name))


def _inside(folder: Path) -> list[Path]:
    found = [path for path in local_files.footage_in(folder) if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def _receipt(paths: list[Path], files: dict[Path, tuple[str, ...]], refused: dict[Path, str]) -> Receipt:
    """List what was found, before the first file is brought in."""
    top = paths[0].resolve() if len(paths) == 1 else None
    found: dict[str, Found] = {}
    for path in (*files, *refused):
        stat, said = path.stat(), local_files.legible(_on_card(path, top))[:MAX_PATH_CHARS]
        if said in found:  # of names that are not text two may look alike
            said = f"{said[: MAX_PATH_CHARS - 8]} {len(found)}"
        found[said] = Found(said, stat.st_size, local_files.modified_at(stat), problem=refused.get(path, ""))
    n_all = sum(len(names) for path in paths if path.is_dir() for _parent, _folders, names in os.walk(path))
    n_named = sum(path.is_file() for path in paths)
    return receipts.make(
        found.values(), source=UploadSource.COMMAND,
        name=local_files.legible(top.name)[:200] if top else "Several folders",
        place=local_files.legible(top or "")[:MAX_PATH_CHARS], n_left_alone=max(0, n_all + n_named - len(found)),
    )  # fmt: skip


def _on_card(path: Path, top: Path | None) -> Path:
    """Return a file's path within the one folder that was named; of several folders its whole path."""
    if top is None:
        return path
    return path.relative_to(top) if path != top and path.is_relative_to(top) else Path(path.name)


def _row(
    path: Path, folders: tuple[str, ...], receipt: Receipt, *, session: str, date: dt.date | None, anyway: bool
) -> Upload:
    """Create the row of a file, and bind it to its receipt."""
    stat = path.stat()
    told_name, told_date = named_by(folders)
    upload = Upload.objects.create(
        state=UploadState.WAITING, source=UploadSource.COMMAND, came_from=str(path)[-1000:],
        mark=local_files.mark_of(stat), modified_at=local_files.modified_at(stat), size_bytes=stat.st_size,
        original_filename=display_name(path.name), session_date=date or told_date,
        session_name=clean_session_name(session) if session else told_name, is_wanted_anyway=anyway,
    )  # fmt: skip
    top = Path(receipt.place) if receipt.place else None
    receipts.bind(upload, receipt=receipt.pk, path=str(_on_card(path, top))[:MAX_PATH_CHARS], owner=None)
    return upload


def _close(uploads: dict[Path, Upload], *, move: bool) -> None:
    """Leave each file in one place at the end: remove moved files, and copies made for nothing."""
    settled = Upload.objects.in_bulk([upload.pk for upload in uploads.values()])
    for path, upload in uploads.items():
        state = settled[upload.pk].state
        if state in GOOD and move and path.exists() and local_files.mark_of(path.stat()) == upload.mark:
            path.unlink()
        if state in {UploadState.WAITING, UploadState.RECEIVING} and settled[upload.pk].give_up("Stopped."):
            state = UploadState.GONE
        if state in {UploadState.FAILED, UploadState.GONE}:
            part_file.delete_part(upload.pk)
