"""Tests flights and landings in made-up accelerometer and gyroscope data."""

import numpy as np
import pytest

from detection.decode.gpmf import samples
from detection.features.sensors import GRAVITY_M_S2, air_strength, felt
from detection.signals import SignalError
from detection.tests.gpmf import payload

STEP_S = 0.01


def test_samples_are_scaled_into_their_unit():
    np.testing.assert_allclose(samples(payload(), "ACCL"), [[9.81, 0, 0], [0, -9.81, 0.03]])


def test_the_other_sensor_is_not_mixed_in():
    both = payload() + payload(b"GYRO", 10, [(10, 20, 30)])
    np.testing.assert_allclose(samples(both, "GYRO"), [[1, 2, 3]])
    assert len(samples(both, "ACCL")) == 2


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_payload_that_is_cut_off_gives_what_is_whole_or_nothing(cut):
    assert samples(payload()[:cut], "ACCL").shape[1] == 3


@pytest.mark.parametrize("seed", range(20))
def test_damaged_bytes_raise_nothing(seed):
    rng = np.random.default_rng(seed)
    content = np.frombuffer(payload(), np.uint8).copy()
    content[rng.integers(0, len(content), 6)] = rng.integers(0, 256, 6)
    assert samples(content.tobytes(), "ACCL").ndim == 2


def ride(*, air_s: tuple[float, float] | None, landing_g: float = 4.0) -> np.ndarray:
    """Ten seconds of standing on the ground, with a flight and the blow that ends it."""
    time_s = np.arange(0, 10, STEP_S)
    acceleration = GRAVITY_M_S2 * (1 + 0.2 * np.sin(9 * time_s))
    if air_s:
        acceleration[(time_s >= air_s[0]) & (time_s < air_s[1])] = 0.8
        acceleration[(time_s >= air_s[1]) & (time_s < air_s[1] + 0.05)] = landing_g * GRAVITY_M_S2
    return acceleration


def test_a_flight_with_a_landing_is_felt_where_it_is():
    strength = air_strength(ride(air_s=(4.0, 4.6)), step_s=STEP_S)
    assert strength[430] == 1
    assert not strength[:390].any()
    assert not strength[470:].any()


@pytest.mark.parametrize("air_s", [None, (4.0, 4.1), (2.0, 8.0)])
def test_standing_a_bump_and_a_fall_without_end_are_no_flight(air_s):
    assert not air_strength(ride(air_s=air_s), step_s=STEP_S).any()


def test_a_soft_end_counts_half_unless_the_flight_spins():
    soft = ride(air_s=(4.0, 4.6), landing_g=1.5)
    spinning = np.where(np.abs(np.arange(len(soft)) * STEP_S - 4.3) < 0.4, 7.0, 0.0)
    assert felt(soft, None, step_s=STEP_S)[0].max() == 0.5
    strength, spin = felt(soft, spinning, step_s=STEP_S)
    assert strength.max() == pytest.approx(1, abs=0.05)
    assert spin.max() == pytest.approx(1, abs=0.05)
    assert not spin[strength == 0].any()


def test_spin_on_the_ground_is_a_look_around():
    assert not np.any(felt(ride(air_s=None), np.full(1000, 9.0), step_s=STEP_S))


def test_no_samples_are_refused():
    with pytest.raises(SignalError):
        air_strength(np.zeros(0), step_s=STEP_S)
