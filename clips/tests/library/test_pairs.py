"""Tests the pairs of videos on a session's page and in the API: confirm, take apart, move by frames, undo."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.jobs.worker import claim
from clips.library.bin import throw_away
from clips.library.pairs import pairs_of
from clips.models import Job, JobKind, JobState, PairChange, PairState, VideoPair
from clips.models.video_pair import MOST_NUDGE_US, WIDE
from clips.tests.factories import OriginalFileFactory

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2024, 12, 1, 12, tzinfo=dt.UTC)
FOUND = {"offset_s": 6.25, "drift_ppm": None, "confidence": 0.9, "is_sure": True}


@pytest.fixture
def pair(shoot) -> VideoPair:
    """Return a pair of a helmet camera of 60 fps, and of a phone of 30 that began 6.25 s later."""
    helmet, phone = (
        OriginalFileFactory(
            shoot=shoot, original_filename=name, camera_id=f"CAM_{name[:5].upper()}", rate_num=rate, rate_den=1,
            duration_ms=60_000, recorded_at=NOON,
        ) for name, rate in (("helmet.mp4", 60), ("phone.mp4", 30))
    )  # fmt: skip
    VideoPair.objects.all().note(helmet, phone, FOUND)
    return VideoPair.objects.get()


def press(client, pair: VideoPair, what: str, **fields: object) -> object:
    fields = {"key": uuid.uuid4()} | fields
    return client.post(reverse(f"clips:pair_{what}", args=[pair.pk]), fields, headers={"HX-Request": "true"})


def now(pair: VideoPair) -> VideoPair:
    return VideoPair.objects.get(pk=pair.pk)


def starts_ms(pair: VideoPair) -> float:
    """Return where the phone begins in the helmet's video, whichever of them the row names first."""
    pair = now(pair)
    return pair.shift_ms if pair.first.original_filename == "helmet.mp4" else pair.in_second_ms(0)


def test_a_session_without_pairs_says_nothing_of_them_and_one_with_them_does(client, viewer, pair):
    client.force_login(viewer)
    page = reverse("clips:session", args=[pair.first.shoot_id])
    text = client.get(page).content.decode()
    assert "Filmed by two cameras" in text
    assert "the second starts 0:06.250 after the first" in text
    assert "Take apart" not in text, "who only watches decides nothing"
    VideoPair.objects.update(state=PairState.NONE)
    assert "two cameras" not in client.get(page).content.decode()


def test_the_video_that_began_earlier_comes_first_whichever_the_row_names_first(pair):
    for offset_ms in (pair.offset_ms, -pair.offset_ms):
        VideoPair.objects.update(offset_ms=offset_ms)
        (row,) = pairs_of(pair.first.shoot).standing
        assert row.apart_ms == 6250
        is_first = row.earlier == pair.first
        assert is_first == (offset_ms > 0)
        assert now(pair).in_first_ms(0) * (1 if is_first else -1) == 6250


@pytest.mark.slow
def test_a_frame_is_one_of_the_faster_video_and_moves_the_one_that_began_later(client, sorter, pair):
    client.force_login(sorter)
    (row,) = pairs_of(pair.first.shoot).standing
    assert press(client, pair, "nudge", frames=row.frames_later).status_code == 200
    assert starts_ms(pair) == pytest.approx(6250 + 1000 / 60, abs=0.01)
    assert (now(pair).state, now(pair).decided_by) == (PairState.CONFIRMED, sorter)
    for _ in range(3):
        press(client, pair, "nudge", frames=row.frames_earlier)
    assert starts_ms(pair) == pytest.approx(6250 - 2 * 1000 / 60, abs=0.01)
    assert "33 ms by hand" in press(client, pair, "confirm").content.decode()


def test_a_request_that_comes_twice_moves_once(client, sorter, pair):
    client.force_login(sorter)
    key = uuid.uuid4()
    answers = [press(client, pair, "nudge", frames=2, key=key).status_code for _ in range(2)]
    assert answers == [200, 200]
    assert now(pair).nudge_us == 2 * pair.frame_us
    assert PairChange.objects.count() == 1


@pytest.mark.slow
def test_each_change_is_undone_step_by_step_and_not_over_somebody_elses(client, sorter, curator, pair):
    client.force_login(sorter)
    press(client, pair, "nudge", frames=1)
    moved = PairChange.objects.get()
    press(client, pair, "take_apart")
    assert not VideoPair.objects.all().standing().exists()
    assert press(client, pair, "undo", change=moved.pk).status_code == 409, "it was changed again since"
    for _ in range(2):
        last = PairChange.objects.filter(undone_at=None).order_by("-created_at").first()
        assert press(client, pair, "undo", change=last.pk).status_code == 200
    as_it_was = now(pair)
    assert (as_it_was.state, as_it_was.nudge_us, as_it_was.decided_by) == (PairState.SURE, 0, None)
    assert press(client, pair, "undo", change=last.pk).status_code == 409
    press(client, pair, "confirm")
    client.force_login(curator)
    press(client, pair, "take_apart")
    assert now(pair).decided_by == curator


def test_further_than_people_move_a_video_says_so(client, sorter, pair):
    client.force_login(sorter)
    VideoPair.objects.update(nudge_us=MOST_NUDGE_US - pair.frame_us)
    assert press(client, pair, "nudge", frames=1).status_code == 200
    answer = press(client, pair, "nudge", frames=1)
    told = "A video can be moved by 60 s at most. If it is off by more, take the pair apart."
    assert answer.status_code == 422
    assert told in answer.content.decode()
    asked = {"key": str(uuid.uuid4()), "frames": 1}
    answer = client.post(reverse("api:pair_nudge", args=[pair.pk]), asked, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (422, told)
    assert now(pair).nudge_us == MOST_NUDGE_US
    assert press(client, pair, "nudge", frames=-1).status_code == 200


@pytest.mark.parametrize("fields", [{"key": "x"}, {"frames": 0.5}, {"frames": 10_000}, {"frames": ""}])
def test_a_bad_form_changes_nothing(client, sorter, pair, fields):
    client.force_login(sorter)
    assert press(client, pair, "nudge", **{"frames": 1} | fields).status_code == 422
    assert not PairChange.objects.exists()


def test_a_pair_of_which_a_video_is_in_the_bin_is_not_there(client, curator, pair):
    client.force_login(curator)
    throw_away(curator, videos=[pair.first.pk])
    assert press(client, pair, "confirm").status_code == 404
    assert not pairs_of(pair.first.shoot)


def test_a_curator_has_all_videos_of_a_session_compared_whatever_their_clocks_say(client, curator, pair):
    client.force_login(curator)
    OriginalFileFactory(shoot=pair.first.shoot, duration_ms=9000, evicted_at=timezone.now())
    address = reverse("clips:session_find_pairs", args=[pair.first.shoot_id])
    assert "Comparing 2 videos" in client.post(address).content.decode()
    jobs = Job.objects.filter(kind=JobKind.PAIR)
    assert {job.original_file_id for job in jobs} == {pair.first_id, pair.second_id}
    assert all(job.params == {WIDE: True} for job in jobs)
    client.post(address)
    assert jobs.count() == 2


def test_a_video_that_waits_to_be_compared_by_its_clock_is_compared_with_all(client, curator, pair):
    client.force_login(curator)
    hours_ago = timezone.now() - dt.timedelta(hours=3)
    Job.objects.for_target(JobKind.PAIR, pair.first)
    Job.objects.update(created_at=hours_ago)
    client.post(reverse("clips:session_find_pairs", args=[pair.first.shoot_id]))
    assert [job.params for job in Job.objects.filter(kind=JobKind.PAIR)] == [{WIDE: True}] * 2
    assert Job.objects.filter(created_at__gt=hours_ago).count() == 2, "what was compared meanwhile is compared again"


def test_a_video_that_is_just_compared_by_its_clock_is_compared_with_all_afterwards(client, curator, pair):
    client.force_login(curator)
    job = Job.objects.for_target(JobKind.PAIR, pair.first)
    with claim(str(job.pk)) as work:
        client.post(reverse("clips:session_find_pairs", args=[pair.first.shoot_id]))
        with work.finishing():
            pass
    jobs = Job.objects.filter(kind=JobKind.PAIR, original_file=pair.first).order_by("created_at")
    assert [job.state for job in jobs] == [JobState.DONE, JobState.WAITING]
    assert jobs[1].params == {WIDE: True}


def test_programs_list_pairs_and_change_them(client, sorter, pair):
    client.force_login(sorter)
    (told,) = client.get(reverse("api:pair_list", args=[pair.first.shoot_id])).json()["results"]
    assert (told["id"], told["state"], abs(told["shift_ms"])) == (str(pair.pk), "SURE", 6250)

    def post(what: str, **fields: object) -> object:
        address = reverse(f"api:pair_{what}", args=[pair.pk])
        return client.post(address, fields, content_type="application/json")

    key = str(uuid.uuid4())
    told = post("nudge", key=key, frames=1).json()
    assert (told["state"], told["nudge_us"], told["change"]) == ("CONFIRMED", 16_667, key)
    assert post("take_apart", key=str(uuid.uuid4())).json()["state"] == "REJECTED"
    assert post("undo", change=key).status_code == 409
    assert post("confirm", key=key).status_code == 409, "the key stands for another change"
    assert post("undo", change=str(uuid.uuid4())).status_code == 404
