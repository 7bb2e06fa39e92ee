"""Says what a receipt's files are now, one by one: for its page, as JSON, and for what is written beside them."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.ingest import receipts
from clips.models import ArchiveCopy, CopyState, OriginalFile, Receipt, ReceiptFile, UploadState
from people.site_settings.registry import RECEIPT_WANTS_ARCHIVE

FORMAT = "trickyclip receipt 1"


class FileState(TextChoices):
    """Why a file may not be deleted where it came from yet; SAFE where it may. The worst first."""

    DAMAGED = "DAMAGED", _("damaged on the disk")
    LOST = "LOST", _("missing on the disk")
    TRIMMED = "TRIMMED", _("trimmed to its kept clips")
    FAILED = "FAILED", _("not imported")
    DELETED = "DELETED", _("deleted here")
    ABSENT = "ABSENT", _("not uploaded")
    COMING = "COMING", _("uploading")
    CHECKING = "CHECKING", _("being checked")
    READING = "READING", _("being read back")
    ARCHIVING = "ARCHIVING", _("not in the archive yet")
    SAFE = "SAFE", _("safe")

    @property
    def is_passing(self) -> bool:
        """Return whether the site itself is about to change it."""
        return self in {FileState.COMING, FileState.CHECKING, FileState.READING, FileState.ARCHIVING}


@dataclass(frozen=True)
class FileLine:
    """One file of a receipt, and where its bytes are."""

    row: ReceiptFile
    state: FileState
    copies: tuple[ArchiveCopy, ...]

    @property
    def original(self) -> OriginalFile | None:
        return self.row.original_file

    @property
    def says(self) -> str:
        upload = self.row.upload
        return self.row.problem or (upload.reason if upload and self.state == FileState.FAILED else "")

    @property
    def on_disk_since(self) -> datetime | None:
        original = self.row.original_file
        if original is None or original.evicted_at or self.state in {FileState.LOST, FileState.DAMAGED}:
            return None
        return original.fetched_at or original.created_at


@dataclass(frozen=True)
class Verdict:
    """Present state of a receipt: safe to format or not, with a line for each file."""

    receipt: Receipt
    lines: tuple[FileLine, ...]

    @property
    def is_safe(self) -> bool:
        is_complete = self.receipt.closed_at is not None and bool(self.lines)
        return is_complete and all(line.state == FileState.SAFE for line in self.lines)

    @property
    def all_arrived(self) -> bool:
        """Return whether each file is safe, or was until the crew let go of what its clips do not need."""
        states = {line.state for line in self.lines}
        return self.receipt.closed_at is not None and bool(states) and states <= {FileState.SAFE, FileState.TRIMMED}

    @property
    def is_passing(self) -> bool:
        """Return whether waiting may make it safe: nothing is wrong, or its list is not complete."""
        open_ = [line.state for line in self.lines if line.state not in {FileState.SAFE, FileState.TRIMMED}]
        return self.receipt.closed_at is None or (bool(open_) and all(state.is_passing for state in open_))

    @property
    def n_safe(self) -> int:
        return sum(line.state == FileState.SAFE for line in self.lines)

    @property
    def n_trimmed(self) -> int:
        return sum(line.state == FileState.TRIMMED for line in self.lines)

    @property
    def size_bytes(self) -> int:
        return sum(line.row.size_bytes for line in self.lines)

    @property
    def missing(self) -> list[tuple[FileState, int]]:
        """Return what keeps it from being safe, with the number of files, the worst first; nothing that was trimmed."""
        counted = Counter(line.state for line in self.lines)
        del counted[FileState.SAFE], counted[FileState.TRIMMED]
        return [(state, counted[state]) for state in FileState if counted[state]]


def verdict_of(receipt: Receipt) -> Verdict:
    """Return what a receipt says now, by its rows and by what lies on the disk."""
    rows = list(
        receipt.files.select_related("upload", "original_file")
        .defer("original_file__probe")
        .order_by("path")
    )  # fmt: skip
    safe = set(receipt.files.safe().values_list("pk", flat=True))
    gone = receipts.not_on_disk(rows)
    copies = defaultdict(list)
    originals = [row.original_file_id for row in rows if row.original_file_id]
    for copy in ArchiveCopy.objects.filter(original_file__in=originals, state=CopyState.VERIFIED).order_by("backend"):
        copies[copy.original_file_id].append(copy)
    lines = []
    for row in rows:
        original = row.original_file
        whole = tuple(copy for copy in copies[row.original_file_id] if original and copy.sha256 == original.file_hash)
        is_gone = original is not None and original.pk in gone
        lines.append(FileLine(row, _state_of(row, is_safe=row.pk in safe, is_gone=is_gone, copies=whole), whole))
    return Verdict(receipt, tuple(sorted(lines, key=lambda line: list(FileState).index(line.state))))


def _state_of(row: ReceiptFile, *, is_safe: bool, is_gone: bool, copies: tuple[ArchiveCopy, ...]) -> FileState:
    original = row.original_file
    if original is None:
        return _on_its_way(row)
    if original.bin_entry_id:
        return FileState.DELETED
    if original.damaged_at:
        return FileState.DAMAGED
    if original.trimmed_at and not copies and original.size_bytes == row.size_bytes:
        return FileState.TRIMMED
    if is_gone or (original.evicted_at and not copies):
        return FileState.LOST
    if is_safe:
        return FileState.SAFE
    if original.size_bytes != row.size_bytes:
        return FileState.FAILED
    is_read = original.read_back_at is not None or original.evicted_at is not None
    return FileState.ARCHIVING if is_read and RECEIPT_WANTS_ARCHIVE.value() else FileState.READING


def _on_its_way(row: ReceiptFile) -> FileState:
    if row.problem:
        return FileState.FAILED
    if row.upload is None:
        return FileState.ABSENT
    match row.upload.state:
        case UploadState.WAITING | UploadState.RECEIVING:
            return FileState.ABSENT if row.upload.is_gone else FileState.COMING
        case UploadState.RECEIVED:
            return FileState.CHECKING
        case _:
            return FileState.FAILED


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return a receipt for scripts, and for the file beside what was imported; all times are UTC."""
    receipt = verdict.receipt
    return {
        "format": FORMAT,
        "id": str(receipt.pk),
        "name": receipt.name,
        "source": receipt.source,
        "started_at": _time(receipt.created_at),
        "complete_at": _time(receipt.closed_at),
        "as_of": _time(timezone.now()),
        "safe_to_format": verdict.is_safe,
        "safe_since": _time(receipt.safe_at) if verdict.is_safe else None,
        "archive_wanted": RECEIPT_WANTS_ARCHIVE.value(),
        "n_files": len(verdict.lines),
        "n_safe": verdict.n_safe,
        "n_trimmed": verdict.n_trimmed,
        "n_not_videos": receipt.n_left_alone,
        "size_bytes": verdict.size_bytes,
        "missing": {state.value: n for state, n in verdict.missing},
        "files": [_line_as_json(line) for line in sorted(verdict.lines, key=lambda line: line.row.path)],
    }


def _line_as_json(line: FileLine) -> dict[str, Any]:
    original, where = line.original, []
    if original and line.on_disk_since:
        since, read = _time(line.on_disk_since), _time(original.read_back_at)
        where.append({"copy": "original", "path": original.stored_path, "since": since, "read_back_at": read})
    where += [
        {"copy": "archive", "archive": copy.backend, "path": copy.path, "since": _time(copy.verified_at)}
        for copy in line.copies
    ]
    return {
        "path": line.row.path,
        "size_bytes": line.row.size_bytes,
        "modified_at": _time(line.row.modified_at),
        "sha256": original.file_hash if original else None,
        "md5": original.md5 or None if original else None,
        "state": line.state.value,
        "says": line.says,
        "copies": where,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
