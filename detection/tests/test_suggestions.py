"""Tests what tells riders, tricks and crashes, on turns, habits, pictures and sounds that are made up."""

import subprocess
import sys

import numpy as np
import pytest

from clips.media.sandbox import runner
from detection.suggestions import clothing, crash, habit, suggest, turns
from detection.suggestions.measure import RATE_HZ, after_db, colours_of, traits_of
from detection.tests.rider_film import BLUE, LENGTH_S, RED, film, pictures, rolling


def best(chances: dict[str, float]) -> str:
    return max(chances, key=lambda one: chances[one])


# --- turns ------------------------------------------------------------------------------------------------------------


def in_turns(names: str, each_s: float = 10.0) -> list[turns.Turn]:
    return [(number * each_s, name) for number, name in enumerate(names)]


def test_who_follows_whom_is_learned_from_the_order_of_filming():
    found = turns.chances(150.0, in_turns("abcabcabcabcabc"), [])
    assert best(found) == "a"
    assert found["a"] > 0.8
    assert sum(found.values()) == pytest.approx(1)


def test_a_turn_between_two_known_ones_is_told_by_both():
    known = [turn for turn in in_turns("abcabcabcabcabc") if turn[0] != 70]
    assert turns.chances(70.0, known, [])["b"] > 0.9


def test_turns_that_nobody_has_told_yet_lie_between():
    known = in_turns("abcabcabcabc")
    assert best(turns.chances(130.0, known, [120.0])) == "b"
    assert best(turns.chances(130.0, known, [])) == "a"
    far = turns.chances(200.0, known, [120.0 + n for n in range(20)])
    assert max(far.values()) < 0.4


def test_riders_without_an_order_are_as_likely_as_they_ride_often():
    found = turns.chances(None, in_turns("aaab"), [])
    assert found["a"] > found["b"]
    assert max(turns.chances(200.0, in_turns("abaabbabbbaabab"), []).values()) < 0.8


def test_two_cameras_show_one_turn():
    assert turns.turns_of([(10.0, "a"), (11.0, "a"), (20.0, "b"), (20.5, "a")]) == [
        (10.0, "a"),
        (20.0, "b"),
        (20.5, "a"),
    ]


def test_without_a_turn_nobody_is_likely():
    assert turns.chances(10.0, [], []) == {}


# --- clothing ---------------------------------------------------------------------------------------------------------


def worn(rng, *, like: list[float], n: int, spread: float = 0.03) -> list[list[float]]:
    made = np.abs(np.array(like) + rng.normal(0, spread, (n, len(like))))
    return (made / made.sum(axis=1, keepdims=True)).tolist()


def test_the_nearest_clothes_fit_best():
    rng = np.random.default_rng(1)
    a, b = [0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7]
    wardrobe = clothing.wardrobe({"a": worn(rng, like=a, n=5), "b": worn(rng, like=b, n=5)})
    fits = clothing.log_likelihoods([0.65, 0.1, 0.15, 0.1], wardrobe)
    assert fits["a"] == 0
    assert fits["b"] < -2
    assert fits[""] < 0


def test_clothes_that_differ_as_much_within_a_rider_as_between_two_tell_nothing():
    rng = np.random.default_rng(2)
    alike = [0.25, 0.25, 0.25, 0.25]
    known = {name: worn(rng, like=alike, n=12, spread=0.3) for name in "ab"}
    fits = clothing.log_likelihoods(known["a"][0], clothing.wardrobe(known))
    assert abs(fits["a"] - fits["b"]) < 0.7


def test_without_clothes_nothing_is_compared():
    assert clothing.log_likelihoods([1.0], clothing.wardrobe({})) == {}


# --- habit ------------------------------------------------------------------------------------------------------------


def done(tricks: str, *, who: str = "mia", air_s: float | None = None, fell: str = "") -> list[habit.Done]:
    """Return a turn for each letter, which names its trick; those in ``fell`` are crashes."""
    return [(10.0 * n, who, trick, air_s, trick in fell) for n, trick in enumerate(tricks)]


def chances(rider: str, at_s: float | None, air_s: float | None, today, elsewhere) -> dict[str, float]:
    return habit.Habits.of(today, elsewhere).chances(rider, at_s=at_s, air_s=air_s)


def test_what_a_rider_does_most_is_likely_and_what_others_do_hardly():
    found = chances("mia", None, None, done("kkkkko"), done("bbbbbb", who="jo"))
    assert best(found) == "k"
    assert found.get("b", 0) < 0.1
    assert sum(found.values()) == pytest.approx(1)


def test_other_days_count_for_less_than_today():
    assert best(chances("mia", None, None, done("ooo"), done("kkkk"))) == "o"
    assert best(chances("mia", None, None, done("o"), done("kkkkkkkk"))) == "k"


def test_air_time_tells_a_high_trick_from_a_low_one():
    today = done("ooooo", air_s=0.4) + done("bbbbb", air_s=1.2)
    assert best(chances("mia", None, 1.15, today, [])) == "b"
    assert best(chances("mia", None, 0.45, today, [])) == "o"


def test_a_crew_that_repeats_what_it_did_does_so_again():
    today = done("kkkkkoooooo")
    assert best(chances("mia", 15.0, None, today, [])) == "k"
    assert best(chances("mia", 95.0, None, today, [])) == "o"


def test_who_fell_tries_again():
    today = [(10.0 * n, "mia", "akbkckdk"[n], None, "akbkckdk"[n] == "z") for n in range(8)]
    tried = [(100.0 + 10 * n, "mia", trick, None, n % 2 == 0) for n, trick in enumerate("xxyyzzxxyyzz")]
    fallen = chances("mia", 300.0, None, [*today, *tried, (290.0, "mia", "x", None, True)], [])
    landed = chances("mia", 300.0, None, [*today, *tried, (290.0, "mia", "x", None, False)], [])
    assert fallen["x"] > landed["x"]


def test_a_rider_whom_nobody_knows_may_do_anything():
    assert best(chances("new", None, None, done("k"), [])) == ""


# --- crash ------------------------------------------------------------------------------------------------------------


def test_a_quiet_landing_is_a_crash_where_crashes_were_quiet():
    crashed, landed = [-14.0, -11.0, -16.0], [0.0, 2.0, -1.0, 1.5, 0.5]
    assert crash.chance(-13.0, crashed, landed, share=0.3) > 0.9
    assert crash.chance(0.5, crashed, landed, share=0.3) < 0.1


def test_too_few_crashes_or_no_sound_tell_none():
    assert crash.chance(-13.0, [-14.0], [0.0] * 9, share=0.3) == 0
    assert crash.chance(None, [-14.0] * 5, [0.0] * 9, share=0.3) == 0


# --- measuring --------------------------------------------------------------------------------------------------------


def test_the_colours_are_those_of_what_moves():
    red, blue = colours_of(pictures(RED)), colours_of(pictures(BLUE))
    assert sum(red) == pytest.approx(1, abs=0.02)
    assert clothing.distance(red, blue) > 0.8
    assert clothing.distance(red, colours_of(pictures((190, 25, 35)))) < 0.1


def test_a_camera_that_moves_or_sees_nothing_move_tells_no_colours():
    assert colours_of(pictures(RED, pan_px=25)) is None
    assert colours_of(np.repeat(pictures(RED)[:1], 12, axis=0)) is None
    assert colours_of(pictures(RED)[:3]) is None


def test_rolling_on_is_as_loud_as_before_and_a_fall_is_not():
    heard = {"take_off_s": 1.5, "landing_s": 2.0}
    assert after_db(rolling(after=1.0), **heard) == pytest.approx(0, abs=1)
    assert after_db(rolling(after=0.1), **heard) == pytest.approx(-20, abs=1)
    assert after_db(np.zeros(LENGTH_S * RATE_HZ), **heard) is None
    assert after_db(rolling(after=1.0)[: 2 * RATE_HZ], **heard) is None


@pytest.mark.slow
def test_a_preview_is_measured_in_the_confined_child(tmp_path):
    red, blue = film(tmp_path / "red.mp4", RED, after=1.0), film(tmp_path / "blue.mp4", BLUE, after=0.1)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    paths = [red, blue, tmp_path / "broken.mp4"]
    moments = [{"path": str(path), "take_off_s": 1.5, "landing_s": 2.0, "slow_down": 1} for path in paths]
    one, other, broken = runner.run("detection.suggestions.measure:traits_of", {"moments": moments})
    assert broken == {}
    assert clothing.distance(one["colours"], other["colours"]) > 0.6
    assert one["after_db"] == pytest.approx(0, abs=2)
    assert other["after_db"] == pytest.approx(-20, abs=3)
    assert [one, other, broken] == traits_of(moments)


# --- together ---------------------------------------------------------------------------------------------------------


def clip(number: int, rider: str, trick: str = "", **more) -> dict:
    facts = {"clock": "", "at_s": 10.0 * number, "air_s": None, "colours": None, "after_db": None}
    return facts | {"rider": rider, "trick": trick, "is_crash": False} | more


def test_all_is_suggested_together_and_nothing_in_a_new_session():
    kept = [clip(number, "ab"[number % 2], "xy"[number % 2]) for number in range(24)]
    (said,) = suggest.suggest([clip(24, "")], kept, [], [])
    assert said == {"rider": "a", "trick": "x", "tricks": {"a": "x", "b": "y"}, "is_crash": False}
    assert suggest.suggest([clip(24, "")], kept[:2], [], []) == [
        {"rider": "", "trick": "", "tricks": {}, "is_crash": False}
    ]


def test_videos_without_a_common_clock_tell_no_turns():
    kept = [clip(number, "ab"[number % 2], clock="one") for number in range(24)]
    (said,) = suggest.suggest([clip(24, "", clock="other")], kept, [], [])
    assert said["rider"] == ""


def test_chances_of_riders_add_up_to_one_with_a_stranger():
    kept = [clip(number, "abc"[number % 3]) for number in range(9)]
    found = suggest.rider_chances(clip(9, ""), kept, [])
    assert sum(found.values()) == pytest.approx(1)
    assert 0 < found[""] < 0.5


def test_what_the_site_imports_needs_no_numpy():
    code = "import sys; import detection.suggestions.suggest; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
