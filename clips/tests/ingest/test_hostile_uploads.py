"""Tests hostile files sent as anybody could send them: each becomes a video or gets an error sentence."""

import base64
import itertools
from pathlib import Path

import pytest
from celery import current_app
from django.urls import reverse

from clips.jobs.registry import step_of
from clips.models import Job, JobKind, JobState, OriginalFile, Upload, UploadState
from clips.tests.media.hostile import other_files
from clips.tests.media.hostile_mp4 import absurd_mp4s
from clips.tests.media.hostile_others import absurd_matroskas, playlists
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.slow

#: Of each kind of fault; all of them go through every operation in clips/tests/media/test_corpus.py.
FEW = 3


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("hostile")
    data = make_video(folder / "whole.mp4", frames=15, size=(256, 144)).read_bytes()
    canary = folder / "canary.mp4"
    canary.write_bytes(data)
    kinds = (other_files(data), absurd_mp4s(data), absurd_matroskas(data), playlists(canary, 9))
    zips = {
        "a ZIP that grows": b"PK\x03\x04" + bytes(400),
        "XML that grows": b'<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>',
    }
    return dict(itertools.chain(*(itertools.islice(kind, FEW) for kind in kinds))) | zips


def send(client, name: str, data: bytes) -> None:
    """Upload in one request (tus: creation-with-upload)."""
    metadata = f"filename {base64.b64encode(f'{name}.mp4'.encode()).decode()}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
    content_type = "application/offset+octet-stream"
    answer = client.post(reverse("clips:tus_collection"), data, content_type=content_type, headers=headers)
    assert answer.status_code == 201


def take_in_and_probe() -> None:
    while job := Job.objects.due().filter(kind__in=[JobKind.INGEST, JobKind.PROBE]).first():
        current_app.tasks[step_of(job.kind).task](str(job.pk))


def test_each_ends_as_a_video_or_with_a_sentence(client, sorter, corpus, own_data_dir: Path):
    current_app.loader.import_default_modules()
    client.force_login(sorter)
    for name, data in corpus.items():
        send(client, name, data)
    take_in_and_probe()
    assert Upload.objects.count() == len(corpus)
    assert not Upload.objects.exclude(state__in=[UploadState.REGISTERED, UploadState.DUPLICATE, UploadState.FAILED])
    failed = Job.objects.filter(state=JobState.FAILED)
    assert failed.exists()
    for reason in failed.values_list("reason", flat=True):
        assert reason.strip().endswith((".", "…")), reason
        assert "Traceback" not in reason
        assert str(own_data_dir) not in reason
    probed = OriginalFile.objects.exclude(probed_at=None).count()
    assert probed + failed.count() >= OriginalFile.objects.count()
    for address in ("clips:upload", "clips:jobs", "clips:sessions", "home"):
        assert client.get(reverse(address)).status_code == 200
