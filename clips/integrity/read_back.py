"""Reads originals back from the disk, notes which are as they came, and mends damaged ones from the archive.

A disk, a cable or memory may change a bit without anybody noticing. What was just written is read from memory, so the
file is dropped from there before.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing

from clips.disk import fetching
from clips.jobs import pipeline
from clips.jobs.backfill import BACKFILL_PRIORITY
from clips.jobs.worker import Claim
from clips.models import JobKind, KeptPart, OriginalFile
from clips.storage import files
from clips.storage.files import MissingFileError
from people.site_settings.registry import SCRUB_BYTES_PER_S

#: Of a job that somebody waits for: it reads as fast as the disk gives.
HURRIES = "hurries"
NAP_S = 0.2


def read_back(work: Claim) -> None:
    """Do the READ_BACK job: read all bytes of an original, compare, note the result, and mend what is damaged."""
    original = work.job.original_file
    if original.evicted_at is not None:
        _read_parts(original, work)
        with work.finishing():
            return
    sums = _sums_of(original, work)
    if sums and sums[0] == original.file_hash:
        with work.finishing(first=lambda: _hold(original)):
            original.note_whole(sums[1])
        return
    original.note_damaged()  # at once: whoever dies from here on leaves it known
    if not fetching.mend(work):
        with work.finishing():
            return


def _read_parts(original: OriginalFile, work: Claim) -> None:
    """Read what is left of a trimmed original; where that is damaged, have all of it fetched from the archive."""
    is_damaged = False
    for part in original.kept_parts.all():
        sums = _sums_of(part, work)
        is_whole = bool(sums and sums[0] == part.file_hash)
        is_damaged |= part.note_read(is_whole=is_whole) and not is_whole
    if is_damaged and fetching.copy_of(original):
        pipeline.start(JobKind.FETCH, original, priority=BACKFILL_PRIORITY)


def share(originals: list[OriginalFile]) -> int:
    """Start reading these back, behind all that people wait for; return how many."""
    for original in originals:
        pipeline.start(JobKind.READ_BACK, original, priority=BACKFILL_PRIORITY)
    return len(originals)


def _hold(original: OriginalFile) -> None:
    OriginalFile.objects.filter(pk=original.pk).hold()


def _sums_of(original: OriginalFile | KeptPart, work: Claim) -> tuple[str, str] | None:
    """Return the SHA-256 and MD5 of the bytes on the disk of an original, or a part; None if there are none."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    files.drop_from_memory(original.stored_path)
    try:
        with closing(files.read(original.stored_path)) as file:
            for block in _paced(file, work):
                sha256.update(block)
                md5.update(block)
    except MissingFileError:
        return None
    return sha256.hexdigest(), md5.hexdigest()


def _paced(blocks: Iterator[bytes], work: Claim) -> Iterator[bytes]:
    """Yield the blocks, no faster than the site's setting unless somebody waits for them."""
    is_hurried, n_bytes, began_s = bool(work.job.params.get(HURRIES)), 0, time.monotonic()
    size_bytes = work.job.original_file.size_bytes
    for block in blocks:
        yield block
        n_bytes += len(block)
        work.report(min(1.0, n_bytes / size_bytes))
        while not is_hurried and n_bytes / SCRUB_BYTES_PER_S.value() > time.monotonic() - began_s:
            time.sleep(NAP_S)
            work.report()
