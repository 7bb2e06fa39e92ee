"""Knows which videos of a session are chapters of one take, and how each lies in it."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clips.models import OriginalFile, VideoPair
from clips.models.recording import PART_FIELDS
from clips.models.recording import takes as takes_among
from clips.sorting.common_clock import Clock


@dataclass(frozen=True)
class Chapter:
    """One video as a part of its take, which is named by its first video."""

    take: uuid.UUID
    #: Where it begins in the take.
    start_ms: int = 0


@dataclass(frozen=True)
class Takes:
    """The chapters of a session by their videos; every other video is a take of its own."""

    chapters: dict[uuid.UUID, Chapter]

    def of(self, video: uuid.UUID) -> Chapter:
        return self.chapters.get(video) or Chapter(video)

    def alike(self, video: uuid.UUID) -> list[uuid.UUID]:
        """Return the videos of the take that a video is a part of, with itself."""
        take = self.of(video).take
        return [pk for pk, chapter in self.chapters.items() if chapter.take == take] or [video]

    def beside(self, videos: Iterable[uuid.UUID]) -> Iterator[tuple[uuid.UUID, uuid.UUID, float]]:
        """Yield the ties of chapters whose take has one of some videos: first chapter, other chapter, its start."""
        wanted = {self.of(video).take for video in videos}
        for video, chapter in self.chapters.items():
            if chapter.take in wanted and chapter.take != video:
                yield chapter.take, video, float(chapter.start_ms)

    def clock_of(self, pair: VideoPair, video: uuid.UUID, other: uuid.UUID) -> Clock | None:
        """Return how a video lies on another's clock by a pair of other chapters of both; None if it is not of these.

        Parameters
        ----------
        pair : VideoPair
        video : UUID
            The one whose clock it is.
        other : UUID
            The one that lies on it.
        """
        one, two = self.of(video), self.of(other)
        first, second = self.of(pair.first_id), self.of(pair.second_id)
        rate = 1 + (pair.drift_ppm or 0.0) * 1e-6
        if (first.take, second.take) == (one.take, two.take):
            lies, ours, theirs = Clock(pair.shift_ms, rate), first, second
        elif (second.take, first.take) == (one.take, two.take):
            lies, ours, theirs = Clock(-pair.shift_ms / rate, 1 / rate), second, first
        else:
            return None
        shift_ms = lies.at_ms(two.start_ms - theirs.start_ms) + ours.start_ms - one.start_ms
        return Clock(shift_ms, lies.rate)


def takes_of(shoot_id: uuid.UUID) -> Takes:
    """Return the takes of a session, in one query."""
    rows = OriginalFile.objects.in_use().filter(shoot=shoot_id, low_res_of=None).only(*PART_FIELDS)
    chapters: dict[uuid.UUID, Chapter] = {}
    for take in takes_among(rows.order_by("pk")):
        start_ms = 0
        for file in take:
            chapters[file.pk] = Chapter(take[0].pk, start_ms)
            start_ms += file.duration_ms or 0
    return Takes(chapters)
