"""Requests share videos, which play everywhere, and makes links that show one to people without an account."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.jobs import pipeline
from clips.models import FinalClip, Job, JobKind, JobState, OriginalFile, SharedCopy, ShareLink, ShareSound
from clips.previews.playback import lacks_copy
from clips.storage import files
from people.models import Member

FOLDER = "final_clips/shared"
#: Somebody looks at the gap; somebody asked for it; nobody has yet.
URGENT, ASKED, LAST = 0, 3, 9
#: What the pages offer; each at most once for a clip and a kind of sound.
SLOW_DOWNS = (1, 2, 4, 8)
#: Slower than film nothing moves any more: 23.976, with a little room for a clock that runs late.
SLOWEST_HZ = 23.9


class NotSharableError(Exception):
    """The clip cannot be copied or shown as asked. The text is one sentence."""


@dataclass(frozen=True)
class CopyState:
    """State of a copy: "ready", "waiting", "failed", or "absent" (not requested)."""

    name: str
    progress: float = 0
    reason: str = ""


def slow_downs(original: OriginalFile) -> list[int]:
    """Return the slow-motion factors at which a file's movements still look smooth."""
    rate_hz = float(original.rate or 0)
    return [times for times in SLOW_DOWNS if times == 1 or rate_hz / times >= SLOWEST_HZ]


@transaction.atomic
def want_copy(
    clip: FinalClip, slow_down: int = 1, sound: str = ShareSound.STRETCH, *, priority: int = ASKED
) -> SharedCopy:
    """Request a copy of a clip; one that exists, or is being made, is not made again.

    Raises
    ------
    NotSharableError
        If the clip was removed.
    """
    # The row is held so that a worker which ends meanwhile either sees the new copy or has ended before.
    if not FinalClip.objects.filter(pk=clip.pk, removed_at=None).select_for_update().exists():
        raise NotSharableError(_("This clip has been removed."))
    if slow_down == 1:
        sound = ShareSound.STRETCH  # kept as it is
    copy, _is_new = SharedCopy.objects.get_or_create(clip=clip, slow_down=slow_down, sound=sound)
    if not (copy.stored_path and files.exists(copy.stored_path)):
        SharedCopy.objects.filter(pk=copy.pk).exclude(stored_path="").update(stored_path="", size_bytes=None)
        start(clip, priority)
    return copy


def want_playable(clip: FinalClip, *, priority: int) -> None:
    """Request a copy of a clip that browsers do not play as it is; does nothing for other or removed clips."""
    if lacks_copy(clip) and clip.removed_at is None:
        want_copy(clip, priority=priority)


def start(clip: FinalClip, priority: int) -> Job:
    """Request the missing copies of a clip; a waiting job moves ahead if this request is more urgent."""
    job = pipeline.start(JobKind.SHARE, clip, priority=priority)
    if job.priority > priority:
        Job.objects.filter(pk=job.pk).update(priority=priority)
        job.priority = priority  # with which the broker is told of it once more, when this is committed
    return job


def next_wanted(clip: FinalClip) -> SharedCopy | None:
    """Return the copy to make next: the last one requested, which somebody is waiting for."""
    return clip.shared_copies.filter(stored_path="").order_by("-created_at").first()


def state_of(copy: SharedCopy, job: Job | None) -> CopyState:
    """Return the state of a copy, from the last job that makes copies of its clip."""
    if copy.stored_path:
        return CopyState("ready")
    if job is None or job.state == JobState.DONE:
        return CopyState("absent")
    if job.is_active:
        return CopyState("waiting", progress=job.progress)
    return CopyState("failed", reason=job.reason or _("This copy was cancelled."))


def make_link(copy: SharedCopy, member: Member, days: int | None) -> tuple[ShareLink, str]:
    """Make a link to a copy that expires after some days, or never; return it and its secret, shown only here.

    Raises
    ------
    NotSharableError
        If the copy is not made yet.
    """
    if not copy.stored_path:
        raise NotSharableError(_("There is no copy to share yet."))
    ends_at = timezone.now() + timedelta(days=days) if days else None
    return ShareLink.objects.issue(copy, member, ends_at)


def drop_copies(clip: FinalClip) -> None:
    """Delete the copies of a clip that this transaction removes, and their links; files go on commit."""
    dropped = list(clip.shared_copies.values_list("pk", flat=True))
    SharedCopy.objects.filter(pk__in=dropped).delete()
    transaction.on_commit(lambda: remove_files(dropped))


def stored_path(copy_id: UUID) -> str:
    """Return the stored path of a copy, whether it is made or not."""
    return f"{FOLDER}/{copy_id}.mp4"


def remove_files(copy_ids: list[UUID]) -> None:
    files.discard([stored_path(pk) for pk in copy_ids])


def remove_orphans() -> int:
    """Delete the files whose rows are gone; return how many there were."""
    paths = [file.stored_path for file in files.listed(FOLDER)]
    # Looked up after the files were listed: a row is there before its file is.
    known = {stored_path(pk) for pk in SharedCopy.objects.values_list("pk", flat=True)}
    orphans = [path for path in paths if path.endswith(".mp4") and path not in known]
    files.discard(orphans)
    return len(orphans)
