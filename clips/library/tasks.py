"""Runs the background steps of clips. Each takes one job id and may be delivered any number of times."""

from datetime import UTC
from functools import partial

from celery import shared_task
from django.db import transaction

from clips.archive import renaming
from clips.jobs import pipeline
from clips.jobs.kept import local_span
from clips.jobs.worker import claim
from clips.library import emptying, export_file
from clips.media.sandbox import runner
from clips.models import FinalClip
from clips.sharing import links
from clips.storage import files
from clips.storage.files import checksums_of, scratch_folder, staged


@shared_task(name="render")
def render(job_id: str) -> None:
    """Cut one clip out of its original."""
    with claim(job_id) as work:
        if work is None:
            return
        clip = work.job.clip
        span_ms = clip.start_ms, clip.end_ms
        with local_span(clip.original_file, *span_ms, work.report) as source, scratch_folder() as folder:
            out = folder / "clip"
            cut = {"source": str(source), "out": str(out), "start_ms": clip.start_ms, "end_ms": clip.end_ms}
            cut |= {"tags": clip_tags(clip), "recorded_at": true_beginning(clip)}
            made = runner.run("clips.media.cut.clip:cut", cut, on_tick=work.report)
            stored_path = f"final_clips/{clip.pk}.{made['ending']}"
            file_hash, crc32 = checksums_of(out, work.report)
            file_fields = {"file_hash": file_hash, "crc32": crc32, "size_bytes": out.stat().st_size}
            with staged({stored_path: out}, work.report) as place, work.finishing():
                clip.note_cut(made, stored_path=stored_path, **file_fields)
                if clip.stored_path not in {"", stored_path}:  # cut before as a file of another kind
                    transaction.on_commit(partial(files.discard, [clip.stored_path]))
                clip.refresh_from_db()
                pipeline.start_next(work.job, clip)
                if not work.job.params.get("alone"):
                    links.want_playable(clip, priority=links.LAST)
                place(stored_path)


@shared_task(name="empty_bin_entry")
def empty_bin_entry(job_id: str) -> None:
    """Delete the files of one entry of the bin."""
    with claim(job_id) as work:
        if work:
            emptying.empty(work)


@shared_task(name="empty_bin")
def empty_bin() -> None:
    """Delete what has been in the bin for too long."""
    emptying.look_after()


@shared_task(name="clear_exports")
def clear_exports() -> None:
    """Delete exports that can no longer be downloaded."""
    export_file.clear_old()


@shared_task(name="refresh_search")
def refresh_search(*, camera_id: str = "") -> None:
    """Refresh what clips are found by, and rename those whose file names lag behind; or only those of one camera,
    whose name is in no file name."""
    if camera_id:
        FinalClip.objects.filter(camera_id=camera_id).refresh_search()
    else:
        FinalClip.objects.all().refresh_search()
        renaming.follow_lagging()


def true_beginning(clip: FinalClip) -> str | None:
    """Return when the clip's file was recorded, by a clock that goes right; None where nobody knows."""
    recorded_at = clip.original_file.recorded_at
    return recorded_at.astimezone(UTC).isoformat() if recorded_at else None


def clip_tags(clip: FinalClip) -> dict[str, str]:
    """Return what is written inside the clip's file, so that it can be told apart without the database."""
    return {
        "com.trickyclip.clip": str(clip.pk),
        "com.trickyclip.original_sha256": clip.original_file.file_hash,
        "com.trickyclip.start_ms": str(clip.start_ms),
        "com.trickyclip.end_ms": str(clip.end_ms),
        "com.trickyclip.category": clip.category,
        "com.trickyclip.lineage": str(clip.lineage),
        "com.trickyclip.kept_at": clip.created_at.isoformat(),
    }
