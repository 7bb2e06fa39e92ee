"""Tests the session pages: their numbers, their edits, and a constant number of queries for longer lists."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clips.models import (
    CandidateSegment,
    DetectionRun,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Preview,
    SegmentStatus,
    Shoot,
)
from clips.sorting import decisions
from clips.sorting.progress import progress_of, sessions_to_sort
from clips.tests.previews.test_filmstrips import has_filmstrip
from people.models import Person
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS


@pytest.fixture
def page(client, curator):
    client.force_login(curator)
    return client


def url(name: str, row) -> str:
    return reverse(f"clips:{name}", args=[row.pk])


def keep(segment: CandidateSegment, member) -> None:
    lease = uuid.uuid4()
    CandidateSegment.objects.filter(pk=segment.pk).update(
        status=SegmentStatus.IN_PROGRESS,
        locked_at=timezone.now(),
        lease_token=lease,
        lease_ends_at=timezone.now() + dt.timedelta(minutes=1),
    )
    choice = decisions.Choice(start_ms=segment.start_ms, end_ms=segment.end_ms)
    decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=member)


def add_files(shoot: Shoot, count: int) -> None:
    """Add analysed files, each with a run and three moments of which one is trashed."""
    first = OriginalFile.objects.count()
    files = OriginalFile.objects.bulk_create(
        OriginalFile(
            shoot=shoot,
            original_filename=f"GX01{number:04d}.MP4",
            stored_path=f"originals/{number}.mp4",
            file_hash=f"{number:064x}",
            size_bytes=1000,
            duration_ms=60_000,
        )
        for number in range(first, first + count)
    )
    runs = DetectionRun.objects.bulk_create(DetectionRun(original_file=file, version="test") for file in files)
    statuses = [SegmentStatus.UNREVIEWED, SegmentStatus.TRASHED, SegmentStatus.UNREVIEWED]
    CandidateSegment.objects.bulk_create(
        CandidateSegment(
            original_file=run.original_file, run=run, start_ms=place * 9_000, end_ms=place * 9_000 + 4_000,
            score=0.9 - place * 0.3, status=status,
        )
        for run in runs
        for place, status in enumerate(statuses)
    )  # fmt: skip
    Job.objects.bulk_create(Job(kind=JobKind.DETECT, original_file=file) for file in files)


def queries_of(client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_progress_counts_what_was_decided_and_what_is_left(shoot, original, segments, sorter):
    keep(segments[0], sorter)
    CandidateSegment.objects.filter(pk=segments[1].pk).update(status=SegmentStatus.TRASHED)
    progress = progress_of([shoot])[shoot.pk]
    assert (progress.kept, progress.trashed, progress.left, progress.clips) == (1, 1, 5, 1)
    assert (progress.files, progress.filmed_ms, progress.percent_sorted) == (1, 600_000, 28)
    assert [(row.name, row.n_left) for row in sessions_to_sort(9)] == [("Backyard Rails", 5)]


def test_a_video_put_aside_leaves_nothing_to_sort(page, shoot, original, segments):
    CandidateSegment.objects.lease_hand(member=None, lease=uuid.uuid4(), count=2)
    assert page.post(url("file_aside", original)).status_code == 200
    assert page.post(url("file_aside", original)).status_code == 409
    assert sessions_to_sort(9) == []
    assert not CandidateSegment.objects.filter(status=SegmentStatus.IN_PROGRESS).exists()
    assert page.post(url("file_take_back", original)).status_code == 200
    assert page.post(url("file_take_back", original)).status_code == 409
    assert sessions_to_sort(9)[0].n_left == 7


def test_a_session_without_files_is_listed_as_it_is(page, shoot):
    assert "no videos" in page.get(reverse("clips:sessions")).content.decode()
    assert "No videos yet" in page.get(url("session", shoot)).content.decode()


@pytest.mark.slow
@pytest.mark.parametrize("route", ["clips:sessions", "home"])
def test_more_sessions_cost_no_more_queries(page, route):
    for number in range(2):
        add_files(Shoot.objects.called(f"Session {number}", dt.date(2024, 1, 1)), 5)
    page.get(reverse(route))  # what is asked once for each process
    few = queries_of(page, reverse(route))
    shoots = Shoot.objects.bulk_create(
        Shoot(name=f"More {number}", slug=f"More{number}", date=dt.date(2023, 1, 1)) for number in range(1000)
    )
    for shoot in shoots[:5]:
        add_files(shoot, 20)
    assert queries_of(page, reverse(route)) == few


@pytest.mark.slow
def test_more_files_and_moments_cost_no_more_queries(page, shoot):
    add_files(shoot, 10)
    few = queries_of(page, url("session", shoot) + "?details")
    add_files(shoot, 990)
    assert queries_of(page, url("session", shoot) + "?details") == few


def test_each_moment_is_a_mark_that_can_be_reached(page, shoot, original, segments, run):
    body = page.get(url("session", shoot) + "?details").content.decode()
    assert body.count('class="mark"') == 10
    assert body.count('class="watch-mark"') == 10
    assert "7 of 10 moments shown" in body
    assert reverse("clips:curve", args=[run.pk]) in body
    assert "style=" not in body


def test_the_curve_is_a_picture_that_need_not_be_asked_for_again(page, run):
    DetectionRun.objects.update(curve={"step_ms": 100, "values": [0.0, 1.0, 0.5]})
    answer = page.get(reverse("clips:curve", args=[run.pk]))
    assert answer["Content-Type"] == "image/svg+xml"
    assert "immutable" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    assert b"<polygon" in answer.content


def test_the_slider_takes_effect_at_once_and_asks_for_previews(page, shoot, original, segments):
    answer = page.post(url("session_sensitivity", shoot), {"sensitivity": 100})
    assert "10 of 10 moments shown" in answer.content.decode()
    assert Job.objects.filter(kind=JobKind.PREVIEW).count() == 10
    answer = page.post(url("session_sensitivity", shoot), {"sensitivity": 5})
    assert "1 of 10 moments shown" in answer.content.decode()
    assert Shoot.objects.get().sensitivity == 5


@pytest.mark.parametrize("sensitivity", ["101", "-1", "much", ""])
def test_a_sensitivity_out_of_range_changes_nothing(page, shoot, sensitivity):
    answer = page.post(url("session_sensitivity", shoot), {"sensitivity": sensitivity})
    assert answer.status_code == 422
    assert Shoot.objects.get().sensitivity == 50


def test_without_clips_the_slug_follows_the_name(page, shoot):
    answer = page.post(url("session_rename", shoot), {"name": "Stair  Set", "date": "2024-12-02"})
    assert answer.status_code == 200
    shoot.refresh_from_db()
    assert (shoot.name, shoot.slug, shoot.date) == ("Stair Set", "StairSet", dt.date(2024, 12, 2))


def test_a_name_that_only_looks_different_keeps_its_own_slug(page, shoot):
    page.post(url("session_rename", shoot), {"name": "backyard rails", "date": "2024-12-01"})
    shoot.refresh_from_db()
    assert (shoot.name, shoot.slug.lower()) == ("backyard rails", "backyardrails")


@pytest.mark.slow
@pytest.mark.parametrize(("kept", "slug"), [({}, "StairSet"), ({"keep_slug": "on"}, "BackyardRails")])
def test_clips_follow_the_name_and_date_of_their_session(page, shoot, segments, sorter, work_off, kept, slug):
    keep(segments[0], sorter)
    Job.objects.all().delete()
    assert "file name will change with the name" in page.get(url("session", shoot)).content.decode()
    typed = {"name": "Stair Set", "date": "2025-01-01"} | kept
    says = page.get(url("session_rename_says", shoot), typed, headers=AS_A_PAGE_ASKS).content.decode()
    assert f"1 clip: its folder and file name will change to 2025-01-01__{slug}. Links and versions stay." in says
    assert str(Shoot.objects.get()) == "2024-12-01 Backyard Rails", "nothing was saved by asking"
    answer = page.post(url("session_rename", shoot), typed).content.decode()
    assert "1 clip is being renamed in the background." in answer
    shoot.refresh_from_db()
    assert (shoot.name, shoot.slug, shoot.date) == ("Stair Set", slug, dt.date(2025, 1, 1))
    assert work_off() == [JobKind.RENAME]
    clip = FinalClip.objects.get()
    assert clip.filename.startswith(f"2025-01-01__{slug}__")
    assert clip.date == shoot.date


def test_a_rename_costs_its_request_as_many_queries_for_500_clips_as_for_one(page, shoot, original):
    def rename(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            page.post(url("session_rename", shoot), {"name": name, "date": "2024-12-01"})
        return len(captured)

    make_many(original, 1)
    rename("Warm up")  # with what is asked once for each process
    Job.objects.all().delete()
    few = rename("Stair Set")
    make_many(original, 500)
    Job.objects.all().delete()
    assert rename("Kitchen") == few


def make_many(original: OriginalFile, n_clips: int) -> None:
    first = FinalClip.objects.count()
    FinalClip.objects.bulk_create(
        FinalClip(
            original_file=original, filename=f"{number}.mp4", start_ms=0, end_ms=4000, camera_id="CAM_X",
            fps_label="30FPS", date="2024-12-01",
        )
        for number in range(first, first + n_clips)
    )  # fmt: skip


def test_a_session_saved_as_it_was_starts_nothing(page, shoot, segments, sorter):
    Shoot.objects.update(slug="Rails")
    page.post(url("session_rename", shoot), {"name": shoot.name, "date": "2024-12-01"})
    assert (Shoot.objects.get().slug, Job.objects.filter(kind=JobKind.RENAME).exists()) == ("Rails", False)


def test_a_kept_short_name_that_the_new_day_has_already_is_refused(page, shoot, segments, sorter):
    keep(segments[0], sorter)
    Shoot.objects.create(name="Other", slug="BackyardRails", date=dt.date(2025, 1, 1))
    answer = page.post(url("session_rename", shoot), {"name": "Stair Set", "date": "2025-01-01", "keep_slug": "on"})
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["stair set", "", "x" * 101])
def test_a_name_that_cannot_be_is_refused_in_place(page, shoot, name):
    Shoot.objects.called("Stair Set", shoot.date)
    answer = page.post(url("session_rename", shoot), {"name": name, "date": "2024-12-01"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert "<h1>Backyard Rails</h1>" in answer.content.decode()
    shoot.refresh_from_db()
    assert shoot.name == "Backyard Rails"


def test_a_moment_by_hand_is_shown_and_gets_its_preview(page, shoot, original):
    answer = page.post(url("file_add_moment", original), {"start_ms": "1:02.5", "end_ms": "1:06"})
    assert answer.status_code == 200
    assert answer["HX-Trigger-After-Swap"]
    segment = CandidateSegment.objects.get()
    assert (segment.start_ms, segment.end_ms, segment.run, segment.score) == (62_500, 66_000, None, None)
    assert Job.objects.filter(kind=JobKind.PREVIEW, segment=segment).exists()
    Shoot.objects.update(sensitivity=0)
    assert CandidateSegment.objects.shown().get() == segment


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("0:05", "0:05", "must end after"),
        ("9:58", "10:01", "10:00 long"),
        ("soon", "0:05", "like 1:02.5"),
        ("", "0:05", "required"),
    ],
)
def test_a_moment_outside_the_video_is_refused_in_place(page, original, start, end, sentence):
    answer = page.post(url("file_add_moment", original), {"start_ms": start, "end_ms": end})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not CandidateSegment.objects.exists()


def test_a_video_that_was_not_read_takes_no_moment_and_no_analysis(page, original):
    OriginalFile.objects.update(duration_ms=None)
    answer = page.post(url("file_add_moment", original), {"start_ms": "0", "end_ms": "1"})
    assert "is still being read" in answer.content.decode()
    assert page.post(url("file_redetect", original)).status_code == 409
    page.post(url("session_redetect", original.shoot))
    assert not Job.objects.exists()


def test_tricks_are_looked_for_again_in_one_file_or_in_all(page, shoot, original):
    add_files(shoot, 2)
    Job.objects.all().delete()
    assert page.post(url("file_redetect", original)).status_code == 200
    assert Job.objects.get().original_file == original
    assert "search for tricks: waiting" in page.post(url("session_redetect", shoot), {"details": "1"}).content.decode()
    assert Job.objects.filter(kind=JobKind.DETECT).count() == 3


@pytest.mark.slow
def test_the_videos_come_once_their_details_are_opened(page, shoot, original, segments):
    line = f'id="file-{original.pk}"'
    assert line not in page.get(url("session", shoot)).text
    assert line not in page.get(url("session_news", shoot), headers=AS_A_PAGE_ASKS).text
    assert line in page.get(url("session_details", shoot), headers=AS_A_PAGE_ASKS).text
    assert line in page.get(url("session", shoot) + "?details").text, "for a browser without JavaScript"
    assert page.get(url("session_details", shoot)).url == f"{url('session', shoot)}?details#files-title"


def test_the_page_polls_only_while_something_is_under_way(page, shoot, original, segments):
    assert "every 3s" not in page.get(url("session", shoot)).content.decode()
    job = Job.objects.for_target(JobKind.DETECT, original)
    assert "every 3s" in page.get(url("session_news", shoot), headers=AS_A_PAGE_ASKS).content.decode()
    job.cancel()
    Job.objects.for_target(JobKind.PREVIEW, segments[0])
    news = page.get(url("session_news", shoot), {"details": "1"}, headers=AS_A_PAGE_ASKS).text
    assert "every 3s" in news
    assert "1 preview to make" in news
    Job.objects.update(state="CANCELLED")
    assert "every 3s" not in page.get(url("session_news", shoot), headers=AS_A_PAGE_ASKS).content.decode()


def test_a_viewer_sees_the_page_without_what_is_not_theirs(client, viewer, shoot, original, segments):
    client.force_login(viewer)
    body = client.get(url("session", shoot) + "?details").content.decode()
    assert "7 of 10 moments shown" in body
    for forbidden in (
        'type="range"',
        "Set aside",
        "Search again",
        "Edit name and date",
        "Add moment",
        "/upload",
        "/sort?",
    ):
        assert forbidden not in body


def test_the_upload_page_is_filled_in_for_a_session(page, shoot):
    body = page.get(f"{reverse('clips:upload')}?session={shoot.pk}").content.decode()
    assert 'value="Backyard Rails" placeholder' in body
    assert 'required value="2024-12-01"' in body
    assert page.get(f"{reverse('clips:upload')}?session=nonsense").status_code == 200


def test_a_kept_moment_leads_to_its_clip(page, shoot, segments, sorter):
    Person.objects.add("Miller Downey")
    keep(segments[0], sorter)
    clip = segments[0].clips.get()
    assert f'href="{reverse("clips:clip", args=[clip.pk])}" class="mark" data-state="kept"' in (
        page.get(url("session", shoot) + "?details").content.decode()
    )


def test_previews_that_are_there_are_not_asked_for_again(page, shoot, segments):
    Preview.objects.create(
        segment=segments[0], stored_path="candidates/x.mp4", start_ms=0, end_ms=9, width_px=9, height_px=9, size_bytes=9
    )
    page.post(url("session_sensitivity", shoot), {"sensitivity": 60})
    assert not Job.objects.filter(segment=segments[0]).exists()


@pytest.mark.slow
def test_looking_at_files_without_filmstrips_asks_for_those_of_the_page(page, shoot):
    add_files(shoot, 12)
    shown = list(OriginalFile.objects.order_by("original_filename", "pk")[:10])
    has_filmstrip(shown[0])
    Job.objects.create(kind=JobKind.FILMSTRIP, original_file=shown[1], state=JobState.FAILED, reason="It is damaged.")
    body = page.get(url("session", shoot) + "?details").text
    assert f'hx-post="{url("session_filmstrips", shoot)}?page=1"' in body
    assert "It is damaged." in body
    answer = page.post(url("session_filmstrips", shoot), {"details": "1"})
    wanted = Job.objects.active().filter(kind=JobKind.FILMSTRIP)
    assert set(wanted.values_list("original_file", flat=True)) == {file.pk for file in shown[2:]}
    assert answer.text.count("Creating filmstrip …") == 8
    assert "every 3s" in answer.text
    assert url("session_filmstrips", shoot) not in page.get(url("session", shoot)).text, "all of them are asked for"


def test_who_may_not_sort_asks_for_nothing_by_looking(client, viewer, shoot):
    add_files(shoot, 1)
    client.force_login(viewer)
    body = client.get(url("session", shoot) + "?details").text
    assert "No filmstrip yet." in body
    assert url("session_filmstrips", shoot) not in body


def test_a_filmstrip_is_a_slider_that_the_keyboard_reaches(page, shoot, original):
    has_filmstrip(original)
    body = page.get(url("session", shoot) + "?details").text
    assert f'id="film-{original.pk}" data-film role="slider" tabindex="0"' in body
    assert f'aria-valuemax="{original.duration_ms}"' in body
    assert f'data-timeline="{url("file_timeline", original)}"' in body
    assert "style=" not in body


def test_what_the_rider_marked_on_the_camera_is_flagged(page, shoot, original):
    OriginalFile.objects.filter(pk=original.pk).update(probe={"hilights_ms": [150_000, 300_000]})
    body = page.get(url("session", shoot) + "?details").text
    assert 'x="25.00%"' in body
    assert "HiLights tagged on the camera: 2:30, 5:00" in body


@pytest.mark.slow
def test_a_file_without_sound_has_no_lane_for_it(page, shoot, original):
    assert "data-sound" in page.get(url("session", shoot) + "?details").text
    OriginalFile.objects.update(has_audio=False)
    assert "data-sound" not in page.get(url("session", shoot) + "?details").text
