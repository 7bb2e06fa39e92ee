"""Makes a new version of a clip, in the same lineage and with its own name; the old one is kept."""

from django.db import transaction
from django.utils.translation import gettext as _

from clips.jobs import pipeline
from clips.media.formats.suffixes import ending_of
from clips.models import ArchiveCopy, CopyState, FinalClip, Job, JobKind
from clips.sharing import links
from clips.sorting.decisions import Choice, ConflictError, check_trim, choice_of, is_chosen, make_clip
from clips.storage import files
from people.models import Member


class UnchangedError(Exception):
    """The new version would equal the old one. The text is one sentence."""


def reedit(clip: FinalClip, choice: Choice, *, member: Member) -> FinalClip:
    """Make a new version of a current clip and return it; a repeated call returns what the first one made.

    Raises
    ------
    TrimError
        If the span is empty or lies outside the file.
    UnchangedError
        If nothing differs from the clip as it is.
    ConflictError
        If somebody else changed or removed the clip meanwhile.
    """
    check_trim(clip.original_file, choice.start_ms, choice.end_ms)
    with transaction.atomic():
        # Locks the row: of two who edit at once the second one waits here, and then finds nothing to replace.
        replaced = FinalClip.objects.filter(pk=clip.pk, is_current=True).update(is_current=False)
        if not replaced:
            return _made_before(clip, choice, member)
        if is_chosen(choice, clip):
            raise UnchangedError(_("Nothing has changed yet."))
        stars = FinalClip.objects.values_list("stars", flat=True).get(pk=clip.pk)  # as they are behind the lock
        of_clip = {"candidate_segment": clip.candidate_segment, "lineage": clip.lineage, "stars": stars}
        version = make_clip(clip.original_file, choice, member, **of_clip)
        if not _takes_over(version, clip):
            pipeline.start(JobKind.RENDER, version)
    return version


def use_again(version: FinalClip, *, member: Member) -> FinalClip:
    """Make the newest version equal to an earlier one, and return it; raises the errors of ``reedit``.

    The earlier one stays what it is, so this can be taken back in the same way.
    """
    current = current_version(version)
    if current is None:
        raise ConflictError(_("This clip has been removed."))
    return reedit(current, choice_of(version), member=member)


def current_version(clip: FinalClip) -> FinalClip | None:
    """Return the current version of a clip's lineage; None if it was removed."""
    return FinalClip.objects.with_names().filter(lineage=clip.lineage, is_current=True).first()


def _takes_over(version: FinalClip, clip: FinalClip) -> bool:
    """Give a version with the same frames the file of the previous one; False if it has to be cut.

    What archives hold of it goes along, so that they move it to its new place, and keep nothing under a wrong name.
    """
    clip.refresh_from_db()
    stored_path = f"final_clips/{version.pk}.{ending_of(clip.stored_path)}"
    is_same = (version.start_ms, version.end_ms) == (clip.start_ms, clip.end_ms)
    if not (is_same and clip.stored_path and files.duplicate(clip.stored_path, stored_path)):
        return False
    cut = {"ending": ending_of(stored_path), "tracks": clip.tracks, "lead_us": clip.lead_us}
    same_file = {"file_hash": clip.file_hash, "crc32": clip.crc32, "size_bytes": clip.size_bytes}
    version.note_cut(cut, stored_path=stored_path, **same_file)
    if ArchiveCopy.objects.filter(clip=clip, state=CopyState.VERIFIED).update(clip=version):
        for job in Job.objects.active().filter(clip=clip, kind=JobKind.ARCHIVE):
            job.cancel()  # it would bring what goes along back to its old place
    FinalClip.objects.filter(pk=clip.pk).update(drive_file_id="")
    version.refresh_from_db()
    pipeline.start(JobKind.ARCHIVE, version)
    links.want_playable(version, priority=links.LAST)
    return True


def _made_before(clip: FinalClip, choice: Choice, member: Member) -> FinalClip:
    """Return the version that this request made already, if it was sent twice. ConflictError otherwise."""
    current = current_version(clip)
    if current is None:
        raise ConflictError(_("This clip has been removed."))
    if current.created_by_id == member.pk and is_chosen(choice, current):
        return current
    raise ConflictError(_("Somebody else changed this clip. This is the current version; your changes were not saved."))
