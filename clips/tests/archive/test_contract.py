"""Tests the common behaviour of all archives, on disk and on Drive."""

import hashlib

import pytest

from clips.archive.backend import ArchiveError, Parcel

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder_id(backend) -> str:
    folder_id = backend.new_folder_id(None, "TrickyClip Archive")
    backend.make_folder(folder_id, None, "TrickyClip Archive")
    return folder_id


@pytest.fixture
def sent(backend, folder_id, make_file) -> tuple[str, str]:
    """A file in the archive: its id and its SHA-256."""
    return send(backend, folder_id, *make_file())


def send(backend, folder_id, path, sha256, **more) -> tuple[str, str]:
    file_id = more.pop("file_id", None) or backend.new_file_id(folder_id, "a.mp4")
    backend.put(Parcel(path, file_id, folder_id, "a.mp4", sha256, **more))
    return file_id, sha256


def test_what_was_put_is_held_as_it_was(backend, folder_id, sent):
    held = backend.look(sent[0])
    assert (held.sha256, held.folder_id, held.filename, held.is_trashed) == (sent[1], folder_id, "a.mp4", False)


def test_an_empty_archive_holds_nothing_under_a_new_id(backend, folder_id):
    assert backend.look(backend.new_file_id(folder_id, "a.mp4")) is None
    assert not backend.has_folder(backend.new_folder_id(folder_id, "Nobody"))


def test_a_folder_that_is_made_twice_is_there_once(backend, folder_id):
    backend.make_folder(folder_id, None, "TrickyClip Archive")
    assert backend.has_folder(folder_id)


def test_a_folder_that_is_there_is_found_by_its_name(backend, folder_id, request):
    if backend.name == "drive":
        request.getfixturevalue("drive").store.search_lag_s = 0
    for name in ("Rock 'n' roll and rails", "a \\ b", "x' or name contains '"):
        made = backend.new_folder_id(folder_id, name)
        backend.make_folder(made, folder_id, name)
        assert backend.new_folder_id(folder_id, name) == made
        assert backend.folders_of(made)[0] == "TrickyClip Archive"
    assert backend.folders_of(backend.new_folder_id(None, "Another")) is None


def test_a_file_says_whether_the_site_put_it_there(backend, folder_id, sent, request):
    if backend.name == "local":
        assert backend.look(sent[0]).is_ours is None
        return
    assert backend.look(sent[0]).is_ours
    item = request.getfixturevalue("drive").store.items[sent[0]]
    item.name = "best.mp4"
    assert backend.look(sent[0]).is_ours is False
    backend.move(sent[0], to_folder_id=folder_id, filename="b.mp4", facts={})
    assert backend.look(sent[0]).is_ours


def test_a_second_put_replaces_what_the_id_holds(backend, folder_id, sent, make_file):
    path, sha256 = make_file(300_000)
    send(backend, folder_id, path, sha256, file_id=sent[0], replaces=True)
    assert backend.look(sent[0]).sha256 == sha256


@pytest.mark.parametrize("size_bytes", [1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 512 * 1024])
def test_every_size_arrives_whole(backend, folder_id, make_file, size_bytes):
    file_id, sha256 = send(backend, folder_id, *make_file(size_bytes))
    assert backend.look(file_id).sha256 == sha256


def test_the_work_says_how_far_it_is(backend, folder_id, make_file):
    told = []
    backend._report = told.append
    send(backend, folder_id, *make_file(900_000))
    told = [progress for progress in told if progress is not None]
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_file_is_moved_with_all_that_it_holds(backend, folder_id, sent):
    other_id = backend.new_folder_id(folder_id, "Jo")
    backend.make_folder(other_id, folder_id, "Jo")
    moved_id = backend.move(sent[0], to_folder_id=other_id, filename="b.mp4", facts={})
    held = backend.look(moved_id)
    assert (held.sha256, held.folder_id, held.filename) == (sent[1], other_id, "b.mp4")


def test_what_was_trashed_is_seen_there_and_comes_back(backend, sent):
    assert backend.trash(sent[0])
    assert backend.look(sent[0]).is_trashed
    assert backend.trash(sent[0]) is False
    assert backend.restore(sent[0])
    assert backend.look(sent[0]).is_trashed is False
    assert backend.restore(sent[0]) is False


def test_the_check_of_a_good_archive_finds_nothing_bad(backend):
    found = backend.check()
    assert [finding.what for finding in found if not finding.is_good] == []
    assert "folder" in [finding.what for finding in found]


def test_what_is_fetched_back_is_what_was_sent(backend, sent, tmp_path):
    back = tmp_path / "back"
    backend.fetch(sent[0], back)
    assert hashlib.sha256(back.read_bytes()).hexdigest() == sent[1]


def test_a_fetch_that_was_cut_off_goes_on_where_it_stopped(backend, sent, tmp_path, monkeypatch):
    whole, back = tmp_path / "whole", tmp_path / "back"
    backend.fetch(sent[0], whole)
    back.write_bytes(whole.read_bytes()[:400_000])
    told = []
    backend._report = told.append
    backend.fetch(sent[0], back)
    assert back.read_bytes() == whole.read_bytes()
    assert min(told) > 400_000 / len(whole.read_bytes())


def test_fetching_what_is_not_there_says_so(backend, folder_id, tmp_path):
    with pytest.raises(ArchiveError, match="no longer has"):
        backend.fetch(backend.new_file_id(folder_id, "a.mp4"), tmp_path / "back")
