"""Tests the command line of the detector: propose, evaluate, fit and explain."""

import json
from pathlib import Path

import pytest

from detection.__main__ import main
from detection.evaluation.crews import DECISIONS
from detection.evaluation.intervals import N_FIFTHS
from detection.evaluation.recorded import COVERAGES
from detection.tests.film import Film

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return labelled(tmp_path_factory.mktemp("footage"), length_s=10)


def labelled(folder: Path, *, length_s: int) -> Path:
    """Write a take of that length, and the label of one of its two tricks."""
    Film(length_s=length_s, tricks=[(3.0, 3.5), (7.0, 7.5)]).write(folder / "take.mp4")
    label = {"file": "take.mp4", "duration_ms": 1000 * length_s, "tricks": [{"start_ms": 3000, "end_ms": 3500}]}
    (folder / "take.json").write_text(json.dumps(label))
    return folder


def test_propose_prints_what_is_shown_as_json(folder, capsys):
    assert main(["propose", str(folder / "take.mp4"), "--json"]) == 0
    candidates = json.loads(capsys.readouterr().out)
    assert len(candidates) == 2
    for candidate in candidates:
        assert set(candidate) == {"start_ms", "end_ms", "score", "chance", "shown", "why", "features"}
        assert candidate["shown"] is True


def test_propose_all_prints_what_is_hidden_too(tmp_path, capsys):
    path = Film(length_s=8, tricks=[(4.0, 4.45)], sounds=False).write(tmp_path / "mute.mp4")
    main(["propose", str(path), "--json"])
    assert json.loads(capsys.readouterr().out) == []
    main(["propose", str(path), "--json", "--all"])
    assert [candidate["shown"] for candidate in json.loads(capsys.readouterr().out)] == [False]


def test_propose_prints_a_line_per_moment_for_a_person(folder, capsys):
    assert main(["propose", str(folder / "take.mp4")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all("pop and landing" in line for line in lines)


def test_a_fault_of_the_file_is_one_sentence_and_exit_code_one(tmp_path, capsys):
    (tmp_path / "notes.mp4").write_text("dear diary")
    assert main(["propose", str(tmp_path / "notes.mp4")]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert "Traceback" not in output.err


def test_evaluate_measures_each_take_the_mean_and_all_together(folder, capsys):
    assert main(["evaluate", "--footage", str(folder), "--labels", str(folder), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert set(rows) == {"take", "mean", "pooled", "shipped"}
    assert (rows["take"]["recall"], rows["take"]["precision"]) == (1.0, 0.5)
    assert rows["take"]["times_real_time"] == pytest.approx(2 / rows["take"]["cpu_s_per_s"])
    assert 30 < rows["take"]["peak_memory_mb"] < 400


def test_evaluate_prints_a_table_for_a_person(folder, capsys):
    assert main(["evaluate", "--footage", str(folder), "--labels", str(folder)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == [
        "take",
        "mean",
        "pooled",
        "shipped",
    ]


def test_evaluate_prints_the_kinds_of_files_and_how_true_the_scores_are(folder, capsys):
    arguments = ["evaluate", "--footage", str(folder), "--labels", str(folder), "--kinds"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:6] == ["takes", "with", "tricks", "full", "1", "1"]
    assert len([line for line in lines if line.startswith("short files")]) == 6
    assert len([line for line in lines if " to " in line]) == len(COVERAGES) * 2 * N_FIFTHS, "of all sports and of one"


def test_evaluate_as_a_cameras_file_has_figures_and_no_cost(tmp_path, capsys):
    labelled(tmp_path, length_s=16)  # all of a short one would be looked at
    arguments = ["evaluate", "--footage", str(tmp_path), "--labels", str(tmp_path), "--coverage", "camera", "--json"]
    assert main(arguments) == 0
    row = json.loads(capsys.readouterr().out)["take"]
    assert 0 < row["seen"] < 0.9
    assert "cpu_s_per_s" not in row


def test_evaluate_without_labels_is_one_sentence(tmp_path, capsys):
    assert main(["evaluate", "--footage", str(tmp_path), "--labels", str(tmp_path)]) == 1
    assert "no labels" in capsys.readouterr().err


def test_evaluate_muted_hears_nothing(folder, capsys):
    arguments = ["evaluate", "--footage", str(folder), "--labels", str(folder), "--json"]
    main([*arguments, "--muted", "--blanked"])
    muted = json.loads(capsys.readouterr().out)
    assert muted["take"]["recall_all"] == 1.0


def test_fit_writes_weights_with_how_they_were_made(folder, tmp_path, capsys):
    out = tmp_path / "weights.json"
    assert main(["fit", "--footage", str(folder), "--labels", str(folder), "--out", str(out)]) == 0
    made = json.loads(out.read_text())
    assert set(made["weights"]) == {"arc", "incoherence", "pair_db", "together"}
    assert all(weight >= 0 for weight in made["weights"].values())
    assert made["made"]["takes"] == ["take"]
    assert "arc" in capsys.readouterr().out


def test_explain_draws_a_picture(folder, tmp_path):
    pytest.importorskip("matplotlib", reason="Matplotlib is for developers")
    out = tmp_path / "out.png"
    assert main(["explain", str(folder / "take.mp4"), "--plot", str(out), "--labels", str(folder / "take.json")]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_crews_are_simulated_the_same_each_time(folder, tmp_path, capsys):
    label = json.loads((folder / "take.json").read_text())
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(json.dumps(label | {"file": str(folder / "take.mp4")}))
    asked = ["crew", "--simulate", "--footage", str(tmp_path), "--labels", str(tmp_path), "--json"]
    assert main(asked) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["decisions"] for row in rows] == list(DECISIONS)
    assert all(row["crews"] == "own next session" for row in rows), "there is no footage of others"
    assert (rows[0]["accepted"], rows[0]["ap"]) == (0, rows[0]["ap_forced"])
    assert rows[-1]["accepted"] == 0, "a handful of cards teaches nothing"
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out) == rows


def test_a_crew_needs_two_takes(folder, capsys):
    assert main(["crew", "--simulate", "--footage", str(folder), "--labels", str(folder)]) == 1
    assert capsys.readouterr().err == "A crew needs at least two takes with tricks.\n"
