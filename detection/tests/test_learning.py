"""Tests that the site learns from decisions, scores only what nobody touched by it, and takes it back by itself."""

import uuid

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from clips.models import (
    CandidateSegment,
    CrewLayer,
    Decision,
    DecisionKind,
    DetectionRun,
    Job,
    JobKind,
    JobState,
    LayerState,
    SegmentStatus,
    Shoot,
)
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from detection import learning
from detection.moments import add_moments, replace_moments
from detection.scoring.chance import log_odds
from detection.scoring.crew import learn
from detection.scoring.crew_layer import rescored
from detection.tasks import learn as learn_task
from detection.tests.test_crew import decisions
from detection.tests.test_second_look import candidate, found

pytestmark = pytest.mark.django_db

LOUD = {"z_scores": {"arc": 2.8, "incoherence": 1.6, "pair_db": 3.5, "together": 0.6}, "pair_db": 20.0,
        "gap_s": 0.5, "air_s": 0.6, "moving_times_usual": 3.0, "looked": "seen"}  # fmt: skip


def sorted_by(member, examples, *, scored=None) -> list[Decision]:
    """Make the decisions of a crew, each in the session that it names; ``scored`` gives the scores by a layer."""
    runs, made = {}, []
    for number, one in enumerate(examples):
        if one.session not in runs:
            shoot = Shoot.objects.called(f"Session {one.session}", timezone.now().date())
            runs[one.session] = DetectionRunFactory(original_file=OriginalFileFactory(shoot=shoot, duration_ms=10**9))
        run = runs[one.session]
        segment = CandidateSegmentFactory(
            original_file=run.original_file, run=run, start_ms=number * 10_000, end_ms=number * 10_000 + 4000,
            score=scored(one) if scored else one.score, plain_score=one.score if scored else None,
            features=one.features, status=SegmentStatus.ACCEPTED if one.is_kept else SegmentStatus.TRASHED,
        )  # fmt: skip
        kind = DecisionKind.KEEP if one.is_kept else DecisionKind.TRASH
        made.append(Decision(kind=kind, segment=segment, member=member, member_name=member.username))
    return Decision.objects.bulk_create(made)


def waiting(run, start_ms=500_000, **fields) -> CandidateSegment:
    fields = {"score": 0.5, "chance": 0.4, "features": LOUD} | fields
    return CandidateSegmentFactory(
        original_file=run.original_file, run=run, start_ms=start_ms, end_ms=start_ms + 4000, **fields
    )


def state(segment) -> tuple:
    segment.refresh_from_db()
    return segment.score, segment.plain_score, segment.crew_why


def use(layer_of=decisions, n=200) -> CrewLayer:
    """Put a layer to use that was learned from made-up decisions; none of them is a row."""
    now = timezone.now()
    return CrewLayer.objects.all().add(learn(layer_of(n)), state=LayerState.IN_USE, learned_until=now, used_since=now)


def test_it_begins_with_the_twenty_fifth_decision_and_again_after_as_many(sorter, work_off):
    made = decisions(60)
    sorted_by(sorter, made[:24])
    assert learning.want_soon() is None
    sorted_by(sorter, made[24:25])
    job = learning.want_soon()
    assert (job.kind, job.priority, job.shoot.name) == (JobKind.LEARN, 9, f"Session {made[24].session}")
    work_off()
    assert CrewLayer.objects.get().n_decisions == 25
    sorted_by(sorter, made[25:49])
    assert learning.want_soon() is None
    sorted_by(sorter, made[49:])
    assert learning.want_soon() is not None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: Decision.objects.update(kind=DecisionKind.SKIP),
        lambda rows: Decision.objects.update(kind=DecisionKind.ASIDE),
        lambda rows: CandidateSegment.objects.update(run=None, score=None),
        lambda rows: CandidateSegment.objects.update(is_from_angle=True),
        lambda rows: CandidateSegment.objects.update(features={}),
        lambda rows: CandidateSegment.objects.update(status=SegmentStatus.UNREVIEWED),
        lambda rows: undone(rows),
    ],
    ids=["skip", "aside", "manual", "another camera's", "nothing measured", "restored", "undone"],
)
def test_what_is_no_label_is_not_learned_from(sorter, spoil):
    spoil(sorted_by(sorter, decisions(30)))
    assert learning.want_soon() is None
    assert learning.learn() is None


def undone(rows) -> None:
    for one in rows:
        by = Decision.objects.create(
            kind=DecisionKind.UNDO, segment=one.segment, member=one.member, member_name=one.member_name
        )
        Decision.objects.filter(pk=one.pk).update(undone_by=by)


def test_a_habit_is_put_to_use_and_scores_what_nobody_touched(sorter, run, work_off):
    free, by_hand = waiting(run), CandidateSegmentFactory(original_file=run.original_file, start_ms=1, end_ms=2)
    skipped = waiting(run, 510_000, skipped_at=timezone.now())
    kept, trashed = (waiting(run, at, status=status) for at, status in ((520_000, "ACCEPTED"), (530_000, "TRASHED")))
    silent = waiting(run, 540_000, features={"z_scores": {"arc": 3.0, "incoherence": 3.0}})
    sorted_by(sorter, decisions(200))
    learning.want_soon()
    assert work_off() == [JobKind.LEARN]
    layer = CrewLayer.objects.get()
    assert (layer.state, layer.version, layer.n_decisions, layer.n_sessions) == (LayerState.IN_USE, 1, 200, 4)
    score, plain_score, why = state(free)
    assert score > 0.55
    assert (plain_score, why) == (0.5, "your crew keeps loud landings")
    assert free.chance > 0.4
    assert {state(one) for one in (skipped, kept, trashed, silent)} == {(0.5, None, "")}
    assert state(by_hand) == (None, None, "")
    run.refresh_from_db()
    assert run.layer_version == 1


def test_what_is_in_hands_stays_until_it_comes_back(sorter, run):
    free, held = waiting(run), waiting(run, 510_000, score=0.6)
    lease = uuid.uuid4()
    assert CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)[0] == held
    use()
    learning.apply(lambda _done: None)
    assert state(held) == (0.6, None, "")
    assert state(free)[1] == 0.5
    run.refresh_from_db()
    assert run.layer_version is None, "not all of it is scored yet"
    CandidateSegment.objects.give_back(lease)
    learning.apply(lambda _done: None)
    run.refresh_from_db()
    assert (state(held)[1], run.layer_version) == (0.6, 1)


@pytest.mark.parametrize("act", ["pause", "forget", "revert"])
def test_paused_forgotten_or_reverted_it_leaves_no_trace(sorter, run, act):
    free = waiting(run, chance=0.437)
    plain = state(free)
    learning.apply(lambda _done: None)
    layer = use()
    learning.apply(lambda _done: None)
    chance_with = CandidateSegment.objects.get().chance
    assert state(free) != plain
    assert getattr(layer, act)(*([] if act == "revert" else [sorter]))
    assert learning.apply(lambda _done: None) == 1
    assert state(free) == plain
    assert free.chance < chance_with
    assert DetectionRun.objects.get(pk=run.pk).layer_version is None
    assert learning.apply(lambda _done: None) == 0, "and once is enough"


def test_without_a_gain_the_search_decides_alone(sorter, run):
    free = waiting(run)
    sorted_by(sorter, decisions(100, habit=0.0, seed=3))
    row = learning.learn()
    assert (row.state, row.has_gain) == (LayerState.NO_GAIN, False)
    learning.apply(lambda _done: None)
    assert state(free) == (0.5, None, "")


def test_it_is_reverted_by_itself_when_the_next_sessions_cards_are_worse(sorter, run, work_off):
    free = waiting(run)
    use()
    learning.apply(lambda _done: None)
    assert state(free)[1] is not None
    sorted_by(sorter, decisions(30, n_sessions=1, habit=-2.0), scored=lambda one: 0.3 if one.is_kept else 0.8)
    learning.want_soon()
    work_off()
    assert CrewLayer.objects.get().state == LayerState.REVERTED
    assert state(free) == (0.5, None, "")
    assert learning.want_soon() is None, "it tries again after as many new decisions"


def test_it_stays_when_the_next_sessions_cards_are_as_good(sorter, run):
    use()
    sorted_by(sorter, decisions(60, n_sessions=2), scored=lambda one: one.score)
    assert learning.learn().state != LayerState.REVERTED
    assert not CrewLayer.objects.filter(state=LayerState.REVERTED).exists()


def test_what_was_paused_learns_on_and_stays_paused(sorter):
    sorted_by(sorter, decisions(200))
    first = learning.learn()
    assert first.pause(sorter)
    sorted_by(sorter, decisions(30, seed=5))
    second = learning.learn()
    assert (second.version, second.state) == (2, LayerState.PAUSED)
    assert CrewLayer.objects.get(version=1).state == LayerState.REPLACED


def test_forgotten_decisions_are_never_learned_from_again(sorter):
    sorted_by(sorter, decisions(200))
    assert learning.learn().forget(sorter)
    assert CrewLayer.objects.get().layer == {}
    assert learning.want_soon() is None
    sorted_by(sorter, decisions(40, seed=5))
    assert learning.want_soon() is not None
    assert learning.learn().n_decisions == 40


def test_delivered_twice_it_learns_once(sorter, run):
    waiting(run)
    sorted_by(sorter, decisions(200))
    job = learning.want_soon()
    for _time in range(2):
        learn_task(str(job.pk))
    Job.objects.for_target(JobKind.LEARN, run.original_file.shoot)
    learn_task(str(Job.objects.active().get().pk))
    assert CrewLayer.objects.count() == 1


@pytest.mark.parametrize("act", ["pause", "forget"])
def test_what_somebody_says_of_it_while_it_learns_stands(sorter, act, monkeypatch):
    monkeypatch.setattr(learning, "TICK_S", 0.01)  # the child has not even started by then
    sorted_by(sorter, decisions(200))
    layer = learning.learn()
    sorted_by(sorter, decisions(30, seed=5))
    heard = []

    def somebody_acts(_progress) -> None:
        heard.append(getattr(layer, act)(sorter))

    assert learning.learn(somebody_acts) is None
    assert heard[0], "it was in use"
    assert CrewLayer.objects.get().state in {LayerState.PAUSED, LayerState.FORGOTTEN}
    assert (learning.want_soon() is None) == (act == "forget")


@pytest.mark.parametrize("stops_after", [0, 1])
def test_a_worker_that_stops_between_runs_loses_nothing(sorter, run, stops_after, work_off):
    class StopError(Exception):
        pass

    other = DetectionRunFactory(original_file=OriginalFileFactory(duration_ms=600_000))
    moments = [waiting(run), waiting(other)]
    sorted_by(sorter, decisions(200))
    seen = []

    def stop(_done) -> None:
        if len(seen) == stops_after:
            raise StopError
        seen.append(1)

    learning.learn()
    with pytest.raises(StopError):
        learning.apply(stop)
    assert sum(state(one)[1] is not None for one in moments) == stops_after
    Job.objects.for_target(JobKind.LEARN, run.original_file.shoot)
    assert work_off() == [JobKind.LEARN]
    assert Job.objects.get().state == JobState.DONE
    assert all(state(one)[1] == 0.5 for one in moments)
    assert CrewLayer.objects.count() == 1


def test_a_new_search_is_scored_by_what_is_in_use(original):
    use()
    run = replace_moments(original, found(candidate(10_000, 0.5, features=LOUD)))
    segment = CandidateSegment.objects.get()
    assert (segment.plain_score, segment.crew_why) == (0.5, "your crew keeps loud landings")
    assert segment.score > 0.55
    assert DetectionRun.objects.get(pk=run.pk).layer_version == 1
    add_moments(original, found(candidate(10_000, 0.4, features=LOUD), candidate(50_000, 0.5, features=LOUD)))
    assert list(CandidateSegment.objects.order_by("start_ms").values_list("plain_score", flat=True)) == [0.4, 0.5]


def learned_odds(score: float) -> float:
    """Return the log odds that a loud moment of this score has with what is in use."""
    layer = CrewLayer.objects.get().layer
    return log_odds(score) + rescored(layer, score, LOUD)[1] - layer["kinds"]["heard, held"]["line"]


def test_what_a_second_look_does_not_propose_again_is_scored_from_the_search_own_score(original):
    use()
    replace_moments(original, found(candidate(10_000, 0.5, features=LOUD)))
    values = [0.0] * 6000
    values[110] = 0.2
    add_moments(original, found(candidate(50_000, 0.9), values=values))
    lowered = CandidateSegment.objects.get(start_ms=10_000)
    assert lowered.plain_score == 0.2
    assert lowered.score == pytest.approx(1 / (1 + np.exp(-learned_odds(0.2))), abs=0.001)


def test_only_one_is_in_use(sorter):
    use()
    with pytest.raises(IntegrityError, match="crew_layer_one_in_use"), transaction.atomic():
        CrewLayer.objects.create(
            version=9, state=LayerState.IN_USE, n_decisions=1, n_kept=1, n_sessions=1,
            learned_until=timezone.now(), used_since=timezone.now(), changed_at=timezone.now(),
        )  # fmt: skip


def test_a_hundred_runs_cost_the_same_number_of_queries_each(run, django_assert_max_num_queries):
    use()
    for number in range(5):
        waiting(DetectionRunFactory(original_file=run.original_file), 10_000 * number)
    with django_assert_max_num_queries(3 + 5 * 12):
        assert learning.apply(lambda _done: None) == 5
