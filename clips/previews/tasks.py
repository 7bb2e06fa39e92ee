"""Tasks that make a picture and a small seekable preview of each moment."""

from pathlib import Path
from uuid import UUID

from celery import shared_task
from django.db import transaction

from clips.jobs.kept import local_span
from clips.jobs.worker import Claim, claim, claim_more
from clips.media import MediaError
from clips.media.sandbox import runner
from clips.models import CandidateSegment, Job, LeaseLostError, Preview
from clips.previews import cache, filmstrips
from clips.previews import requests as previews
from clips.previews.camera_copy import camera_copy
from clips.previews.traits import traits_of
from clips.storage import files as storage
from clips.storage.files import local_copy, scratch_folder, staged

#: A second of 4K HEVC at 120 frames per second needs 4 CPU-seconds; what takes so much longer hangs.
MIN_CPU_S, MAX_CPU_PER_SECOND = 60, 30
MIN_WALL_S, MAX_WALL_PER_SECOND = 300, 90


@shared_task(name="poster")
def poster(job_id: str) -> None:
    """Make the missing pictures of one file's moments, then request its previews."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.original_file
        previews.forget_lost(original)
        filmstrips.forget_lost(original)
        bare = original.segments.filter(poster_path="")
        with local_copy(original, work.report) as source, scratch_folder() as folder:
            requests = [
                {"at_ms": (segment.start_ms + segment.end_ms) // 2, "out": str(folder / f"{segment.pk}.jpg")}
                for segment in bare
            ]
            made = runner.run(
                "clips.media.render.poster:make_posters",
                {"source": str(source), "requests": requests},
                on_tick=work.report,
            )
            files = {UUID(out.stem): out for out in map(folder.joinpath, made)}
            paths = {pk: previews.stored_paths(pk)[1] for pk in files}
            with staged({paths[pk]: out for pk, out in files.items()}, work.report) as place, transaction.atomic():
                # Before the job's row, as a new analysis locks them that deletes moments.
                there = CandidateSegment.objects.filter(pk__in=files).lock_in_order()
                with work.finishing():
                    for pk in there:
                        CandidateSegment.objects.filter(pk=pk).update(poster_path=paths[pk])
                        place(paths[pk])
                    if not work.job.params.get("alone"):
                        previews.want_previews(original)
                        filmstrips.want_filmstrip(original)


@shared_task(name="preview")
def preview(job_id: str) -> None:
    """Make the preview of one moment and its surroundings, and those that share frames with it."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.segment.original_file
        with (
            local_span(original, *previews.wanted_span_ms(work.job), work.report) as source,
            camera_copy(original.preview_source(), work) as small,
            claim_more(previews.to_take_along(work.job)) as others,
            scratch_folder() as folder,
        ):
            _Batch(
                [work, *others], {"source": str(source), "low_res_path": str(small) if small else None}, folder
            ).make()
    cache.keep_to_size()


@shared_task(name="tidy_candidates")
def tidy_candidates() -> None:
    """Keep previews to their size, and delete orphans: in a bucket, which is slow to list, each night."""
    cache.keep_to_size()
    if storage.is_local(cache.FOLDER):
        cache.remove_orphans()


class _Batch:
    """Previews of one file that are made together. Each job is kept, lost and ended on its own."""

    def __init__(self, works: list[Claim], files: dict[str, str | None], folder: Path) -> None:
        self._works = works
        self._first = works[0]
        self._files = files
        self._folder = folder

    def make(self) -> None:
        try:
            self._make(list(self._works))
        except MediaError:
            if len(self._works) == 1:
                raise
            while self._works:  # whose fault it was shows when each is alone
                self._make_alone(self._works[0])

    def _make_alone(self, work: Claim) -> None:
        try:
            self._make([work])
        except MediaError as fault:
            work.fail(str(fault))
        self._works = [other for other in self._works if other is not work]

    def _make(self, works: list[Claim]) -> None:
        requests = [self._request(work) for work in works]
        limits = limits_for(sum(request["end_ms"] - request["start_ms"] for request in requests))
        arguments = {**self._files, "requests": requests}
        made = runner.run("clips.media.render.preview:make_previews", arguments, limits=limits, on_tick=self._report)
        traits = self._traits(works, requests, made)
        for work, request, found in zip(works, requests, made, strict=True):
            if work not in self._works:
                continue  # lost meanwhile
            if "error" in found:
                work.fail(found["error"])
            else:
                self._finish(work, Path(request["out"]), found, traits.get(request["out"], {}))
            self._works = [other for other in self._works if other is not work]

    def _traits(self, works: list[Claim], requests: list[dict], made: list[dict]) -> dict[str, dict]:
        """Return the traits of what was made, by its path."""
        there = [
            (work.job.segment, request["out"], found)
            for work, request, found in zip(works, requests, made, strict=True)
            if "error" not in found
        ]
        measured = traits_of(there, self._report)
        return {path: traits for (_segment, path, _found), traits in zip(there, measured, strict=True)}

    def _request(self, work: Claim) -> dict:
        start_ms, end_ms = previews.wanted_span_ms(work.job)
        return {"start_ms": start_ms, "end_ms": end_ms, "out": str(self._folder / f"{work.job.segment_id}.mp4")}

    def _report(self, progress: float | None) -> None:
        """Renew every lease; a cancelled or lost job does not affect the others."""
        for work in list(self._works):
            try:
                work.report(progress)
            except LeaseLostError:
                self._works.remove(work)
        if not self._works:
            raise LeaseLostError

    def _finish(self, work: Claim, out: Path, found: dict, traits: dict) -> None:
        segment_id = work.job.segment_id
        path = previews.stored_paths(segment_id)[0]
        fields = {name: found[name] for name in ("start_ms", "end_ms", "slow_down", "width_px", "height_px")}
        try:
            with staged({path: out}, self._report) as place, transaction.atomic():
                CandidateSegment.objects.filter(pk=segment_id).lock_in_order()  # before the job's row, as above
                with work.finishing():
                    if work is not self._first:
                        params = work.job.params | {previews.ALONG_WITH: str(self._first.job.pk)}
                        Job.objects.filter(pk=work.job.pk).update(params=params)
                    Preview.objects.update_or_create(
                        segment_id=segment_id,
                        defaults={"stored_path": path, "size_bytes": out.stat().st_size, **fields},
                    )
                    if traits:
                        CandidateSegment.objects.filter(pk=segment_id).update(traits=traits)
                    place(path)
        except LeaseLostError:
            return  # so it is somebody else's, and its effect with it


def limits_for(duration_ms: int) -> runner.Limits:
    """Return limits for previews: a fixed time and a multiple of their length in the original."""
    duration_s = duration_ms / 1000
    return runner.Limits(
        cpu_s=int(MIN_CPU_S + MAX_CPU_PER_SECOND * duration_s),
        wall_s=MIN_WALL_S + MAX_WALL_PER_SECOND * duration_s,
    )
