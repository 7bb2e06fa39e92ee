"""Checks rows that own a file against the disk: whether it is present, whole, and unchanged."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from clips.integrity import repair as mend
from clips.integrity.batches import Lengths, rows_in_batches
from clips.integrity.finding import Disagreement, Kind
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    Filmstrip,
    FinalClip,
    HandleCut,
    Job,
    JobKind,
    KeptPart,
    OriginalFile,
    Preview,
    ReelMusic,
    ReelRender,
    SharedCopy,
)
from clips.storage import files
from clips.storage.files import StorageError


@dataclass(frozen=True)
class Shelf:
    """One kind of row that owns a file; field names are those of the query set."""

    rows: QuerySet
    missing: Kind
    changed: Kind
    name: str
    path: str = "stored_path"
    #: Empty where the row does not say.
    size: str = ""
    sha256: str = ""
    #: Puts the row with this key right.
    mend: Callable[[UUID], str] | None = None

    def check(self, *, checksums: bool) -> Iterator[Disagreement]:
        fields = [self.path, self.name, *filter(None, [self.size, self.sha256])]
        lengths = Lengths()
        for batch in rows_in_batches(self.rows, *fields):
            suspects = [row[0] for row in batch if self._fault(row, lengths.of, checksums=checksums)]
            # Read once more: what was dropped or made again meanwhile is no fault.
            for row in self.rows.filter(pk__in=suspects).order_by("pk").values_list("pk", *fields):
                if fault := self._fault(row, files.size_bytes, checksums=checksums):
                    kind, says = fault
                    repair = partial(self.mend, row[0]) if self.mend else None
                    yield Disagreement(kind, str(row[2]), says, str(row[0]), repair)

    def _fault(self, row: tuple, length_of: Callable[[str], int | None], *, checksums: bool) -> tuple[Kind, str] | None:
        _key, path, _name, *said = row
        n_bytes = length_of(path)
        if n_bytes is None:
            return self.missing, _("%(path)s is missing.") % {"path": path}
        wanted_bytes = said.pop(0) if self.size else None
        if wanted_bytes is not None and n_bytes != wanted_bytes:
            told = {"path": path, "is": filesizeformat(n_bytes), "was": filesizeformat(wanted_bytes)}
            told |= {"n": n_bytes - wanted_bytes}
            return self.changed, _("%(path)s has %(is)s instead of %(was)s (%(n)+d bytes).") % told
        if checksums and self.sha256 and _sha256_of(path) != said[0]:
            return self.changed, _("%(path)s has a different SHA-256 than its row.") % {"path": path}
        return None


def _sha256_of(stored_path: str) -> str:
    digest = hashlib.sha256()
    with closing(files.read(stored_path)) as file:
        for block in file:
            digest.update(block)
    return digest.hexdigest()


def shelves() -> list[Shelf]:
    """Return every kind of row that owns a file."""
    cut = FinalClip.objects.exclude(stored_path="").filter(Q(removed_at=None) | Q(bin_entry__isnull=False))
    no_file = Kind.PREVIEW_MISSING
    of_file = "segment__original_file__original_filename"
    return [
        Shelf(
            OriginalFile.objects.on_disk(), Kind.ORIGINAL_MISSING, Kind.ORIGINAL_CHANGED,
            name="original_filename", size="size_bytes", sha256="file_hash",
            mend=mend.fetch_when_needed,
        ),
        Shelf(
            KeptPart.objects.all(), Kind.PART_MISSING, Kind.PART_CHANGED,
            name="original_file__original_filename", size="size_bytes", sha256="file_hash", mend=mend.fetch_whole,
        ),
        Shelf(
            Preview.objects.all(), no_file, no_file,
            name=of_file, size="size_bytes", mend=mend.remake_preview,
        ),
        Shelf(
            CandidateSegment.objects.exclude(poster_path=""), no_file, no_file,
            name="original_file__original_filename", path="poster_path", mend=mend.remake_poster,
        ),
        Shelf(
            Filmstrip.objects.all(), no_file, no_file,
            name="original_file__original_filename", size="size_bytes", mend=mend.remake_filmstrip,
        ),
        Shelf(
            cut, Kind.CLIP_MISSING, Kind.CLIP_CHANGED,
            name="filename", size="size_bytes", sha256="file_hash", mend=mend.recut,
        ),
        Shelf(
            SharedCopy.objects.exclude(stored_path=""), Kind.SHARED_MISSING, Kind.SHARED_MISSING,
            name="clip__filename", size="size_bytes", mend=mend.remake_shared,
        ),
        Shelf(
            ReelRender.objects.made(), Kind.FILM_MISSING, Kind.FILM_MISSING,
            name="reel__name", size="size_bytes", mend=mend.render_again,
        ),
        Shelf(
            HandleCut.objects.made(), Kind.FILM_MISSING, Kind.FILM_MISSING,
            name="clip__filename", size="size_bytes", mend=mend.forget_handles,
        ),
        Shelf(
            ReelMusic.objects.all(), Kind.MUSIC_MISSING, Kind.MUSIC_MISSING,
            name="name", size="size_bytes",
        ),
    ]  # fmt: skip


def rows_and_files(*, checksums: bool) -> Iterator[Disagreement]:
    for shelf in shelves():
        try:
            yield from shelf.check(checksums=checksums)
        except StorageError as error:
            name = str(shelf.rows.model._meta.verbose_name_plural)
            yield Disagreement(Kind.STORE_SHUT, name, str(error), name)


def found_damaged(*, checksums: bool) -> Iterator[Disagreement]:
    """Report originals that were damaged when they were last read back, unless this audit reads them itself."""
    if checksums:
        return
    for batch in rows_in_batches(OriginalFile.objects.damaged(), "original_filename"):
        for key, name in batch:
            says = _("its bytes on the disk are not those that came.")
            yield Disagreement(Kind.ORIGINAL_CHANGED, name, says, str(key), partial(mend.read_back, key))


def found_damaged_parts(*, checksums: bool) -> Iterator[Disagreement]:
    """Report parts of trimmed videos that were damaged when they were last read, unless this audit reads them."""
    if checksums:
        return
    for batch in rows_in_batches(KeptPart.objects.damaged(), "original_file__original_filename"):
        for key, name in batch:
            says = _("its bytes on the disk are not those that were written.")
            yield Disagreement(Kind.PART_CHANGED, name, says, str(key), partial(mend.fetch_whole, key))


def let_go_for_good(*, checksums: bool) -> Iterator[Disagreement]:
    """Report originals that were deleted to free space, and that no archive has."""
    kept = ArchiveCopy.objects.filter(original_file=OuterRef("pk"), state=CopyState.VERIFIED)
    lost = OriginalFile.objects.evicted().filter(~Exists(kept), not_needed_at=None, bin_entry__emptying_at=None)
    lost = lost.filter(trimmed_at=None)
    for batch in rows_in_batches(lost, "original_filename"):
        for key, name in batch:
            says = _("it was deleted to free space, and no archive has it any more.")
            yield Disagreement(Kind.ORIGINAL_MISSING, name, says, str(key))


def never_cut(*, checksums: bool) -> Iterator[Disagreement]:
    """Report clips that were never cut and that no job is going to cut."""
    asked = Job.objects.active().filter(kind=JobKind.RENDER, clip=OuterRef("pk"))
    for batch in rows_in_batches(FinalClip.objects.current().filter(~Exists(asked), stored_path=""), "filename"):
        for key, name in batch:
            says = _("it was never cut, and no job is going to cut it.")
            yield Disagreement(Kind.CLIP_UNCUT, name, says, str(key), partial(mend.recut, key))
