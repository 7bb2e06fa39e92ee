"""Moves a file that was recorded on another day than its session, and its clips, to the session of that day.

Clips have the date in their names and folders, and the recording time inside their files. So each kept clip becomes a
new version of the same lineage under the new date, which is cut and archived like any new version; the one with the
wrong date stays on the clip's page and is withdrawn from the archive.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from clips.jobs import pipeline
from clips.models import FinalClip, Job, JobKind, OriginalFile, Shoot
from clips.sorting.decisions import choice_of, make_clip


class OwnDayError(Exception):
    """The file cannot be moved. The text is one sentence."""


@transaction.atomic
def move_to_own_day(original: OriginalFile) -> int:
    """Move a file and its small copies to the session of the same name on the day it was recorded.

    Returns
    -------
    int
        How many clips got the new date.

    Raises
    ------
    OwnDayError
        If nobody knows on which day it was recorded, it lies in that day's session already, or somebody was faster.
    """
    original = OriginalFile.objects.select_related("shoot").get(pk=original.pk)
    own_day = original.local_day
    if own_day is None:
        raise OwnDayError(_("%(file)s does not say when it was recorded.") % {"file": original})
    if own_day == original.shoot.date:
        raise OwnDayError(_("%(file)s is already in the session of the day it was recorded.") % {"file": original})
    target = Shoot.objects.like(original.shoot, original.shoot.name, own_day)
    Shoot.objects.filter(pk__in=[original.shoot_id, target.pk]).hold()  # both at once, in the order of everybody
    locked = OriginalFile.objects.select_for_update(of=("self",)).get(pk=original.pk)
    if (locked.shoot_id, locked.local_day) != (original.shoot_id, own_day):
        raise OwnDayError(_("Somebody else just changed %(file)s.") % {"file": original})
    moved = OriginalFile.objects.filter(pk__in=[original.pk, *original.low_res_copies.values_list("pk", flat=True)])
    moved.update(shoot=target)
    moved.place_in_time()
    original.refresh_from_db()
    clips = FinalClip.objects.current().filter(original_file=original)
    clips = list(clips.select_for_update(of=("self",)).order_by("created_at"))
    for clip in clips:
        _give_new_date(clip, original)
    return len(clips)


def _give_new_date(clip: FinalClip, original: OriginalFile) -> None:
    FinalClip.objects.filter(pk=clip.pk).update(is_current=False)
    of_clip = {"candidate_segment": clip.candidate_segment, "lineage": clip.lineage, "stars": clip.stars}
    version = make_clip(original, choice_of(clip), clip.created_by, **of_clip)
    pipeline.start(JobKind.RENDER, version)
    # Again until there is none: a cut that ends at this moment starts the archiving.
    ended = Job.objects.active().filter(clip=clip, kind__in=[JobKind.RENDER, JobKind.ARCHIVE]).order_by("pk")
    while jobs := list(ended.all()):
        for job in jobs:
            job.cancel()
    if clip.jobs.filter(kind=JobKind.ARCHIVE).exists():
        pipeline.start(JobKind.WITHDRAW, clip)
