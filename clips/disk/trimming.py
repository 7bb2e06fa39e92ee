"""Trims originals to their kept clips and some seconds around them: plans it, waits a week, and does it.

The parts are written and proven first: clips cut from them have the same bytes as clips cut from the whole. Then the
rows change in one transaction, and after that the whole is deleted. Whoever dies in between leaves a whole original, or
a trimmed one of which the whole is deleted by the next who looks.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.disk import floor, trimmable, trimmed
from clips.disk.trimmable import Span
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.media import MediaError
from clips.media.cut import kept_file
from clips.media.sandbox import runner
from clips.models import EvictedKind, Eviction, JobKind, KeptPart, OriginalFile, PartKind, Shoot
from clips.models.kept_part import FOLDER
from clips.previews import filmstrips
from clips.storage import files
from clips.storage.backend import NoRoomError
from clips.storage.files import local_copy, scratch_folder, staged
from people.audit import Action, note
from people.models import Member
from people.site_settings.registry import TRIM_ORIGINALS

#: Until then whoever planned it, or anybody else, may think again.
DELAY = timedelta(days=7)
AFTER_SORTING = "after_sorting"
#: Behind everything that people wait for.
PRIORITY = 9
AT_ONCE = 5
#: What something about a video changed is looked at again after this.
AGAIN_AFTER = timedelta(hours=1)
#: The small video takes about this share of the original, or a few pictures.
_GLANCE_SHARE, _PICTURE_BYTES, _FEWEST_PICTURES = 0.02, 20_000, 20
#: Cutting is copying: twice each clip, from files in memory.
_CPU_S, _WALL_S = 1800, 7200


class _NotNowError(Exception):
    """Something about the original changed while its parts were written; what was done is undone."""


@dataclass(frozen=True)
class _Part:
    """A part on its way into the store."""

    kind: PartKind
    file: Path
    stored_path: str
    sha256: str
    span: Span | None = None

    def row(self, original: OriginalFile) -> KeptPart:
        start_ms, end_ms = self.span or (None, None)
        return KeptPart(
            original_file=original, kind=self.kind, start_ms=start_ms, end_ms=end_ms, stored_path=self.stored_path,
            size_bytes=self.file.stat().st_size, file_hash=self.sha256,
        )  # fmt: skip


@transaction.atomic
def plan(shoot: Shoot, member: Member | None) -> int:
    """Have all videos of a session that may be trimmed be so in a week; return how many."""
    chosen = trimmable.of_session(shoot).order_by().values_list("pk", flat=True)
    return _plan(shoot, list(chosen), member)


def _plan(shoot: Shoot, chosen: list[UUID], member: Member | None, *, by_setting: bool = False) -> int:
    videos = OriginalFile.objects.filter(pk__in=chosen)
    n_planned = videos.plan_trim(timezone.now() + DELAY, member, by_setting=by_setting)
    if n_planned:
        note(Action.CHANGED, shoot, what="planned to trim videos", n_files=n_planned)
    for original in OriginalFile.objects.filter(pk__in=chosen, filmstrip=None).defer("probe"):
        filmstrips.want_filmstrip(original, priority=PRIORITY)  # nobody can make it later
    return n_planned


@transaction.atomic
def undo(shoot: Shoot) -> int:
    """Keep the videos of a session whole that were to be trimmed; return how many."""
    n_kept = OriginalFile.objects.filter(shoot=shoot).keep_whole()
    if n_kept:
        note(Action.CHANGED, shoot, what="kept videos whole", n_files=n_kept)
    return n_kept


def look_after() -> int:
    """Plan what the site's setting says, start the jobs of what is due, and delete wholes that were left.

    Returns how many jobs were started.
    """
    trimmed.delete_leftovers()
    if TRIM_ORIGINALS.value() == AFTER_SORTING:
        _plan_by_policy()
    else:
        OriginalFile.objects.drop_trims_by_setting()
    originals = list(trimmable.due().defer("probe").order_by("trim_at", "pk")[:AT_ONCE])
    for original in originals:
        pipeline.start(JobKind.TRIM, original, priority=PRIORITY)
    return len(originals)


def trim(work: Claim) -> None:
    """Do the TRIM job: keep the parts of an original that its clips need, and let the rest go."""
    original = work.job.original_file
    spans = trimmable.kept_spans_ms(original)
    if not trimmable.due().filter(pk=original.pk).exists():
        with work.finishing():
            return
    try:
        freed_bytes = _trim(original, spans, work)
    except _NotNowError:
        work.job.postpone(timezone.now() + AGAIN_AFTER)
    except MediaError as fault:
        with work.finishing():
            _give_up(original, str(fault))
    else:
        if freed_bytes:
            trimmed.delete_whole(original)


def _trim(original: OriginalFile, spans: list[Span], work: Claim) -> int:
    """Write and prove the parts, and change the rows; return how many bytes that frees."""
    with local_copy(original, work.report) as source, scratch_folder() as folder:
        asked = {"source": str(source), "spans_ms": [list(span) for span in spans]}
        needed = runner.run("clips.media.cut.keep:measure", asked, on_tick=work.report)
        kept_bytes = sum(kept_file.total_bytes(one) for one in (needed["frame"], *needed["spans"]))
        if not trimmable.is_worth_it(original.size_bytes, kept_bytes):
            raise MediaError(_("Nearly all of it is kept, so trimming would free little."))
        _need_room(2 * kept_bytes)
        parts = _packed(original, source, folder, needed, spans, work)
        _prove(original, source, folder, parts, work)
        if not _has_small_copy(original):
            parts.append(_small_video(original, source, folder, work))
        with staged({part.stored_path: part.file for part in parts}, work.report) as place:
            rows = [part.row(original) for part in parts]
            freed_bytes = original.size_bytes - sum(row.size_bytes for row in rows)
            with work.finishing(first=lambda: OriginalFile.objects.filter(pk=original.pk).hold()):
                _switch(original, spans, rows, freed_bytes)
                for row in rows:
                    place(row.stored_path)
    return freed_bytes


def _packed(
    original: OriginalFile, source: Path, folder: Path, needed: dict[str, Any], spans: list[Span], work: Claim
) -> list[_Part]:
    """Copy what is kept into files of a scratch folder, on the disk itself: the frame first, then each span."""
    parts = []
    for span, ranges in zip([None, *spans], [needed["frame"], *needed["spans"]], strict=True):
        kind, name = (PartKind.FRAME, "frame") if span is None else (PartKind.SPAN, f"{span[0]}-{span[1]}")
        file = folder / f"{name}.kept"
        sha256 = kept_file.pack(source, [tuple(one) for one in ranges], file, work.report)
        files.sync(file)
        parts.append(_Part(kind, file, f"{FOLDER}/{original.pk}-{name}.kept", sha256, span))
    return parts


def _has_small_copy(original: OriginalFile) -> bool:
    """Return whether the camera's small copy is here, in which all of the video can be watched."""
    copy = original.low_res_source()
    return copy is not None and copy.evicted_at is None and copy.bin_entry_id is None


def _small_video(original: OriginalFile, source: Path, folder: Path, work: Claim) -> _Part:
    """Make a small video of keyframes, to see what was in the rest."""
    file = folder / "video.mp4"
    n_pictures = int(_GLANCE_SHARE * original.size_bytes / _PICTURE_BYTES)
    asked = {"source": str(source), "out": str(file), "most_pictures": max(_FEWEST_PICTURES, n_pictures)}
    limits = runner.Limits(cpu_s=_CPU_S, wall_s=_WALL_S)
    runner.run("clips.media.render.glance_video:make_glance_video", asked, limits=limits, on_tick=work.report)
    return _Part(PartKind.VIDEO, file, f"{FOLDER}/{original.pk}-video.mp4", files.sha256_of(file))


def _prove(original: OriginalFile, source: Path, folder: Path, parts: list[_Part], work: Claim) -> None:
    """Cut all clips, and each span as a whole, from both; MediaError if one differs."""
    frame, *others = parts
    proofs = folder / "proofs"
    proofs.mkdir()
    asked = {
        "source": str(source), "frame_path": str(frame.file), "folder": str(proofs),
        "parts": [
            {
                "path": str(part.file),
                "clips_ms": [list(part.span or ()), *map(list, trimmable.clips_within_ms(original, part.span))],
            }
            for part in others if part.span
        ],
    }  # fmt: skip
    limits = runner.Limits(cpu_s=_CPU_S, wall_s=_WALL_S, file_bytes=original.size_bytes + 1024**3)
    runner.run("clips.media.cut.keep:prove", asked, limits=limits, on_tick=work.report)


def _switch(original: OriginalFile, spans: list[Span], rows: list[KeptPart], freed_bytes: int) -> None:
    """Change the rows from whole to trimmed, behind the original's lock; raises if anything changed meanwhile."""
    still_due = trimmable.due().filter(pk=original.pk)
    now = timezone.now()
    changed = OriginalFile.objects.filter(pk__in=still_due.order_by().values("pk")).update(
        evicted_at=now, trimmed_at=now, trim_at=None, read_back_at=None, damaged_at=None
    )
    if not changed or trimmable.kept_spans_ms(original) != spans:
        raise _NotNowError
    KeptPart.objects.bulk_create(rows)
    why = _("trimmed: all sorted, and its clips archived; %(size)s around them stay") % {
        "size": filesizeformat(original.size_bytes - freed_bytes)
    }
    Eviction.objects.create(kind=EvictedKind.ORIGINAL, original_file=original, size_bytes=max(0, freed_bytes), why=why)
    note(Action.CHANGED, original, what="trimmed", freed_bytes=freed_bytes)


def _give_up(original: OriginalFile, sentence: str) -> None:
    """Note why an original cannot be trimmed; it stays whole. One that was removed meanwhile has no such fault."""
    said = {"trim_problem": sentence[:500], "trim_at": None, "trim_by": None}
    OriginalFile.objects.on_disk().filter(pk=original.pk).update(**said)


def _need_room(n_bytes: int) -> None:
    """Raise NoRoomError unless there is room for what is kept; as it frees more, it may take half of the reserve."""
    if floor.free_bytes() + floor.floor_bytes() // 2 < n_bytes:
        raise NoRoomError(floor.sentence())


@transaction.atomic
def _plan_by_policy() -> None:
    """Plan to trim what the site's setting says, and note it once for each session."""
    chosen = list(trimmable.by_policy().order_by("shoot", "pk").values_list("shoot", "pk"))
    by_shoot: dict[UUID, list[UUID]] = {}
    for shoot, pk in chosen:
        by_shoot.setdefault(shoot, []).append(pk)
    for shoot in Shoot.objects.filter(pk__in=by_shoot):
        _plan(shoot, by_shoot[shoot.pk], None, by_setting=True)
