"""Tests what a probe reads from made-up files and from those of real cameras."""

import json
from fractions import Fraction

import pytest

from clips.media.formats.opening import stops_at
from clips.media.probe import probe
from clips.tests.media.made_up import make_cut_off_video, make_video


def test_a_made_up_file_is_read_right(tmp_path):
    path = make_video(tmp_path / "a.mp4", frames=120, rate=Fraction(60000, 1001), bframes=2)
    found = probe(str(path))
    assert (found["rate_num"], found["rate_den"], found["fps_label"]) == (60000, 1001, "60FPS")
    assert (found["width"], found["height"], found["codec"]) == (320, 180, "h264")
    assert found["duration_ms"] == pytest.approx(2002, abs=30)
    assert (found["has_audio"], found["audio_codec"], found["audio_rate_hz"]) == (True, "aac", 48000)
    assert (found["camera_id"], found["make"], found["recorded_at"]) == ("CAM_UNKNOWN", None, None)
    assert found["warning"] is None
    assert json.loads(json.dumps(found)) == found


@pytest.mark.slow
def test_the_files_of_real_cameras_are_read_right(cameras, subtests):
    for entry in json.loads((cameras / "expected.json").read_text()):
        with subtests.test(entry["file"]):
            check_camera_file(probe(str(cameras / entry["file"])), entry["expect"])


def check_camera_file(found, expected):
    if expected["make"] is None:
        said = f"{found['make']} {found['model']}".lower()
        accepted = any(words in said for words in expected["accept_if_contains"])
        assert accepted or found["camera_id"] == "CAM_UNKNOWN"
    else:
        assert (found["make"], found["model"]) == (expected["make"], expected["model"])
    for name in ("width", "height", "rotation", "has_audio", "has_gopro_telemetry"):
        assert found[name] == expected[name], name
    rate_hz = found["rate_num"] / found["rate_den"]
    assert rate_hz == pytest.approx(expected["fps"], abs=expected["fps_tolerance"])
    assert found["duration_ms"] / 1000 == pytest.approx(expected["duration_s"], abs=0.05)


@pytest.mark.slow
def test_the_cameras_that_name_themselves_are_named(cameras):
    ids = {name: probe(str(cameras / name))["camera_id"] for name in (
        "gopro-hero5-black-karma.mp4", "iphone-xr-portrait-trimmed.mov", "iphone-6.mov", "flir-one-variable-rate.mp4",
        "android-6-no-model.mp4", "ios-screen-recording-60.mov", "no-camera-120.m4v",
    )}  # fmt: skip
    assert list(ids.values()) == [
        "CAM_GOPRO5", "CAM_IPHONE_XR", "CAM_IPHONE_6", "CAM_FLIR_ONE", "CAM_ANDROID", "CAM_UNKNOWN", "CAM_UNKNOWN",
    ]  # fmt: skip


def test_real_cameras_tell_their_rate_and_their_zone(cameras):
    found = {name: probe(str(cameras / name)) for name in ("iphone-6.mov", "no-camera-120.m4v")}
    assert [(facts["fps_label"], facts["utc_offset_min"]) for facts in found.values()] == [
        ("30FPS", 180),
        ("120FPS", None),
    ]


def test_recording_time_is_utc_and_apples_own_tag_wins_over_the_export(tmp_path):
    tags = {
        "com.apple.quicktime.creationdate": "2020-06-20T19:59:57-0700",
        "creation_time": "2020-06-23T02:14:11.000000Z",
    }
    path = make_video(tmp_path / "a.mov", frames=10, tags=tags, audio=False)
    found = probe(str(path))
    assert (found["recorded_at"], found["utc_offset_min"]) == ("2020-06-21T02:59:57+00:00", -420)


def test_a_creation_time_in_utc_says_nothing_of_the_place(tmp_path):
    path = make_video(tmp_path / "a.mp4", frames=10, tags={"creation_time": "2024-12-01T10:00:00Z"}, audio=False)
    found = probe(str(path))
    assert (found["recorded_at"], found["utc_offset_min"]) == ("2024-12-01T10:00:00+00:00", None)


def test_an_android_phones_slow_motion_is_labelled_by_the_rate_it_was_shot_at(tmp_path):
    tags = {"com.android.version": "14", "com.android.capture.fps": "240.000000"}
    found = probe(str(make_video(tmp_path / "a.mp4", frames=30, rate=30, tags=tags, audio=False)))
    assert (found["fps_label"], found["rate_num"], found["capture_rate_num"]) == ("240FPS", 30, 240)


def test_a_clock_that_was_never_set_is_no_recording_time(tmp_path):
    path = make_video(tmp_path / "a.mov", frames=10, tags={"creation_time": "1980-01-01T00:00:00Z"}, audio=False)
    assert probe(str(path))["recorded_at"] is None


def test_a_file_without_sound_says_so(tmp_path):
    found = probe(str(make_video(tmp_path / "a.mp4", frames=30, audio=False)))
    assert (found["has_audio"], found["audio_codec"]) == (False, None)


def test_rotation_is_told(tmp_path):
    assert probe(str(make_video(tmp_path / "a.mov", frames=30, rotation=-90)))["rotation"] == -90


def test_a_file_that_stops_early_says_where_and_counts_only_what_is_there(tmp_path):
    found = probe(str(make_cut_off_video(tmp_path)))
    assert found["declared_duration_ms"] == pytest.approx(4000, abs=30)
    assert 1500 < found["duration_ms"] < 3000
    assert found["warning"] == stops_at(found["duration_ms"])


@pytest.mark.slow
def test_every_other_container_tells_its_length_without_a_warning(tmp_path, subtests):
    for ending in ("mkv", "ts", "avi", "mov"):
        with subtests.test(ending):
            found = probe(str(make_video(tmp_path / f"a.{ending}", frames=90)))
            assert (found["warning"], found["fps_label"]) == (None, "30FPS")
            assert found["duration_ms"] == pytest.approx(3000, abs=60)
