"""Fixtures of a clip whose original exists, and of a copy of it."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings

from clips.models import (
    FinalClip,
    OriginalFile,
    SharedCopy,
)
from clips.sharing import links
from clips.sorting import decisions
from clips.storage.files import sha256_of
from clips.tests.factories import CandidateSegmentFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video
from people.models import Person
from tricks.models import Trick


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """Two seconds of 120 frames each, which a browser plays."""
    return make_video(tmp_path_factory.mktemp("film") / "film.mp4", frames=240, rate=120, size=(256, 144))


@pytest.fixture
def filmed(shoot, film) -> OriginalFile:
    stored = django_settings.ORIGINALS_DIR / "filmed.mp4"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(film.read_bytes())
    return OriginalFileFactory(
        shoot=shoot, original_filename="GX010001.MP4", stored_path="originals/filmed.mp4", file_hash=sha256_of(stored),
        size_bytes=stored.stat().st_size, camera_id="CAM_GOPRO11", fps_label="120FPS", rate_num=120, rate_den=1,
        duration_ms=2_000, codec="h264", probe={"pix_fmt": "yuv420p"},
    )  # fmt: skip


@pytest.fixture
def clip(filmed, sorter) -> FinalClip:
    """Frames 60 to 120, kept; the jobs that follow are deleted."""
    segment = CandidateSegmentFactory(original_file=filmed, start_ms=0, end_ms=1_500)
    person, trick = Person.objects.add("Miller Downey"), Trick.objects.add("KFED")
    choice = decisions.Choice(start_ms=500, end_ms=1_000, person=person, trick=trick)
    return decisions.make_clip(filmed, choice, sorter, candidate_segment=segment)


@pytest.fixture
def copy(clip) -> SharedCopy:
    """A copy with a row and a file, as if it were made."""
    made = SharedCopy.objects.create(clip=clip)
    path = links.stored_path(made.pk)
    (django_settings.DATA_DIR / path).parent.mkdir(parents=True)
    (django_settings.DATA_DIR / path).write_bytes(b"all of the video")
    SharedCopy.objects.filter(pk=made.pk).update(stored_path=path, size_bytes=16)
    made.refresh_from_db()
    return made
