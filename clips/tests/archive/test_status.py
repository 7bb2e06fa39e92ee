"""Tests the sentence about the archive on a clip's page."""

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.models import ArchiveCopy, CopyState, Job, JobKind, JobState

pytestmark = pytest.mark.django_db


@pytest.fixture
def says(client, viewer):
    """Return a function that returns the text of a clip's page."""
    client.force_login(viewer)
    return lambda clip: client.get(reverse("clips:clip", args=[clip.pk])).content.decode()


@pytest.mark.slow
def test_a_verified_copy_is_linked(on_drive, make_clip, archived, says):
    clip = archived(make_clip())
    page = says(clip)
    assert "verified on Google Drive" in page
    assert f'href="https://drive.google.com/file/d/{clip.drive_file_id}/view"' in page


def test_a_local_copy_has_no_link(make_clip, archived, says):
    page = says(archived(make_clip()))
    assert "verified in the local archive" in page
    assert "drive.google.com" not in page


def test_a_copy_that_waits_says_so(on_drive, make_clip, says):
    clip = make_clip()
    Job.objects.for_target(JobKind.ARCHIVE, clip)
    assert ">waiting<" in says(clip)


def test_a_copy_that_is_sent_says_how_far_it_is(on_drive, make_clip, says):
    clip = make_clip()
    job = Job.objects.for_target(JobKind.ARCHIVE, clip)
    Job.objects.claim(job.pk, worker="w").renew(0.4)
    ArchiveCopy.objects.create(clip=clip, backend="drive", path="a.mp4", sha256=clip.file_hash, state=CopyState.SENDING)
    assert "sending 40 %" in says(clip)


def test_a_blocked_copy_says_why(on_drive, make_clip, archived, says):
    clip = make_clip()
    on_drive.troubles.always("POST /upload", "quota")
    archived(clip)
    assert "blocked: Google Drive is full" in says(clip)


@pytest.mark.slow
def test_a_copy_that_somebody_removed_says_so(on_drive, make_clip, archived, says):
    clip = archived(make_clip())
    on_drive.store.items[clip.drive_file_id].trashed = True
    archived(clip)
    page = says(clip)
    assert "deleted on Google Drive" in page
    assert "drive.google.com" not in page


def test_a_job_that_failed_says_why(on_drive, make_clip, says):
    clip = make_clip()
    job = Job.objects.for_target(JobKind.ARCHIVE, clip)
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, reason="So it was.", finished_at=timezone.now())
    assert "So it was." in says(clip)


def test_a_row_of_the_library_says_it_too_and_leads_there(on_drive, make_clip, archived, client, viewer):
    there, waits = archived(make_clip()), make_clip()
    Job.objects.for_target(JobKind.ARCHIVE, waits)
    client.force_login(viewer)
    page = client.get(reverse("clips:library"), {"view": "list"}).content.decode()
    assert page.count("verified on Google Drive") == 1
    assert f'href="https://drive.google.com/file/d/{there.drive_file_id}/view"' in page
    assert ">waiting<" in page
