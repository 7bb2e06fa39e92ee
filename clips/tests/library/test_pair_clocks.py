"""Tests that a confirmed pair puts a wrong clock right for the day's videos of that camera, and that this is undone."""

import datetime as dt
from functools import partial

import pytest
from django.urls import reverse

from clips.library.pair_clocks import pairs_with_clocks, put_right, take_back
from clips.models import CameraClock, OriginalFile, PairState, VideoPair
from clips.tests.recorded import SERIAL, add_probed, utc

pytestmark = pytest.mark.django_db

FOUND = {"offset_s": 120.0, "drift_ppm": None, "confidence": 0.9, "is_sure": True}
#: By the clocks the second camera began 1:04:13 earlier than the sound says.
DRONE = {
    "camera_id": "CAM_DJI_AIR3", "serial": "D1", "recorded_at": "2024-12-01T08:57:47+00:00", "make": "DJI",
}  # fmt: skip
BEHIND_S = 3600 + 4 * 60 + 13


@pytest.fixture
def add_file(shoot):
    return partial(add_probed, shoot)


@pytest.fixture
def helmet(add_file) -> OriginalFile:
    return add_file("GX010001.MP4")


@pytest.fixture
def drone(add_file) -> OriginalFile:
    return add_file("DJI_0001.MP4", **DRONE)


@pytest.fixture
def later(add_file) -> OriginalFile:
    """Another video of the drone, of the same day."""
    return add_file("DJI_0002.MP4", **DRONE | {"recorded_at": "2024-12-01T09:30:00+00:00"})


@pytest.fixture
def pair(helmet, drone, sorter) -> VideoPair:
    VideoPair.objects.all().note(helmet, drone, FOUND)
    assert VideoPair.objects.get().confirm(sorter)
    return VideoPair.objects.get()


def wrong(pair: VideoPair) -> dict[str, int]:
    """Return by how much each camera's clock is said to have been behind."""
    rows = pairs_with_clocks(pair.first.shoot).standing
    return {one.file.camera_id: one.behind_s for row in rows for one in row.wrong_clocks}


def times() -> list[dt.datetime]:
    return list(OriginalFile.objects.order_by("original_filename").values_list("recorded_at", flat=True))


def press(client, pair: VideoPair, name: str, **fields: object):
    address = reverse(f"clips:pair_{name}", args=[pair.pk])
    return client.post(address, fields, headers={"HX-Request": "true"})


def offer(pair: VideoPair, camera_id: str) -> dict[str, object]:
    (row,) = pairs_with_clocks(pair.first.shoot).standing
    (one,) = (one for one in row.wrong_clocks if one.file.camera_id == camera_id)
    return {"which": "first" if one.is_first else "second", "offset_s": one.clock.offset_s}


@pytest.mark.slow
def test_a_confirmed_pair_says_how_far_its_clocks_are_apart_and_a_person_which_was_wrong(client, curator, pair, later):
    assert wrong(pair) == {"CAM_DJI_AIR3": BEHIND_S, "CAM_GOPRO8": -BEHIND_S}
    client.force_login(curator)
    page = reverse("clips:session", args=[pair.first.shoot_id])
    text = client.get(page).content.decode()
    assert "One of these two clocks was wrong that day:" in text
    assert "The clock of DJI AIR3 was 1:04:13 behind that day." in text
    assert "Put it right for its 2 videos" in text
    assert "The clock of GOPRO8 was 1:04:13 ahead that day." in text
    answer = press(client, pair, "clock", **offer(pair, "CAM_DJI_AIR3"))
    assert (answer.status_code, "The times of 2 files changed." in answer.content.decode()) == (200, True)
    clock = CameraClock.objects.get()
    assert (clock.camera_id, clock.serial, clock.day) == ("CAM_DJI_AIR3", "D1", dt.date(2024, 12, 1))
    assert clock.offset_s == BEHIND_S
    assert times() == [utc(10, 2), utc(10, 34, 13), utc(10)]
    assert wrong(pair) == {}


@pytest.mark.slow
def test_undo_gives_the_clock_back_what_it_had_unless_it_was_corrected_since(client, curator, pair):
    CameraClock.objects.create(camera_id="CAM_GOPRO8", serial="", day=dt.date(2024, 12, 1), offset_s=60)
    OriginalFile.objects.all().place_in_time()
    client.force_login(curator)
    asked = offer(pair, "CAM_GOPRO8")
    assert asked["offset_s"] == 60 - (BEHIND_S + 60), "on top of what all cameras of its kind have"
    answer = press(client, pair, "clock", **asked)
    assert answer.status_code == 200
    clock = CameraClock.objects.get(serial=SERIAL)
    assert times() == [utc(8, 57, 47), utc(8, 55, 47)]
    undo = {"clock": clock.pk, "offset_s": clock.offset_s, "before_s": ""}
    assert press(client, pair, "clock_undo", **undo | {"offset_s": 1}).status_code == 409
    assert press(client, pair, "clock_undo", **undo).status_code == 200
    assert not CameraClock.objects.filter(serial=SERIAL).exists()
    assert times() == [utc(8, 57, 47), utc(10, 1)]
    assert press(client, pair, "clock_undo", **undo).status_code == 409


def test_of_two_who_press_at_once_one_corrects_it(client, curator, pair):
    client.force_login(curator)
    asked = offer(pair, "CAM_DJI_AIR3")
    assert [press(client, pair, "clock", **asked).status_code for _ in range(2)] == [200, 409]
    assert CameraClock.objects.get().offset_s == BEHIND_S
    assert put_right(pair, is_first=True, offset_s=5) is None
    assert take_back(0, offset_s=1, before_s=None) is None


def test_a_phone_is_right_for_the_network_sets_its_clock(helmet, add_file, sorter):
    phone = add_file("PXL_1.MP4", **DRONE | {"camera_id": "CAM_PIXEL8", "make": "Google"})
    VideoPair.objects.all().note(helmet, phone, FOUND)
    assert VideoPair.objects.get().confirm(sorter)
    assert wrong(VideoPair.objects.get()) == {"CAM_GOPRO8": -BEHIND_S}


def test_each_camera_and_day_is_told_of_once(helmet, pair, later, sorter):
    VideoPair.objects.all().note(helmet, later, FOUND | {"offset_s": 2053.0})
    assert VideoPair.objects.get(
        second=max(helmet, later, key=lambda file: file.pk), first=min(helmet, later, key=lambda file: file.pk)
    ).confirm(sorter)
    rows = pairs_with_clocks(pair.first.shoot).standing
    assert sorted(len(row.wrong_clocks) for row in rows) == [0, 2]


@pytest.mark.parametrize("why", ["sure alone", "by the clocks", "seconds"])
def test_what_nobody_confirmed_or_measured_says_nothing_of_clocks(pair, why):
    if why == "sure alone":
        VideoPair.objects.update(state=PairState.SURE, decided_at=None, decided_by=None)
    elif why == "by the clocks":
        VideoPair.objects.update(confidence=0)
    else:
        OriginalFile.objects.filter(camera_id="CAM_DJI_AIR3").update(recorded_at=utc(10, 2, 2))
    assert wrong(pair) == {}


def test_who_only_sorts_is_not_offered_it(client, sorter, pair):
    client.force_login(sorter)
    assert "The clock of" not in client.get(reverse("clips:session", args=[pair.first.shoot_id])).content.decode()
    assert press(client, pair, "clock", which="first", offset_s=1).status_code == 403
