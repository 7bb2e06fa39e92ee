"""Tests that a recorded take gives the signals of the file, of a part of it, and of a camera's file of it."""

import numpy as np
import pytest

from detection.analyze import signals_of
from detection.evaluation.recorded import camera_packets, signals_of_parts
from detection.tests.film import Film

CAMERA_BYTES_A_S = 40e6 / 8


@pytest.mark.slow
def test_a_recorded_take_gives_the_signals_of_the_file_of_its_parts_and_of_a_cameras_file(tmp_path):
    path = str(Film(length_s=16, tricks=[(3.0, 3.5), (8.0, 8.5)]).write(tmp_path / "take.mp4"))
    parts = [
        {"start_ms": 0, "end_ms": 99_000},
        {"start_ms": 0, "end_ms": 16_000, "coverage": "camera"},
        {"start_ms": 6000, "end_ms": 10_000},
    ]
    done: list[float] = []
    found = signals_of_parts(path, done.append, parts)
    whole, camera, part = (one["signals"] for one in found["parts"])
    assert whole == signals_of(path, lambda _done: None)["signals"]
    assert 0.05 < np.mean(camera["seen"]) < 0.6
    assert len(camera["glanced"]) > 3
    assert found["parts"][2]["duration_ms"] == 4000
    assert np.argmax(part["curves"]["pair_db"]) == pytest.approx((8.25 - 6) / 0.05, abs=3)
    assert np.argmax(part["curves"]["arc"]) == pytest.approx((8.25 - 6) / 0.05, abs=3)
    assert done == sorted(done)
    assert done[-1] == 1
    muted = signals_of_parts(path, done.append, parts[2:], muted=True)["parts"][0]["signals"]
    assert "pair_db" not in muted["curves"]


def test_a_cameras_file_has_its_bit_rate_and_a_keyframe_each_half_second():
    packets = camera_packets(10.0)
    assert packets.size_bytes.sum() == pytest.approx(10 * CAMERA_BYTES_A_S, rel=0.01)
    np.testing.assert_allclose(np.diff(packets.group_start_s), 0.5)
