"""Fixtures of a local Drive server and of archives of both kinds."""

import functools
import hashlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.auth import credentials as google_credentials
from google.auth import crypt
from google.oauth2 import service_account

from clips.archive import configured
from clips.archive.backend import ArchiveBackend
from clips.archive.configured import archive_backend
from clips.archive.drive.oauth import WHOLE_DRIVE
from clips.ingest import drive_folder, quota
from clips.models import FinalClip, Job, JobKind, OriginalFile, Upload
from clips.tests.archive.drive_accounts import SERVICE_EMAIL
from clips.tests.archive.drive_server import DriveServer
from clips.tests.archive.drive_store import UserSees
from clips.tests.factories import FinalClipFactory
from clips.tests.media.made_up import make_video
from people.models import Person

CHUNK_BYTES = 256 * 1024


@functools.cache
def quicken_library() -> None:
    """Let Google's library read each key once, and not ask Google itself, from a thread, where a token may be used."""
    crypt.RSASigner.from_string = functools.cache(crypt.RSASigner.from_string)
    google_credentials.CredentialsWithRegionalAccessBoundary._maybe_start_regional_access_boundary_refresh = (
        lambda _of, _request, _url: None
    )


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    """A Drive with a shared drive in it, and nothing else."""
    quicken_library()
    with DriveServer().running() as server:
        server.store.shared_drive("shared-drive")
        yield server


#: The way that Drive documents is tried by the quick tests, all of them by the others.
SEEN = [
    pytest.param(each, id=each.value, marks=[] if each == UserSees.DOCUMENTED else pytest.mark.slow)
    for each in UserSees
]


@pytest.fixture(params=SEEN)
def whatever_the_user_sees(request, drive) -> None:
    """Each way in which a user's log and corpus were seen to tell of a shared drive, in turn."""
    drive.store.user_sees = request.param


@pytest.fixture
def on_drive(drive, settings, tmp_path) -> DriveServer:
    """Point the settings at that Drive, with a service account on its shared drive."""
    settings.ARCHIVE_BACKEND = "drive"
    settings.DRIVE_FOLDER_ID = "shared-drive"
    settings.DRIVE_SERVICE_ACCOUNT_FILE = str(drive.key_file(tmp_path))
    settings.DRIVE_API_URL, settings.DRIVE_TOKEN_URL = drive.url, drive.token_url
    settings.DRIVE_CHUNK_BYTES, settings.DRIVE_BACK_OFF_SECONDS = CHUNK_BYTES, 0.002
    configured._of_service_account.cache_clear()
    configured._of_grant.cache_clear()
    return drive


@pytest.fixture(params=["local", "drive"])
def backend(request, settings) -> ArchiveBackend:
    """Each kind of archive in turn."""
    if request.param == "drive":
        request.getfixturevalue("on_drive")
    return archive_backend()


@pytest.fixture
def make_file(tmp_path) -> Callable[..., tuple[Path, str]]:
    """Return a function that makes a file of noise, and returns it with its SHA-256."""

    def make(size_bytes: int = 700_000) -> tuple[Path, str]:
        path = tmp_path / f"{secrets.token_hex(4)}.mp4"
        path.write_bytes(secrets.token_bytes(size_bytes))
        return path, hashlib.sha256(path.read_bytes()).hexdigest()

    return make


@pytest.fixture
def credentials(drive) -> service_account.Credentials:
    key = drive.accounts.key(drive.token_url)
    return service_account.Credentials(signer(key["private_key"]), SERVICE_EMAIL, drive.token_url, scopes=[WHOLE_DRIVE])


@functools.cache
def signer(private_key: str) -> crypt.RSASigner:
    """Return what signs with this key: reading it takes longer than most tests."""
    return crypt.RSASigner.from_string(private_key)


@pytest.fixture
def make_clip(shoot, own_data_dir) -> Callable[..., FinalClip]:
    """Return a function that makes a cut clip of noise, which an archive takes like any other."""

    def make(size_bytes: int = 300_000, **fields) -> FinalClip:
        number = FinalClip.objects.count() + 1
        data = secrets.token_bytes(size_bytes)
        original, _made = OriginalFile.objects.get_or_create(
            file_hash="a" * 64,
            defaults={
                "shoot": shoot,
                "original_filename": "GX01.MP4",
                "stored_path": "originals/1.mp4",
                "size_bytes": 1,
            },
        )
        clip = FinalClipFactory(
            original_file=original, start_ms=number * 1000, end_ms=number * 1000 + 500, camera_id="CAM_GOPRO11",
            fps_label="240FPS", date=shoot.date,
            **{
                "person": Person.objects.filter(slug="Mia").first() or Person.objects.add("Mia"),
                "filename": f"2024-12-01__clip__v{number:03d}.mp4",
            } | fields,
        )  # fmt: skip
        stored_path = f"final_clips/{clip.pk}.mp4"
        path = own_data_dir / stored_path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        FinalClip.objects.filter(pk=clip.pk).update(stored_path=stored_path, file_hash=sha256, size_bytes=size_bytes)
        clip.refresh_from_db()
        return clip

    return make


@pytest.fixture
def archived(work_off) -> Callable[..., FinalClip]:
    """Return a function that archives a clip with the real job, and returns it afterwards."""

    def archive(clip: FinalClip, kind: JobKind = JobKind.ARCHIVE, **params) -> FinalClip:
        Job.objects.for_target(kind, clip, params=params)
        work_off()
        clip.refresh_from_db()
        return clip

    return archive


@pytest.fixture
def film(own_data_dir, tmp_path) -> Path:
    """A short video that a crew's clips are cut from."""
    (own_data_dir / "originals").mkdir()
    return make_video(tmp_path / "film.mp4", frames=12, rate=30, size=(256, 96), audio=False)


@pytest.fixture
def dropped(on_drive, settings, monkeypatch) -> Upload:
    """A file in the Drive folder whose upload has no bytes yet."""
    settings.DRIVE_DROP_FOLDER_ID = "shared-drive"
    for name in ("DRIVE_DROP_FOLDER_ID", "DRIVE_SERVICE_ACCOUNT_FILE", "DRIVE_API_URL"):
        monkeypatch.setenv(name, getattr(settings, name))
    on_drive.store.drop("GX03.MP4", b"bytes of a film" * 50_000)
    drive_folder.look_into()
    upload = Upload.objects.get()
    assert quota.promise(upload)
    return upload
