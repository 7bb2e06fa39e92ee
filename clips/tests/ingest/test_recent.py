"""Tests the list of recent files on the upload page."""

import pytest
from django.urls import reverse

from clips.models import CandidateSegment, OriginalFile, SegmentStatus, Upload, UploadState
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
