"""Tests the store in a bucket of Google's, over Google's own library and a local server."""

import os
import threading
from collections.abc import Iterator

import pytest
from django.core.files.storage import storages
from werkzeug.serving import make_server

from clips.storage import addresses, files
from clips.storage import google as google_module
from clips.storage.files import MissingFileError, StorageError, staged
from clips.tests.storage.conftest import Silent
from clips.tests.storage.google_server import GoogleServer

pytestmark = pytest.mark.slow

CONTENT = os.urandom(700_000)


@pytest.fixture
def google(settings, monkeypatch) -> Iterator[GoogleServer]:
    """Store everything of this process in a bucket of the server."""
    application = GoogleServer()
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
    entry = addresses.storage("STORAGE_URL", "gs://crew-footage/site", {"gs": {}})
    settings.STORAGES = settings.STORAGES | dict.fromkeys(("originals", "candidates", "final_clips"), entry)
    yield application
    server.shutdown()
    thread.join()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "made.mp4"
    path.write_bytes(CONTENT)
    return path


def test_what_is_put_is_there_whole_and_read_in_parts(google, file, monkeypatch):
    monkeypatch.setattr(google_module, "READ_AT_ONCE_BYTES", 300_000)
    files.store(file, "originals/one.mp4")
    assert google.objects == {"site/originals/one.mp4": CONTENT}
    opened = files.read("originals/one.mp4")
    assert b"".join(opened) == CONTENT
    opened = files.read("originals/one.mp4")
    opened.narrow(1000, 1999)
    assert b"".join(opened) == CONTENT[1000:2000]


def test_a_large_file_goes_in_parts_with_progress(google, tmp_path, monkeypatch):
    monkeypatch.setattr(google_module, "SENT_AT_ONCE_BYTES", 4 * 1024**2)
    large = tmp_path / "large.mp4"
    large.write_bytes(os.urandom(9 * 1024**2))
    told = []
    files.store(large, "originals/large.mp4", told.append)
    assert google.objects["site/originals/large.mp4"] == large.read_bytes()
    assert google.parts == 3
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_staged_files_are_seen_only_once_they_are_placed(google, file):
    with staged({"candidates/one.mp4": file}) as place:
        assert [name.split("/")[1] for name in google.objects] == ["staging"]
        place("candidates/one.mp4")
    assert google.objects == {"site/candidates/one.mp4": CONTENT}
    (found,) = files.listed("candidates")
    assert (found.stored_path, found.size_bytes) == ("candidates/one.mp4", len(CONTENT))


def test_what_is_missing_is_told_apart_from_a_missing_bucket(google, file):
    files.store(file, "originals/one.mp4")
    assert files.missing(["originals/one.mp4", "originals/two.mp4"]) == {"originals/two.mp4"}
    with pytest.raises(MissingFileError):
        files.read("originals/two.mp4")
    files.delete(["originals/one.mp4", "originals/two.mp4"])
    assert google.objects == {}
    google.bucket = "another"
    with pytest.raises(StorageError, match=r"The bucket “crew-footage” does not exist"):
        files.exists("originals/one.mp4")


def test_a_file_that_is_replaced_while_it_is_read_is_never_mixed(google, file):
    files.store(file, "originals/one.mp4")
    opened = files.read("originals/one.mp4")
    google.put("site/originals/one.mp4", b"x" * len(CONTENT))
    with pytest.raises(StorageError, match="replaced while it was being read"):
        b"".join(opened)


def test_a_key_file_that_is_none_is_one_sentence(settings, tmp_path):
    (tmp_path / "key.json").write_text("{}")
    entry = addresses.storage("STORAGE_URL", "gs://b", {"gs": {"credentials_file": str(tmp_path / "key.json")}})
    settings.STORAGES = settings.STORAGES | {"originals": entry}
    with pytest.raises(StorageError, match=r"^No key for Google's storage was found"):
        files.exists("originals/one.mp4")
    assert storages["originals"].bucket_name == "b"
