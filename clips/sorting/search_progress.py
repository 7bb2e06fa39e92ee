"""Reports the progress of the search for tricks, so that "nothing left" is never said too early."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from clips.jobs.summary import MIN_ELAPSED_S, MIN_PROGRESS
from clips.models import DetectionRun, Job, JobKind, JobState, OriginalFile, WaitsFor

#: What a video goes through, once its bytes are here, before its moments are.
STEPS = (JobKind.COLLECT, JobKind.INGEST, JobKind.PROBE, JobKind.DETECT)


@dataclass(frozen=True)
class Search:
    """Videos whose moments are still to come, and the progress of their search."""

    n_videos: int
    #: Of all of them together, by their length; 0 to 1.
    progress: float
    #: About; None while nobody can tell.
    seconds_left: float | None


class _Video(NamedTuple):
    shoot_id: UUID | None
    #: None before it is read.
    duration_ms: int | None
    progress: float
    running_for: timedelta | None


def search_of(shoot_id: UUID | None = None) -> Search | None:
    """Return the progress of the search in a session, or in all; None if all is searched."""
    videos = _videos()
    return _sum([video for video in videos if video.shoot_id == shoot_id] if shoot_id else videos)


def searches_of(shoot_ids: Iterable[UUID]) -> dict[UUID, Search]:
    """Return the progress of the search in each of these sessions with one in progress, in one query."""
    wanted, by_shoot = set(shoot_ids), defaultdict(list)
    for video in _videos():
        if video.shoot_id in wanted:
            by_shoot[video.shoot_id].append(video)
    return {shoot_id: _sum(videos) for shoot_id, videos in by_shoot.items()}


def unsearched() -> QuerySet:
    """Return the videos that were never searched and have no search under way, because it failed."""
    on_the_way = Job.objects.active().filter(kind__in=STEPS, original_file=OuterRef("pk"))
    run = DetectionRun.objects.filter(original_file=OuterRef("pk"))
    readable = OriginalFile.objects.in_use().filter(low_res_of=None, duration_ms__isnull=False)
    return readable.exclude(Exists(run)).exclude(Exists(on_the_way))


def unsearched_of(shoot_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Count the unsearched videos of each of these sessions that has any, in one query."""
    rows = unsearched().filter(shoot__in=shoot_ids).order_by().values_list("shoot")
    return dict(rows.annotate(Count("pk")))


def _videos() -> list[_Video]:
    """Return one row for each video that is still to be searched."""
    now = timezone.now()
    rows = Job.objects.active().filter(kind__in=STEPS).exclude(waits_for=WaitsFor.BIN).order_by()
    rows = rows.annotate(of_shoot=Coalesce("original_file__shoot", "upload__shoot"))
    fields = ("kind", "state", "progress", "started_at", "of_shoot", "original_file__duration_ms")
    videos = []
    for kind, state, progress, started_at, shoot_id, duration_ms in rows.values_list(*fields):
        is_searched = kind == JobKind.DETECT and state == JobState.RUNNING
        running_for = now - started_at if is_searched and started_at else None
        videos.append(_Video(shoot_id, duration_ms, progress if is_searched else 0.0, running_for))
    return videos


def _sum(videos: list[_Video]) -> Search | None:
    if not videos:
        return None
    known_ms = [video.duration_ms for video in videos if video.duration_ms]
    usual_ms = sum(known_ms) / len(known_ms) if known_ms else 1.0
    total_ms = done_ms = ms_per_s = 0.0
    for video in videos:
        length_ms = video.duration_ms or usual_ms
        total_ms += length_ms
        done_ms += length_ms * video.progress
        elapsed_s = video.running_for.total_seconds() if video.running_for else 0.0
        if video.progress >= MIN_PROGRESS and elapsed_s >= MIN_ELAPSED_S:
            ms_per_s += length_ms * video.progress / elapsed_s
    left_s = (total_ms - done_ms) / ms_per_s if ms_per_s else None
    return Search(len(videos), done_ms / total_ms, left_s)
