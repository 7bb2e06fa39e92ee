"""Lets a season pass on a scratch site: copies of labelled takes come in and are sorted; says what is left of them."""

import json
import os
import secrets
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from clips.archive.configured import archive_backend
from clips.ingest import receipts
from clips.ingest.receipt_text import FileState, verdict_of
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    DetectionRun,
    FinalClip,
    Job,
    JobKind,
    KeptPart,
    OriginalFile,
    Receipt,
)
from clips.sorting import decisions
from clips.sorting.decisions import Choice
from clips.storage.files import sha256_of
from people.models import Member

#: A moment shows so much before and after its trick.
AROUND_MS = 1_500
#: Of the moments each so manyth is kept, the others are trashed.
KEPT_OF = 3
#: A shown moment; any does.
SCORE = 0.9


@dataclass(frozen=True)
class Take:
    """A labelled video, and where its tricks are."""

    path: Path
    tricks_ms: tuple[tuple[int, int], ...]


def takes_of(footage: Path) -> list[Take]:
    """Return the videos of a folder whose tricks a file in its ``labels/`` lists."""
    found = []
    for path in sorted(footage.glob("*.mp4")):
        labels = footage / "labels" / f"{path.stem}.json"
        if labels.is_file():
            tricks = json.loads(labels.read_text())["tricks"]
            found.append(Take(path, tuple((trick["start_ms"], trick["end_ms"]) for trick in tricks)))
    return found


def another(take: Take, folder: Path, name: str) -> Path:
    """Write a file with the same pictures and another SHA-256: a free box of random bytes ends it."""
    path = folder / name
    shutil.copyfile(take.path, path)
    with path.open("ab") as file:
        file.write((24).to_bytes(4, "big") + b"free" + secrets.token_bytes(16))
        os.fsync(file.fileno())
    return path


@transaction.atomic
def search_by_labels(original: OriginalFile, take: Take) -> None:
    """Propose what the labels say in place of the search, which another measurement is about."""
    Job.objects.filter(kind=JobKind.DETECT, original_file=original).cancel_all()
    run = DetectionRun.objects.create(original_file=original, version="labels")
    last_ms = original.duration_ms or 0
    for start_ms, end_ms in take.tricks_ms:
        span = {"start_ms": max(0, start_ms - AROUND_MS), "end_ms": min(last_ms, end_ms + AROUND_MS)}
        CandidateSegment.objects.create(original_file=original, run=run, score=SCORE, **span)


def sort_all(member: Member) -> tuple[int, int]:
    """Sort all that is shown, as a person does: keep each third moment without its edges; return kept and trashed."""
    n_seen = n_kept = 0
    while True:
        lease = uuid.uuid4()
        hand = CandidateSegment.objects.lease_hand(member=member, lease=lease, count=4)
        if not hand:
            return n_kept, n_seen - n_kept
        for segment in hand:
            by = {"lease": lease, "key": uuid.uuid4(), "member": member}
            if n_seen % KEPT_OF == 0:
                choice = Choice(segment.start_ms + AROUND_MS // 2, segment.end_ms - AROUND_MS // 2)
                decisions.keep(segment, choice, **by)
                n_kept += 1
            else:
                decisions.trash(segment, **by)
            n_seen += 1


def lost_clips() -> Iterator[FinalClip]:
    """Yield the clips whose bytes are not both here and in the archive as they were cut."""
    archive = archive_backend()
    for clip in FinalClip.objects.current():
        path = settings.DATA_DIR / clip.stored_path
        copy = ArchiveCopy.objects.filter(clip__lineage=clip.lineage, state=CopyState.VERIFIED, backend=archive.name)
        there = [archive.look(remote_id) for remote_id in copy.values_list("remote_id", flat=True)[:1]]
        is_there = any(one and not one.is_trashed and one.sha256 == clip.file_hash for one in there)
        if not (is_there and path.is_file() and sha256_of(path) == clip.file_hash):
            yield clip


def false_receipts() -> Iterator[Receipt]:
    """Yield the receipts that call a file safe whose bytes are not on the disk as they came."""
    for receipt in Receipt.objects.filter(closed_at__isnull=False):
        receipts.settle(receipt)
        for line in verdict_of(receipt).lines:
            if line.state == FileState.SAFE and line.original and not _is_here(line.original):
                yield receipt
                break


def bytes_left() -> int:
    """Return what whole and trimmed originals take."""
    whole = OriginalFile.objects.on_disk().values_list("size_bytes", flat=True)
    return sum(whole) + sum(KeptPart.objects.values_list("size_bytes", flat=True))


def hours_held() -> float:
    """Return how much footage is here, whole or trimmed."""
    return sum(OriginalFile.objects.in_use().values_list("duration_ms", flat=True)) / 3_600_000


def _is_here(original: OriginalFile) -> bool:
    path = settings.DATA_DIR / original.stored_path
    return path.is_file() and sha256_of(path) == original.file_hash
