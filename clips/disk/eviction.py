"""Frees disk space, in this order: scratch files, pieces to watch, previews of sorted moments, films of edits and clips
with handles, unneeded originals.

Each step stops as soon as enough is free. What was deleted, and why, is logged and kept as rows (``Eviction``).
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.archive.backend import ArchiveError
from clips.archive.configured import archive_backend
from clips.disk import evictable, fetching
from clips.models import EvictedKind, Eviction, HandleCut, Job, JobKind, OriginalFile, ReelRender
from clips.previews import cache, pieces
from clips.storage import files as storage
from clips.storage import kept_sounds, local_cache

logger = logging.getLogger(__name__)

#: Longer than a job may take: what is older belongs to a worker that was killed.
SCRATCH_AFTER_S = settings.CELERY_TASK_TIME_LIMIT + 3600
#: Whoever asked for a film, or for clips with handles, comes to download it.
FILM_STAYS_FOR = timedelta(hours=24)
#: The original's bytes may be left where we died between writing down that it goes and deleting it.
MOST_LEFTOVERS = 200


@dataclass(frozen=True)
class Freed:
    """Something that was deleted, or would be."""

    kind: EvictedKind
    name: str
    size_bytes: int
    why: str
    n_files: int = 1
    original: OriginalFile | None = None

    def note(self) -> None:
        logger.info("Made room: %s (%d bytes, %s): %s.", self.name, self.size_bytes, self.kind.label, self.why)
        Eviction.objects.create(
            kind=self.kind, original_file=self.original, n_files=self.n_files, size_bytes=self.size_bytes, why=self.why
        )


def make_room(to_free_bytes: int, *, dry_run: bool = False, report: Callable[[Freed], None] | None = None) -> int:
    """Delete expendable files until enough is free; return how many bytes were, or would be, deleted.

    Originals are looked up in the archive once more before they go. Where it cannot be asked, those it holds stay.
    """
    freed_bytes = 0
    for step in (_scratch, _pieces, _previews, _films, _originals):
        for freed in step(to_free_bytes - freed_bytes, dry_run):
            freed_bytes += freed.size_bytes
            if not dry_run:
                freed.note()
            if report:
                report(freed)
        if freed_bytes >= to_free_bytes:
            break
    return freed_bytes


def _scratch(to_free_bytes: int, dry_run: bool) -> Iterator[Freed]:
    """Delete all abandoned work files at once, since keeping them helps nobody."""
    if to_free_bytes <= 0 or not settings.SCRATCH_DIR.is_dir():
        return
    fetched = Job.objects.active().filter(kind=JobKind.FETCH).values_list("original_file", flat=True)
    growing = {f"{pk}{fetching.PART_SUFFIX}" for pk in fetched}
    why = _("no worker is using it")
    for path in sorted(settings.SCRATCH_DIR.iterdir()):
        if path.name in growing | {local_cache.FOLDER, kept_sounds.FOLDER} or not _is_left(path):
            continue
        size_bytes = _size_of(path)
        if not dry_run:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        to_free_bytes -= size_bytes
        yield Freed(EvictedKind.SCRATCH, f"scratch/{path.name}", size_bytes, why)
    if to_free_bytes > 0 and not dry_run and (n_bytes := local_cache.drop_unused(to_free_bytes)):
        why = _("no job is using them, and the bucket has them")
        yield Freed(EvictedKind.SCRATCH, f"scratch/{local_cache.FOLDER}", n_bytes, why)
        to_free_bytes -= n_bytes
    if to_free_bytes > 0 and not dry_run and (n_bytes := kept_sounds.drop_unused(to_free_bytes)):
        why = _("they are read again when they are needed")
        yield Freed(EvictedKind.SCRATCH, f"scratch/{kept_sounds.FOLDER}", n_bytes, why)


def _pieces(to_free_bytes: int, dry_run: bool) -> Iterator[Freed]:
    if to_free_bytes <= 0 or not storage.store_of(cache.FOLDER).is_local:
        return
    n_files, size_bytes = pieces.drop_oldest(to_free_bytes, dry_run=dry_run)
    if n_files:
        name = ngettext("%(n)d piece of a video", "%(n)d pieces of videos", n_files) % {"n": n_files}
        yield Freed(EvictedKind.PREVIEW, name, size_bytes, _("they are made again for who watches"), n_files)


def _previews(to_free_bytes: int, dry_run: bool) -> Iterator[Freed]:
    if to_free_bytes <= 0 or not storage.store_of(cache.FOLDER).is_local:
        return
    n_files, size_bytes = cache.drop_sorted(to_free_bytes, dry_run=dry_run)
    if n_files:
        name = ngettext("%(n)d preview", "%(n)d previews", n_files) % {"n": n_files}
        why = _("their moments are sorted, and they can be made again")
        yield Freed(EvictedKind.PREVIEW, name, size_bytes, why, n_files)


def _films(to_free_bytes: int, dry_run: bool) -> Iterator[Freed]:
    """Delete what was made of clips and nobody wanted in the last hours, what was wanted longest ago first."""
    n_films, films_bytes = _drop_made(ReelRender.objects.made(), to_free_bytes, dry_run)
    if n_films:
        name = ngettext("%(n)d rendered film", "%(n)d rendered films", n_films) % {"n": n_films}
        yield Freed(EvictedKind.PREVIEW, name, films_bytes, _("they can be rendered again"), n_films)
    n_cuts, cuts_bytes = _drop_made(HandleCut.objects.made(), to_free_bytes - films_bytes, dry_run)
    if n_cuts:
        name = ngettext("%(n)d clip with handles", "%(n)d clips with handles", n_cuts) % {"n": n_cuts}
        yield Freed(EvictedKind.PREVIEW, name, cuts_bytes, _("they can be cut again"), n_cuts)


def _drop_made(made: QuerySet, to_free_bytes: int, dry_run: bool) -> tuple[int, int]:
    """Delete files of rows that nobody looked at in the last hours; return how many, and their bytes."""
    n_files = size_bytes = 0
    if to_free_bytes <= 0 or not storage.store_of("final_clips").is_local:
        return 0, 0
    rows = made.filter(seen_at__lt=timezone.now() - FILM_STAYS_FOR)
    for film in rows.order_by("seen_at").only("stored_path", "size_bytes"):
        if size_bytes >= to_free_bytes:
            break
        if not dry_run:
            if not rows.filter(pk=film.pk).delete()[0]:
                continue
            storage.discard([film.stored_path])
        n_files, size_bytes = n_files + 1, size_bytes + (film.size_bytes or 0)
    return n_files, size_bytes


def _originals(to_free_bytes: int, dry_run: bool) -> Iterator[Freed]:
    if to_free_bytes <= 0 or not storage.store_of("originals").is_local:
        return
    if not dry_run:
        delete_leftovers()
    for original in evictable.evictable().select_related("shoot").defer("probe").iterator(chunk_size=50):
        if to_free_bytes <= 0:
            return
        if not (dry_run or let_go(original)):
            continue
        to_free_bytes -= original.size_bytes
        name = f"{original.original_filename} ({original.shoot})"
        why = evictable.why_it_goes(original)
        yield Freed(EvictedKind.ORIGINAL, name, original.size_bytes, why, original=original)


def let_go(original: OriginalFile) -> bool:
    """Evict one original (``evictable``) if still nothing ties it to the disk; return whether it was deleted.

    The row says so first, then the file is deleted: whoever needs it asks for it to be fetched back, and never finds
    half of it. A job that was claimed meanwhile is seen behind the lock, for it asks for the original behind it, too.
    """
    if original.is_archived and not _is_in_archive(original):
        return False
    gone_at = timezone.now()
    with transaction.atomic():
        OriginalFile.objects.select_for_update().get(pk=original.pk)
        may_go = evictable.evictable().filter(pk=original.pk)
        going = OriginalFile.objects.filter(pk__in=may_go.order_by().values("pk"))
        # Whoever has it back has seven days again before it is trimmed.
        if not going.update(evicted_at=gone_at, trim_at=None, trim_by=None):
            return False
    _delete_bytes(original)
    return True


def delete_leftovers() -> None:
    """Delete the bytes of evicted originals whose worker died before it could."""
    recent = OriginalFile.objects.evicted().filter(trimmed_at=None).defer("probe")
    recent = recent.order_by("-evicted_at")[:MOST_LEFTOVERS]
    for original in recent:
        if storage.exists(original.stored_path):
            _delete_bytes(original)


def _delete_bytes(original: OriginalFile) -> None:
    with transaction.atomic():
        # It may have been brought back meanwhile; whoever does that holds this lock while he puts it in its place.
        still = OriginalFile.objects.select_for_update().evicted().filter(pk=original.pk)
        if still.exists():
            storage.delete([original.stored_path])


def _is_in_archive(original: OriginalFile) -> bool:
    """Check whether the archive holds an original right now; a job handles a missing copy."""
    copy = fetching.copy_of(original)
    if copy is None:
        return False
    try:
        held = archive_backend().look(copy.remote_id)
    except ArchiveError as error:
        logger.warning("%s stays: the archive cannot be reached (%s).", original, error)
        return False
    if held and not held.is_trashed and held.sha256 == original.file_hash:
        return True
    logger.warning("%s stays: the archive no longer has it.", original)
    # It writes down how it is; what people threw away is not sent again by itself.
    Job.objects.for_target(JobKind.ARCHIVE, original)
    return False


def _is_left(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - SCRATCH_AFTER_S
    except FileNotFoundError:
        return False


def _size_of(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
