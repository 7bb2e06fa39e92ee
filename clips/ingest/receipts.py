"""Makes receipts of what is brought in, binds their files to uploads and originals, and notes which are safe."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from clips.jobs import pipeline
from clips.models import JobKind, OriginalFile, Receipt, ReceiptFile, Upload, UploadSource, UploadState
from clips.models.receipt import originals_of
from clips.storage import files as stored
from people.models import Member

#: Behind what people sort by, before what is archived.
PRIORITY = 7
GOOD = (UploadState.REGISTERED, UploadState.DUPLICATE)


@dataclass(frozen=True)
class Found:
    """A file as it was found where it comes from."""

    path: str
    size_bytes: int
    modified_at: datetime | None = None
    #: Why it is not brought in.
    problem: str = ""
    #: Of all its bytes, if somebody read them: it may be here already.
    sha256: str = ""


@transaction.atomic
def make(
    found: Iterable[Found],
    *,
    name: str,
    source: UploadSource,
    key: UUID | None = None,
    owner: Member | None = None,
    place: str = "",
    n_left_alone: int = 0,
) -> Receipt:
    """Create the receipt of a complete list of files, before the first of them is brought in.

    One with this ``key`` that is there already is returned as it is, whoever has it.
    """
    fields = {"owner": owner, "source": source, "name": name, "place": place, "n_left_alone": n_left_alone}
    if key is None:
        receipt, is_new = Receipt.objects.create(**fields), True
    else:
        receipt, is_new = Receipt.objects.get_or_create(pk=key, defaults=fields)
    if not is_new:
        return receipt
    found = list(found)
    known = OriginalFile.objects.defer("probe").filter(file_hash__in={one.sha256 for one in found if one.sha256})
    here = {(original.file_hash, original.size_bytes): original for original in known}
    rows = [
        ReceiptFile(
            receipt=receipt, path=one.path, size_bytes=one.size_bytes, modified_at=one.modified_at,
            problem=one.problem, original_file=here.get((one.sha256, one.size_bytes)),
        )
        for one in found
    ]  # fmt: skip
    ReceiptFile.objects.bulk_create(rows)
    _read_back(originals_of(rows))
    receipt.close()
    return receipt


def bind(upload: Upload, *, receipt: UUID, path: str, owner: Member | None) -> int:
    """Note in a receipt which upload brings one of its files, in the transaction that makes the upload's row."""
    rows = ReceiptFile.objects.filter(receipt=receipt, receipt__owner=owner, path=path, original_file=None)
    return rows.filter(size_bytes=upload.size_bytes, problem="").update(upload=upload)


@transaction.atomic
def found_here(receipt: Receipt, path: str, sha256: str) -> int:
    """Note that a file of a receipt need not be brought in, because its bytes are here."""
    rows = ReceiptFile.objects.filter(receipt=receipt, path=path, original_file=None)
    for row in rows:
        same = OriginalFile.objects.filter(file_hash=sha256, size_bytes=row.size_bytes).defer("probe").first()
        if same:
            _read_back([same])
            return rows.filter(pk=row.pk).become(same)
    return 0


def settled(upload: Upload, original: OriginalFile) -> None:
    """Note what the files of an upload became, in the transaction that registers it, and read it back once."""
    if ReceiptFile.objects.of_upload(upload).become(original):
        _read_back([original])


def _read_back(originals: Iterable[OriginalFile]) -> None:
    for original in originals:
        if original.read_back_at is None:
            pipeline.start(JobKind.READ_BACK, original, priority=PRIORITY, hurries=True)


def look_after() -> int:
    """Note which complete receipts are safe by now; return how many."""
    waiting = Receipt.objects.followed().with_counts()
    return sum(settle(receipt) for receipt in waiting if receipt.n_files and receipt.n_files == receipt.n_safe)


@transaction.atomic
def settle(receipt: Receipt) -> bool:
    """Note that a receipt is safe if all its files are, by their rows and on the disk; False otherwise.

    Its originals are held meanwhile, so that none is thrown away or removed between the look and the note.
    """
    rows = ReceiptFile.objects.filter(receipt=receipt)
    OriginalFile.objects.filter(pk__in=rows.values("original_file")).hold()
    n_files = rows.count()
    if not n_files or rows.safe().count() != n_files:
        return False
    return not not_on_disk(rows.select_related("original_file").defer("original_file__probe")) and receipt.note_safe()


def not_on_disk(rows: Iterable[ReceiptFile]) -> set[UUID]:
    """Return the originals of these files that should lie on the disk and do not, or not whole."""
    here = [original for original in originals_of(rows) if original.evicted_at is None]
    sizes = stored.sizes_bytes(original.stored_path for original in here)
    return {original.pk for original in here if sizes[original.stored_path] != original.size_bytes}
