"""Says what comes after an upload: which session can be sorted, and which failed lines somebody may dismiss."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from clips.jobs.summary import OF_ONE_UPLOAD
from clips.models import Job, JobState, Shoot, Upload, UploadSource, UploadState
from people.models import Member, Role


@dataclass(frozen=True)
class Next:
    """The session of the newest upload: how many of its videos were searched, and what is to sort by now."""

    shoot: Shoot
    n_videos: int
    n_searched: int
    n_to_sort: int

    @property
    def is_searched(self) -> bool:
        return self.n_searched == self.n_videos


def next_of(uploads: Iterable[Upload]) -> Next | None:
    """Return what comes after the newest of these uploads, ``with_moments``; None where none became a video."""
    videos = {
        one.original_file_id: one for one in uploads if one.original_file is not None and not is_failed(one)
    }  # a file that was sent twice is one video
    of_session = [one for one in videos.values() if not one.original_file.bin_entry_id]
    if not of_session:
        return None
    shoot = of_session[0].original_file.shoot
    mine = [one for one in of_session if one.original_file.shoot_id == shoot.pk]
    main = [one for one in mine if not one.original_file.low_res_of_id]  # small copies are not searched
    n_searched = sum(one.is_searched for one in main)
    return Next(shoot, len(main), n_searched, sum(one.n_to_sort for one in main))


def is_failed(upload: Upload) -> bool:
    """Return whether nothing will come of an upload."""
    if upload.state in {UploadState.FAILED, UploadState.GONE}:
        return True
    original = upload.original_file
    return original is not None and bool(original.problem) and original.duration_ms is None


def may_dismiss(upload: Upload, member: Member) -> bool:
    """Return whether a member may take a failed upload out of the list: their own, and curators what came by itself."""
    if not is_failed(upload):
        return False
    came_by_itself = upload.owner_id is None and upload.source != UploadSource.BROWSER
    return upload.owner_id == member.pk or (came_by_itself and member.may(Role.CURATOR))


def dismiss(upload: Upload) -> bool:
    """Take a failed upload out of the list, and its failed jobs with it; False if that was done before."""
    of_it = Q(upload=upload)
    if upload.original_file_id:
        of_it |= Q(original_file=upload.original_file_id)
    Job.objects.filter(of_it, kind__in=OF_ONE_UPLOAD, state=JobState.FAILED).cancel_all()
    return upload.dismiss()
