"""Tests that suggestions on made-up crews are right eight times in ten where they are shown, and save keys."""

import json

import pytest

from detection.__main__ import main
from detection.evaluation import made_crew

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("more", "least"), [([], 0.3), (["--standing"], 0.5)])
def test_on_crews_that_were_left_out_eight_in_ten_are_right(capsys, more, least):
    assert main(["suggestions", "--simulate", "--json", *more]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["kind"] for row in found["kinds"]] == ["rider", "trick", "crash"]
    for row in found["kinds"]:
        assert row["precision"] >= made_crew.WANTED
        assert row["chosen"] <= row["line"]
    rider, trick, _crash = found["kinds"]
    assert min(rider["coverage"], trick["coverage"]) > least
    last = [row for row in found["keys"] if row["session"] == made_crew.N_SESSIONS]
    assert len(last) == len(made_crew.AGAIN)
    assert all(row["after"] < row["before"] - 0.5 for row in last)


def test_the_tables_say_that_all_is_made_up(capsys, monkeypatch):
    monkeypatch.setattr(made_crew, "N_EACH", 1)
    monkeypatch.setattr(made_crew, "N_SESSIONS", 1)
    made_crew.made_up.cache_clear()
    assert main(["suggestions", "--simulate"]) == 0
    made_crew.made_up.cache_clear()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == list(made_crew.KINDS)
    assert lines[-1].endswith("all of them made up")
