"""Tasks that find the moments of a video: quickly, then what that missed; and the other videos that filmed the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import shared_task

from clips.jobs import idle, pipeline
from clips.jobs.kept_folder import kept_folder
from clips.jobs.worker import claim
from clips.media.sandbox import runner
from clips.models import DetectionRun, JobKind, OriginalFile
from clips.sorting.angle_groups import regroup
from clips.storage.files import local_copy
from detection import learning, pairing
from detection.moments import add_moments, replace_moments
from detection.scoring.short_files import SHORT_S
from people.site_settings.registry import LOOK_CLOSER

#: Far above what a camera file was seen to need (0.2 CPU-seconds for a second of 1080p60; 0.8 where one keyframe opens
#: the whole file and all of it must be decoded), also on a busy machine.
MIN_CPU_S, MAX_CPU_PER_VIDEO = 120, 8
MIN_WALL_S, MAX_WALL_PER_VIDEO = 600, 16
#: Videos of the same camera and session that a short one is compared with.
MOST_BESIDE = 10
#: Together with `clips.jobs.worker.MAX_SILENCE_S` less than a second, within which a cancelled analysis stops.
TICK_S = 0.3
#: Of a video that was looked at to this share picture by picture a second look would show nothing new.
SEEN_ENOUGH = 0.97
#: Priority of second looks: behind all that anybody waits for.
AT_LAST = 9


@shared_task(name="detect")
def detect(job_id: str) -> None:
    """Find the moments of one original file."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.original_file
        with local_copy(original, work.report) as path:
            found = _propose(original, path, on_tick=work.report)
        with work.finishing(first=lambda: pairing.hold_session(original)):
            replace_moments(original, found)
            regroup(original.shoot_id)
            pipeline.start_next(work.job, original)
            if found["seen"] < SEEN_ENOUGH and LOOK_CLOSER.value():
                pipeline.start(JobKind.LOOK, original, priority=AT_LAST)
            if not work.job.params.get("alone"):
                pairing.want(original)


@shared_task(name="look_closer")
def look_closer(job_id: str) -> None:
    """Look at one original file again, at all of it or where that pays; a worker after a stopped one goes on there."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.original_file

        def tick(progress: float | None) -> None:
            work.report(progress)
            idle.insist(work.job)

        with kept_folder(work.job) as folder:
            with local_copy(original, work.report) as path:
                found = _propose(original, path, on_tick=tick, effort="closer", folder=str(folder))
            with work.finishing(first=lambda: pairing.hold_session(original)):
                add_moments(original, found)
                regroup(original.shoot_id)
                pipeline.start_next(work.job, original)


@shared_task(name="pair")
def pair(job_id: str) -> None:
    """Find the videos that filmed the same as one video."""
    with claim(job_id) as work:
        if work:
            pairing.look(work, work.job.original_file)


@shared_task(name="learn_soon")
def learn_soon() -> None:
    """Begin to learn once there are enough new decisions."""
    learning.want_soon()


@shared_task(name="learn")
def learn(job_id: str) -> None:
    """Learn from the newest decisions, and score what is to be sorted by it."""
    with claim(job_id) as work:
        if work is None:
            return
        learning.learn(work.report)
        learning.apply(work.report)
        with work.finishing():
            pass


def _propose(
    original: OriginalFile, path: Path, *, on_tick: Callable[[float | None], None], **how: str
) -> dict[str, Any]:
    """Return the result of `detection.propose.propose` for the local copy of an original."""
    arguments = {
        "path": str(path),
        "stretch": stretch_of(original),
        "hilights_ms": original.probe.get("hilights_ms", []),
        "usual": usual_beside(original),
    }
    limits = limits_for(original.duration_ms)
    found: dict[str, Any] = runner.run(
        "detection.propose:propose", arguments | how, limits=limits, on_tick=on_tick, tick_s=TICK_S
    )
    return found


def usual_beside(original: OriginalFile) -> list[dict[str, Any]]:
    """Return what was usual in the other videos of that camera in that session, the newest searches first.

    A short video knows too little of itself: its trick is half of what it shows.
    """
    if original.duration_ms > 1000 * SHORT_S * stretch_of(original):
        return []
    beside = OriginalFile.objects.filter(
        shoot=original.shoot_id, camera_id=original.camera_id, camera_serial=original.camera_serial
    ).exclude(pk=original.pk)
    runs = DetectionRun.objects.filter(original_file__in=beside, parameters__has_key="usual")
    newest = runs.order_by("-created_at", "pk").values_list("parameters__usual", flat=True)
    return list(newest[:MOST_BESIDE])


def stretch_of(original: OriginalFile) -> float:
    """Return how many times longer a file plays than it was filmed; 1.0 where the probe found no other rate."""
    if not original.capture_rate or not original.rate:
        return 1.0
    return max(1.0, float(original.capture_rate / original.rate))


def limits_for(duration_ms: int) -> runner.Limits:
    """Return limits for an analysis: a fixed time and a multiple of the video's length; past that it hangs."""
    duration_s = duration_ms / 1000
    return runner.Limits(
        cpu_s=int(MIN_CPU_S + MAX_CPU_PER_VIDEO * duration_s),
        wall_s=MIN_WALL_S + MAX_WALL_PER_VIDEO * duration_s,
    )
