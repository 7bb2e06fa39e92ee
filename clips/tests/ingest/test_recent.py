"""Tests the list of recent files on the upload page."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.urls import reverse

from clips.models import (
    CandidateSegment,
    DetectionRun,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SegmentStatus,
    Upload,
    UploadSource,
    UploadState,
)
from clips.tests.factories import DetectionRunFactory
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS


@pytest.fixture
def said(client, sorter, original, shoot):
    """Return a function that returns the text beside the file."""
    client.force_login(sorter)
    Upload.objects.create(
        owner=sorter,
        shoot=shoot,
        original_filename="GX010001.MP4",
        size_bytes=1000,
        offset_bytes=1000,
        state=UploadState.REGISTERED,
        original_file=original,
    )
    return lambda: client.get(reverse("clips:upload_recent"), headers=AS_A_PAGE_ASKS).content.decode()


def test_moments_that_are_shown_are_counted_until_all_are_sorted(said, segments):
    assert "7 moments to sort" in said()
    CandidateSegment.objects.shown().exclude(pk=segments[0].pk).update(status=SegmentStatus.TRASHED)
    assert "1 moment to sort" in said()
    CandidateSegment.objects.shown().update(status=SegmentStatus.ACCEPTED)
    assert "all sorted" in said()


def test_a_file_in_which_nothing_was_found_is_not_called_ready(said, original, run):
    assert "no moments found" in said()
    OriginalFile.objects.filter(pk=original.pk).update(aside_at="2024-12-01T12:00Z")
    assert "set aside" in said()


def before_read(number: int, act: Callable[[], object]):
    """Return a wrapper of queries that does something before the ``number``-th of those about uploads and jobs."""
    asked = 0

    def wrapper(execute, sql, *more):
        nonlocal asked
        if sql.startswith("SELECT") and any(f'FROM "clips_{table}"' in sql for table in ("upload", "job")):
            asked += 1
            if asked == number:
                act()
        return execute(sql, *more)

    return connection.execute_wrapper(wrapper)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_search_that_ends_while_the_list_is_read_is_at_work_or_done(said, original, number):
    job = Job.objects.create(kind=JobKind.DETECT, original_file=original)

    def end() -> None:
        DetectionRunFactory(original_file=original)
        Job.objects.filter(pk=job.pk).update(state=JobState.DONE)

    with before_read(number, end):
        text = said()
    assert ("Searching for tricks" in text and "every 3s" in text) or "no moments found" in text


@pytest.mark.parametrize("number", [2, 3])
def test_a_file_that_fails_while_the_list_is_read_says_why_at_the_end(said, original, number):
    job = Job.objects.create(kind=JobKind.DETECT, original_file=original)

    def fail() -> None:
        OriginalFile.objects.filter(pk=original.pk).update(problem="There is no video in it.")
        Job.objects.filter(pk=job.pk).update(state=JobState.FAILED)

    with before_read(number, fail):
        text = said()
    assert "every 3s" in text or "There is no video in it." in text


def failed(owner, **fields) -> Upload:
    return Upload.objects.create(
        owner=owner, original_filename="notes.txt", size_bytes=9, offset_bytes=9, state=UploadState.FAILED,
        reason="This is a text file, not a video.", **fields,
    )  # fmt: skip


def test_after_an_upload_one_large_link_sorts_its_session(said, client, original, segments):
    text = said()
    address = f"{reverse('clips:sort')}?session={original.shoot_id}"
    assert "Sort 7 moments of Backyard Rails" in text
    assert text.count(f'href="{address}"') == 2, "the large link, and the words beside the video"
    assert "All videos are searched." in text


def test_while_videos_are_searched_their_number_is_said(said, original):
    DetectionRun.objects.all().delete()
    CandidateSegment.objects.all().delete()
    text = said()
    assert "0 of 1 video searched" in text
    assert "Sort 0" not in text


def test_a_failed_upload_is_dismissed_by_whose_it_was(client, sorter, other_sorter, curator):
    upload = failed(sorter)
    job = Job.objects.create(kind=JobKind.INGEST, upload=upload, state=JobState.FAILED, reason=upload.reason)
    address = reverse("clips:upload_dismiss", args=[upload.pk])
    for other in (other_sorter, curator):
        client.force_login(other)
        assert client.post(address).status_code == 404
    client.force_login(sorter)
    recent = reverse("clips:upload_recent")
    assert address in client.get(recent, headers=AS_A_PAGE_ASKS).content.decode()
    for _twice in range(2):
        answer = client.post(address, headers=AS_A_PAGE_ASKS)
        assert answer.status_code == 200
        assert "text file" not in answer.content.decode()
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED, "home says nothing of it either"


def test_what_came_by_itself_is_dismissed_by_curators(client, sorter, curator):
    upload = failed(None, source=UploadSource.FOLDER, came_from="x")
    address = reverse("clips:upload_dismiss", args=[upload.pk])
    client.force_login(sorter)
    assert client.post(address).status_code == 404
    client.force_login(curator)
    assert client.post(address).status_code == 200


def test_an_upload_that_became_a_video_is_not_dismissed(client, sorter, said):
    upload = Upload.objects.get()
    assert client.post(reverse("clips:upload_dismiss", args=[upload.pk])).status_code == 404
    assert "Dismiss" not in said()
