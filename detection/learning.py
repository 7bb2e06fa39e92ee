"""Learns from the crew's decisions, and scores what is still to be sorted by what was learned.

What was learned is a row (`clips.models.CrewLayer`) of which the newest counts. A worker that is killed anywhere loses
nothing: the row is one short transaction, and each run (`DetectionRun`) says which version scored its moments, so that
the next job goes on with those that another one scored.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from clips.jobs import locks, pipeline
from clips.media.sandbox import runner
from clips.models import (
    CandidateSegment,
    CrewLayer,
    Decision,
    DecisionKind,
    DetectionRun,
    Job,
    JobKind,
    LayerState,
    SegmentStatus,
    Shoot,
)
from detection.scoring import crew_layer
from detection.scoring.chance import Chances, log_odds

#: After so many decisions the site learns anew.
EACH = 25
#: The newest so many count: of what a crew kept years ago they may think differently now.
MOST_DECISIONS = 5000
#: Behind all that anybody waits for.
PRIORITY = 9
#: Of the fit, which takes less than a second also of the most decisions.
LIMITS = runner.Limits(cpu_s=60, wall_s=600.0)
#: So often it is asked meanwhile whether the job is still wanted.
TICK_S = 1.0
#: What a layer changes of a moment.
CHANGED = ("score", "chance", "plain_score", "crew_why")


class Label(NamedTuple):
    """A decision that stands: when, about which moment of which session, and what the search said of it."""

    decided_at: datetime
    session: UUID
    score: float
    plain_score: float | None
    is_kept: bool
    features: dict[str, Any]


def want_soon() -> Job | None:
    """Request the job that learns once there are ``EACH`` new decisions; None before, or with nothing to learn of.

    Called each minute, so that a decision itself costs nothing.
    """
    newest = CrewLayer.objects.newest()
    since = newest.learned_until if newest else None
    if newest and newest.state == LayerState.FORGOTTEN:
        since = max(newest.learned_until, newest.changed_at)
    if _labels(since)[:EACH].count() < EACH:
        return None
    shoot = Shoot.objects.filter(files__segments__decisions__in=_labels(since)[:1]).first()
    return pipeline.start(JobKind.LEARN, shoot, priority=PRIORITY) if shoot else None


def learn(report: Callable[[float | None], None] | None = None) -> CrewLayer | None:
    """Look at the newest decisions, and write down what they teach; None where there is nothing new.

    If the cards of the newest session did worse with what is in use, that is reverted instead, and nothing is learned
    until there are as many new decisions again. None also if somebody learned, paused or forgot meanwhile: as long as
    there are enough new decisions, the next minute brings another job.

    Parameters
    ----------
    report : callable, optional
        Called now and then while a child process fits; what it raises ends that.
    """
    newest = CrewLayer.objects.newest()
    labels = _newest_labels(CrewLayer.objects.forgotten_at())
    new = [one for one in labels if newest is None or one.decided_at > newest.learned_until]
    if len(new) < EACH:
        return None
    until = labels[0].decided_at
    if newest and newest.state == LayerState.IN_USE and _did_worse(newest, labels):
        return _reverted(newest, until)
    made = _learned(labels, report)
    with transaction.atomic():
        locks.hold(locks.Lock.LEARN)
        is_as_it_was = _as_it_stands(CrewLayer.objects.newest()) == _as_it_stands(newest)
        return _written(made, newest, until) if is_as_it_was else None


def _reverted(row: CrewLayer, until: datetime) -> CrewLayer | None:
    """Take what did worse out of use; None if it is not in use any more."""
    with transaction.atomic():
        locks.hold(locks.Lock.LEARN)
        if not row.revert():
            return None
        CrewLayer.objects.filter(pk=row.pk).update(learned_until=until)
        return row


def _as_it_stands(row: CrewLayer | None) -> tuple[Any, ...] | None:
    """Return what changes of a row when somebody learns, or has a say in what was learned."""
    return (row.pk, row.state, row.changed_at, row.learned_until) if row else None


def _written(made: crew_layer.Layer, before: CrewLayer | None, until: datetime) -> CrewLayer:
    """Write down what was learned. What a person paused stays paused; without a gain it is not used."""
    state, since = LayerState.IN_USE, until
    if not made["kinds"]:
        state = LayerState.NO_GAIN
    elif before and before.state == LayerState.PAUSED:
        state = LayerState.PAUSED
    elif before and before.state == LayerState.IN_USE and before.used_since:
        since = before.used_since
    used_since = since if state == LayerState.IN_USE else None
    return CrewLayer.objects.all().add(made, state=state, learned_until=until, used_since=used_since)


def _labels(since: datetime | None) -> QuerySet[Decision]:
    """Return the decisions that are labels, the newest first.

    Keep and trash of what the search found, if they stand; not those of moments that people made themselves, nor of
    what another camera's search proposed.
    """
    is_as_decided = Q(kind=DecisionKind.KEEP, segment__status=SegmentStatus.ACCEPTED)
    is_as_decided |= Q(kind=DecisionKind.TRASH, segment__status=SegmentStatus.TRASHED)
    rows = Decision.objects.not_undone().filter(
        is_as_decided, segment__run__isnull=False, segment__is_from_angle=False, segment__features__has_key="z_scores"
    )
    rows = rows.filter(created_at__gt=since) if since else rows
    return rows.order_by("-created_at")


def _newest_labels(since: datetime | None) -> list[Label]:
    """Return the labels of the newest decisions, the newest first, each moment once."""
    of_moment = [f"segment__{name}" for name in ("original_file__shoot", "score", "plain_score", "features")]
    rows = _labels(since).values_list("segment", "created_at", "kind", *of_moment)
    found: dict[UUID, Label] = {}
    for segment, decided_at, kind, session, score, plain_score, features in rows[:MOST_DECISIONS]:
        is_kept = kind == DecisionKind.KEEP
        found.setdefault(segment, Label(decided_at, session, score, plain_score, is_kept, features))
    return list(found.values())


def _learned(labels: list[Label], report: Callable[[float | None], None] | None) -> crew_layer.Layer:
    """Fit in a child process, whose libraries no worker holds in its memory from then on."""
    examples = [
        {
            "features": one.features,
            "score": one.score if one.plain_score is None else one.plain_score,
            "is_kept": one.is_kept,
            "session": str(one.session),
        }
        for one in labels
    ]
    made: crew_layer.Layer = runner.run(
        "detection.scoring.crew:learn_from", {"examples": examples}, limits=LIMITS, on_tick=report, tick_s=TICK_S
    )
    return made


def _did_worse(row: CrewLayer, labels: Iterable[Label]) -> bool:
    """Return whether the cards of the newest session that was sorted with a layer rank worse than without."""
    since = row.used_since or row.learned_at
    scored = [one for one in labels if one.plain_score is not None and since < one.decided_at]
    session = [one for one in scored if one.session == scored[0].session]
    plain = [one.plain_score or 0.0 for one in session]
    return crew_layer.is_worse([one.score for one in session], plain, [one.is_kept for one in session])


def apply(report: Callable[[float | None], None]) -> int:
    """Score what nobody sorted or holds by what is in use, run by run; return how many moments changed.

    What is decided, skipped or in somebody's hands stays as it is; a run with moments in hands is looked at again by
    the next job.
    """
    n_changed = 0
    for run in list(_to_score(CrewLayer.objects.in_use()).values_list("pk", flat=True)):
        report(None)
        with transaction.atomic():
            locks.hold(locks.Lock.LEARN)
            n_changed += _score_run(run, CrewLayer.objects.in_use())
    return n_changed


def _to_score(row: CrewLayer | None) -> QuerySet[DetectionRun]:
    """Return the runs with moments to be sorted that another version scored."""
    other = Q(layer_version__isnull=False) if row is None else Q(layer_version=None) | ~Q(layer_version=row.version)
    is_open = CandidateSegment.objects.open().filter(run=OuterRef("pk"), skipped_at=None)
    return DetectionRun.objects.filter(other, Exists(is_open)).order_by("pk")


def _score_run(run: UUID, row: CrewLayer | None) -> int:
    of_run = CandidateSegment.objects.filter(run=run, is_from_angle=False, skipped_at=None)
    free = of_run.unreviewed().lock_free()
    changed = [one for one in CandidateSegment.objects.filter(pk__in=free) if score_by(row, one)]
    CandidateSegment.objects.bulk_update(changed, CHANGED)
    if not of_run.open().exclude(pk__in=free).exists():
        DetectionRun.objects.filter(pk=run).update(layer_version=row.version if row else None)
    return len(changed)


def score_by(row: CrewLayer | None, moment: CandidateSegment) -> bool:
    """Give a moment, not saved, the score that it has with a layer, or without one; return whether that is another.

    Its score is the search's own as long as it has no ``plain_score``.
    """
    before = [getattr(moment, name) for name in CHANGED]
    plain = moment.score if moment.plain_score is None else moment.plain_score
    if plain is None:
        return False
    score, change, why = crew_layer.rescored(row.layer if row else None, plain, moment.features)
    is_plain = not row or (score == plain and not change)
    moment.score, moment.plain_score, moment.crew_why = score, None if is_plain else plain, why
    looked = moment.features.get("looked")
    if looked and (not is_plain or before[2] is not None):
        odds = log_odds(plain) + change
        moment.chance = round(Chances.shipped().of_odds(odds, looked), 3)
    return before != [getattr(moment, name) for name in CHANGED]


def hand_over(run: DetectionRun, moments: Iterable[CandidateSegment]) -> None:
    """Score moments that a run is about to store, with the search's own scores, by what is in use."""
    row = CrewLayer.objects.in_use()
    for moment in moments:
        score_by(row, moment)
    if row:
        DetectionRun.objects.filter(pk=run.pk).update(layer_version=row.version)
