"""Task that makes the filmstrip of a file and its waveform."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from celery import shared_task

from clips.jobs.worker import Claim, claim
from clips.media.sandbox import runner
from clips.models import Filmstrip, OriginalFile
from clips.previews import filmstrips
from clips.previews.camera_copy import camera_copy
from clips.storage.files import local_copy, scratch_folder, staged

#: 8K costs 16 times what 1080p does, of which 120 keyframes are 4 CPU-s; sound is 0.2 CPU-s for a minute.
MIN_CPU_S, CPU_PER_MINUTE = 120, 2
MIN_WALL_S, WALL_PER_MINUTE = 600, 10


@shared_task(name="filmstrip")
def filmstrip(job_id: str) -> None:
    """Make the filmstrip and the waveform of one file."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.original_file
        with _smallest_copy(original, work) as source, scratch_folder() as folder:
            out = folder / "strip.jpg"
            made = runner.run(
                "clips.media.render.filmstrip:make_filmstrip",
                {"source": str(source), "out": str(out)},
                limits=limits_for(original.duration_ms or 0),
                on_tick=work.report,
            )
            path = filmstrips.stored_path(original)
            with staged({path: out}, work.report) as place, work.finishing():
                Filmstrip.objects.update_or_create(
                    original_file=original,
                    defaults={"stored_path": path, "size_bytes": out.stat().st_size, **made},
                )
                place(path)


@contextmanager
def _smallest_copy(original: OriginalFile, work: Claim) -> Iterator[Path]:
    """Yield the path of the camera's own small copy, or of the file: pictures of 160 pixels show no difference."""
    with camera_copy(original.low_res_source(), work) as path:
        if path:
            yield path
        else:
            with local_copy(original, work.report) as whole:
                yield whole


def limits_for(duration_ms: int) -> runner.Limits:
    """Return limits for one file: a fixed time, and more for each minute, since all the sound is read."""
    minutes = duration_ms / 60_000
    return runner.Limits(cpu_s=int(MIN_CPU_S + CPU_PER_MINUTE * minutes), wall_s=MIN_WALL_S + WALL_PER_MINUTE * minutes)
