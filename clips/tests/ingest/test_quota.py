"""Tests that an upload's space is reserved from the start, on the disk and in its member's quota."""

import threading

import pytest
from django.db import connection

from clips.disk import floor
from clips.ingest import quota
from clips.ingest.tus_headers import TusError, metadata_of
from clips.models import OriginalFile, Upload, UploadState

ABOUT = metadata_of("filename R1gwMTAxMjMuTVA0,session UmFpbHM=,date MjAyNC0xMi0wMQ==")


@pytest.fixture
def free(monkeypatch) -> dict[str, int]:
    """Free space on the disk, set by the test."""
    disk = {"bytes": 1000}
    monkeypatch.setattr(floor, "free_bytes", lambda: disk["bytes"])
    monkeypatch.setattr(floor, "working_bytes", lambda: 0)
    return disk


def begin(owner, size_bytes: int) -> Upload:
    return quota.begin(owner, "GX010123.MP4", size_bytes, ABOUT)


def refusal(owner, size_bytes: int) -> TusError:
    with pytest.raises(TusError) as refused:
        begin(owner, size_bytes)
    return refused.value


@pytest.mark.django_db
def test_what_was_promised_to_others_is_not_promised_again(free, sorter, other_sorter):
    begin(sorter, 700)
    error = refusal(other_sorter, 301)
    assert error.status == 507
    assert "too full" in str(error)
    begin(other_sorter, 300)


@pytest.mark.django_db
def test_bytes_that_came_count_once(free, sorter):
    upload = begin(sorter, 700)
    upload.advance(from_bytes=0, to_bytes=600)
    free["bytes"] -= 600  # they lie on the disk now
    begin(sorter, 300)
    assert refusal(sorter, 1).status == 507


@pytest.mark.django_db
def test_what_is_given_up_is_free_again(free, sorter):
    upload = begin(sorter, 1000)
    assert refusal(sorter, 1).status == 507
    upload.delete()
    begin(sorter, 1000)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_who_begin_at_once_cannot_both_take_the_last_room(free, sorter):
    n_writers, outcomes = 6, []
    barrier = threading.Barrier(n_writers)

    def try_to_begin() -> None:
        barrier.wait()
        try:
            begin(sorter, 600)
            outcomes.append(201)
        except TusError as error:
            outcomes.append(error.status)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_to_begin) for _ in range(n_writers)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == [201] + [507] * (n_writers - 1)
    assert Upload.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_beginning_leaves_nothing(free, sorter, own_data_dir):
    refusal(sorter, 2000)
    assert not Upload.objects.exists()
    assert not (own_data_dir / "uploads").exists()


@pytest.mark.django_db
def test_a_members_share_counts_files_and_what_is_on_its_way(free, sorter, other_sorter, original, settings):
    settings.UPLOAD_QUOTA_BYTES = 1500
    OriginalFile.objects.update(uploader=sorter)  # of 1000 bytes
    begin(sorter, 300)
    error = refusal(sorter, 201)
    assert error.status == 507
    assert "Each member has" in str(error)
    begin(sorter, 200)
    begin(other_sorter, 500)


@pytest.mark.django_db
def test_given_up_uploads_are_not_counted_against_their_member(free, sorter, settings):
    settings.UPLOAD_QUOTA_BYTES = 500
    upload = begin(sorter, 500)
    Upload.objects.filter(pk=upload.pk).update(state=UploadState.GONE)
    begin(sorter, 500)


@pytest.mark.django_db
def test_without_a_quota_the_disk_alone_decides(free, sorter, settings):
    settings.UPLOAD_QUOTA_BYTES = 0
    begin(sorter, 1000)
