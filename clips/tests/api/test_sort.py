"""Tests sorting through the API: hands, leases, keys, and that everything happens once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from clips.models import CandidateSegment, Decision, FinalClip, Job, JobKind, SegmentStatus, Shoot
from people.models import Person
from tricks.models import Trick


class Sorter:
    """One open page of one member."""

    def __init__(self, member) -> None:
        self.client = Client()
        self.client.force_login(member)
        self.lease = str(uuid.uuid4())

    def post(self, name: str, **fields):
        return self.client.post(f"/api/sort/{name}", fields, content_type="application/json")

    def next(self, count: int = 1) -> list[dict]:
        answer = self.post("next", lease=self.lease, count=count)
        assert answer.status_code == 200, answer.content
        return answer.json()["segments"]

    def save(self, segment: dict, **fields):
        span = {"start_ms": segment["start_ms"], "end_ms": segment["end_ms"]}
        return self.post("save", **(self._held(segment) | span | fields))

    def trash(self, segment: dict, **fields):
        return self.post("trash", **(self._held(segment) | fields))

    def _held(self, segment: dict) -> dict:
        return {"segment": segment["id"], "lease": self.lease, "key": str(uuid.uuid4())}


@pytest.fixture
def mia(sorter, segments) -> Sorter:
    return Sorter(sorter)


@pytest.fixture
def jo(other_sorter) -> Sorter:
    return Sorter(other_sorter)


def test_the_best_shown_segment_comes_first(mia):
    (segment,) = mia.next()
    assert segment["score"] == 0.95
    assert segment["session_name"] == "Backyard Rails"
    assert segment["why"]


def test_what_is_shown_follows_the_sensitivity_at_once(mia):
    assert len(mia.next(count=8)) == 7
    Shoot.objects.update(sensitivity=100)
    assert mia.post("next", lease=str(uuid.uuid4()), count=8).json()["segments"][0]["score"] < 0.5


def test_asking_again_keeps_the_same_hand(mia):
    first = mia.next(count=3)
    assert mia.next(count=3) == first


def test_two_pages_never_hold_the_same_segment(mia, jo, sorter):
    second_tab = Sorter(sorter)
    hands = [mia.next(2), jo.next(2), second_tab.next(2)]
    ids = [segment["id"] for hand in hands for segment in hand]
    assert len(set(ids)) == 6


def test_keeping_makes_a_named_clip_and_starts_the_cut(mia):
    miller, kfed = Person.objects.add("Miller Downey"), Trick.objects.add("KFED", category="RAIL")
    (segment,) = mia.next()
    answer = mia.save(segment, start_ms=500, end_ms=3250, person=str(miller.pk), trick=str(kfed.pk))
    assert answer.status_code == 200, answer.content
    name = "2024-12-01__BackyardRails__Miller_Downey__KFED__CAM_GOPRO11__240FPS__v001.mp4"
    assert answer.json()["filename"] == name
    clip = FinalClip.objects.get()
    assert (clip.start_ms, clip.end_ms, clip.is_current) == (500, 3250, True)
    assert Job.objects.get().kind == JobKind.RENDER
    decision = Decision.objects.get()
    assert (decision.member.username, decision.after["clip"]) == ("mia", str(clip.pk))
    assert CandidateSegment.objects.get(pk=segment["id"]).status == SegmentStatus.ACCEPTED


@pytest.mark.parametrize("category", ["TRICK", "BROLL", "CRASH"])
def test_a_clip_without_person_or_trick_says_unknown_in_their_places(mia, category):
    answer = mia.save(mia.next()[0], category=category)
    assert "__Unknown__Unknown__CAM_" in answer.json()["filename"]


def test_the_same_name_gets_the_next_version(mia):
    names = [mia.save(segment).json()["filename"] for segment in mia.next(3)]
    assert [name[-8:-4] for name in names] == ["v001", "v002", "v003"]


@pytest.mark.slow
def test_a_replayed_key_changes_nothing(mia):
    (segment,) = mia.next()
    key = str(uuid.uuid4())
    answers = [mia.save(segment, key=key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (FinalClip.objects.count(), Decision.objects.count(), Job.objects.count()) == (1, 1, 1)


def test_a_replayed_trash_changes_nothing(mia):
    (segment,) = mia.next()
    key = str(uuid.uuid4())
    assert [mia.trash(segment, key=key).status_code for _ in range(2)] == [204, 204]
    assert Decision.objects.count() == 1


def test_a_key_stands_for_one_decision(mia):
    one, other = mia.next(2)
    key = str(uuid.uuid4())
    assert mia.trash(one, key=key).status_code == 204
    answer = mia.trash(other, key=key)
    assert (answer.status_code, answer.json()["detail"]) == (409, "This key was used for another decision.")
    assert CandidateSegment.objects.get(pk=other["id"]).status == SegmentStatus.IN_PROGRESS


def test_somebody_elses_segment_cannot_be_decided(mia, jo):
    (segment,) = mia.next()
    assert jo.save(segment).status_code == 409
    assert jo.trash(segment).status_code == 409
    assert not FinalClip.objects.exists()
    assert mia.save(segment).status_code == 200


def test_a_lease_that_ran_out_holds_nothing(mia, jo):
    (segment,) = mia.next()
    CandidateSegment.objects.filter(pk=segment["id"]).update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    answer = mia.save(segment)
    assert answer.status_code == 409
    assert "time ran out" in answer.json()["detail"]
    assert jo.next()[0]["id"] == segment["id"]
    assert jo.trash(segment).status_code == 204


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "says"),
    [
        (3000, 3000, "end after it starts"),
        (3000, 1000, "end after it starts"),
        (599_000, 600_001, "10:00 long"),
        (-1, 3000, "10:00 long"),
        (0, 2**60, "end_ms"),
        ("soon", 3000, "start_ms"),
    ],
)
def test_a_wrong_trim_gets_a_sentence_and_loses_nothing(mia, start_ms, end_ms, says):
    (segment,) = mia.next()
    answer = mia.save(segment, start_ms=start_ms, end_ms=end_ms)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert mia.save(segment).status_code == 200, "the segment is still held and can be kept"


@pytest.mark.parametrize("field", ["segment", "person", "trick"])
def test_an_unknown_id_gets_a_sentence(mia, field):
    (segment,) = mia.next()
    unknown = str(uuid.uuid4())
    answer = mia.save(segment | {"id": unknown}) if field == "segment" else mia.save(segment, **{field: unknown})
    assert answer.status_code in {404, 422}
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"segment": 5}', b"\xff\xfe"])
def test_a_body_that_is_no_form_gets_a_sentence(mia, body):
    for name in ("next", "save", "trash"):
        answer = mia.client.post(f"/api/sort/{name}", body, content_type="application/json")
        assert answer.status_code < 500
        assert answer.status_code == 200 or answer.json()["detail"]


@pytest.mark.slow
def test_the_number_of_queries_does_not_grow(mia, run, django_assert_max_num_queries):
    CandidateSegment.objects.bulk_create(
        CandidateSegment(original_file=run.original_file, run=run, start_ms=n, end_ms=n + 10, score=0.6)
        for n in range(3000)
    )
    with django_assert_max_num_queries(10):
        mia.next(count=4)
    (segment, *_rest) = mia.next()
    with django_assert_max_num_queries(27):
        mia.save(segment)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_sort_200_segments_each_once(run, sorter, other_sorter):
    CandidateSegment.objects.bulk_create(
        CandidateSegment(original_file=run.original_file, run=run, start_ms=n * 100, end_ms=n * 100 + 90, score=0.9)
        for n in range(200)
    )
    seen, kept, failures = [], [], []

    def sort(member) -> None:
        page = Sorter(member)
        try:
            while hand := page.next(count=4):
                for segment in hand:
                    seen.append(segment["id"])
                    keep = len(seen) % 2 == 0
                    answer = page.save(segment) if keep else page.trash(segment)
                    assert answer.status_code in {200, 204}, answer.content
                    if keep:
                        kept.append(answer.json()["filename"])
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sort, args=[member]) for member in (sorter, other_sorter, sorter)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert len(seen) == len(set(seen)) == 200, "no segment twice, none lost"
    assert FinalClip.objects.count() == len(kept)
    versions = sorted(int(name[-7:-4]) for name in kept)
    assert versions == list(range(1, len(kept) + 1)), "v001, v002 … without a gap"
    assert Decision.objects.count() == 200
    assert not CandidateSegment.objects.exclude(status__in=[SegmentStatus.ACCEPTED, SegmentStatus.TRASHED]).exists()
