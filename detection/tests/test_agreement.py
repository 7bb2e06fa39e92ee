"""Tests how is measured what a second camera's microphone adds to the score of a moment."""

import json

import numpy as np
import pytest

from detection.__main__ import main
from detection.evaluation.agreement import CONDITIONS, WAYS, Met, worth_of
from detection.tests.film import Film


def moments(n: int, *, told: float) -> list[Met]:
    """Return moments of an even chance, half of them tricks; a second camera hears which, as often as ``told`` says."""
    rng = np.random.default_rng(4)
    met = []
    for number in range(n):
        is_hit = number % 2 == 0
        hears = is_hit if rng.random() < told else rng.random() < 0.5
        met.append(Met("take", "0 dB", 0, {"score": 0.5}, is_hit, {"both": bool(hears), "alone": not hears}))
    return met


def test_what_tells_tricks_from_others_is_worth_something_and_what_does_not_is_not():
    n = 400 * len(CONDITIONS)
    for_tricks, against = worth_of(["both", "alone"], moments(n, told=0.8))
    assert for_tricks > 1
    assert against < -1
    (nothing,) = worth_of(["alone"], [one for one in moments(n, told=0.0) if not one.is_hit or one.heard["both"]])
    assert nothing < -1, "a sign against a trick is one as well"
    assert worth_of([], moments(10, told=1.0)).shape == (0,)


@pytest.fixture
def takes(tmp_path):
    Film(length_s=10, tricks=[(3.0, 3.5), (7.0, 7.5)]).write(tmp_path / "take.mp4")
    tricks = [{"start_ms": 3000, "end_ms": 3500}, {"start_ms": 7000, "end_ms": 7500}]
    label = {"file": "take.mp4", "duration_ms": 10_000, "tricks": tricks}
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(json.dumps(label))
    return tmp_path


@pytest.mark.slow
def test_the_command_prints_each_microphone_with_and_without_agreement(takes, capsys):
    asked = ["evaluate", "--angles", "--footage", str(takes), "--labels", str(takes)]
    assert main([*asked, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["condition"], row["way"]) for row in rows] == [(c, way) for way in WAYS for c in CONDITIONS]
    without = [row for row in rows if row["way"] == "without"]
    assert len({(row["ap"], row["f1"], row["false_per_min"]) for row in without}) == 1
    assert all(row["most"] is None for row in without)
    assert without[0]["ap"] > 0.4
    quiet, loud = (next(row for row in without if row["condition"] == name) for name in ("12 dB", "-6 dB"))
    assert quiet["heard"] >= loud["heard"]
    assert quiet["heard"] > 0
    (takes / "two.json").unlink()
    assert main(asked) == 1
    assert capsys.readouterr().err == "Agreement needs at least two takes with sound.\n"
