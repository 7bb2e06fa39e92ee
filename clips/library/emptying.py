"""Empties the bin: deletes the files of an entry for good, here and in the archive, by a job.

Rows say first that the bytes are gone, then the bytes go: a worker that is killed in between leaves no row that
promises what is not there, and whoever does the job again deletes by the same names. Rows of clips and videos stay, so
that no file name is given twice and the same card is recognised.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.archive.configured import archive_name
from clips.disk import fetching
from clips.jobs import pipeline
from clips.jobs.backfill import BACKFILL_PRIORITY
from clips.jobs.worker import Claim
from clips.library import bin_rights
from clips.library.bin_rights import BinError, NotAllowedError
from clips.media.formats.suffixes import ending_of
from clips.models import (
    ArchiveCopy,
    BinEntry,
    BinKind,
    CandidateSegment,
    CopyState,
    Filmstrip,
    FinalClip,
    Job,
    JobKind,
    KeptPart,
    OriginalFile,
    Preview,
    SharedCopy,
    Shoot,
    Upload,
    WaitsFor,
)
from clips.models.job import LOOK_INTO_BIN_AFTER, NOT_HELD_BY_BIN
from clips.models.talk import delete_talk
from clips.previews import filmstrips, requests
from clips.sharing import links
from clips.storage import files, kept_sounds, local_cache
from people.audit import Action, note
from people.models import Member

#: So many clips' rows are held at once.
BATCH = 200
#: A clip of a deleted video is cut within this time; then the video may go.
CUT_FIRST = timedelta(minutes=10)


# --- when it is emptied -----------------------------------------------------------------------------------------------


def says(entry: BinEntry) -> str:
    """Return in one sentence what deleting an entry now takes away."""
    if entry.kind == BinKind.EDIT:
        return _("Deletes this edit for good. Its clips stay.")
    parts = []
    if entry.n_videos:
        parts.append(ngettext("%(n)d video", "%(n)d videos", entry.n_videos) % {"n": entry.n_videos})
    if entry.n_clips:
        parts.append(ngettext("%(n)d clip", "%(n)d clips", entry.n_clips) % {"n": entry.n_clips})
    if entry.n_moments:
        parts.append(ngettext("%(n)d moment", "%(n)d moments", entry.n_moments) % {"n": entry.n_moments})
    if entry.size_bytes or not parts:
        parts.append(filesizeformat(entry.size_bytes))
    told = ", ".join(parts)
    if not entry.n_archived:
        return _("Deletes %(what)s for good.") % {"what": told}
    if archive_name() == "drive":
        return _("Deletes %(what)s for good; the archive’s copies go to Drive’s trash.") % {"what": told}
    return _("Deletes %(what)s for good; the archive’s copies go to its trash folder.") % {"what": told}


@transaction.atomic
def delete_now(entry: BinEntry, member: Member) -> None:
    """Delete an entry's files without waiting; BinError if it was restored, or clips in use still need its video."""
    if not bin_rights.may_delete_now(member):
        raise NotAllowedError(_("Only curators can delete for good."))
    if uncut_clips(entry).exists():
        raise BinError(_("Clips of this video are still being cut. Try again when they are."))
    if not _begin(entry):
        raise BinError(_("This was restored or deleted meanwhile."))
    note(Action.EMPTIED, entry, actor=member, kind=entry.kind, size_bytes=entry.size_bytes)


def look_after() -> int:
    """Start the jobs for entries whose time is over, and for those whose job was lost; return how many."""
    n_begun = sum(_begin(entry) for entry in BinEntry.objects.overdue().order_by("thrown_at"))
    asked = Job.objects.active().filter(kind=JobKind.EMPTY, bin_entry=OuterRef("pk"))
    for entry in BinEntry.objects.being_emptied().filter(~Exists(asked)):
        pipeline.start(JobKind.EMPTY, entry, priority=BACKFILL_PRIORITY)
    return n_begun


@transaction.atomic
def _begin(entry: BinEntry) -> bool:
    begun = entry.begin_emptying()
    if begun:
        pipeline.start(JobKind.EMPTY, entry, priority=BACKFILL_PRIORITY)
    return begun


def uncut_clips(entry: BinEntry) -> QuerySet:
    """Return the clips in use that a job is still to cut from an entry's videos."""
    asked = Job.objects.active().filter(kind=JobKind.RENDER, clip=OuterRef("pk"))
    return FinalClip.objects.current().filter(Exists(asked), original_file__bin_entry=entry, stored_path="")


# --- what jobs do about the bin ---------------------------------------------------------------------------------------


def waits_in_bin(job: Job) -> bool:
    """Let a claimed job wait whose clip or video is in the bin; return whether it has to."""
    if job.kind in NOT_HELD_BY_BIN or _entry_of(job) is None:
        return False
    with transaction.atomic():
        # Who restores it holds these rows, and sees this job either running or waiting for the bin.
        OriginalFile.objects.filter(pk=_video_of(job)).hold()
        FinalClip.objects.filter(pk=job.clip_id).hold()
        entry = _entry_of(job)
        if entry is None:
            return False
        if entry.is_lying:
            job.postpone(timezone.now() + LOOK_INTO_BIN_AFTER, waits_for=WaitsFor.BIN)
        else:
            job.cancel()
    return True


def _entry_of(job: Job) -> BinEntry | None:
    """Return the entry in which a job's clip or video is; None if it is in none."""
    if job.clip_id:
        return BinEntry.objects.filter(clips=job.clip_id).first()
    video = _video_of(job)
    return BinEntry.objects.filter(files=video).first() if video else None


def _video_of(job: Job) -> UUID | None:
    return job.segment.original_file_id if job.segment_id else job.original_file_id


def empty(work: Claim) -> None:
    """Do the EMPTY job: delete the files of one entry. Repeated, it deletes what is left and changes nothing else."""
    entry = work.job.bin_entry
    if uncut_clips(entry).exists():
        says = _("Clips of this video are cut first.")
        work.job.postpone(timezone.now() + CUT_FIRST, reason=says)
        return
    clips = list(entry.clips.order_by("pk").values_list("pk", flat=True))
    for n_done, batch in _batches(clips):
        _empty_clips(entry, batch, work)
        work.report(n_done / len(clips) / 2)
    videos = list(entry.files.order_by("pk"))
    for n_done, video in enumerate(videos, start=1):
        _empty_video(entry, video, work)
        work.report(0.5 + n_done / len(videos) / 2)
    with work.finishing():
        entry.note_emptied()
        entry.reels.all().delete()
        _drop_empty_sessions(entry)


def _batches(ids: list[UUID]) -> Iterator[tuple[int, list[UUID]]]:
    """Yield ids in portions, each with how many there were so far."""
    rest, n_done = iter(ids), 0
    while batch := list(islice(rest, BATCH)):
        n_done += len(batch)
        yield n_done, batch


def _empty_clips(entry: BinEntry, ids: list[UUID], work: Claim) -> None:
    rows = FinalClip.objects.filter(pk__in=ids, bin_entry=entry)
    with transaction.atomic():
        rows.hold()
        work.job.renew(None)  # LeaseLostError where another worker has it by now
        paths = _paths_of_clips(rows)
        hashes = set(rows.exclude(file_hash="").values_list("file_hash", flat=True))
        _withdraw(rows, clip__in=ids)
        Job.objects.filter(clip__in=ids).exclude(kind=JobKind.WITHDRAW).cancel_all()
        copies = SharedCopy.objects.filter(clip__in=ids)
        copies.update(stored_path="", size_bytes=None)
        paths |= {links.stored_path(pk) for pk in copies.values_list("pk", flat=True)}
        rows.update(stored_path="", file_hash="", size_bytes=None)
        _delete_talk(rows)
    files.delete(sorted(paths))
    for file_hash in hashes:
        local_cache.drop(file_hash)
    SharedCopy.objects.filter(clip__in=ids).delete()


def _delete_talk(rows: QuerySet) -> None:
    """Delete what was said of clips of which no version is left, nor could be restored."""
    left = FinalClip.objects.filter(Q(removed_at=None) | Q(bin_entry__in=BinEntry.objects.lying()))
    gone = rows.exclude(lineage__in=left.values("lineage"))
    delete_talk(gone.values_list("lineage", flat=True))


def _paths_of_clips(rows: QuerySet) -> set[str]:
    """Return where files of these clips lie, or lay before their rows let go of them."""
    paths = set(rows.exclude(stored_path="").values_list("stored_path", flat=True))
    return paths | {f"final_clips/{pk}.{ending_of(name)}" for pk, name in rows.values_list("pk", "filename")}


def _empty_video(entry: BinEntry, video: OriginalFile, work: Claim) -> None:
    paths = [filmstrips.stored_path(video)]
    with transaction.atomic():
        if not _hold_video(entry, video):
            return
        work.job.renew(None)
        loose = _segments_without_clips(video)
        CandidateSegment.objects.filter(pk__in=loose).lock_in_order()
        of_video = Q(original_file=video) | Q(segment__original_file=video)
        Job.objects.filter(of_video).exclude(kind=JobKind.WITHDRAW).cancel_all()
        _withdraw(OriginalFile.objects.filter(pk=video.pk), original_file=video)
        Filmstrip.objects.filter(original_file=video).delete()
        Preview.objects.filter(segment__in=loose).delete()
        CandidateSegment.objects.filter(pk__in=loose).update(poster_path="")
        paths += [path for pk in loose for path in requests.stored_paths(pk)]
        gone = {"evicted_at": Coalesce("evicted_at", timezone.now()), "trimmed_at": None, "trim_at": None}
        OriginalFile.objects.filter(pk=video.pk).update(**gone)
        parts = KeptPart.objects.filter(original_file=video)
        paths += parts.values_list("stored_path", flat=True)
        parts.delete()
    with transaction.atomic():
        # It may have been brought in anew meanwhile; whoever does that holds this lock while he puts it in its place.
        if not _hold_video(entry, video):
            return
        files.delete([*paths, video.stored_path])
    fetching.part_path(video).unlink(missing_ok=True)
    local_cache.drop(video.file_hash)
    kept_sounds.drop(video.file_hash)


def _hold_video(entry: BinEntry, video: OriginalFile) -> bool:
    """Lock a video's row; False if it has left the entry."""
    return bool(OriginalFile.objects.filter(pk=video.pk, bin_entry=entry).hold())


def _segments_without_clips(video: OriginalFile) -> list[UUID]:
    """Return the moments that no clip needs a picture of, in use or restorable."""
    needed = Q(removed_at=None) | Q(bin_entry__in=BinEntry.objects.lying())
    clips = FinalClip.objects.filter(needed, candidate_segment=OuterRef("pk"))
    return list(CandidateSegment.objects.filter(~Exists(clips), original_file=video).values_list("pk", flat=True))


def _withdraw(things: QuerySet, **of_things: Any) -> None:
    """Start the jobs that take copies out of every archive; from now on no row says that it has them."""
    copies = ArchiveCopy.objects.filter(**of_things).exclude(state=CopyState.WITHDRAWN).exclude(remote_id="")
    owners = {owner for pair in copies.values_list("clip", "original_file") for owner in pair}
    for thing in things.filter(pk__in=owners - {None}):
        pipeline.start(JobKind.WITHDRAW, thing, priority=BACKFILL_PRIORITY)
    copies.update(state=CopyState.WITHDRAWN, verified_at=None, session="")
    if things.model is FinalClip:
        things.exclude(drive_file_id="").update(drive_file_id="")


def _drop_empty_sessions(entry: BinEntry) -> None:
    """Delete sessions that never had a video; the others are still what their deleted videos belong to."""
    files = OriginalFile.objects.filter(shoot=OuterRef("pk"))
    pks = list(Shoot.objects.filter(~Exists(files), bin_entry=entry).values_list("pk", flat=True))
    Upload.objects.filter(shoot__in=pks).update(shoot=None)
    Shoot.objects.filter(pk__in=pks).delete()
