"""Tests the store in a bucket: files are there whole or not at all, and passing faults are retried."""

import os
import re

import pytest
from botocore.config import Config
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from clips.storage import bucket, files
from clips.storage import s3 as s3_module
from clips.storage.backend import silent
from clips.storage.files import MissingFileError, StorageError, staged
from clips.tests.storage.conftest import objects

pytestmark = pytest.mark.slow

CONTENT = os.urandom(300_000)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "made.mp4"
    path.write_bytes(CONTENT)
    return path


def content(stored_path: str) -> bytes:
    return b"".join(files.read(stored_path))


def test_what_is_put_is_there_whole_under_the_prefix_and_its_source_stays(s3, file):
    files.store(file, "originals/one.mp4")
    assert objects(s3) == {"originals/one.mp4": len(CONTENT)}
    assert content("originals/one.mp4") == CONTENT
    assert file.is_file()


def test_no_object_is_public(s3, file, store):
    files.store(file, "originals/one.mp4")
    grants = store.client.get_object_acl(**store.key("originals/one.mp4"))["Grants"]
    assert [grant["Grantee"].get("URI") for grant in grants] == [None]


def test_a_part_of_a_file_is_asked_for_alone(s3, file):
    files.store(file, "originals/one.mp4")
    opened = files.read("originals/one.mp4")
    opened.narrow(1000, 1999)
    assert b"".join(opened) == CONTENT[1000:2000]


def test_staged_files_are_seen_only_once_they_are_placed(s3, file):
    with staged({"candidates/one.mp4": file, "candidates/two.mp4": file}) as place:
        assert {name.partition("/")[0] for name in objects(s3)} == {"staging"}
        place("candidates/one.mp4")
        assert content("candidates/one.mp4") == CONTENT
    assert set(objects(s3)) == {"candidates/one.mp4"}


def test_what_fails_before_it_is_placed_leaves_nothing(s3, file):
    with pytest.raises(ZeroDivisionError), staged({"candidates/one.mp4": file}):
        raise ZeroDivisionError
    assert objects(s3) == {}


def test_many_are_deleted_at_once_and_what_is_not_there_is_no_fault(s3, file):
    for number in range(3):
        files.store(file, f"candidates/{number}.mp4")
    s3.asked.clear()
    files.delete([f"candidates/{number}.mp4" for number in range(5)])
    assert len(s3.asked) == 1
    assert objects(s3) == {}


def test_two_paths_to_the_same_content_are_deleted_each_in_its_own_right(s3, file):
    files.store(file, "candidates/one.mp4")
    assert files.duplicate("candidates/one.mp4", "candidates/two.mp4")
    files.delete(["candidates/one.mp4"])
    assert content("candidates/two.mp4") == CONTENT
    assert not files.duplicate("candidates/gone.mp4", "candidates/three.mp4")


def test_a_folder_is_listed_without_those_in_it(s3, file):
    files.store(file, "final_clips/one.mp4")
    files.store(file, "final_clips/shared/two.mp4")
    (found,) = files.listed("final_clips")
    assert (found.stored_path, found.size_bytes) == ("final_clips/one.mp4", len(CONTENT))


def test_what_is_missing_is_told_apart_from_a_missing_bucket(s3, file, store):
    files.store(file, "originals/one.mp4")
    assert files.missing(["originals/one.mp4", "originals/two.mp4"]) == {"originals/two.mp4"}
    with pytest.raises(MissingFileError):
        files.read("originals/two.mp4")
    store.bucket_name = "nobody-made-this"
    with pytest.raises(StorageError, match=r"The bucket “nobody-made-this” does not exist"):
        files.missing(["originals/one.mp4"])


def test_a_large_file_goes_in_parts_with_progress_and_is_verified_as_a_whole(s3, tmp_path, monkeypatch):
    monkeypatch.setattr(s3_module, "REPORT_EVERY_S", 0.01)
    s3.slow_s = 0.1
    large = tmp_path / "large.mp4"
    large.write_bytes(os.urandom(2 * s3_module.PART_BYTES + 5))
    told = []
    files.store(large, "originals/large.mp4", told.append)
    parts = {found[1] for asked in s3.asked if (found := re.search(r"partNumber=(\d)", asked))}
    assert parts == {"1", "2", "3"}
    assert objects(s3) == {"originals/large.mp4": large.stat().st_size}
    assert told[-1] == 1.0
    assert all(0 <= each <= 1 for each in told)


def test_what_arrived_wrong_is_said_and_not_taken(s3, file, monkeypatch):
    monkeypatch.setattr(s3_module, "sha256_of_parts", lambda *_: "AAAA")
    with pytest.raises(StorageError, match="does not match the file sent"):
        files.store(file, "originals/one.mp4")


@pytest.mark.parametrize("method", ["PUT", "HEAD"])
def test_what_passes_is_tried_again(s3, file, method):
    s3.fail(method, 2)
    files.store(file, "originals/one.mp4")
    assert content("originals/one.mp4") == CONTENT


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(s3, file, store):
    files.store(file, "originals/one.mp4")
    store.client_config = store.client_config.merge(Config(read_timeout=0.3))
    del store.client
    s3.fail("HEAD", 1, slow_s=1.0)
    assert files.size_bytes("originals/one.mp4") == len(CONTENT)
    s3.fail("HEAD", 99, slow_s=1.0)
    store.client_config = store.client_config.merge(Config(retries={"total_max_attempts": 2}))
    del store.client
    with pytest.raises(StorageError, match=r"cannot be reached \(ReadTimeoutError\)"):
        files.size_bytes("originals/one.mp4")


def test_a_fault_that_stays_is_one_sentence(s3, file):
    s3.fail("PUT", 99)
    with pytest.raises(StorageError, match=r"^The storage answers with an error \(503\)\.$"):
        files.store(file, "originals/one.mp4")


def test_a_store_that_is_away_is_one_sentence(s3, file, store):
    assert store.client
    del store.client
    store.endpoint_url = "http://127.0.0.1:1"
    with pytest.raises(StorageError, match=r"^The storage at http://127.0.0.1:1 cannot be reached"):
        files.exists("originals/one.mp4")


def test_a_connection_that_is_cut_goes_on_where_it_stopped(s3, file, monkeypatch):
    monkeypatch.setattr(bucket, "FIRST_WAIT_S", 0.001)
    files.store(file, "originals/one.mp4")
    s3.fail("GET", 2, cut_after_bytes=100_000)
    assert content("originals/one.mp4") == CONTENT


def test_a_file_that_is_replaced_while_it_is_read_is_never_mixed(s3, file, store, monkeypatch):
    monkeypatch.setattr(bucket, "FIRST_WAIT_S", 0.001)
    files.store(file, "originals/one.mp4")
    opened = files.read("originals/one.mp4")
    file.write_bytes(b"x" * len(CONTENT))
    files.store(file, "originals/one.mp4")
    with pytest.raises(StorageError, match="replaced while it was being read"):
        b"".join(opened)


def test_what_killed_workers_left_is_cleared_away_when_it_is_old(s3, file, store, monkeypatch):
    store.stage(file, silent)
    store.client.create_multipart_upload(**store.key("originals/half.mp4"))
    store.clear_left()
    assert len(objects(s3)) == 1, "it may be in use"
    monkeypatch.setattr(bucket, "LEFT_AFTER_S", -60)
    monkeypatch.setattr(s3_module, "LEFT_AFTER_S", -60)
    files.clear_left()
    assert objects(s3) == {}
    assert "Uploads" not in store.client.list_multipart_uploads(Bucket=store.bucket_name)


def test_the_check_tries_each_store_and_leaves_nothing(s3, capsys):
    call_command("storage_check")
    assert "final_clips  good  the bucket crew-footage, below site" in capsys.readouterr().out
    assert objects(s3) == {}
    s3.fail("PUT", 99)
    with pytest.raises(CommandError, match="Some files cannot be stored now"):
        call_command("storage_check")
    assert "originals    BAD   The storage answers with an error (503)." in capsys.readouterr().out


def test_each_thread_and_alias_has_the_settings_bucket(s3):
    assert {storages[alias].bucket_name for alias in ("originals", "candidates", "final_clips")} == {"crew-footage"}
