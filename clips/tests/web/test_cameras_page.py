"""Tests the page of cameras: their names, and corrections of their clocks shown before they are made, and undone."""

import datetime as dt
from functools import partial

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from clips.library.search import matching
from clips.models import CameraClock, CameraName, FinalClip, OriginalFile
from clips.tests.browser import log_in, open_page
from clips.tests.factories import FinalClipFactory
from clips.tests.recorded import SERIAL, add_probed, utc
from people.models import Action, AuditEntry, Member, Role
from trickyclip.shared.undo_offer import address_of

CAMERAS = reverse("clips:cameras")
CLOCK = reverse("clips:clock_correct")
AN_HOUR = {"camera_id": "CAM_GOPRO8", "shown": "2024-12-01T10:00", "true": "2024-12-01T11:00"}


@pytest.fixture
def page(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def add_file(shoot):
    return partial(add_probed, shoot)


def times_of(*files):
    rows = dict(OriginalFile.objects.values_list("pk", "recorded_at"))
    return [rows[file.pk] for file in files]


def undo_of(answer) -> str:
    *_before, message = get_messages(answer.wsgi_request)
    return address_of(message.extra_tags)


@pytest.mark.slow
def test_cameras_are_listed_the_most_used_first(page, add_file):
    add_file("a.mp4", camera_id="CAM_GOPRO11")
    add_file("b.mp4"), add_file("c.mp4")
    CameraName.objects.create(camera_id="CAM_GOPRO8", serial=SERIAL, name="helmet cam")
    listed = page.get(CAMERAS).context["cameras"]
    assert [(one.camera_id, one.name, one.n_files) for one in listed] == [
        ("CAM_GOPRO8", "helmet cam", 2),
        ("CAM_GOPRO11", "", 1),
    ]
    assert listed[0].last == utc(10)


@pytest.mark.slow
def test_a_camera_is_named_found_by_it_and_unnamed(page, add_file, work_off, django_capture_on_commit_callbacks):
    file = add_file()
    clip = FinalClipFactory(original_file=file, camera_id="CAM_GOPRO8")
    named = {"camera_id": "CAM_GOPRO8", "serial": SERIAL, "name": " helmet  cam "}
    page.post(reverse("clips:camera_name"), named)
    assert CameraName.objects.get().name == "helmet cam"
    FinalClip.objects.refresh_search()
    assert list(matching(FinalClip.objects.all(), "helmet")) == [clip]
    page.post(reverse("clips:camera_name"), named | {"name": ""})
    assert not CameraName.objects.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == [Action.ADDED, Action.DELETED]


def test_a_name_for_no_camera_is_refused(page):
    answer = page.post(reverse("clips:camera_name"), {"camera_id": "GoPro", "name": "x"})
    assert answer.status_code == 422
    assert "Write a camera like CAM_GOPRO11." in answer.content.decode()
    assert not CameraName.objects.exists()


def test_a_correction_is_shown_before_it_is_made(page, add_file):
    file, other_day = add_file("a.mp4"), add_file("b.mp4", recorded_at="2024-12-02T10:00:00+00:00")
    answer = page.get(CLOCK, AN_HOUR)
    (change,) = answer.context["changes"]
    assert change.file == file
    assert [str(time) for time in (change.before, change.after)] == ["2024-12-01 10:00:00", "2024-12-01 11:00:00"]
    assert "Correct 1 video" in answer.content.decode()
    assert times_of(file, other_day) == [utc(10), utc(10, day=2)]
    assert not CameraClock.objects.exists()
    done = page.post(CLOCK, AN_HOUR)
    assert done["Location"] == CAMERAS
    assert times_of(file, other_day) == [utc(11), utc(10, day=2)]
    assert AuditEntry.objects.get(action=Action.ADDED).details == {"offset_s": 3600, "before": None}


def test_an_undone_correction_leaves_the_times_as_they_were(page, add_file):
    file = add_file()
    first = undo_of(page.post(CLOCK, AN_HOUR))
    second = undo_of(page.post(CLOCK, AN_HOUR | {"true": "2024-12-01T08:00"}))
    assert times_of(file) == [utc(8)]
    page.post(second)
    assert times_of(file) == [utc(11)], "as the correction before"
    page.post(first)
    assert times_of(file) == [utc(10)]
    assert not CameraClock.objects.exists()
    assert page.post(first).status_code == 404


def test_one_camera_is_corrected_or_all_of_its_model(page, add_file):
    one, other = add_file("a.mp4"), add_file("b.mp4", serial="other")
    page.post(CLOCK, AN_HOUR | {"serial": SERIAL})
    assert times_of(one, other) == [utc(11), utc(10)]
    CameraClock.objects.all().delete()
    page.post(CLOCK, AN_HOUR | {"serial": SERIAL, "all_of_kind": "on"})
    assert times_of(one, other) == [utc(11), utc(11)]


def test_a_clock_that_was_not_set_is_told_with_the_way_to_correct_it(page, add_file):
    add_file(recorded_at=None, clock_shows="2016-01-01T00:00:07+00:00", clock_is_local=True)
    (camera,) = page.get(CAMERAS).context["cameras"]
    (fault,) = camera.faults
    assert fault.day == dt.date(2016, 1, 1)
    assert "Correct 1 video" in page.get(fault.correct_url).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"shown": ""},
        {"true": "yesterday"},
        {"camera_id": "GoPro"},
        {"shown": "0001-01-01T00:00", "true": "9999-01-01T00:00"},
    ],
)
def test_what_is_no_correction_is_refused(page, add_file, wrong):
    add_file()
    assert page.post(CLOCK, AN_HOUR | wrong).status_code == 422
    assert "changes" not in page.get(CLOCK, AN_HOUR | wrong).context
    assert not CameraClock.objects.exists()


@pytest.mark.slow
def test_many_cameras_cost_no_more_queries(page, add_file):
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page.get(CAMERAS).status_code == 200
        return len(queries)

    add_file()
    few = n_queries()
    for number in range(12):
        add_file(f"{number}.mp4", camera_id=f"CAM_GOPRO{number}", serial=str(number))
        CameraName.objects.create(camera_id=f"CAM_GOPRO{number}", name=f"cam {number}")
        CameraClock.objects.create(camera_id=f"CAM_GOPRO{number}", day=dt.date(2024, 12, 1), offset_s=60)
    assert n_queries() == few


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_curator_corrects_a_clock_on_a_phone_and_takes_it_back(chromium, live_server, add_file):
    Member.objects.create_user("cora", "long-enough-for-everyone", role=Role.CURATOR)
    file = add_file()
    with open_page(chromium, live_server.url, width_px=390, height_px=664) as browser:
        log_in(browser, "cora", "long-enough-for-everyone")
        browser.goto(CAMERAS)
        browser.get_by_role("link", name="Correct the clock of CAM_GOPRO8").click()
        browser.get_by_label("The camera’s clock showed").fill("2024-12-01T10:00:00")
        browser.get_by_label("It really was").fill("2024-12-01T11:30:00")
        browser.get_by_role("button", name="See what changes").click()
        browser.get_by_role("button", name="Correct 1 video").click()
        expect(browser.locator(".toast")).to_contain_text("The time of 1 file changed.")
        expect(browser.locator(".camera")).to_contain_text("On 1 Dec 2024 its clock is corrected by +1:30:00.")
        browser.locator(".toast").get_by_role("button", name="Undo").click()
        expect(browser.locator(".message")).to_contain_text("The time of 1 file changed.")
    assert times_of(file) == [utc(10)]
