"""Tests posters: the keyframe before a moment, small and upright."""

from pathlib import Path

from clips.media.render.poster import make_posters
from clips.tests.media.made_up import make_cut_off_video, make_video, shown_numbers
from clips.tests.media.test_preview import picture_facts


def test_a_poster_is_the_keyframe_before_its_moment(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=120, gop=30, size=(512, 240))
    outs = [str(tmp_path / f"{n}.jpg") for n in range(3)]
    wanted = [{"at_ms": at_ms, "out": out} for at_ms, out in zip([3900, 1500, 0], outs, strict=True)]
    assert sorted(make_posters(str(source), wanted)) == sorted(outs)
    assert [shown_numbers(out) for out in outs] == [[90], [30], [0]]


def test_a_poster_is_small_and_upright(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=4, size=(1920, 1080), rotation=90)
    out = tmp_path / "poster.jpg"
    make_posters(str(source), [{"at_ms": 100, "out": str(out)}])
    assert picture_facts(out)[:3] == (240, 426, 0)
    assert out.read_bytes()[:2] == b"\xff\xd8"


def test_a_damaged_moment_costs_only_its_own_poster(tmp_path):
    source = make_cut_off_video(tmp_path)
    early, late = str(tmp_path / "early.jpg"), str(tmp_path / "late.jpg")
    made = make_posters(str(source), [{"at_ms": 3900, "out": late}, {"at_ms": 500, "out": early}])
    assert made == [early]
    assert not Path(late).exists()
