"""Template filters that describe uploads, jobs and other rows in words."""

from collections.abc import Iterable

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.ingest.camera_proxies import is_second_lens
from clips.library.clock_faults import ClockFault, fault_of
from clips.models import Job, JobKind, JobState, OriginalFile, Receipt, Upload, UploadState
from clips.models.public_text import told
from clips.templatetags.session_text import percent, time_left
from people.models import Member, Role
from trickyclip.shared.retold import retold

register = template.Library()


@register.filter
def says(upload: Upload) -> str:
    """Return the outcome of an upload, ``with_moments``, in one sentence or less."""
    if upload.state == UploadState.WAITING:
        return retold(upload.reason) or upload.get_state_display()
    if upload.state == UploadState.RECEIVING:
        percent = 100 * upload.offset_bytes // upload.size_bytes
        return _("%(percent)d %% received") % {"percent": percent}
    if upload.state in {UploadState.FAILED, UploadState.GONE}:
        return retold(upload.reason)
    original = upload.original_file
    if original is None:
        return upload.get_state_display()
    if original.bin_entry_id:
        return _("in the bin")
    if original.problem:
        return retold(original.problem)
    if upload.state == UploadState.DUPLICATE:
        return _("already here as %(name)s") % {"name": original.original_filename}
    if job := _under_way(upload):
        return _how_far(job)
    if original.low_res_of_id:
        is_lens = is_second_lens(original.original_filename)
        return _("second lens of another video") if is_lens else _("low-resolution copy of another video")
    if original.aside_at:
        return _("set aside")
    if not upload.is_searched:
        return _("couldn’t be searched for tricks")
    if upload.n_to_sort:
        found = ngettext("searched: %(n)d moment to sort", "searched: %(n)d moments to sort", upload.n_to_sort)
        return found % {"n": upload.n_to_sort}
    return _("all sorted") if upload.n_shown else _("no moments found")


@register.filter
def sorts_now(upload: Upload) -> bool:
    """Return whether what ``says`` tells of an upload are moments to sort."""
    original = upload.original_file
    if original is None or upload.state != UploadState.REGISTERED or original.problem or original.bin_entry_id:
        return False
    return bool(upload.n_to_sort) and not (_under_way(upload) or original.low_res_of_id or original.aside_at)


def _how_far(job: Job) -> str:
    """Return a file's progress: Searching for tricks … 42 %, about 2 minutes left."""
    doing = _("Reading camera data …") if job.kind == JobKind.PROBE else _("Searching for tricks …")
    if job.state != JobState.RUNNING or not job.progress:
        return doing
    told = _("%(doing)s %(percent)d %%") % {"doing": doing, "percent": percent(job.progress)}
    return ", ".join(filter(None, [told, time_left(job)]))


@register.filter
def clock_fault(original: OriginalFile | None) -> ClockFault | None:
    """Return the fault of the camera's clock, for a video without a date."""
    return fault_of(original) if original is not None else None


@register.filter
def told_to(sentence: str, member: Member) -> str:
    """Return a sentence; server paths in it are shown only to those who can act on them."""
    return sentence if member.may(Role.CURATOR) else told(sentence)


@register.filter
def belongs_to(upload: Upload) -> str:
    """Return an upload's session, as far as it is known before the file is read."""
    if upload.shoot is not None:
        return f"{upload.shoot.name} · {upload.shoot.date.isoformat()}"
    if upload.is_settled:
        return ""
    asked = [upload.session_name, date_format(upload.session_date, "SHORT_DATE_FORMAT") if upload.session_date else ""]
    return " · ".join(filter(None, asked)) or _("by recording date")


@register.filter
def tone(upload: Upload) -> str:
    """Return the state whose colour shows the condition of an upload."""
    original = upload.original_file
    if original is not None and original.problem and original.duration_ms is None:
        return UploadState.FAILED
    return UploadState.RECEIVED if _under_way(upload) else upload.state


@register.filter
def any_under_way(uploads: Iterable[Upload]) -> bool:
    """Return whether any of these will change soon."""
    moving = {UploadState.WAITING, UploadState.RECEIVING, UploadState.RECEIVED}
    return any(upload.state in moving or _under_way(upload) for upload in uploads)


@register.filter
def any_to_come(receipts: Iterable[Receipt]) -> bool:
    """Return whether any of these receipts, ``with_counts``, is about to say something else."""
    return any(
        receipt.is_under_way or (not receipt.safe_at and receipt.closed_at and receipt.n_safe == receipt.n_files)
        for receipt in receipts
    )


def _under_way(upload: Upload) -> Job | None:
    """Return the job that keeps a file from being sortable; looks only at what was fetched with the upload."""
    if upload.original_file is None:
        return None
    kinds = {JobKind.PROBE, JobKind.DETECT}
    return next((job for job in upload.original_file.jobs_seen if job.is_active and job.kind in kinds), None)
