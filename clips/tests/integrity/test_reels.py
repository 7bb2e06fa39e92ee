"""Tests that the audit knows edits."""

import uuid

import pytest

from clips.integrity.file_checks import rows_and_files
from clips.integrity.finding import Disagreement, Kind
from clips.integrity.reel_checks import edits
from clips.models import FinalClip, HandleCut, Reel, ReelMusic, ReelRender
from clips.reels import handles, rendering
from clips.tests.factories import FinalClipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reel() -> Reel:
    made = Reel.objects.create(name="December", made_by_name="mia")
    for position in (1, 2):
        made.clips.create(position=position, lineage=FinalClipFactory(start_ms=position * 1000, end_ms=9000).lineage)
    return made


def test_a_sound_edit_is_no_finding_even_with_a_clip_in_the_bin(reel):
    FinalClip.objects.filter(lineage=reel.clips.first().lineage).update(is_current=False)
    assert list(edits(checksums=False)) == []


def test_a_clip_that_never_was_and_a_gap_are_reported(reel):
    reel.clips.create(position=4, lineage=uuid.uuid4())
    found = [(one.kind, one.subject, one.says) for one in edits(checksums=False)]
    assert found == [
        (Kind.EDIT, "December", "its clip at place 4 has no row."),
        (Kind.EDIT, "December", "its places have gaps."),
    ]


def films_found() -> list[Disagreement]:
    ours = {Kind.FILM_MISSING, Kind.MUSIC_MISSING}
    return [one for one in rows_and_files(checksums=False) if one.kind in ours]


def test_films_music_and_clips_with_handles_without_their_files_are_reported_and_films_rendered_again(
    reel, own_data_dir
):
    film = ReelRender.objects.create(
        reel=reel, shape="WIDE", shorter_px=1080, rate="30", stored_path=f"{rendering.FOLDER}/film.mp4", size_bytes=4,
        duration_ms=1,
    )  # fmt: skip
    music = ReelMusic.objects.create(reel=reel, name="Ours", stored_path=f"{rendering.FOLDER}/ours.mp3", size_bytes=4)
    wider = HandleCut.objects.create(
        clip=FinalClip.objects.first(), handle_ms=1000, start_ms=0, end_ms=9000, n_frames=9, size_bytes=4, crc32=1,
        stored_path=f"{handles.FOLDER}/wider.mp4",
    )  # fmt: skip
    paths = [own_data_dir / row.stored_path for row in (film, music, wider)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"film")
    assert films_found() == []
    for path in paths:
        path.unlink()
    found = films_found()
    assert [one.kind for one in found] == [Kind.FILM_MISSING, Kind.FILM_MISSING, Kind.MUSIC_MISSING]
    assert [one.mend() if one.mend else "" for one in found] == [
        "a job will render it again", "its row is deleted; it is cut again for who asks", "",
    ]  # fmt: skip
    assert [one.kind for one in films_found()] == [Kind.MUSIC_MISSING]
    assert film.jobs.active().count() == 1
