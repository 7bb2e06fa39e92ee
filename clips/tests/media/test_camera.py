"""Tests how tags, tracks and firmware name a camera, and how rates are labelled."""

from fractions import Fraction

import pytest

from clips.media.cameras.model import CAM_UNKNOWN, Camera, fps_label, identify
from clips.media.pictures.rate import capture_rate, nominal_rate, riders_rate

NO_CAMERA = Camera(None, None)


@pytest.mark.parametrize(
    ("rate", "label"),
    [
        (Fraction(24000, 1001), "24FPS"),
        (Fraction(30000, 1001), "30FPS"),
        (Fraction(60000, 1001), "60FPS"),
        (Fraction(120000, 1001), "120FPS"),
        (Fraction(240000, 1001), "240FPS"),
        (Fraction(480), "480FPS"),
        (Fraction(960), "960FPS"),
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
    found = identify({"firmware": firmware}, [], NO_CAMERA)
    assert (found.make, found.id, found.marks_local_time_as_utc) == ("GoPro", camera_id, local)


def test_a_gopros_own_model_name_wins_over_the_table():
    assert identify({"firmware": "H22.01.02.32.00"}, [], Camera("GoPro", "HERO11 Black Mini")).id == "CAM_GOPRO11_MINI"


def test_a_handler_alone_names_the_make_only():
    assert identify({}, ["\tGoPro AVC"], NO_CAMERA) == Camera("GoPro", None)


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
    assert identify({"encoder": "Lavf59.27.100", "firmware": "1.0"}, ["VideoHandler"], NO_CAMERA).id == CAM_UNKNOWN


@pytest.mark.parametrize(
    ("tags", "handlers", "camera_id"),
    [
        ({"encoder": "DJI OsmoAction5 Pro"}, ["VideoHandler"], "CAM_DJI_OSMO_ACTION_5_PRO"),
        ({"encoder": "DJI OsmoAction4"}, [], "CAM_DJI_OSMO_ACTION_4"),
        ({}, ["\x10DJI.AVC", "\x10DJI.AAC"], "CAM_DJI"),
        ({}, ["\x07INS.HVC"], "CAM_INSTA360"),
        ({"make": "Insta360", "model": "Insta360 GO 3"}, [], "CAM_INSTA360_GO_3"),
        ({"com.android.manufacturer": "Google", "com.android.model": "Pixel 8"}, [], "CAM_GOOGLE_PIXEL_8"),
        ({"com.android.version": "14"}, ["VideoHandle"], "CAM_ANDROID"),
        ({"com.android.version": "14", "com.android.model": "Pixel 8"}, [], "CAM_PIXEL_8"),
        ({"make": "Panasonic", "model": "DC-GH5"}, [], "CAM_PANASONIC_DC_GH5"),
        ({"com.apple.quicktime.author": "ReplayKitRecording"}, ["Core Media Video"], CAM_UNKNOWN),
    ],
)
def test_tags_and_tracks_name_the_other_cameras(tags, handlers, camera_id):
    assert identify(tags, handlers, NO_CAMERA).id == camera_id


def test_a_makers_own_boxes_know_the_model_better_than_tags():
    tags = {"encoder": "DJI OsmoAction4", "model": "something"}
    assert identify(tags, [], Camera("DJI", "OsmoAction5Pro", "123")) == Camera("DJI", "Osmo Action 5 Pro", "123")


def test_what_a_damaged_file_says_fits_into_a_row():
    found = identify({}, [], Camera("Sony", "A\0B\x07 C", "\0" + "9" * 60))
    assert found == Camera("Sony", "AB C", "9" * 40)


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("240.000000", Fraction(240)),
        ("119.88", Fraction(120000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("2", Fraction(2)),
        ("", None),
        (None, None),
        ("fast", None),
        ("0", None),
        ("-30", None),
        ("1/0", None),
        ("1e30", None),
    ],
)
def test_a_stated_rate_of_recording_is_read(said, rate):
    assert capture_rate(said) == rate


def test_slow_motion_is_called_by_what_it_was_shot_at_and_a_time_lapse_by_how_it_plays():
    assert riders_rate(Fraction(30), Fraction(240)) == 240
    assert riders_rate(Fraction(30), Fraction(2)) == 30
    assert riders_rate(Fraction(60), None) == 60


@pytest.mark.parametrize("rate_hz", [120, 240, 480, 960])
def test_a_phones_slow_motion_of_variable_rate_keeps_its_nominal_rate(rate_hz):
    """A phone's clock ticks 600 or 90,000 times a second, and it drops a frame now and then."""
    for ticks_hz in (600, 90_000) if 600 % rate_hz == 0 else (90_000,):
        times = [round(n * ticks_hz / rate_hz) for n in range(600) if n % 31]
        assert nominal_rate(Fraction(ticks_hz), times, Fraction(1, ticks_hz)) == rate_hz


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
