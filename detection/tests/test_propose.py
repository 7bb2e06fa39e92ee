"""Tests the whole detector on made-up takes with known tricks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media import MediaError
from detection.propose import propose
from detection.scoring.reasons import explain
from detection.tests.film import RATE_HZ, Film

TRICKS = [(4.0, 4.5), (9.0, 9.55), (13.0, 13.45)]
ROOT = Path(__file__).resolve().parents[2]


def shown(result: dict) -> list[dict]:
    return sorted((c for c in result["candidates"] if c["shown"]), key=lambda c: c["start_ms"])


def assert_right(spans: list[dict], tricks: list[tuple[float, float]]) -> None:
    """Check that the spans, in order of time, hold one trick each with about a second before and after it."""
    assert len(spans) == len(tricks)
    for span, (start_s, end_s) in zip(spans, tricks, strict=True):
        assert span["start_ms"] == pytest.approx(1000 * (start_s - 1), abs=700)
        assert span["end_ms"] == pytest.approx(1000 * (end_s + 1), abs=700)


@pytest.fixture(scope="module")
def take(tmp_path_factory) -> Path:
    return Film(tricks=TRICKS).write(tmp_path_factory.mktemp("film") / "take.mp4")


@pytest.fixture(scope="module")
def searched(take) -> tuple[dict, list[float]]:
    """The result for the take, and the progress that was told on the way."""
    fractions: list[float] = []
    return propose(take, fractions.append), fractions


@pytest.fixture
def found(searched) -> dict:
    return searched[0]


@pytest.mark.slow
def test_every_trick_and_nothing_else_is_shown(found):
    assert_right(shown(found), TRICKS)


@pytest.mark.slow
def test_result_is_json_with_whole_milliseconds_inside_the_video(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["duration_ms"] == pytest.approx(16_000, abs=40)
    assert len(found["curve"]["values"]) == pytest.approx(160, abs=1)
    marks = found["curve"]["marks"]
    assert {(mark["kind"], round(mark["at_ms"], -3)) for mark in marks} >= {("impact", 4000), ("motion", 9000)}
    assert all(0 <= mark["at_ms"] <= found["duration_ms"] and 0 <= mark["strength"] <= 1 for mark in marks)
    assert all(0 <= value <= 1 for value in found["curve"]["values"])
    for candidate in found["candidates"]:
        assert 0 <= candidate["start_ms"] < candidate["end_ms"] <= found["duration_ms"]
        assert isinstance(candidate["start_ms"], int)
        assert candidate["shown"] == (candidate["score"] >= 0.5)
        assert candidate["score"] >= 0.05
    scores = [candidate["score"] for candidate in found["candidates"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.slow
def test_reasons_name_the_gap_between_pop_and_landing(found):
    best = found["candidates"][0]
    assert best["features"]["gap_s"] == pytest.approx(0.5, abs=0.1)
    assert "pop and landing" in best["why"]
    assert "goes up and comes down" in best["why"]


@pytest.mark.slow
def test_progress_rises_to_one(searched):
    fractions = searched[1]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert any(0.98 < fraction < 1 for fraction in fractions)  # the scoring at the end tells how far it is, too
    assert all(0 <= fraction <= 1 for fraction in fractions)


@pytest.mark.slow
@pytest.mark.parametrize("film", [Film(tricks=TRICKS, sounds=False), Film(tricks=TRICKS, silent=True)])
def test_without_sound_the_tricks_are_the_only_candidates(tmp_path, film):
    candidates = propose(film.write(tmp_path / "take.mp4"))["candidates"]
    assert_right(sorted(candidates, key=lambda c: c["start_ms"]), TRICKS)


@pytest.mark.slow
def test_joins_and_flashes_between_tricks_change_nothing(tmp_path):
    film = Film(tricks=TRICKS, cuts=[6.0, 11.0], fades=[(2.0, 2.4)], flashes=[7.5])
    assert_right(shown(propose(film.write(tmp_path / "take.mp4"))), TRICKS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "film",
    [
        pytest.param(Film(), id="riding"),
        pytest.param(Film(rider=False), id="shaking hand"),
        pytest.param(Film(rider=False, shake_px=0, silent=True), id="still and silent"),
        pytest.param(Film(cuts=[4.0, 8.0, 12.0]), id="cuts"),
        pytest.param(Film(fades=[(4.0, 4.3), (9.0, 9.5)]), id="fades"),
        pytest.param(Film(flashes=[4.0, 9.0]), id="flashes"),
        pytest.param(Film(exposures=[4.0, 9.0]), id="exposure"),
        pytest.param(Film(length_s=10, bumps=[4.0, 7.0]), id="knocks"),
        pytest.param(Film(length_s=10, covers=[(4.0, 4.6), (7.0, 7.3)]), id="hand before the lens"),
        pytest.param(Film(handled=[(0, 2.5), (13.5, 16)]), id="picked up and put down"),
    ],
)
def test_where_nobody_jumps_nothing_is_shown(tmp_path, film):
    assert shown(propose(film.write(tmp_path / "take.mp4"))) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "film",
    [
        pytest.param(Film(tricks=TRICKS, background="wind"), id="wind"),
        pytest.param(Film(tricks=TRICKS, background="music"), id="music"),
        pytest.param(Film(tricks=TRICKS, group=10_000), id="one keyframe in the whole file"),
        pytest.param(Film(tricks=TRICKS, gaps=True), id="uneven rate"),
        pytest.param(Film(tricks=TRICKS, pix_fmt="yuv420p10le"), id="10 bits"),
        pytest.param(Film(tricks=TRICKS, darkness=0.3), id="dark"),
    ],
)
def test_hard_conditions_change_nothing(tmp_path, film):
    assert_right(shown(propose(film.write(tmp_path / "take.mkv"))), TRICKS)


@pytest.mark.slow
def test_what_happens_to_the_camera_between_tricks_is_named_and_changes_nothing(tmp_path):
    tricks = [(5.0, 5.5), (10.0, 10.5), (14.5, 14.95)]
    film = Film(length_s=20, tricks=tricks, bumps=[7.6], covers=[(12.4, 12.8)], exposures=[8.8], handled=[(17.6, 20)])
    result = propose(film.write(tmp_path / "take.mp4"))
    assert_right(shown(result), tricks)
    marks = [mark for mark in result["curve"]["marks"] if mark["kind"] in {"bump", "flash", "cut"}]
    assert [mark["kind"] for mark in marks] == ["bump", "flash", "bump", "bump"]
    assert [mark["at_ms"] for mark in marks] == pytest.approx([7700, 8800, 12_600, 18_800], abs=250)


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_however_the_camera_was_held_the_trick_is_the_same(tmp_path, rotation):
    film = Film(length_s=8, tricks=TRICKS[:1], rotation=rotation)
    assert_right(shown(propose(film.write(tmp_path / "take.mp4"))), TRICKS[:1])


@pytest.mark.slow
def test_a_camera_on_the_riders_head_leans_on_what_it_feels_and_hears(tmp_path):
    result = propose(Film(tricks=TRICKS, worn=True, felt=True).write(tmp_path / "take.mp4"))
    assert_right(shown(result), TRICKS)
    assert "arc" not in result["candidates"][0]["features"]["z_scores"]
    assert {"air", "impact"} <= {mark["kind"] for mark in result["curve"]["marks"]}


@pytest.mark.slow
def test_slow_motion_is_stretched_by_its_capture_rate(tmp_path):
    film = Film(length_s=4.0, tricks=[(1.8, 2.3)], rate_hz=240, stretch=8.0, sounds=False, shake_px=1.0)
    result = propose(film.write(tmp_path / "slow.mp4"), stretch=8.0)
    assert result["duration_ms"] == pytest.approx(32_000, abs=50)
    best = result["candidates"][0]
    assert best["start_ms"] == pytest.approx(8000 * (1.8 - 1), abs=8 * 700)
    assert best["end_ms"] == pytest.approx(8000 * (2.3 + 1), abs=8 * 700)


@pytest.mark.slow
def test_a_mark_of_the_camera_shows_what_stayed_hidden(tmp_path):
    path = Film(length_s=8, tricks=[(4.0, 4.45)], sounds=False).write(tmp_path / "mute.mp4")
    without, marked = propose(path)["candidates"][0], propose(path, hilights_ms=[6500])["candidates"][0]
    assert marked["start_ms"] == without["start_ms"]
    assert marked["score"] > max(0.5, without["score"])
    assert marked["why"].startswith("HiLight mark")


@pytest.mark.slow
def test_a_take_that_is_too_dear_is_only_glanced_at_between_the_looks(tmp_path, monkeypatch):
    take = Film(tricks=TRICKS, group=15).write(tmp_path / "take.mp4")
    monkeypatch.setattr("detection.decode.packets.PIXEL_CPU_S", 1.6e-7)  # as if a picture were a hundred times larger
    result = propose(take)
    assert 0 < result["seen"] < 0.5
    assert_right(shown(result), TRICKS)


@pytest.mark.slow
def test_glances_and_looks_are_the_same_with_one_decoder_and_with_three(tmp_path, monkeypatch):
    take = Film(tricks=TRICKS[:1], length_s=13, group=15).write(tmp_path / "take.mp4")
    monkeypatch.setattr("detection.decode.packets.PIXEL_CPU_S", 1.6e-7)
    results = []
    for n_decoders in (1, 3):
        monkeypatch.setattr("detection.decode.pictures.N_DECODERS", n_decoders)
        results.append(propose(take))
        del results[-1]["timings"]
    assert results[0] == results[1]
    assert 0 < results[0]["seen"] < 1


@pytest.mark.slow
def test_quick_glances_and_hears(take, monkeypatch):
    monkeypatch.setattr("detection.decode.packets.PIXEL_CPU_S", 4e-7)  # as if it were 4K
    result = propose(take, effort="quick")
    assert result["seen"] == 0
    assert {"arc"}.isdisjoint(result["candidates"][0]["features"]["z_scores"])
    assert result["parameters"]["effort"] == "quick"


@pytest.mark.slow
def test_impacts_off_camera_alone_are_not_shown(tmp_path, monkeypatch):
    film = Film(tricks=TRICKS)
    monkeypatch.setattr(film, "height_px", lambda time_s: 0.0)
    assert shown(propose(film.write(tmp_path / "take.mp4"))) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "zero_s"), [("take.mkv", 7.0), ("take.ts", 0.0)])
def test_times_count_as_the_cutter_counts_them(tmp_path, name, zero_s):
    film = Film(length_s=8.0, tricks=TRICKS[:1], start_pts_s=7.0)
    assert_right(shown(propose(film.write(tmp_path / name))), [(4.0 + zero_s, 4.5 + zero_s)])


@pytest.mark.slow
def test_a_truncated_file_gives_its_readable_part(tmp_path):
    whole = Film(tricks=TRICKS).write(tmp_path / "take.mkv").read_bytes()
    (tmp_path / "half.mkv").write_bytes(whole[: len(whole) // 2])
    result = propose(tmp_path / "half.mkv")
    assert 6000 < result["duration_ms"] < 10_500
    assert_right(shown(result)[:1], TRICKS[:1])


@pytest.mark.slow
def test_the_same_file_gives_the_same_moments_on_one_core_and_on_all(take):
    script = (
        "import json, os, sys\n"
        "from detection.propose import propose\n"
        "if sys.argv[2] == 'one': os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "result = propose(sys.argv[1]); result.pop('timings'); print(json.dumps(result))\n"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", script, str(take), cores],
            cwd=ROOT,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1" if cores == "one" else "2"},
            capture_output=True,
            check=True,
        ).stdout
        for cores in ("one", "all")
    ]
    assert outputs[0] == outputs[1]


def test_a_video_of_one_picture_has_no_moment(tmp_path):
    result = propose(Film(length_s=1 / RATE_HZ, sounds=False).write(tmp_path / "one.mp4"))
    assert result["candidates"] == []
    assert result["duration_ms"] >= 1


def test_a_trick_that_is_nearly_the_whole_file_is_found(tmp_path):
    result = propose(Film(length_s=2.0, tricks=[(0.8, 1.3)]).write(tmp_path / "short.mp4"))
    assert [(c["start_ms"], c["end_ms"]) for c in shown(result)] == [(0, result["duration_ms"])]


def test_a_file_without_picture_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="mono")
        for start in range(0, 48_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(MediaError, match=r"^This file contains no video\.$"):
        propose(path)


@pytest.mark.parametrize("content", [b"", b"dear diary, today we rode all day\n" * 50])
def test_what_is_no_video_is_refused(tmp_path, content):
    path = tmp_path / "take.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError):
        propose(path)


def test_reasons_are_never_empty():
    assert explain({"z_scores": {"arc": 0.0, "incoherence": 0.0}, "moving_times_usual": 1.0})


def test_a_reason_without_sound_says_nothing_of_sound():
    why = explain({"z_scores": {"arc": 3.0, "incoherence": 2.0}, "moving_times_usual": 3.1})
    assert why == "goes up and comes down; 3.1 × the usual motion"
