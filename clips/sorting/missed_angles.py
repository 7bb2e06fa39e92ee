"""Proposes the angles that a video's own search missed: what another camera saw is worth a look there as well.

Like groups they follow from moments and pairs. One that nobody touched goes again when what it was proposed for is
gone, or when its own video turns out to have that moment.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection
from math import ceil

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from clips.models import CandidateSegment, DetectionRun, OriginalFile, SegmentStatus
from clips.previews import requests
from clips.sorting.common_clock import COINCIDES, Clock, Placed, surest
from clips.sorting.takes import Takes

#: Stored as the reason of such a moment.
WHY = gettext_noop("seen by another camera")
#: Of what a person marked in the other video.
CERTAIN = 1.0
_WORTH = ("score", "chance")


def untouched(shoot_id: uuid.UUID) -> QuerySet[CandidateSegment]:
    """Return the moments of a session that were proposed by this and that nobody has touched since."""
    rows = CandidateSegment.objects.unreviewed().filter(original_file__shoot=shoot_id, is_from_angle=True)
    return rows.filter(skipped_at=None, decisions=None, clips=None, children=None)


def complete(
    groups: list[list[Placed]],
    clocks: dict[uuid.UUID, Clock],
    proposed: list[Placed],
    takes: Takes,
    *,
    score_shown: float,
) -> None:
    """Add to each group what its other cameras' videos show of it and have no moment for, in the caller's transaction.

    Parameters
    ----------
    groups : list of list of Placed
        All moments on these clocks but ``proposed``, those that coincide together; they are added to.
    clocks : dict
    proposed : list of Placed
        What was proposed before, which is proposed again where it still fits.
    takes : Takes
        Of the chapters of one take one has a moment, also where it lies across their border.
    score_shown : float
        Only what the session shows is worth proposing elsewhere.
    """
    videos = _searched(clocks)
    there: dict[uuid.UUID, list[Placed]] = defaultdict(list)
    for one in (one for group in groups for one in group):
        there[one.segment.original_file_id].append(one)
    found: list[CandidateSegment] = []
    for group in groups:
        sources = [one for one in group if _is_source(one.segment, score_shown)]
        source = surest(sources) if sources else None
        for video, run in videos.items() if source else ():
            take = takes.of(video.pk).take
            has_one = any(takes.of(one.segment.original_file_id).take == take for one in group)
            if has_one or any(one.coincides(source) for one in there[video.pk]):
                continue
            before = (one for one in proposed if one.segment.original_file_id == video.pk and one.coincides(source))
            if one := next(before, None) or _seen_in(video, run, source, clocks[video.pk]):
                one.segment.score = CERTAIN if source.segment.score is None else source.segment.score
                one.segment.chance = source.segment.chance
                group.append(one)
                there[video.pk].append(one)  # so that it is proposed for nothing else
                found.append(one.segment)
    _save(found, videos)


def drop(ids: Collection[uuid.UUID]) -> None:
    """Delete moments that nobody touched, with their previews, in the caller's transaction."""
    if ids:
        requests.drop_files(list(ids))
        CandidateSegment.objects.filter(pk__in=ids).delete()


def _searched(clocks: dict[uuid.UUID, Clock]) -> dict[OriginalFile, DetectionRun]:
    """Return those of these videos whose bytes are here and whose moments are sorted, with their newest search."""
    rows = OriginalFile.objects.in_use().on_disk().filter(pk__in=clocks, low_res_of=None, aside_at=None)
    runs = DetectionRun.objects.filter(original_file__in=rows.filter(duration_ms__isnull=False))
    newest = runs.order_by("original_file_id", "-created_at", "pk").distinct("original_file_id")
    found = newest.select_related("original_file").defer("parameters", "curve", "original_file__probe")
    return {run.original_file: run for run in found}


def _save(moments: list[CandidateSegment], videos: Collection[OriginalFile]) -> None:
    """Store what is proposed now; what was proposed before keeps its place, to which its preview belongs."""
    new = [moment for moment in moments if moment._state.adding]
    CandidateSegment.objects.bulk_update([moment for moment in moments if not moment._state.adding], _WORTH)
    CandidateSegment.objects.bulk_create(new)
    for video in videos:
        if any(moment.original_file_id == video.pk for moment in new):
            requests.want_previews(video)


def _is_source(moment: CandidateSegment, score_shown: float) -> bool:
    """Return whether a moment is one of its own video that is worth looking at from elsewhere."""
    if moment.is_from_angle or moment.status == SegmentStatus.TRASHED:
        return False
    return moment.run_id is None or (moment.score or 0.0) >= score_shown


def _seen_in(video: OriginalFile, run: DetectionRun, source: Placed, clock: Clock) -> Placed | None:
    """Return a new moment of a video at the time of another one; None where it was not recording, or hardly."""
    start_ms = max(0, ceil(round(clock.place_ms(source.start_ms), 3)))
    end_ms = min(video.duration_ms or 0, ceil(round(clock.place_ms(source.end_ms), 3)))
    if end_ms - start_ms < COINCIDES * (source.end_ms - source.start_ms):
        return None
    moment = CandidateSegment(
        original_file=video, run=run, start_ms=start_ms, end_ms=end_ms, is_from_angle=True, why=WHY
    )
    return Placed.of(moment, clock)
