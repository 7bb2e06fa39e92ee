"""Repairs findings of an audit that need no guessing and lose nothing, mostly with a job that makes a file again.

Each function takes a row's key and returns what was done in a few words; "" if there was nothing left to do. None ever
deletes a camera file or a clip.
"""

import shutil
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.archive import adoption, clip_return, relocation
from clips.archive.backend import ArchiveBackend
from clips.archive.configured import archive_name
from clips.archive.item import current_item
from clips.archive.naming import read_names
from clips.archive.renaming import follow
from clips.disk import fetching
from clips.jobs import pipeline
from clips.jobs.backfill import BACKFILL_PRIORITY
from clips.models import (
    ArchiveCopy,
    ArchiveTouch,
    BinEntry,
    CandidateSegment,
    CopyState,
    FileName,
    Filmstrip,
    FinalClip,
    HandleCut,
    Job,
    JobKind,
    KeptPart,
    OriginalFile,
    Preview,
    ReelRender,
    SharedCopy,
    Upload,
    UploadState,
)
from clips.models.job import DEFAULT_PRIORITY
from clips.previews import filmstrips, requests
from clips.reels import rendering
from clips.sharing import links
from clips.storage import files


def fetch_when_needed(key: UUID) -> str:
    """Mark an original that is not on disk, but in the archive, as one to be fetched."""
    original = OriginalFile.objects.on_disk().filter(pk=key).first()
    if original is None or files.exists(original.stored_path):
        return ""
    kept = ArchiveCopy.objects.filter(
        original_file=key, backend=archive_name(), state=CopyState.VERIFIED, sha256=original.file_hash
    )  # fmt: skip
    if not kept.exists():
        return ""
    OriginalFile.objects.on_disk().filter(pk=key).update(evicted_at=timezone.now())
    return _("the archive has it, and it will be fetched when needed")


@transaction.atomic
def fetch_whole(key: UUID) -> str:
    """Start the job that fetches all of a trimmed original from the archive, because a part of it is damaged."""
    part = KeptPart.objects.filter(pk=key).select_related("original_file").first()
    if part is None or fetching.copy_of(part.original_file) is None:
        return ""
    pipeline.start(JobKind.FETCH, part.original_file, priority=BACKFILL_PRIORITY)
    return _("a job will fetch all of it from the archive")


def read_back(key: UUID) -> str:
    """Start the job that reads a damaged original once more, and mends it from the archive."""
    damaged = OriginalFile.objects.damaged().filter(pk=key)
    return _start(JobKind.READ_BACK, damaged, _("a job will mend it if the archive has it"))


def describe_again(shoot_id: UUID | None) -> str:
    """Have the file of a session written again, or that of the crew."""
    ArchiveTouch.objects.create(shoot_id=shoot_id)
    return _("it will be written again")


@transaction.atomic
def remake_preview(key: int) -> str:
    """Delete a preview whose file has changed; showing it asks for a new one."""
    preview = Preview.objects.filter(pk=key).select_related("segment__original_file").first()
    if preview is None or not Preview.objects.filter(pk=key, created_at=preview.created_at).delete()[0]:
        return ""
    if CandidateSegment.objects.undecided().filter(pk=preview.segment_id).exists():
        requests.want_preview(preview.segment)
        return _("a job will make it again")
    return _("its row is deleted; it will be made again when opened")


@transaction.atomic
def remake_poster(key: UUID) -> str:
    segment = CandidateSegment.objects.filter(pk=key).select_related("original_file").first()
    if segment is None:
        return ""
    CandidateSegment.objects.filter(pk=key, poster_path=segment.poster_path).update(poster_path="")
    pipeline.start(JobKind.POSTER, segment.original_file, priority=BACKFILL_PRIORITY, alone=True)
    return _("a job will make it again")


@transaction.atomic
def remake_filmstrip(key: int) -> str:
    strip = Filmstrip.objects.filter(pk=key).select_related("original_file").first()
    if strip is None:
        return ""
    strip.delete()
    filmstrips.want_filmstrip(strip.original_file, priority=BACKFILL_PRIORITY)
    return _("a job will make it again")


@transaction.atomic
def remake_shared(key: UUID) -> str:
    copy = SharedCopy.objects.filter(pk=key).select_related("clip").first()
    if copy is None:
        return ""
    SharedCopy.objects.filter(pk=key).update(stored_path="", size_bytes=None)
    links.start(copy.clip, links.LAST)
    return _("a job will make it again")


@transaction.atomic
def render_again(key: UUID) -> str:
    """Render a film whose file is gone from the plan in its row, which is what the edit was then."""
    film = ReelRender.objects.made().filter(pk=key).first()
    if film is None or not rendering.render_again(film):
        return ""
    return _("a job will render it again")


def forget_handles(key: UUID) -> str:
    """Delete the row of a clip with handles whose file is gone; downloading it again asks for a new one."""
    gone, _rows = HandleCut.objects.made().filter(pk=key).delete()
    return _("its row is deleted; it is cut again for who asks") if gone else ""


def recut(key: UUID) -> str:
    """Start the job that fetches a clip's file from the archive, or else cuts it again."""
    clip = FinalClip.objects.filter(pk=key, removed_at=None).exclude(stored_path="").first()
    if clip and not files.exists(clip.stored_path) and clip_return.want(clip):
        return _("a job will fetch it from the archive")
    return _start(JobKind.RENDER, FinalClip.objects.filter(pk=key, removed_at=None), _("a job will cut it again"))


def rearchive(key: UUID) -> str:
    """Start the job that sends a clip's copy, moves it, or records that somebody removed it."""
    cut = FinalClip.objects.filter(pk=key, removed_at=None).exclude(stored_path="")
    return _start(JobKind.ARCHIVE, cut, _("a job will check and fix it"))


@transaction.atomic
def bring_to_place(key: int) -> str:
    """Move a copy that is whole in another place to its own, also that of a camera file that was removed here."""
    copy = ArchiveCopy.objects.filter(pk=key, state=CopyState.VERIFIED).select_related("clip", "original_file").first()
    if copy is None:
        return ""
    pipeline.start(JobKind.ARCHIVE, copy.clip or copy.original_file, priority=BACKFILL_PRIORITY)
    return _("a job will move it to its place")


def rearchive_original(key: UUID) -> str:
    """Archive a camera file on disk again; does nothing for one that was removed here, whose copy is all there is."""
    return _start(JobKind.ARCHIVE, OriginalFile.objects.on_disk().filter(pk=key), _("a job will check and fix it"))


@transaction.atomic
def _start(kind: JobKind, row: QuerySet, says: str, *, priority: int = BACKFILL_PRIORITY) -> str:
    """Start the job of a row and return what was done; "" if the row is gone."""
    target = row.first()
    if target is None:
        return ""
    pipeline.start(kind, target, priority=priority)
    return says


def adopt_copy(backend: ArchiveBackend, file_id: str) -> str:
    """Point the row at the copy that was found; a second copy elsewhere goes to the trash."""
    held = backend.look(file_id)
    if held is None or held.is_trashed or not backend.folders_of(held.folder_id):
        return ""
    thing = adoption.thing_at(backend, file_id, held)
    if thing is None:
        named = read_names((), held.filename)
        return take_name(named.stem, named.number, named.ending) if named else ""
    if is_removed(thing):
        is_trashed = held.is_ours is not False and backend.trash(file_id)
        return _("it was removed, so it was moved to the archive's trash") if is_trashed else ""
    if copy := adoption.take_over(backend, thing, file_id, held):
        relocation.follow(copy, current_item(copy.clip or copy.original_file).thing)
        return _("its row refers to it again")
    if held.is_ours is not False and adoption.twin_of(backend, thing, file_id, held) and backend.trash(file_id):
        return _("the archive has it twice, so this one was moved to its trash")
    return ""


@transaction.atomic
def withdraw(key: UUID) -> str:
    """Withdraw a removed clip or video from the archive, where a restored backup brought it back."""
    thing = FinalClip.objects.filter(pk=key).first() or OriginalFile.objects.filter(pk=key).first()
    if thing is None or not is_removed(thing):
        return ""
    pipeline.start(JobKind.WITHDRAW, thing, priority=BACKFILL_PRIORITY)
    return _("a job will remove it from the archive")


def is_removed(thing: FinalClip | OriginalFile) -> bool:
    """Return whether a clip or video is gone for good; of what can still be restored the archive keeps its copies.

    Of a removed clip one of its versions has the time, for all of them.
    """
    if isinstance(thing, OriginalFile):
        return BinEntry.objects.filter(files=thing, emptying_at__isnull=False).exists()
    removed = FinalClip.objects.filter(lineage=thing.lineage).exclude(removed_at=None)
    return removed.exclude(bin_entry__isnull=False, bin_entry__emptying_at=None).exists()


def check_upload(key: UUID) -> str:
    received = Upload.objects.filter(pk=key, state=UploadState.RECEIVED)
    return _start(JobKind.INGEST, received, _("a job will check it"), priority=DEFAULT_PRIORITY)


def take_name(stem: str, number: int, ending: str) -> str:
    _name, is_new = FileName.objects.get_or_create(stem=stem, number=number, defaults={"ending": ending})
    return _("the name is recorded as taken") if is_new else ""


def rename(key: UUID) -> str:
    clip = FinalClip.objects.filter(pk=key).select_related("original_file__shoot").first()
    if clip is None:
        return ""
    follow(clip.original_file.shoot)
    return _("a job will rename it")


def copy_drive_id(clip_id: UUID) -> str:
    copy = ArchiveCopy.objects.filter(clip=clip_id, backend="drive", state="VERIFIED").first()
    n_changed = FinalClip.objects.filter(pk=clip_id).update(drive_file_id=copy.remote_id if copy else "")
    return _("copied from the copy") if n_changed else ""


def retell(key: UUID) -> str:
    """Return a job whose worker fell silent to the queue, or publish a waiting one again."""
    if pipeline.return_expired(Job.objects.filter(pk=key)):
        return _("it failed: %(why)s") % {"why": Job.objects.get(pk=key).reason}
    job = Job.objects.due().filter(pk=key).first()
    if job is None:
        return ""
    pipeline.publish(job)
    return _("it was sent to the broker again")


def remove_stored(stored_path: str) -> str:
    """Delete a file that can be made again from its store. Never called for a camera file or a clip."""
    files.delete([stored_path])
    return _("removed")


def remove(path: Path) -> str:
    """Delete leftovers of a worker."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return _("removed")
