"""Gathers what the player of a session's raw videos shows: the videos to choose from, and one with its moments."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from clips.models import CandidateSegment, FinalClip, Job, JobKind, OriginalFile, Shoot
from clips.previews import filmstrips
from clips.previews.filmstrips import FilmstripState
from clips.previews.raw_playback import RawSource, Way, raw_source
from clips.previews.timeline import Mark, marks_of
from clips.sorting.search_progress import STEPS

#: As many videos can be chosen from beside the player; the list of videos leads to each of the others.
MOST_VIDEOS = 200
#: Pieces show each frame for at least so long.
PIECE_FRAME_US = 33_333
#: What is left of a trimmed video shows a picture a second at most.
GLANCE_FRAME_US = 1_000_000


@dataclass
class Watched:
    """One video in the player: where its bytes come from, and its moments on the line below."""

    video: OriginalFile
    segments: list[CandidateSegment]
    marks: list[Mark]
    film: FilmstripState
    is_searched_now: bool
    run_id: UUID | None

    @cached_property
    def source(self) -> RawSource:
        return raw_source(self.video)

    @property
    def poster(self) -> UUID | None:
        """Return the moment whose picture stands for the video until somebody plays it."""
        pictured = [segment for segment in self.segments if segment.poster_path]
        return max(pictured, key=lambda segment: segment.score or 0).pk if pictured else None

    @property
    def frame_us(self) -> int:
        """Return how long a frame stays on screen; a step goes so far."""
        if self.source.way == Way.GLANCE:
            return GLANCE_FRAME_US
        rate = self.source.plays.rate if self.source.plays else self.video.rate
        frame_us = round(1_000_000 / rate) if rate else PIECE_FRAME_US
        return max(frame_us, PIECE_FRAME_US) if self.source.way == Way.PIECES else frame_us

    @property
    def version(self) -> str:
        """Return what changes when the line has more to draw."""
        return f"{self.film.name} {self.run_id or ''}"


def videos_of(shoot: Shoot) -> QuerySet[OriginalFile]:
    """Return the videos of a session in the order in which they were filmed, each with a picture of it."""
    files = OriginalFile.objects.in_use().filter(shoot=shoot, low_res_of=None)
    return files.order_by("recorded_at", "original_filename", "pk")


def videos_to_choose(shoot: Shoot) -> list[OriginalFile]:
    """Return the first videos of a session, each with ``picture``: the moment whose picture stands for it, or None."""
    videos = list(videos_of(shoot).defer("probe")[:MOST_VIDEOS])
    pictured = CandidateSegment.objects.filter(original_file__in=videos).exclude(poster_path="")
    best = pictured.order_by("original_file_id", "-score", "pk").distinct("original_file_id")
    pictures = dict(best.values_list("original_file_id", "pk"))
    for video in videos:
        video.shoot = shoot
        video.picture = pictures.get(video.pk)
    return videos


def chosen_of(request: HttpRequest, shoot: Shoot, videos: list[OriginalFile]) -> Watched | None:
    """Return the video that the address names (``?video=``), or else the first; None for a session without any."""
    asked = _asked_id(request)
    pk = asked or (videos[0].pk if videos else None)
    rows = videos_of(shoot).select_related("filmstrip").defer("filmstrip__waveform", "filmstrip__times_ms")
    video = rows.filter(pk=pk).first()
    if video is None and videos:
        video = rows.filter(pk=videos[0].pk).first()
    if video is None:
        return None
    video.shoot = shoot
    return watched(video)


def watched(video: OriginalFile) -> Watched:
    """Return a video for the player; it comes with its session and its filmstrip."""
    current = Prefetch("clips", FinalClip.objects.current().only("candidate_segment"), to_attr="current_clips")
    segments = list(CandidateSegment.objects.filter(original_file=video).defer("features").prefetch_related(current))
    jobs = Job.objects.filter(original_file=video).order_by("kind", "-created_at").distinct("kind")
    newest = {job.kind: job for job in jobs}
    return Watched(
        video=video,
        segments=segments,
        marks=marks_of(video, segments, score_shown=video.shoot.score_shown) if video.duration_ms else [],
        film=filmstrips.state_of(video, newest.get(JobKind.FILMSTRIP)),
        is_searched_now=any(job.is_active and job.kind in STEPS for job in newest.values()),
        run_id=video.runs.values_list("pk", flat=True).first(),
    )


def _asked_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("video", ""))
    except ValueError:
        return None
