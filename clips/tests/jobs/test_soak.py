"""Long random runs for ``--soak``: the seed of a failure is in its name, so that it can be repeated."""

import random
import threading
import uuid
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from clips.media.cut.clip import cut
from clips.models import CandidateSegment, Decision, DecisionKind, FinalClip, Job, JobState, SegmentStatus
from clips.tests.media.made_up import SOUND_RATE_HZ, decoded_sound, make_video, shown_numbers, sound
from people.models import Member

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(3600)]

N_CUTS = 400
N_SEGMENTS = 3000
N_PAGES = 8


@pytest.mark.parametrize("bframes", [0, 3])
@pytest.mark.parametrize("seed", range(3))
def test_random_cuts_show_exactly_what_was_asked(tmp_path, seed, bframes):
    chance = random.Random(seed)  # noqa: S311
    source = make_video(tmp_path / "take.mp4", frames=900, rate=30, bframes=bframes, gop=45, seed=seed)
    heard = sound(30, seed=seed)
    for number in range(N_CUTS // 3):
        first, last = sorted(chance.sample(range(900), 2))
        out = Path(tmp_path / f"{number}.mp4")
        cut(str(source), str(out), start_ms=-(-first * 1000 // 30), end_ms=-(-last * 1000 // 30))
        assert shown_numbers(out) == list(range(first, last + 1)), (seed, first, last)
        assert_in_time(decoded_sound(out), heard, first)
        out.unlink()


def assert_in_time(got: np.ndarray, heard: np.ndarray, first: int) -> None:
    """Compare the middle of a cut's sound with the source's at the same place, to within 10 ms."""
    start = first * SOUND_RATE_HZ // 30
    span = min(len(got), SOUND_RATE_HZ // 2)
    if span < SOUND_RATE_HZ // 10:
        return  # too short to be told apart from itself, shifted
    reach = SOUND_RATE_HZ // 50
    wanted = heard[max(0, start - reach) : start + span + reach]
    best = int(np.correlate(wanted, got[:span], mode="valid").argmax()) - min(start, reach)
    assert abs(best) <= SOUND_RATE_HZ // 100


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_pages_that_come_go_and_repeat_themselves_lose_nothing(run, seed):
    CandidateSegment.objects.bulk_create(
        CandidateSegment(original_file=run.original_file, run=run, start_ms=n * 10, end_ms=n * 10 + 9, score=0.9)
        for n in range(N_SEGMENTS)
    )
    failures: list[Exception] = []

    def sort(number: int) -> None:
        try:
            _sort_at_random(random.Random(f"{seed} {number}"))  # noqa: S311
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    for number in range(N_PAGES):
        Member.objects.create_user(f"member{number}", "x", role="SORTER")
    threads = [threading.Thread(target=sort, args=[number]) for number in range(N_PAGES)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    undecided = CandidateSegment.objects.exclude(status__in=[SegmentStatus.ACCEPTED, SegmentStatus.TRASHED])
    assert not undecided.exists()
    not_undone = Decision.objects.not_undone()
    assert not_undone.exclude(kind=DecisionKind.SKIP).count() == N_SEGMENTS
    assert FinalClip.objects.current().count() == not_undone.filter(kind=DecisionKind.KEEP).count()
    undone = Decision.objects.filter(kind=DecisionKind.KEEP, undone_by__isnull=False).count()
    assert FinalClip.objects.filter(removed_at__isnull=False).count() == undone > 0
    assert Job.objects.filter(state=JobState.CANCELLED).count() == undone
    versions = sorted(int(name[-8:-4].lstrip("v")) for name in FinalClip.objects.values_list("filename", flat=True))
    assert versions == list(range(1, len(versions) + 1)), "each name once, also those of clips that were undone"


def _sort_at_random(chance: random.Random) -> None:
    """Keep, trash, skip, undo, repeat a request, forget a hand, and let leases run out, until nothing is left."""
    client = Client()
    client.force_login(chance.choice(Member.objects.all()))
    lease = str(uuid.UUID(int=chance.getrandbits(128)))

    def post(name: str, **fields: object):
        return client.post(f"/api/sort/{name}", fields, content_type="application/json")

    while True:
        answer = post("next", lease=lease, count=chance.randint(1, 8)).json()
        if not answer["segments"]:
            if not CandidateSegment.objects.filter(status=SegmentStatus.IN_PROGRESS).exists():
                return
            _let_leases_run_out()
        for segment in answer["segments"]:
            fields = {"segment": segment["id"], "lease": lease, "key": str(uuid.UUID(int=chance.getrandbits(128)))}
            span = {"start_ms": segment["start_ms"], "end_ms": segment["end_ms"]}
            name = chance.choice(["save", "save", "save", "save", "trash", "trash", "trash", "trash", "skip"])
            status = 409
            for _time in range(chance.choice([0, 1, 1, 1, 2])):  # 0: the page was closed on it; 2: sent again
                status = post(name, **fields, **(span if name == "save" else {})).status_code
                assert status in {200, 204, 409}, status
            if status != 409 and chance.random() < 0.1:  # not after a refusal, or undoing could outrun deciding
                undo = {"lease": lease, "key": str(uuid.UUID(int=chance.getrandbits(128)))}
                for _time in range(chance.choice([1, 1, 2])):
                    assert post("undo", **undo).status_code in {200, 409}
        if chance.random() < 0.2:
            lease = str(uuid.UUID(int=chance.getrandbits(128)))  # a reload: the old hand is held until its time is up
        if chance.random() < 0.05:
            _let_leases_run_out()


def _let_leases_run_out() -> None:
    held = CandidateSegment.objects.filter(status=SegmentStatus.IN_PROGRESS)
    with transaction.atomic():
        held = CandidateSegment.objects.filter(pk__in=held.lock_in_order())
        held.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
