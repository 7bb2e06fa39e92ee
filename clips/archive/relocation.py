"""Moves copies in the archive when people, tricks or sessions are renamed, without sending them again."""

from collections.abc import Iterable

from django.db.models import QuerySet

from clips.archive.configured import archive_name
from clips.archive.item import item_of
from clips.jobs import pipeline
from clips.models import ArchiveCopy, CopyState, FinalClip, JobKind, OriginalFile

#: Behind what people wait for.
MOVE_PRIORITY = 7


def copies_follow(clips: Iterable) -> int:
    """Start a job for each verified copy of these clips (by id) in the wrong place; return how many."""
    copies = ArchiveCopy.objects.filter(backend=archive_name(), state=CopyState.VERIFIED)
    copies = copies.filter(clip__in=clips, clip__removed_at=None)  # a removed one is on its way into the trash
    copies = copies.select_related("clip__person", "clip__trick", "clip__original_file__shoot")
    copies = copies.prefetch_related("clip__also")
    return sum(follow(copy, copy.clip) for copy in copies.defer("clip__original_file__probe"))


def originals_follow(originals: QuerySet) -> int:
    """Do the same for camera files whose session was renamed, or that were moved to another one."""
    copies = ArchiveCopy.objects.filter(backend=archive_name(), state=CopyState.VERIFIED)
    copies = copies.filter(original_file__in=originals.values("pk")).select_related("original_file__shoot")
    return sum(follow(copy, copy.original_file) for copy in copies.defer("original_file__probe").iterator())


def follow(copy: ArchiveCopy, thing: FinalClip | OriginalFile) -> bool:
    """Start a job for a copy that is not at the place of its names; return whether it is not.

    Of one that was taken over where it lies the job also writes down in which folder that is.
    """
    if isinstance(thing, FinalClip) and not thing.stored_path:
        return False  # the job that cuts it goes before, and starts this one
    item = item_of(thing)
    is_elsewhere = copy.folder_id is None or copy.path != "/".join([*item.folders, copy.named(item.filename)])
    if is_elsewhere:
        pipeline.start(JobKind.ARCHIVE, thing, priority=MOVE_PRIORITY)
    return is_elsewhere
