"""Tests how two recordings are matched by their sound, on made-up sounds."""

import numpy as np
import pytest

from detection.signals import SignalError
from detection.sync.clocks import CPU_S_PER_MINUTE, Recorded, tasks
from detection.sync.heard import RATE_HZ, heard
from detection.sync.pair import GATE, match


def happening(length_s, *, seed=1):
    """Return noise that comes and goes in bursts, as wheels, edges and voices do."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=round(length_s * RATE_HZ)).astype(np.float32)
    steps = rng.uniform(0.01, 0.3, size=round(length_s * 8) + 1).astype(np.float32)
    return noise * np.repeat(steps, RATE_HZ // 8)[: len(noise)] * np.float32(0.3)


def recording(scene, start_s, end_s, *, drift_ppm=0.0, noise=0.05, seed=2):
    """Return a stretch of what happened as a camera with a clock of its own hears it, with noise of its own."""
    at = start_s * RATE_HZ + np.arange(round((end_s - start_s) * RATE_HZ)) * (1 + drift_ppm * 1e-6)
    sound = np.interp(at, np.arange(len(scene)), scene)
    rng = np.random.default_rng(seed)
    return heard((sound + noise * rng.normal(size=len(sound))).astype(np.float32), rate_hz=RATE_HZ)


def test_two_recordings_of_the_same_are_laid_over_each_other():
    scene = happening(26)
    found = match(recording(scene, 0, 24), recording(scene, 7.1234, 26, seed=3))
    assert found.is_sure
    assert found.offset_s == pytest.approx(7.1234, abs=0.0005)
    assert found.support_s >= 0.8 * found.shared_s


@pytest.mark.slow
@pytest.mark.parametrize("echoing", [0, 1])
def test_an_echo_louder_than_the_sound_itself_is_not_taken_for_it(echoing):
    scene, late_s = happening(46), 0.007
    echoed = scene.copy()
    echoed[round(late_s * RATE_HZ) :] += 1.3 * scene[: -round(late_s * RATE_HZ)]
    heard_by = [scene, scene]
    heard_by[echoing] = echoed
    found = match(recording(heard_by[0], 0, 42), recording(heard_by[1], 4, 46, seed=3))
    assert found.offset_s == pytest.approx(4, abs=0.0005)


@pytest.mark.slow
def test_drift_is_measured_where_they_share_a_minute_and_unknown_where_they_do_not():
    scene = happening(75)
    found = match(recording(scene, 0, 70), recording(scene, 3, 73, drift_ppm=60, seed=3))
    assert found.drift_ppm == pytest.approx(60, abs=8)
    assert found.offset_s == pytest.approx(3, abs=0.001)
    assert match(recording(scene, 0, 25), recording(scene, 3, 25, drift_ppm=60, seed=3)).drift_ppm is None


@pytest.mark.slow
@pytest.mark.parametrize("what", ["others", "a loop", "a shared piece"])
def test_what_is_alike_without_belonging_together_is_not_accepted(what):
    one, other = happening(30), happening(30, seed=5)
    if what == "a loop":
        loop = happening(4, seed=7)
        one, other = (sound + np.resize(np.roll(loop, by), len(sound)) for sound, by in ((one, 0), (other, 9000)))
    elif what == "a shared piece":
        other[8 * RATE_HZ : 16 * RATE_HZ] = one[2 * RATE_HZ : 10 * RATE_HZ]
    found = match(recording(one, 0, 30), recording(other, 0, 30, seed=3))
    assert found.confidence < GATE


@pytest.mark.slow
def test_clocks_keep_the_search_to_offsets_that_are_possible():
    scene = happening(30)
    first, second = recording(scene, 0, 25), recording(scene, 5, 30, seed=3)
    assert match(first, second, within_s=(4, 6)).is_sure
    assert match(second, first).offset_s == pytest.approx(-5, abs=0.0005)
    elsewhere = match(first, second, within_s=(-12, -3))
    assert not elsewhere.is_sure
    assert -12.1 <= elsewhere.offset_s <= -2.9
    assert match(first, second, within_s=(100, 110)) is None


@pytest.mark.parametrize("length_s", [0, 0.01, 3, 12])
def test_silence_and_shreds_match_nothing(length_s):
    silence = heard(np.zeros(round(length_s * RATE_HZ), np.float32), rate_hz=RATE_HZ)
    found = match(recording(happening(15), 0, 15), silence)
    assert found is None or not found.is_sure
    assert match(silence, silence) is None


def test_what_is_no_sound_is_refused():
    for samples, rate_hz in ((np.zeros((9, 2), np.float32), RATE_HZ), (np.zeros(9, np.float32), 44_100)):
        with pytest.raises(SignalError):
            heard(samples, rate_hz=rate_hz)


def test_files_are_compared_by_clock_and_the_likeliest_first():
    noon = 12 * 3600
    helmet = [Recorded("h1", "helmet", noon, 300), Recorded("h2", "helmet", noon + 400, 300)]
    landing = [Recorded("l1", "landing", noon + 100, 300), Recorded("l2", "landing", noon + 7200, 300)]
    chosen = [(task.first, task.second, task.within_s) for task in tasks([*helmet, *landing])]
    assert chosen == [("h1", "l1", (-80, 280)), ("h2", "l1", (-480, -120))]
    unset = Recorded("u", None, None, 60)
    by_budget = tasks([*helmet, *landing, unset], most_cpu_s=5 * CPU_S_PER_MINUTE)
    assert [(task.first, task.second) for task in by_budget] == [("h1", "l1")]
    everything = tasks([*helmet, *landing, unset])
    assert {task.first for task in everything if task.second == "u"} == {"h1", "h2", "l1", "l2"}
    assert everything[-1].within_s is None
    by_hand = {(task.first, task.second) for task in tasks([*helmet, *landing], slack_s=86_400)}
    assert by_hand == {("h1", "l1"), ("h1", "l2"), ("h2", "l1"), ("h2", "l2")}
