"""Finds files without a row, and uploads whose bytes are missing."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from clips.ingest import part_file, register
from clips.integrity import repair as mend
from clips.integrity.batches import GRACE_S, batches, old_entries, rows_in_batches
from clips.integrity.finding import Disagreement, Kind
from clips.jobs.kept_folder import is_kept
from clips.models import (
    BinEntry,
    CandidateSegment,
    Filmstrip,
    FinalClip,
    HandleCut,
    Job,
    JobKind,
    KeptPart,
    OriginalFile,
    Piece,
    Preview,
    ReelMusic,
    ReelRender,
    SharedCopy,
    Upload,
    UploadState,
    kept_part,
)
from clips.reels import handles, rendering
from clips.sharing import links
from clips.storage import files, kept_sounds, local_cache
from clips.storage.files import StorageError

#: Longer than the longest job may take.
SCRATCH_AFTER_S = 7 * 3600


@dataclass(frozen=True)
class Folder:
    name: str
    kind: Kind
    #: The rows whose files lie in there, each with the field that says where.
    owners: tuple[tuple[QuerySet, str], ...]
    #: Whether a file that nobody owns may go, because it can be made again.
    may_go: bool = False
    #: Which of these paths are about to get an owner.
    expected: Callable[[list[str]], set[str]] = lambda paths: set()

    def check(self) -> Iterator[Disagreement]:
        before_s = time.time() - GRACE_S
        for batch in batches(found for found in files.listed(self.name) if found.put_at_s < before_s):
            sizes = {found.stored_path: found.size_bytes for found in batch}
            # Looked up after the files were listed: a row is there before its file is.
            for path in sorted(sizes.keys() - self._known(list(sizes))):
                repair = partial(mend.remove_stored, path) if self.may_go else None
                yield Disagreement(self.kind, path, _nobody_knows(sizes[path]), path, repair)

    def _known(self, paths: list[str]) -> set[str]:
        known = self.expected(paths)
        for rows, field in self.owners:
            known.update(rows.filter(**{f"{field}__in": paths}).values_list(field, flat=True))
        return known


def folders() -> list[Folder]:
    in_candidates = (
        (Preview, "stored_path"),
        (Filmstrip, "stored_path"),
        (Piece, "stored_path"),
        (CandidateSegment, "poster_path"),
    )
    return [
        Folder(
            "originals", Kind.ORPHAN_ORIGINAL, ((OriginalFile.objects.all(), "stored_path"),), expected=_being_checked
        ),
        # Parts get their rows as they are put in their place, while the whole is still there.
        Folder(kept_part.FOLDER, Kind.ORPHAN_PART, ((KeptPart.objects.all(), "stored_path"),), may_go=True),
        Folder(
            "candidates", Kind.ORPHAN_PREVIEW, tuple((model.objects.all(), path) for model, path in in_candidates),
            may_go=True,
        ),
        Folder(
            "final_clips", Kind.ORPHAN_CLIP, ((FinalClip.objects.all(), "stored_path"),), expected=_being_deleted
        ),
        Folder(links.FOLDER, Kind.ORPHAN_SHARED, ((SharedCopy.objects.all(), "stored_path"),), may_go=True),
        Folder(
            rendering.FOLDER, Kind.ORPHAN_FILM,
            ((ReelRender.objects.all(), "stored_path"), (ReelMusic.objects.all(), "stored_path")), may_go=True,
        ),
        Folder(handles.FOLDER, Kind.ORPHAN_FILM, ((HandleCut.objects.all(), "stored_path"),), may_go=True),
    ]  # fmt: skip


def files_without_rows(*, checksums: bool) -> Iterator[Disagreement]:
    for folder in folders():
        try:
            yield from folder.check()
        except StorageError as error:
            yield Disagreement(Kind.STORE_SHUT, f"{folder.name}/", str(error), folder.name)


def left_in_scratch(*, checksums: bool) -> Iterator[Disagreement]:
    """Report leftovers of killed workers; nothing in progress is that old but the work of jobs that rest."""
    for entry in old_entries(settings.SCRATCH_DIR, older_than_s=SCRATCH_AFTER_S):
        if entry.name in {local_cache.FOLDER, kept_sounds.FOLDER}:
            continue  # each keeps to its size by itself
        if is_kept(entry.name):
            continue
        path = Path(entry.path)
        says = _("it has not been worked on for hours.")
        yield Disagreement(Kind.SCRATCH, f"scratch/{entry.name}", says, str(path), partial(mend.remove, path))


def uploads_and_parts(*, checksums: bool) -> Iterator[Disagreement]:
    yield from _parts_without_upload()
    fields = ("original_filename", "offset_bytes", "state")
    here = Upload.objects.unfinished()
    if not files.is_local("originals"):
        here = here.filter(node=settings.NODE)  # the bytes of the others are on other machines
    for batch in rows_in_batches(here, *fields):
        suspects = [key for key, _name, offset_bytes, _state in batch if _bytes_there(key) < offset_bytes]
        moved_on = Upload.objects.filter(pk__in=suspects).unfinished()
        for upload in moved_on:
            if (n_there := _bytes_there(upload.pk)) < upload.offset_bytes and not _is_placed(upload):
                told = {"is": filesizeformat(max(0, n_there)), "was": filesizeformat(upload.offset_bytes)}
                says = _("only %(is)s of the %(was)s received are on the disk.") % told
                yield Disagreement(Kind.UPLOAD_LOST, upload.original_filename, says, str(upload.pk))
    asked = Job.objects.active().filter(kind=JobKind.INGEST, upload=OuterRef("pk"))
    for batch in rows_in_batches(Upload.objects.filter(~Exists(asked), state=UploadState.RECEIVED), fields[0]):
        for key, name in batch:
            says = _("it is complete, but no job is going to check it.")
            yield Disagreement(Kind.UPLOAD_STUCK, name, says, str(key), partial(mend.check_upload, key))


def _parts_without_upload() -> Iterator[Disagreement]:
    for batch in batches(old_entries(settings.UPLOADS_DIR)):
        needed = set(
            Upload.objects.with_part().filter(pk__in=_ids(entry.name for entry in batch)).values_list("pk", flat=True)
        )
        names = {part_file.part_path(pk).name for pk in needed}
        for entry in batch:
            if entry.name not in names:
                says = _nobody_knows(entry.stat(follow_symlinks=False).st_size)
                yield Disagreement(Kind.ORPHAN_UPLOAD, f"uploads/{entry.name}", says, entry.path)


def _being_checked(paths: list[str]) -> set[str]:
    """Return the files of uploads whose worker moved them into place and died before the commit."""
    unfinished = Upload.objects.filter(pk__in=_ids(paths), state=UploadState.RECEIVED).values_list("pk", flat=True)
    waiting = set(unfinished)
    return {path for path in paths if waiting & set(_ids([path]))}


def _being_deleted(paths: list[str]) -> set[str]:
    """Return the files of clips whose rows have let go of them, in an entry of the bin that a job is emptying."""
    rows = FinalClip.objects.filter(pk__in=_ids(paths), bin_entry__in=BinEntry.objects.being_emptied())
    going = set(rows.values_list("pk", flat=True))
    return {path for path in paths if going & set(_ids([path]))}


def _ids(paths: Iterable[str]) -> list[UUID]:
    """Return the ids in the names of these files; other names are left out."""
    found = []
    for path in paths:
        with suppress(ValueError):
            found.append(UUID(PurePosixPath(path).stem))
    return found


def _bytes_there(upload_id: UUID) -> int:
    """Return the bytes of an upload on disk; -1 for no file at all."""
    try:
        return part_file.part_path(upload_id).stat().st_size
    except FileNotFoundError:
        return -1


def _is_placed(upload: Upload) -> bool:
    """Return whether a worker moved the file already and died before the commit."""
    return files.exists(register.stored_path_of(upload))


def _nobody_knows(size_bytes: int) -> str:
    return _("no row refers to this file of %(size)s.") % {"size": filesizeformat(size_bytes)}
