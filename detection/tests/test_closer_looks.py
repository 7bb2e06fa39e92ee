"""Tests where a second look is spent, and that an interrupted one goes on where it was."""

import itertools
import json

import numpy as np
import pytest

from detection.closer_looks import BLOCK_CPU_S, BLOCK_S, STRETCH_S, blocks_of, choose_closer_looks
from detection.decode.packets import Packets
from detection.decode.piece import Piece
from detection.kept import Kept
from detection.propose import propose
from detection.sampling import cpu_s, make_plan
from detection.signals import STEP_S
from detection.tests.film import Film
from detection.tests.test_plan import FULL_HD, packets, spent_cpu_s

TRICKS = [(4.0, 4.5), (9.0, 9.55), (13.0, 13.45)]


def score_at(*tops: tuple[float, float], length_s: float = 60.0) -> np.ndarray:
    score = np.zeros(round(length_s / STEP_S) + 1)
    for at_s, value in tops:
        score[round(at_s / STEP_S)] = value
    return score


def seen_s(take: Packets, looks: list[Piece]) -> np.ndarray:
    return np.concatenate([take.pts_s[look.first : look.end] for look in looks])


def uhd(**how) -> Packets:
    return packets(pixels=4 * FULL_HD, size_bytes=160_000, codec="hevc", **how)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_second_look_sees_all_of_1080p_and_part_of_4k(codec):
    assert make_plan(packets(codec=codec), 60, effort="closer").is_everything
    plan = make_plan(uhd(), 60, effort="closer")
    assert not plan.is_everything
    looks = choose_closer_looks(uhd(), score_at((10.0, 0.3)), look_cpu_s=plan.look_cpu_s)
    assert 0.2 < len(seen_s(uhd(), looks)) / len(uhd().pts_s) < 0.7


def test_what_may_be_a_trick_is_seen_with_a_second_to_both_sides():
    looks = choose_closer_looks(uhd(), score_at((10.0, 0.05), (40.0, 0.4)), look_cpu_s=25.0)
    times_s = seen_s(uhd(), looks)
    for middle_s in (10.0, 40.0):
        about_s = times_s[np.abs(times_s - middle_s) < 1]
        assert np.ptp(about_s) > 1.9


def test_where_it_does_not_suffice_the_likeliest_for_its_cost_comes_first():
    size_bytes = np.full(3600, 160_000)
    size_bytes[1800:] *= 8  # the second half costs more
    dear = Packets(np.arange(3600) / 60, size_bytes, np.arange(3600) % 30 == 0, 4 * FULL_HD, "hevc")
    times_s = seen_s(dear, choose_closer_looks(dear, score_at((10.0, 0.3), (50.0, 0.3)), look_cpu_s=12.0))
    assert (np.abs(times_s - 10) < 1).any()
    assert not (np.abs(times_s - 50) < 1).any()
    times_s = seen_s(dear, choose_closer_looks(dear, score_at((10.0, 0.05), (50.0, 0.45)), look_cpu_s=32.0))
    assert (np.abs(times_s - 50) < 1).any()


def test_what_is_shown_already_is_no_better_than_what_is_about_to_be():
    one, other = (choose_closer_looks(uhd(), score_at((10.0, top), (40.0, 0.5)), look_cpu_s=9.0) for top in (0.5, 0.99))
    assert one == other


def test_the_rest_of_the_budget_goes_to_the_middle_of_the_longest_unseen_stretch():
    times_s = seen_s(uhd(), choose_closer_looks(uhd(), score_at((5.0, 0.3)), look_cpu_s=25.0))
    beyond_s = times_s[times_s > 10]
    assert beyond_s.mean() == pytest.approx((6 + 60) / 2, abs=1.5)
    assert np.ptp(beyond_s) == pytest.approx(STRETCH_S, abs=1.1)


@pytest.mark.parametrize("look_cpu_s", [0.0, 1.0, 20.0, 60.0])
def test_it_keeps_to_its_budget(look_cpu_s):
    score = np.random.default_rng(1).random(1201)
    assert spent_cpu_s(uhd(), choose_closer_looks(uhd(), score, look_cpu_s=look_cpu_s)) <= look_cpu_s


def test_a_take_without_any_sign_is_seen_here_and_there():
    times_s = seen_s(uhd(), choose_closer_looks(uhd(), score_at(), look_cpu_s=60.0))
    assert len(np.unique(np.floor(times_s / 20))) == 3


@pytest.mark.parametrize("take", [packets(), packets(size_bytes=500, pixels=FULL_HD // 20), packets(group=100_000)])
def test_blocks_are_whole_groups_that_make_up_their_pieces(take):
    pieces = [Piece(0, 600), Piece(1200, len(take.pts_s))] if len(take.group_start) > 1 else [Piece(0, 3600)]
    blocks = blocks_of(take, pieces)
    assert [one for one, begins in blocks if begins] == [block for block, _ in blocks if block.first in (0, 1200)]
    for piece in pieces:
        own = [block for block, _ in blocks if piece.first <= block.first < piece.end]
        assert (own[0].first, own[-1].end) == (piece.first, piece.end)
        assert all(before.end == after.first for before, after in itertools.pairwise(own))
    for block, _ in blocks:
        assert take.is_key[block.first]
        if len(take.group_start) > 1:
            assert cpu_s(take, block) < BLOCK_CPU_S + 0.5
            assert np.ptp(take.pts_s[block.first : block.end]) < BLOCK_S + 1


def test_a_record_is_kept_for_its_plan_and_no_other(tmp_path):
    record = {"pairs": np.arange(6.0).reshape(2, 3), "size": np.array([54, 96])}
    Kept(tmp_path, "look", [1, 2]).write(3, record)
    read = Kept(tmp_path, "look", [1, 2]).read(3)
    np.testing.assert_array_equal(read["pairs"], record["pairs"])
    assert Kept(tmp_path, "look", [1, 2]).read(4) is None
    assert Kept(tmp_path, "glance", [5]).read(3) is None
    assert Kept(tmp_path, "look", [1, 2]).read(3) is not None
    assert Kept(tmp_path, "look", [1, 9]).read(3) is None
    assert Kept(tmp_path, "look", [1, 2]).read(3) is None, "it was deleted with the other plan"


def test_a_damaged_record_is_none(tmp_path):
    kept = Kept(tmp_path, "look", "plan")
    kept.write(0, {"size": np.array([1])})
    (record,) = tmp_path.glob("look-*.npz")
    record.write_bytes(record.read_bytes()[:20])
    assert kept.read(0) is None


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    kept = Kept(None, "look", "plan")
    kept.write(0, {"size": np.array([1])})
    assert kept.read(0) is None
    assert list(folder.iterdir()) == []


class StoppedError(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("pixel_cpu_s", [1.7e-9, 1.5e-6], ids=["all of it", "where it pays"])
def test_an_interrupted_second_look_goes_on_where_it_was_and_finds_the_same(tmp_path, monkeypatch, pixel_cpu_s):
    take = Film(tricks=TRICKS, group=15).write(tmp_path / "take.mp4")
    monkeypatch.setattr("detection.decode.packets.PIXEL_CPU_S", pixel_cpu_s)
    monkeypatch.setattr("detection.closer_looks.BLOCK_S", 2.0)
    monkeypatch.setattr("detection.analyze.GLANCES_KEPT", 5)
    folder = tmp_path / "kept"
    folder.mkdir()
    whole = propose(take, effort="closer")

    def stop(fraction: float) -> None:
        if fraction > 0.6:
            raise StoppedError

    with pytest.raises(StoppedError):
        propose(take, stop, effort="closer", folder=folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npz")}
    assert before
    again = propose(take, effort="closer", folder=folder)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npz")}
    assert before.items() < after.items(), "what was kept was not measured again, and there was more to do"
    del whole["timings"], again["timings"]
    assert json.dumps(again) == json.dumps(whole)
    assert (whole["seen"] == 1) == (pixel_cpu_s < 1e-8)
