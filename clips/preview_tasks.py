"""The background steps that make moments visible: a picture and a small seekable copy of each."""

from celery import shared_task
from django.db import transaction

from clips import previews
from clips.claim import claim
from clips.media import sandbox
from clips.models import CandidateSegment, Preview
from clips.storage import local_copy, place, scratch_folder

#: A second of 4K HEVC at 120 frames per second needs 4 CPU-seconds; what takes so much longer hangs.
MIN_CPU_S, MAX_CPU_PER_SECOND = 60, 30
MIN_WALL_S, MAX_WALL_PER_SECOND = 300, 90


@shared_task
def poster(job_id: str) -> None:
    """Make the pictures that the moments of one file lack, then ask for its previews."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.original_file
        previews.forget_lost(original)
        bare = original.segments.filter(poster_path="")
        with local_copy(original) as source, scratch_folder() as folder:
            requests = [
                {"at_ms": (segment.start_ms + segment.end_ms) // 2, "out": str(folder / f"{segment.pk}.jpg")}
                for segment in bare
            ]
            made = sandbox.run(
                "clips.media.poster:make_posters", {"source": str(source), "requests": requests}, on_tick=work.report
            )
            files = {out.stem: out for out in map(folder.joinpath, made)}
            with transaction.atomic():
                # Before the job's row, as a new analysis locks them that deletes proposals.
                there = CandidateSegment.objects.filter(pk__in=files).lock_in_order()
                with work.finishing():
                    for pk in there:
                        path = previews.stored_paths(pk)[1]
                        CandidateSegment.objects.filter(pk=pk).update(poster_path=path)
                        place(files[str(pk)], path)
                    if not work.job.params.get("alone"):
                        previews.want_previews(original)


@shared_task
def preview(job_id: str) -> None:
    """Make the small seekable copy of one moment and what lies around it."""
    with claim(job_id) as work:
        if work is None:
            return
        segment = work.job.segment
        start_ms, end_ms = previews.span_ms(segment)
        with local_copy(segment.original_file) as source, scratch_folder() as folder:
            out = folder / "preview.mp4"
            span = {"source": str(source), "out": str(out), "start_ms": start_ms, "end_ms": end_ms}
            limits = limits_for(end_ms - start_ms)
            made = sandbox.run("clips.media.preview:make_preview", span, limits=limits, on_tick=work.report)
            path = previews.stored_paths(segment.pk)[0]
            fields = {name: made[name] for name in ("start_ms", "end_ms", "width_px", "height_px")}
            with transaction.atomic():
                CandidateSegment.objects.filter(pk=segment.pk).lock_in_order()  # before the job's row, as above
                with work.finishing():
                    Preview.objects.update_or_create(
                        segment=segment,
                        defaults={"stored_path": path, "size_bytes": out.stat().st_size, **fields},
                    )
                    place(out, path)


def limits_for(duration_ms: int) -> sandbox.Limits:
    """Allow a preview a fixed time and a multiple of its length."""
    duration_s = duration_ms / 1000
    return sandbox.Limits(
        cpu_s=int(MIN_CPU_S + MAX_CPU_PER_SECOND * duration_s),
        wall_s=MIN_WALL_S + MAX_WALL_PER_SECOND * duration_s,
    )
