"""Stores the moments of a run as rows, and leaves alone what anybody has sorted or holds."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from clips.models import CandidateSegment, DetectionRun, OriginalFile, SegmentStatus
from clips.previews import requests
from detection.learning import hand_over
from detection.scoring.chance import Chances, looked_at
from detection.scoring.same_moment import is_same_moment

#: What a candidate says of its row: where it is, and what it is worth.
SPAN, WORTH = ("start_ms", "end_ms"), ("score", "chance", "why", "features")
#: What a second look changes of a row that nobody touched.
RESCORED = (*SPAN, *WORTH, "plain_score", "crew_why", "run", "is_second_look", "is_from_angle")


def replace_moments(original: OriginalFile, found: dict[str, Any]) -> DetectionRun:
    """Store a run and its segments from the result of ``detection.propose.propose``, in the caller's transaction.

    Moments of earlier runs that nobody touched are replaced. One that is decided or being looked at stays, and
    the new run does not propose the same moment again, nor any moment twice.
    """
    kept, untouched = _held(original)
    _delete(untouched)
    run = _run_of(original, found)
    taken, new = [_span_ms(segment) for segment in kept], []
    for candidate in found["candidates"]:
        if _is_new(span_ms := (candidate["start_ms"], candidate["end_ms"]), taken):
            taken.append(span_ms)
            new.append(candidate)
    _create(run, new)
    _forget_empty_runs(run)
    return run


def add_moments(original: OriginalFile, found: dict[str, Any]) -> DetectionRun:
    """Store what a second look found, in the caller's transaction.

    What nobody touched is scored anew and stays, unless another one turns out to be the same moment; what was missed
    is added. What is decided or being looked at stays as it is.
    """
    kept, known = _held(original)
    run = _run_of(original, found)
    known.sort(key=lambda row: -(row.score or 0.0))
    taken, again, new = [_span_ms(segment) for segment in kept], [], []
    for candidate in found["candidates"]:
        if not _is_new(span_ms := (candidate["start_ms"], candidate["end_ms"]), taken):
            continue
        taken.append(span_ms)
        row = next((row for row in known if is_same_moment(_span_ms(row), span_ms)), None)
        if row is None:
            new.append(candidate)
        else:
            known.remove(row)
            again.append(_rescored(row, run, candidate, least=original.shoot.score_shown))
    double = [row for row in known if not _is_new(_span_ms(row), taken)]
    _delete(double)
    again += [_lowered(row, run) for row in known if row not in double]
    hand_over(run, again)
    CandidateSegment.objects.bulk_update(again, RESCORED)
    _create(run, new, is_second_look=True)
    _forget_empty_runs(run)
    return run


def _held(original: OriginalFile) -> tuple[list[CandidateSegment], list[CandidateSegment]]:
    """Lock all moments of a file, so that nobody leases one meanwhile; return the touched and the untouched ones."""
    CandidateSegment.objects.filter(original_file=original).lock_in_order()
    mine = CandidateSegment.objects.filter(original_file=original)
    # One that was skipped as another angle of a card has no decision of its own.
    untouched = {"skipped_at": None, "decisions": None, "clips": None, "children": None}
    proposed = mine.filter(status=SegmentStatus.UNREVIEWED, **untouched)
    free: set[UUID] = set(proposed.exclude(run=None).values_list("pk", flat=True))
    rows = list(mine.select_related("preview").order_by("start_ms", "pk"))
    return [row for row in rows if row.pk not in free], [row for row in rows if row.pk in free]


def _delete(moments: Iterable[CandidateSegment]) -> None:
    ids = [row.pk for row in moments]
    requests.drop_files(ids)
    CandidateSegment.objects.filter(pk__in=ids).delete()


def _run_of(original: OriginalFile, found: dict[str, Any]) -> DetectionRun:
    facts = {name: found[name] for name in ("version", "parameters", "curve", "timings")}
    return DetectionRun.objects.create(original_file=original, unread=" ".join(found.get("unread", []))[:500], **facts)


def _create(run: DetectionRun, candidates: Iterable[dict[str, Any]], *, is_second_look: bool = False) -> None:
    rows = [
        CandidateSegment(
            original_file=run.original_file,
            run=run,
            is_second_look=is_second_look,
            **{name: candidate.get(name) for name in (*SPAN, *WORTH)},
        )
        for candidate in candidates
    ]
    hand_over(run, rows)
    CandidateSegment.objects.bulk_create(rows)


def _forget_empty_runs(run: DetectionRun) -> None:
    DetectionRun.objects.filter(original_file=run.original_file, segments=None).exclude(pk=run.pk).delete()


def _rescored(row: CandidateSegment, run: DetectionRun, candidate: dict[str, Any], *, least: float) -> CandidateSegment:
    """Return a row with what a closer look says of it. One that it lifts to the lowest score shown counts as added."""
    preview = getattr(row, "preview", None)
    is_in_preview = not preview or preview.start_ms <= candidate["start_ms"] < candidate["end_ms"] <= preview.end_ms
    row.run, row.is_from_angle, row.plain_score = run, False, None
    row.is_second_look |= (row.score or 0.0) < least <= candidate["score"]
    for name in (*SPAN, *WORTH) if is_in_preview else WORTH:
        setattr(row, name, candidate.get(name))
    return row


def _lowered(row: CandidateSegment, run: DetectionRun) -> CandidateSegment:
    """Return a row that a closer look does not propose again, with the score that its place has now."""
    step_ms, values = run.curve["step_ms"], run.curve["values"]
    now = max(values[row.start_ms // step_ms : row.end_ms // step_ms + 1], default=0.0)
    plain = row.score if row.plain_score is None else row.plain_score
    row.run, row.score, row.plain_score = run, min(plain or 0.0, now), None
    how = looked_at(is_seen=True, share=run.parameters.get("seen", 1.0))
    row.chance = round(Chances.shipped().of_score(row.score, how), 3)
    return row


def _span_ms(segment: CandidateSegment) -> tuple[int, int]:
    return segment.start_ms, segment.end_ms


def _is_new(span_ms: tuple[int, int], taken: Iterable[tuple[int, int]]) -> bool:
    return not any(is_same_moment(span_ms, other_ms) for other_ms in taken)
