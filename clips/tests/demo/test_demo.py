"""Tests the demo session: the content of its film, and its import as a normal upload."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from clips.demo import film, park, session
from clips.ingest.part_file import part_path
from clips.media.probe import probe
from clips.models import CandidateSegment, Job, JobKind, OriginalFile, Upload, UploadState
from clips.tests.demo.drawn_once import copy_of_film

#: The film's sound and motion are clear, so the middle of a moment lies inside the trick or this close to it.
NEAR_S = 0.5


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    copy_of_film(path)
    return path


@pytest.fixture
def quickly(made, monkeypatch) -> None:
    """Copy the film of this module instead of drawing another."""
    monkeypatch.setattr(film, "write", lambda path, **_: shutil.copy(made, path))


def is_in(jump: film.Jump, moment: CandidateSegment) -> bool:
    middle_s = (moment.start_ms + moment.end_ms) / 2000
    return jump.take_off_s - NEAR_S < middle_s < jump.landing_s + NEAR_S


@pytest.mark.slow
def test_film_is_a_minute_of_720p_with_sound(made):
    facts = probe(str(made))
    assert (facts["width"], facts["height"], facts["duration_ms"]) == (1280, 720, film.LENGTH_S * 1000)
    assert (facts["camera_id"], facts["fps_label"], facts["has_audio"]) == ("CAM_DEMO", "30FPS", True)


@pytest.mark.slow
def test_same_seed_makes_the_same_park_and_sound():
    def made_with(seed: int) -> list[np.ndarray]:
        rng = np.random.default_rng(seed)
        scene = park.build(rng, width_px=640, height_px=720, ground_px=500, lips_px=[320])
        return [scene.luma, scene.u, scene.v, film.hear(rng)]

    for first, again, other in zip(made_with(1), made_with(1), made_with(2), strict=True):
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()


def test_rider_leaves_the_ground_only_in_a_trick():
    middle = [(jump.take_off_s + jump.landing_s) / 2 for jump in film.JUMPS]
    assert all(film.height_px(time_s) > 100 for time_s in middle)
    assert all(film.height_px(jump.landing_s) == 0 for jump in film.JUMPS)
    assert film.height_px(film.BUMP_S) == film.height_px(film.HORN_S[0]) == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_session_takes_the_way_of_any_upload_and_shows_tricks_and_not_what_only_looks_like_one(
    admin, quickly, work_off, made
):
    call_command("make_demo")
    upload = Upload.objects.get()
    assert (upload.owner, upload.state) == (admin, UploadState.RECEIVED)
    assert part_path(upload.pk).stat().st_size == upload.size_bytes == made.stat().st_size
    work_off()
    original = OriginalFile.objects.get()
    assert original.shoot.name == session.SESSION_NAME
    shown = list(CandidateSegment.objects.shown())
    found = [jump for jump in film.JUMPS if any(is_in(jump, moment) for moment in shown)]
    assert len(found) >= 4
    assert all(any(is_in(jump, moment) for jump in film.JUMPS) for moment in shown)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_second_command_finds_the_session_here_already(admin, quickly, capsys):
    call_command("make_demo")
    call_command("make_demo")
    assert "already exists" in capsys.readouterr().out
    assert Upload.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_job_uploads_it_as_the_member_who_asked_and_never_twice(sorter, quickly, work_off):
    session.ask_for(sorter)
    assert work_off(most=3) == [JobKind.DEMO, JobKind.INGEST, JobKind.PROBE]
    upload = Upload.objects.get()
    assert (upload.owner, upload.state, upload.shoot.name) == (sorter, UploadState.REGISTERED, session.SESSION_NAME)
    assert session.ask_for(sorter) is None, "the session is there"
    assert Job.objects.filter(kind=JobKind.DEMO).count() == 1


@pytest.mark.django_db
def test_session_without_an_admin_is_refused(sorter):
    with pytest.raises(CommandError, match="no admin to upload as"):
        call_command("make_demo")
    assert not Upload.objects.exists()


def test_figures_turn_by_getting_narrow():
    from clips.demo.figure import rider

    across, along = rider(crouch=0.5, turn=0.0), rider(crouch=0.5, turn=0.25)
    assert (along.cover > 0).any(axis=0).sum() < (across.cover > 0).any(axis=0).sum() / 2
    assert av.VideoFrame.from_ndarray(across.planes.astype(np.uint8), format="yuv444p").width == across.cover.shape[1]
