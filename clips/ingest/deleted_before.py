"""Recognises files that somebody deleted, and brings them in anyway where that is asked for.

The row of a deleted video keeps its fingerprint and checksum, so the same card does not bring it in again unasked.
"""

from collections.abc import Callable

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clips.disk import fetching
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.media import MediaError
from clips.models import BinEntry, Job, JobKind, OriginalFile, Shoot, Upload, UploadSource, WaitsFor


class DeletedBeforeError(MediaError):
    """The file was deleted from the site, and nobody asked for it again. The text is one sentence."""


def says(file: OriginalFile) -> str:
    """Return who deleted a file and when, as a question."""
    return _("deleted by %(name)s on %(day)s; upload anyway?") % _by_whom(file)


def refusal(upload: Upload, file: OriginalFile) -> str:
    """Return why an upload of a deleted file is not brought in, and what to do about it."""
    if upload.source == UploadSource.BROWSER:
        sentence = _("Deleted by %(name)s on %(day)s. Upload anyway?")
    else:
        sentence = _("Deleted by %(name)s on %(day)s. To bring it in anyway, use the upload page.")
    return sentence % _by_whom(file)


def like(fingerprint: str) -> OriginalFile | None:
    """Return the deleted file with this fingerprint; None if there is none."""
    deleted = OriginalFile.objects.filter(fingerprint=fingerprint, bin_entry__isnull=False)
    return deleted.select_related("bin_entry").first() if fingerprint else None


def refuse(upload: Upload, file_hash: str) -> None:
    """Raise DeletedBeforeError if these bytes were deleted, unless the upload is wanted anyway."""
    deleted = OriginalFile.objects.filter(file_hash=file_hash, bin_entry__isnull=False).select_related("bin_entry")
    if not upload.is_wanted_anyway and (file := deleted.first()):
        Upload.objects.filter(pk=upload.pk).update(original_file=file)
        raise DeletedBeforeError(refusal(upload, file))


def hold(upload: Upload, file_hash: str) -> None:
    """Lock what ``bring_in`` changes, before the upload's job and in the order of a restore."""
    files = OriginalFile.objects.filter(file_hash=file_hash)
    list(BinEntry.objects.filter(pk__in=files.values("bin_entry")).select_for_update())
    Shoot.objects.filter(pk__in=[*files.values_list("shoot", flat=True), upload.shoot_id]).hold()
    files.hold()


def bring_in(original: OriginalFile, upload: Upload, work: Claim, place: Callable[[str], None]) -> None:
    """Take a video out of the bin with its moments, in the caller's transaction; search it again if it was deleted.

    It returns to its session or, where that is in the bin too, to the one that the upload names.
    """
    entry, changed = original.bin_entry, {"bin_entry": None}
    if original.shoot.bin_entry_id:
        changed["shoot"] = (upload.shoot or original.shoot).or_namesake()
    along = original.low_res_copies.filter(bin_entry=entry).values("pk") if entry.is_lying else []
    for pks in ([original.pk], along):
        OriginalFile.objects.filter(pk__in=pks).update(**changed)
    if "shoot" in changed:
        OriginalFile.objects.filter(pk=original.pk).place_in_time()
    _close_if_empty(entry, upload)
    _let_go_on(original)
    if not entry.is_lying:
        Job.objects.filter(original_file=original, kind=JobKind.WITHDRAW).cancel_all()
        pipeline.start_next(work.job, original)
        if original.copies.exists():
            pipeline.start(JobKind.ARCHIVE, original, again=True)
    fetching.put_back(original, place)


def ask_anyway(upload: Upload) -> bool:
    """Check a refused upload again, whose bytes are still here; False if it was not refused for that."""
    with transaction.atomic():
        refused = Upload.objects.filter(
            pk=upload.pk, source=UploadSource.BROWSER, state="FAILED", original_file__isnull=False
        )
        job = upload.jobs.filter(kind=JobKind.INGEST).order_by("-created_at").first()
        if job is None or not refused.update(is_wanted_anyway=True) or not job.retry():
            return False
        transaction.on_commit(lambda: pipeline.publish(job))
    return True


def _by_whom(file: OriginalFile) -> dict[str, str]:
    entry = file.bin_entry
    return {"name": entry.thrown_by_name, "day": date_format(entry.thrown_at, "SHORT_DATE_FORMAT")}


def _close_if_empty(entry: BinEntry, upload: Upload) -> None:
    """Note an entry as restored once nothing lies in it any more."""
    if not (entry.files.exists() or entry.clips.exists() or entry.shoots.exists()):
        entry.note_restored(upload.owner)


def _let_go_on(original: OriginalFile) -> None:
    again = Job.objects.about(original).filter(clip=None).let_go_on(WaitsFor.BIN)
    transaction.on_commit(lambda: [pipeline.publish(job) for job in again])
