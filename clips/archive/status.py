"""Describes the state of a clip's archive copy in a page's words."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clips.archive.configured import archive_name
from clips.models import ArchiveBlock, ArchiveCopy, CopyState, FinalClip, Job, JobKind, JobState
from clips.models.public_text import told
from trickyclip.shared.retold import retold

#: What people call the archives that have a name of their own.
TITLES = {"drive": "Google Drive"}


@dataclass(frozen=True)
class CopyStatus:
    text: str
    #: DONE, RUNNING, WAITING or FAILED: how it is coloured.
    level: str
    path: str = ""
    #: What a curator may ask for: "again" to send a deleted copy again, "beside" to put ours beside a changed one.
    offer: str = ""
    #: Where a browser shows the copy; empty where there is nothing to see.
    url: str = ""


def set_copy_statuses(clips: Iterable[FinalClip], block: ArchiveBlock | None) -> None:
    """Set ``copy_status`` of each of these clips, fetched with their copies; one query for all."""
    clips = list(clips)
    jobs = Job.objects.filter(clip__in=clips, kind=JobKind.ARCHIVE).order_by("created_at")
    last = {job.clip_id: job for job in jobs}
    for clip in clips:
        job = last.get(clip.pk)
        clip.copy_status = copy_status(clip, None if job and job.state == JobState.DONE else job, block)


def copy_status(clip: FinalClip, job: Job | None, block: ArchiveBlock | None) -> CopyStatus:
    """Return the state of a clip's copy; ``job`` is its last unfinished archive job, ``block`` a current outage."""
    copy = next((copy for copy in clip.copies.all() if copy.backend == archive_name()), None)
    path = copy.path if copy else ""
    if job and job.state == JobState.RUNNING:
        if copy and copy.state == CopyState.SENDING:
            return CopyStatus(_("sending %(percent)d %%") % {"percent": job.progress * 100}, "RUNNING", path)
        return CopyStatus(_("verifying"), "RUNNING", path)
    if job and job.state == JobState.WAITING:
        if block:
            return CopyStatus(_("blocked: %(why)s") % {"why": retold(told(block.sentence))}, "FAILED", path)
        says = _("waiting: %(why)s") % {"why": retold(job.reason)} if job.reason else _("waiting")
        return CopyStatus(says, "WAITING", path)
    if job and not (copy and copy.state == CopyState.VERIFIED):
        return CopyStatus(retold(job.reason) or job.get_state_display(), "FAILED", path)
    if copy is None:
        return CopyStatus(_("not archived yet"), "RUNNING")
    level = "DONE" if copy.state == CopyState.VERIFIED else "FAILED"
    offer = {CopyState.REMOVED: "again", CopyState.CHANGED: "beside"}.get(CopyState(copy.state), "")
    return CopyStatus(where_it_is(copy), level, path, offer, copy.url)


def where_it_is(copy: ArchiveCopy) -> str:
    """Return a copy's state with the name of its archive, as in "removed on Google Drive"."""
    name = copy.backend.partition(" ")[0]
    title = TITLES.get(name, _("the local archive"))
    said = {
        CopyState.SENDING: _("on its way to %(archive)s"),
        CopyState.VERIFIED: _("verified on %(archive)s") if name in TITLES else _("verified in %(archive)s"),
        CopyState.WITHDRAWN: _("removed from %(archive)s"),
        CopyState.REMOVED: _("deleted on %(archive)s by somebody, and not sent again"),
        CopyState.CHANGED: _("somebody changed the file on %(archive)s; their version is kept"),
    }
    return said[CopyState(copy.state)] % {"archive": title}
