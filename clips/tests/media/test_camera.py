from fractions import Fraction

import pytest

from clips.media.camera import CAM_UNKNOWN, Camera, fps_label, identify
from clips.media.rate import nominal_rate


@pytest.mark.parametrize(
    ("rate", "label"),
    [
        (Fraction(24000, 1001), "24FPS"),
        (Fraction(30000, 1001), "30FPS"),
        (Fraction(60000, 1001), "60FPS"),
        (Fraction(120000, 1001), "120FPS"),
        (Fraction(240000, 1001), "240FPS"),
        (Fraction(25), "25FPS"),
        (Fraction(25, 2), "13FPS"),
        (Fraction(1, 10), "1FPS"),
    ],
)
def test_a_rate_is_labelled_as_riders_say_it(rate, label):
    assert fps_label(rate) == label


@pytest.mark.parametrize(
    ("firmware", "camera_id", "local"),
    [
        ("HD5.02.02.00.00", "CAM_GOPRO5", True),
        ("H19.03.02.02.00", "CAM_GOPRO_MAX", True),
        ("H21.01.01.62.00", "CAM_GOPRO10", True),
        ("H22.01.02.32.00", "CAM_GOPRO11", False),
        ("H22.03.02.50.00", "CAM_GOPRO11_MINI", False),
        ("H24.03.02.20.00", "CAM_GOPRO_HERO_2024", False),
        ("H99.01.01.00.00", "CAM_GOPRO", False),  # a GoPro, but nobody knows yet which
    ],
)
def test_a_gopro_is_known_by_its_firmware(firmware, camera_id, local):
    found = identify({"firmware": firmware}, [], None)
    assert (found.make, found.id, found.marks_local_time_as_utc) == ("GoPro", camera_id, local)


def test_a_gopros_own_model_name_wins_over_the_table():
    assert identify({"firmware": "H22.01.02.32.00"}, [], "HERO11 Black Mini").id == "CAM_GOPRO11_MINI"


def test_a_handler_alone_names_the_make_only():
    assert identify({}, ["\tGoPro AVC"], None) == Camera("GoPro", None)


@pytest.mark.parametrize(
    ("make", "model", "camera_id"),
    [
        ("Apple", "iPhone XR", "CAM_IPHONE_XR"),
        ("samsung", "SM-G991B", "CAM_SAMSUNG_SM_G991B"),
        ("DJI", "DJI Action 2", "CAM_DJI_ACTION_2"),
        (None, None, CAM_UNKNOWN),
        (None, "../../etc", "CAM_ETC"),
        ("x" * 200, None, "CAM_" + "X" * 28),
    ],
)
def test_an_id_is_safe_in_a_file_name(make, model, camera_id):
    assert Camera(make, model).id == camera_id


def test_other_software_is_no_camera():
    assert identify({"encoder": "Lavf59.27.100", "firmware": "1.0"}, ["VideoHandler"], None).id == CAM_UNKNOWN


def test_dropped_frames_do_not_change_the_rate():
    times = [n * 10 for n in range(300) if n % 7]
    assert nominal_rate(Fraction(60), times, Fraction(1, 600)) == 60
    assert nominal_rate(Fraction(600), times, Fraction(1, 600)) == 60


def test_the_clock_of_a_variable_rate_is_not_its_rate():
    times = [0, 60, 190, 240, 330, 400, 520, 570, 700]
    assert nominal_rate(Fraction(600), times, Fraction(1, 600)) == Fraction(600 * 8, 700)


def test_times_rounded_to_the_millisecond_still_give_the_rate():
    times = [round(n * 1001 / 60) for n in range(600)]
    assert nominal_rate(Fraction(1000), times, Fraction(1, 1000)) == Fraction(60000, 1001)


def test_one_frame_has_no_rate():
    assert nominal_rate(None, [0], Fraction(1, 600)) is None
