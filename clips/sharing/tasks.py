"""Task that makes share videos of clips."""

from celery import shared_task
from django.db import transaction

from clips.jobs.kept import local_span
from clips.jobs.worker import claim
from clips.media.sandbox import runner
from clips.models import FinalClip, SharedCopy
from clips.previews import cache
from clips.sharing import links
from clips.storage import files
from clips.storage.files import scratch_folder, staged

#: A second of 4K HEVC at 120 frames per second takes 15 CPU-seconds; what takes so much longer hangs.
MIN_CPU_S, MAX_CPU_PER_SECOND = 120, 60
MIN_WALL_S, MAX_WALL_PER_SECOND = 600, 180


@shared_task(name="share")
def share(job_id: str) -> None:
    """Make the copy of a clip that was requested last; while others are requested, another job follows."""
    with claim(job_id) as work:
        if work is None:
            return
        clip = work.job.clip
        copy = links.next_wanted(clip)
        span_ms = clip.start_ms, clip.end_ms
        with local_span(clip.original_file, *span_ms, work.report) as source, scratch_folder() as folder:
            out = folder / "copy.mp4"
            made = copy and runner.run(
                "clips.media.render.share_copy:make_share_copy",
                {
                    "source": str(source),
                    "out": str(out),
                    "start_ms": clip.start_ms,
                    "end_ms": clip.end_ms,
                    "slow_down": copy.slow_down,
                    "sound": copy.sound.lower(),
                    "tags": {"com.trickyclip.clip": str(clip.pk)},
                },
                limits=limits_for(clip.duration_ms),
                on_tick=work.report,
            )
            path = copy and links.stored_path(copy.pk)
            with staged({path: out} if made else {}, work.report) as place, transaction.atomic():
                # Before the job's row, as those lock it who want a copy or undo the clip.
                FinalClip.objects.filter(pk=clip.pk).select_for_update().exists()
                with work.finishing():
                    if made and SharedCopy.objects.filter(pk=copy.pk).update(
                        stored_path=path, size_bytes=made["size_bytes"]
                    ):
                        place(path)
                    if links.next_wanted(clip):
                        links.start(clip, work.job.priority)


@shared_task(name="remove_orphans")
def remove_orphans() -> None:
    """Delete files without rows, as of clips deleted outside the pages, and leftovers of killed workers."""
    links.remove_orphans()
    cache.remove_orphans()
    files.clear_left()


def limits_for(duration_ms: int) -> runner.Limits:
    """Return limits for a copy: a fixed time and a multiple of the clip's length."""
    duration_s = duration_ms / 1000
    return runner.Limits(
        cpu_s=int(MIN_CPU_S + MAX_CPU_PER_SECOND * duration_s),
        wall_s=MIN_WALL_S + MAX_WALL_PER_SECOND * duration_s,
    )
