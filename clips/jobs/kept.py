"""Gives jobs the file to read a span of an original from: the original, or what is left of it since it was trimmed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from clips.media import MediaError
from clips.media.cut import kept_file
from clips.models import KeptPart, OriginalFile
from clips.models.clock import clock
from clips.storage.backend import Report, silent
from clips.storage.files import local_copy, scratch_folder, sha256_of


@contextmanager
def local_span(original: OriginalFile, start_ms: int, end_ms: int, report: Report = silent) -> Iterator[Path]:
    """Yield a file in which a span of an original lies as it does in the original, for the duration of the block.

    Raises
    ------
    MediaError
        If the original was trimmed, and that place is gone.
    StorageError
        As ``local_copy``.
    """
    now = OriginalFile.objects.only("evicted_at", "trimmed_at", "duration_ms").get(pk=original.pk)
    with ExitStack() as stack:
        if now.evicted_at is None or now.trimmed_at is None:
            yield stack.enter_context(local_copy(original, report))
            return
        part = part_with(now, start_ms, end_ms)
        frame = now.kept_parts.frames().first()
        if part is None or frame is None:
            raise MediaError(gone(original, start_ms, end_ms))
        paths = [stack.enter_context(_whole_part(one, report)) for one in (frame, part)]
        # Named as the original, of which its suffix is a part.
        whole = stack.enter_context(scratch_folder()) / Path(original.stored_path).name
        kept_file.unpack(paths, whole)
        yield whole


@contextmanager
def _whole_part(part: KeptPart, report: Report) -> Iterator[Path]:
    """Yield the file of a part; MediaError if its bytes are not those that were proven."""
    with local_copy(part, report) as path:
        if sha256_of(path, report) != part.file_hash:
            part.note_read(is_whole=False)
            raise MediaError(kept_file.DAMAGED)
        yield path


def part_with(original: OriginalFile, start_ms: int, end_ms: int) -> KeptPart | None:
    """Return the part of a trimmed original that has a whole span."""
    return original.kept_parts.around(start_ms, min(end_ms, original.duration_ms or end_ms)).first()


def has(original: OriginalFile, start_ms: int, end_ms: int) -> bool:
    """Return whether a span can be read here: the original is whole, or what is left has it."""
    if original.evicted_at is None:
        return True
    return original.trimmed_at is not None and part_with(original, start_ms, end_ms) is not None


def within_reach(original: OriginalFile, start_ms: int, end_ms: int, *, around: tuple[int, int]) -> tuple[int, int]:
    """Return a span, no wider than the part of a trimmed original that has the span ``around``."""
    part = part_with(original, *around) if original.trimmed_at else None
    if part is None or part.start_ms is None or part.end_ms is None:
        return start_ms, end_ms
    return max(start_ms, part.start_ms), min(end_ms, part.end_ms)


def gone(original: OriginalFile, start_ms: int, end_ms: int) -> str:
    """Return the sentence for a wanted span of a trimmed original that is not there any more."""
    says = _(
        "This video was trimmed, and %(start)s to %(end)s is gone. To have it back, choose Restore at the video and "
        "upload the file again."
    )
    return says % {"start": clock(start_ms), "end": clock(end_ms)}
