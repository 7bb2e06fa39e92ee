"""Copies follow the names of people, tricks and sessions: the file is moved in the archive, and not sent again."""

from django.db.models import Q

from clips import pipeline
from clips.archive.configured import archive_name
from clips.archive.export import clip_folder_parts
from clips.models import ArchiveCopy, CopyState, FinalClip, JobKind

#: Behind what people wait for.
MOVE_PRIORITY = 7


def follow_names(clips: Q) -> int:
    """Start a job for each verified copy of these clips that lies in another folder than it should; return how many."""
    copies = ArchiveCopy.objects.filter(backend=archive_name(), state=CopyState.VERIFIED)
    names = ("clip__person", "clip__trick", "clip__original_file__shoot")
    n_started = 0
    copies = copies.filter(clip__in=FinalClip.objects.filter(clips)).select_related(*names)
    for copy in copies.iterator():
        if copy.path != "/".join([*clip_folder_parts(copy.clip), copy.clip.filename]):
            pipeline.start(JobKind.ARCHIVE, copy.clip, priority=MOVE_PRIORITY)
            n_started += 1
    return n_started
