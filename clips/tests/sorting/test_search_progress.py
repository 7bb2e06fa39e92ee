"""Tests pages while videos are still being searched: they show the progress, and never "nothing left"."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.models import (
    CandidateSegment,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SegmentStatus,
    Shoot,
    Upload,
    UploadState,
)
from clips.sorting.search_progress import Search, search_of, searches_of, unsearched
from clips.tests.factories import DetectionRunFactory, OriginalFileFactory
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS


def job_of(original: OriginalFile, kind: JobKind = JobKind.DETECT, **fields) -> Job:
    return Job.objects.create(kind=kind, original_file=original, **fields)


def search_that_runs(original: OriginalFile, *, progress: float, for_s: int) -> Job:
    now = timezone.now()
    lease = {"lease_token": uuid.uuid4(), "lease_ends_at": now + dt.timedelta(hours=1)}
    started_at = now - dt.timedelta(seconds=for_s)
    return job_of(original, state=JobState.RUNNING, progress=progress, started_at=started_at, **lease)


def another_video(shoot: Shoot, duration_ms: int | None) -> OriginalFile:
    key = uuid.uuid4().hex
    return OriginalFileFactory(
        shoot=shoot,
        original_filename=f"{key}.MP4",
        stored_path=f"originals/{key}.mp4",
        file_hash=key * 2,
        duration_ms=duration_ms,
    )


@pytest.fixture
def hand(client, sorter):
    """Return a function that returns the sort page's answer without cards."""
    client.force_login(sorter)
    return lambda **asked: client.post(
        reverse("clips:sort_hand"), {"lease": uuid.uuid4()} | asked, headers=AS_A_PAGE_ASKS
    ).content.decode()


@pytest.fixture
def shown(client, sorter):
    """Return a function that returns the text of a page."""
    client.force_login(sorter)
    return lambda name, *args: client.get(reverse(name, args=args), headers=AS_A_PAGE_ASKS).content.decode()


def test_the_only_video_is_half_searched(hand, original):
    search_that_runs(original, progress=0.42, for_s=100)
    said = hand()
    assert "Everything is sorted" not in said
    assert "Searching one video for tricks: 42 %" in said
    assert "about 2 minutes left" in said


def test_everything_is_sorted_when_it_was_searched_and_sorted(hand, segments):
    CandidateSegment.objects.update(status=SegmentStatus.TRASHED)
    said = hand()
    assert "Everything is sorted" in said
    assert "Searching" not in said


def test_where_nothing_was_ever_found_nothing_is_called_sorted(hand, run):
    said = hand()
    assert "Nothing to sort" in said
    assert "is sorted" not in said


def test_a_search_that_failed_is_told(hand, original):
    job_of(original, state=JobState.FAILED, reason="damaged")
    said = hand()
    assert "One video couldn’t be searched." in said
    assert "is sorted" not in said


def test_a_session_is_not_sorted_while_its_next_video_is_searched(hand, segments, original):
    elsewhere = Shoot.objects.called("Night", dt.date(2024, 12, 2))
    night = another_video(elsewhere, 60_000)
    job_of(night)
    asked = {"session": elsewhere.pk}
    assert "This session is sorted" not in hand(**asked)
    assert "Searching one video for tricks: 0 %" in hand(**asked)
    assert "Backyard Rails" in hand(**asked), "the others wait beside it"


def test_an_upload_that_is_checked_counts(hand, shoot, sorter):
    upload = Upload.objects.create(
        owner=sorter, shoot=shoot, original_filename="a.mp4", size_bytes=9, offset_bytes=9, state=UploadState.RECEIVED
    )
    Job.objects.create(kind=JobKind.INGEST, upload=upload)
    assert "Searching one video" in hand()
    assert search_of(shoot.pk) == Search(1, 0.0, None)


def test_home_says_how_far_the_search_is(shown, original):
    assert "All sorted" not in shown("clips:home_now")
    search_that_runs(original, progress=0.5, for_s=600)
    said = shown("clips:home_now")
    assert "Nothing to sort yet" in said
    assert "50 %" in said
    assert "about 10 minutes left" in said


def test_work_that_is_no_search_is_not_called_one(shown, original):
    job_of(original, JobKind.FILMSTRIP)
    said = shown("clips:home_now")
    assert "Still searching" not in said
    assert "Nothing to sort" in said


def test_sessions_page_polls_while_something_is_searched_and_then_no_more(shown, original):
    job = search_that_runs(original, progress=0.1, for_s=90)
    said = shown("clips:sessions")
    assert "nothing to sort yet" in said
    assert "10 %" in said
    assert "came-back from:body, every 5s" in said
    DetectionRunFactory(original_file=original)
    job.finish()
    said = shown("clips:sessions")
    assert "no moments found" in said
    assert "every 5s" not in said


def test_sessions_page_knows_a_video_that_nobody_searched(shown, original):
    said = shown("clips:sessions")
    assert "One video couldn’t be searched." in said
    assert "no moments found" not in said


@pytest.mark.slow
def test_session_page_polls_for_a_video_that_is_still_checked(shown, shoot, sorter):
    upload = Upload.objects.create(
        owner=sorter, shoot=shoot, original_filename="a.mp4", size_bytes=9, offset_bytes=9, state=UploadState.RECEIVED
    )
    Job.objects.create(kind=JobKind.INGEST, upload=upload)
    said = shown("clips:session", shoot.pk)
    assert "Searching one video" in said
    assert "every 3s" in said


def test_session_page_does_not_say_that_nothing_was_found_while_it_is_searched_again(shown, shoot, original, run):
    assert "No moments found." in shown("clips:session", shoot.pk)
    search_that_runs(original, progress=0.2, for_s=90)
    assert "No moments found." not in shown("clips:session", shoot.pk)


def test_upload_page_says_how_far_the_search_of_a_file_is(shown, shoot, sorter, original):
    Upload.objects.create(
        owner=sorter, shoot=shoot, original_filename="a.mp4", size_bytes=9, offset_bytes=9,
        state=UploadState.REGISTERED, original_file=original,
    )  # fmt: skip
    assert "no moments found" not in shown("clips:upload_recent")
    search_that_runs(original, progress=0.42, for_s=100)
    assert "Searching for tricks … 42 %, about 2 minutes left" in shown("clips:upload_recent")


def test_videos_count_by_their_length(shoot, original):
    """A minute of a video of ten, at one second a second, and a second video of ten that waits."""
    search_that_runs(original, progress=0.1, for_s=60)
    job_of(another_video(shoot, 600_000))
    search = search_of()
    assert (search.n_videos, round(search.progress, 3)) == (2, 0.05)
    assert search.seconds_left == pytest.approx(1140, abs=2)


def test_searches_are_told_by_session_in_one_query(django_assert_num_queries, shoot, original):
    elsewhere = Shoot.objects.called("Night", dt.date(2024, 12, 2))
    job_of(original)
    job_of(another_video(elsewhere, None), JobKind.PROBE)
    with django_assert_num_queries(1):
        found = searches_of([shoot.pk, uuid.uuid4()])
    assert list(found) == [shoot.pk]


def test_a_file_that_cannot_be_read_is_not_called_unsearched(shoot):
    another_video(shoot, None)
    assert not unsearched().exists()
