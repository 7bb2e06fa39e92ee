"""Makes a receipt of each folder that is put into the incoming folder, and writes it beside the imported files.

A folder's files come one after the other for hours, so its receipt is complete when none came for a while; one that
comes later opens it again. It is never safe while it is open.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.ingest import receipt_files, receipts
from clips.ingest.media_hash_list import FOLDER
from clips.ingest.receipt_text import FileLine, FileState, verdict_of
from clips.models import Receipt, ReceiptFile, Upload, UploadSource
from clips.models.receipt import FOLLOWED_FOR

#: What lies in the incoming folder itself.
LOOSE = "."
MISSING, SAFE = "missing", "safe"


class FolderReceipts:
    """The receipts of one incoming folder."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self._root, self._say = root, say

    def add(self, upload: Upload) -> None:
        """List a found file, in the transaction that makes its row."""
        top = _top(upload.came_from)
        receipt = Receipt.objects.open_for_folder(f"{self._root}/{top}", self._root.name if top == LOOSE else top)
        path = upload.came_from if top == LOOSE else str(PurePath(*PurePath(upload.came_from).parts[1:]))
        fields = {"size_bytes": upload.size_bytes, "modified_at": upload.modified_at, "upload": upload}
        fields |= {"original_file": None, "put_at": ""}
        ReceiptFile.objects.update_or_create(receipt=receipt, path=path, defaults=fields)

    def note_place(self, upload: Upload, target: Path) -> None:
        """Write down where a file is about to be moved, so that whoever dies in between leaves it known."""
        ReceiptFile.objects.of_upload(upload).update(put_at=str(target.relative_to(self._root)))

    def look(self, still_there: Iterable[str], *, is_clear: bool) -> None:
        """Complete the receipts of folders that are quiet and imported, and write those that have news.

        ``still_there`` are the files in the folder, by their paths, that are not imported yet. Where it is not
        ``is_clear`` there may be others, which cannot be read or kept.
        """
        rest = dt.timedelta(seconds=settings.INCOMING_QUIET_SECONDS)
        busy = {_top(came_from) for came_from in still_there}
        busy |= {_top(one) for one in Upload.objects.owed(UploadSource.FOLDER).values_list("came_from", flat=True)}
        of_root = Receipt.objects.filter(source=UploadSource.FOLDER, place__startswith=f"{self._root}/")
        quiet = of_root.filter(closed_at=None, last_file_at__lt=timezone.now() - rest)
        for receipt in quiet if is_clear else ():
            if receipt.place.removeprefix(f"{self._root}/") not in busy:
                receipt.close()
        recent = of_root.filter(closed_at__gt=timezone.now() - FOLLOWED_FOR).exclude(written_as=SAFE)
        for receipt in recent.with_counts():
            is_safe = bool(receipt.safe_at) and receipt.n_safe == receipt.n_files
            if is_safe or (not receipt.written_as and not receipt.is_under_way):
                self._write(receipt)

    def _write(self, receipt: Receipt) -> None:
        receipts.settle(receipt)
        receipt.refresh_from_db()
        verdict = verdict_of(receipt)
        try:
            for folder, lines in self._by_folder(receipt, verdict.lines).items():
                receipt_files.write_beside(verdict, folder, lines)
        except OSError as error:
            sentence = _("The receipt of %(name)s cannot be written: %(why)s.")
            self._say(sentence % {"name": receipt.name, "why": error.strerror or str(error)})
            return
        Receipt.objects.filter(pk=receipt.pk).update(written_as=SAFE if verdict.is_safe else MISSING)

    def _by_folder(self, receipt: Receipt, lines: Iterable[FileLine]) -> dict[Path, list[tuple[str, FileLine]]]:
        """Return the files by the folder that they were moved to on their day, with their paths in it."""
        top = receipt.place.removeprefix(f"{self._root}/")
        n_above = 2 if top == LOOSE else 3  # done or failed, the day, the folder
        found: dict[Path, list[tuple[str, FileLine]]] = defaultdict(list)
        for line in lines:
            parts = PurePath(line.row.put_at).parts
            if len(parts) > n_above:
                within = found[self._root.joinpath(*parts[:n_above])]
                if line.state == FileState.SAFE:
                    within.append((str(PurePath(*parts[n_above:])), line))
        return found


def remove_alone(folder: Path) -> None:
    """Delete the receipts of a day's folder in which nothing else is left."""
    ours = [path for path in folder.rglob("*") if path.is_file() and _is_ours(path)]
    if all(_is_ours(path) for path in folder.rglob("*") if not path.is_dir()):
        for path in ours:
            path.unlink(missing_ok=True)
        for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
            path.rmdir()


def _is_ours(path: Path) -> bool:
    return path.name == receipt_files.RECEIPT or path.parent.name == FOLDER


def _top(came_from: str) -> str:
    parts = PurePath(came_from).parts
    return parts[0] if len(parts) > 1 else LOOSE
