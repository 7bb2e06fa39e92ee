"""Tests the benchmark of the detector on a made-up film."""

import json

import pytest

from bench.detection import main
from detection.tests.film import Film

pytestmark = pytest.mark.slow


def test_it_measures_the_detector_beside_decoding_every_frame_and_demuxing(tmp_path, capsys):
    film = Film(length_s=10, tricks=[(3.0, 3.5), (7.0, 7.5)]).write(tmp_path / "take.mp4")
    assert main([str(film), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert set(rows) == {"default", "quick", "every frame", "demux only"}
    assert rows["default"]["against_default"] == 1
    assert min(row["cpu_s_per_s"] for row in rows.values()) > 0
