"""Tests the real client library against the local Drive: despite all faults, a file is there once and whole."""

import logging

import pytest

from clips.archive.backend import ArchiveBlockedError, ArchiveError, BlockReason, Parcel
from clips.archive.drive import http
from clips.archive.drive.client import MAX_NEW_SESSIONS, GoogleDriveArchive
from clips.archive.drive.requests import MAX_TRIES
from clips.tests.archive.conftest import CHUNK_BYTES
from clips.tests.archive.drive_store import FOLDER_TYPE
from clips.tests.archive.drive_troubles import BY_NAME, PASSING, Trouble, refuse

N_CHUNKS = 4
SIZE_BYTES = N_CHUNKS * CHUNK_BYTES - 1000


@pytest.fixture
def archive(drive, credentials) -> GoogleDriveArchive:
    return make_archive(drive, credentials)


def make_archive(drive, credentials, **more) -> GoogleDriveArchive:
    """Return an archive as another process has it: same settings, own connections."""
    given = {"folder_id": "shared-drive", "root_url": drive.url, "chunk_bytes": CHUNK_BYTES, "back_off_s": 0.002}
    return GoogleDriveArchive(credentials, **given | more)


@pytest.fixture
def parcel(archive, make_file) -> Parcel:
    path, sha256 = make_file(SIZE_BYTES)
    return Parcel(path, archive.new_file_id("shared-drive", "a.mp4"), "shared-drive", "a.mp4", sha256, {"clip": "1"})


def is_there_once(drive, parcel) -> bool:
    return [(item.id, item.sha256) for item in drive.store.files()] == [(parcel.file_id, parcel.sha256)]


def changed(parcel: Parcel, **fields) -> Parcel:
    return Parcel(**vars(parcel) | fields)


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("request_line", ["POST /upload", "PUT /session", "GET /drive/v3/files/generateIds"])
def test_what_passes_is_waited_for(drive, archive, parcel, name, request_line):
    drive.troubles.once(request_line, name, name)
    archive.new_file_id("shared-drive", "b.mp4")
    archive.put(parcel)
    assert is_there_once(drive, parcel)
    assert sum(drive.store.resent.values()) <= CHUNK_BYTES


@pytest.mark.parametrize("amount", [0, 0.001, 0.49, 0.5, 0.999, 1])
def test_a_chunk_that_is_cut_anywhere_goes_on_from_where_drive_has_it(drive, archive, parcel, amount):
    drive.troubles.once("PUT /session", *[Trouble("cut", amount=amount)] * 3)
    archive.put(parcel)
    assert is_there_once(drive, parcel)
    assert sum(drive.store.resent.values()) == 0, "Drive is asked first how far it is"


@pytest.mark.slow
def test_an_answer_that_was_lost_at_the_very_end_is_found_out(drive, archive, parcel):
    drive.troubles.once("PUT /session", *["slow"] * (N_CHUNKS - 1), "lost")
    archive.put(parcel)
    assert is_there_once(drive, parcel)
    assert drive.count("PUT /session") == N_CHUNKS + 1, "one question more, and no byte"


def test_an_upload_goes_on_in_another_process(drive, archive, credentials, parcel):
    noted = []

    def stop(progress):
        if progress and progress >= 0.5:
            raise KeyboardInterrupt

    archive._report = stop
    with pytest.raises(KeyboardInterrupt):
        archive.put(changed(parcel, note_session=noted.append))
    make_archive(drive, credentials).put(changed(parcel, session=noted[0]))
    assert is_there_once(drive, parcel)
    assert drive.count("POST /upload") == 1
    assert sum(drive.store.resent.values()) == 0


def test_the_session_is_noted_before_the_first_byte(drive, archive, parcel):
    def note(_session):
        assert drive.count("PUT /session") == 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive.put(changed(parcel, note_session=note))
    assert drive.store.files() == []


def test_a_session_that_drive_has_forgotten_is_begun_anew(drive, archive, parcel):
    noted = []
    gone = f"{drive.url}upload/drive/v3/files?uploadType=resumable&upload_id=gone"
    archive.put(changed(parcel, session=gone, note_session=noted.append))
    assert is_there_once(drive, parcel)
    assert noted[0] == "", "nobody shall try the old one again"


@pytest.mark.parametrize("answer", [(410, "gone"), (400, "badRequest"), (403, "insufficientFilePermissions")])
def test_a_session_that_drive_refuses_is_begun_anew(drive, archive, parcel, answer):
    noted = []
    drive.troubles.once("PUT /session", "slow", refuse(*answer))
    archive.put(changed(parcel, note_session=noted.append))
    assert is_there_once(drive, parcel)
    assert [bool(session) for session in noted] == [True, False, True]


def test_sessions_that_are_all_refused_end_and_leave_none_to_go_on_with(drive, archive, parcel):
    noted = []
    drive.troubles.always("PUT /session", refuse(410, "gone"))
    with pytest.raises(ArchiveError, match="410"):
        archive.put(changed(parcel, note_session=noted.append))
    assert noted[-1] == ""
    assert drive.count("POST /upload") == 1 + MAX_NEW_SESSIONS


@pytest.mark.parametrize("answer", ["503", "user rate", None])
def test_a_session_that_fails_while_all_else_works_is_dropped(drive, archive, parcel, answer):
    """Also one that answers as if all were well, and takes no byte."""

    def note(session):
        if session and not drive.store.broken_sessions:
            error = BY_NAME[answer].error if answer else None
            drive.store.broken_sessions |= dict.fromkeys(drive.store.sessions, error)

    archive.put(changed(parcel, note_session=note))
    assert is_there_once(drive, parcel)
    assert drive.count("POST /upload") == 2


def test_a_session_is_kept_while_nothing_works(drive, archive, parcel):
    noted = []

    def note(session):
        noted.append(session)
        drive.troubles.always("", "503")

    with pytest.raises(ArchiveBlockedError):
        archive.put(changed(parcel, note_session=note))
    assert all(noted)


def test_faults_between_which_bytes_arrive_are_not_added_up(drive, credentials, make_file):
    path, sha256 = make_file(2 * MAX_TRIES * CHUNK_BYTES)
    archive = make_archive(drive, credentials)
    parcel = Parcel(path, archive.new_file_id("shared-drive", "a.mp4"), "shared-drive", "a.mp4", sha256)
    drive.troubles.once("PUT /session", *["cut", *["none"] * 2] * 2 * MAX_TRIES)
    archive.put(parcel)
    assert is_there_once(drive, parcel)


def test_what_was_made_a_moment_ago_is_waited_for_under_the_same_id(drive, archive, parcel):
    drive.store.unseen_for = 3
    folder_id = archive.new_folder_id(None, "A")
    archive.make_folder(folder_id, None, "A")
    inner = archive.new_folder_id(folder_id, "B")
    archive.make_folder(inner, folder_id, "B")
    assert archive.has_folder(inner)
    archive.put(changed(parcel, folder_id=inner))
    assert archive.look(parcel.file_id).sha256 == parcel.sha256
    assert [item.name for item in drive.store.folders()] == ["A", "B"]


def test_the_days_limit_on_every_session_is_told_from_one_that_is_broken(drive, archive, parcel):
    noted = []
    drive.troubles.always("PUT /session", "user rate")
    with pytest.raises(ArchiveBlockedError) as caught:
        archive.put(changed(parcel, note_session=noted.append))
    assert caught.value.reason == BlockReason.DAILY_LIMIT
    assert noted[-1] == "", "with the next day it is begun anew"


def test_a_folder_that_was_made_a_moment_ago_is_waited_for_when_a_file_is_begun_in_it(drive, archive, parcel):
    folder_id = archive.new_folder_id(None, "A")
    archive.make_folder(folder_id, None, "A")
    drive.troubles.once("POST /upload", *[refuse(404, "notFound", f"File not found: {folder_id}.")] * 3)
    archive.put(changed(parcel, folder_id=folder_id))
    assert is_there_once(drive, parcel)


def test_little_space_warns_and_is_no_reason_to_stop(drive, archive, monkeypatch):
    drive.accounts.service.is_service = False
    drive.accounts.service.used_bytes = drive.accounts.service.limit_bytes - 2 * 1024**3
    archive.folder_id = ""
    quota = archive.check()[-1]
    assert (quota.is_good, quota.warns, quota.fault) == (True, True, None)
    assert "Only 2.0 GiB" in quota.says


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("drive full", "Empty the trash"), ("folder full", "Move or delete"), ("too many", "another account"),
        ("too deep", "Move it up"),
    ],
)  # fmt: skip
def test_a_limit_of_number_is_said_with_what_helps_there(drive, archive, name, says):
    drive.troubles.always("POST /drive/v3/files", name)
    with pytest.raises(ArchiveBlockedError, match=says) as caught:
        archive.make_folder(archive.new_folder_id(None, "A"), None, "A")
    assert caught.value.reason == BlockReason.QUOTA


def test_a_file_of_somebody_else_is_said_with_what_helps(drive, archive, parcel):
    archive.put(parcel)
    drive.troubles.always("PATCH", "not ours")
    with pytest.raises(ArchiveError, match="access to all folders") as caught:
        archive.trash(parcel.file_id)
    assert not isinstance(caught.value, ArchiveBlockedError)


def test_a_wrong_clock_is_told_apart_from_a_lost_account(drive, archive):
    why = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    drive.accounts.says_of_clock = why
    with pytest.raises(ArchiveBlockedError, match="Set the clock"):
        archive.new_file_id("shared-drive", "a.mp4")


def test_a_file_that_is_there_already_is_not_sent_again(drive, archive, credentials, parcel):
    archive.put(parcel)
    n_puts = drive.count("PUT /session")
    make_archive(drive, credentials).put(parcel)
    assert drive.count("PUT /session") == n_puts
    assert is_there_once(drive, parcel)


def test_a_token_that_runs_out_within_an_upload_is_renewed_and_nothing_is_lost(drive, archive, parcel):
    archive.call(archive.service.about().get, fields="user")
    drive.accounts.expire_tokens()
    drive.troubles.once("PUT /session", "401")
    archive.put(parcel)
    assert is_there_once(drive, parcel)


def test_an_empty_search_index_makes_no_second_folder(drive, archive):
    drive.store.search_lag_s = 3600
    folder_id = archive.new_folder_id(None, "A")
    for _time in range(3):
        archive.make_folder(folder_id, None, "A")
    assert [item.name for item in drive.store.folders()] == ["A"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("daily", BlockReason.DAILY_LIMIT),
        ("quota", BlockReason.QUOTA),
        ("drive full", BlockReason.QUOTA),
        ("permission", BlockReason.PERMISSION),
        ("no api", BlockReason.SETTINGS),
        ("401", BlockReason.CREDENTIALS),
        ("503", BlockReason.UNREACHABLE),
        ("rate", BlockReason.DAILY_LIMIT),
        ("upload limit", BlockReason.DAILY_LIMIT),
    ],
)
def test_what_does_not_pass_blocks_the_archive_and_says_why(drive, archive, parcel, name, reason):
    drive.troubles.always("POST /upload", name)
    with pytest.raises(ArchiveBlockedError) as caught:
        archive.put(parcel)
    assert caught.value.reason == reason
    assert str(caught.value).endswith(".")


def test_a_rate_limit_on_anything_but_an_upload_is_never_the_daily_limit(drive, archive):
    drive.troubles.always("GET", "user rate")
    with pytest.raises(ArchiveBlockedError) as caught:
        archive.new_file_id("shared-drive", "a.mp4")
    assert caught.value.reason == BlockReason.UNREACHABLE
    assert drive.count("GET") == MAX_TRIES


def test_the_waits_grow_and_are_spread(drive, archive, monkeypatch):
    waits = []
    monkeypatch.setattr(archive, "_breathe", waits.append)
    drive.troubles.always("GET", "503")
    with pytest.raises(ArchiveBlockedError):
        archive.new_file_id("shared-drive", "a.mp4")
    longest = [0.002 * 2**n for n in range(MAX_TRIES - 1)]
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, longest, strict=True))
    assert len({wait / most for wait, most in zip(waits, longest, strict=True)}) == len(waits)


def test_drive_says_how_long_to_wait_and_is_heard(drive, archive, monkeypatch):
    waits = []
    monkeypatch.setattr(archive, "_breathe", waits.append)
    drive.troubles.once("GET", refuse(429, "rateLimitExceeded", "Slower", retry_after=7))
    archive.new_file_id("shared-drive", "a.mp4")
    assert waits == [7]


def test_a_service_account_without_a_shared_drive_is_told_so(drive, credentials, make_file):
    archive = make_archive(drive, credentials, folder_id="")
    path, sha256 = make_file()
    with pytest.raises(ArchiveBlockedError, match="shared drive") as caught:
        archive.put(Parcel(path, archive.new_file_id("root", "a.mp4"), "root", "a.mp4", sha256))
    assert caught.value.reason == BlockReason.QUOTA


def test_a_missing_folder_is_told_by_its_id(drive, credentials):
    archive = make_archive(drive, credentials, folder_id="nowhere")
    with pytest.raises(ArchiveBlockedError, match="nowhere") as caught:
        archive.make_folder(archive.new_folder_id(None, "A"), None, "A")
    assert caught.value.reason == BlockReason.FOLDER


def test_a_revoked_account_is_told_so(drive, archive):
    drive.accounts.revoke()
    with pytest.raises(ArchiveBlockedError) as caught:
        archive.new_file_id("shared-drive", "a.mp4")
    assert caught.value.reason == BlockReason.CREDENTIALS


def test_one_file_that_may_not_be_changed_does_not_stop_the_archive(drive, archive, parcel):
    archive.put(parcel)
    drive.store.items[parcel.file_id].read_only = True
    with pytest.raises(ArchiveError) as caught:
        archive.trash(parcel.file_id)
    assert not isinstance(caught.value, ArchiveBlockedError)


def test_a_server_that_is_not_there_is_unreachable(credentials, drive):
    archive = make_archive(drive, credentials, root_url="http://127.0.0.1:1/")
    with pytest.raises(ArchiveBlockedError) as caught:
        archive.new_file_id("shared-drive", "a.mp4")
    assert caught.value.reason == BlockReason.UNREACHABLE


def test_no_secret_reaches_a_log_that_writes_everything(drive, archive, parcel, caplog):
    caplog.set_level(logging.DEBUG)  # as LOG_LEVEL=DEBUG does
    noted = []
    drive.troubles.once("PUT /session", "lost", "503", "cut")
    archive.put(changed(parcel, note_session=noted.append))
    secret = noted[0].rpartition("upload_id=")[2]
    assert secret
    assert secret not in caplog.text
    assert "Bearer" not in caplog.text


def test_what_is_kept_beside_a_file_is_there(drive, archive, parcel):
    archive.put(parcel)
    assert drive.store.items[parcel.file_id].app_properties["clip"] == "1"
    assert archive.look(parcel.file_id).facts == {"clip": "1"}, "and not what the archive keeps for itself"


def test_the_library_speaks_the_api_that_its_description_says():
    """The address alone is changed: uploads go to the same server, which ``api_endpoint`` does not do."""
    service = http.drive_service("http://127.0.0.1:9/")
    request = service.files().create(body={"mimeType": FOLDER_TYPE}, supportsAllDrives=True)
    assert request.uri.startswith("http://127.0.0.1:9/drive/v3/files?")
