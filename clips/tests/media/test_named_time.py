"""Tests days and times in file names: those of cameras, and digits that are none."""

import datetime as dt

import pytest

from clips.media.cameras.filename_time import named_time

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("filename", "moment"),
    [
        ("VID_20240116_123456.mp4", "2024-01-16T12:34:56"),
        ("VID20240116123456.mp4", "2024-01-16T12:34:56"),
        ("20240116_123456.mp4", "2024-01-16T12:34:56"),
        ("20240116123456.MTS", "2024-01-16T12:34:56"),
        ("DCIM/DJI_20240116123456_0001_D.MP4", "2024-01-16T12:34:56"),
        ("VID_20240116_123456_00_001.insv", "2024-01-16T12:34:56"),
        ("VID_20240116_123456_HSR_120.mp4", "2024-01-16T12:34:56"),
        ("2024_0116_123456_001.MP4", "2024-01-16T12:34:56"),
        ("VID_2024-01-16_12_34_56.mp4", "2024-01-16T12:34:56"),
        ("PXL_20240116_123456789.TS.mp4", "2024-01-16T12:34:56+00:00"),
        ("GMT20240116-123456_Recording.mp4", "2024-01-16T12:34:56+00:00"),
        ("2024-01-16T12-34-56Z.mp4", "2024-01-16T12:34:56+00:00"),
        ("RPReplay_Final1705408496.mp4", "2024-01-16T12:34:56+00:00"),
        ("Screen Recording 2026-02-07 at 3.15.23\u202fPM.mov", "2026-02-07T15:15:23"),
        ("Screen Recording 2026-02-07 at 12.15.23 AM.mov", "2026-02-07T00:15:23"),
        ("Bildschirmaufnahme 2024-01-16 um 10.03.11.mov", "2024-01-16T10:03:11"),
        ("Snímek obrazovky 2026-02-07 v\u00a013.05.05.mov", "2026-02-07T13:05:05"),
    ],
)
def test_a_name_tells_day_and_time(filename, moment):
    assert named_time(filename, now=NOW).moment == dt.datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "filename",
    [
        "VID-20240116-WA0003.mp4",
        "WhatsApp Video 2024-01-16 at 10.03.11.mp4",
        "signal-2024-01-16-10-03-11-123.mp4",
        "video_2024-01-16_10-03-11.mp4",
        "20240116_C0001.MP4",
        "20240116_999999.mp4",
        "2024.01.16.mp4",
        "16.01.2024 park.mp4",
        "take 20241350, 20240116.mp4",
        "2024-02-30 2024-01-16.mov",
    ],
)
def test_a_name_may_tell_the_day_alone(filename):
    found = named_time(filename, now=NOW)
    assert (found.day, found.moment) == (dt.date(2024, 1, 16), None)


@pytest.mark.parametrize(
    "filename",
    [
        "GX010123.MP4", "GX012024.MP4", "GOPR0123.MP4", "DJI_0001.MP4", "IMG_E1234.MOV", "MVI_2024.MOV", "C0001.MP4",
        "P1010203.MOV", "12345678.mp4", "1705398191000.mp4", "202401161.mp4", "2024011612345.mp4", "01-16-2024.mp4",
        "20241350_101010.mp4", "20240230.mp4", "19450508.mp4", "1990-2010 best.mp4",
        "VID_20261201_101010.mp4",  # beyond tomorrow
        "VID_20160101_000007.mp4", "VID_20000101_153000.mp4", "VID_20190101_003000.mp4",  # clocks that were not set
    ],
)  # fmt: skip
def test_digits_that_are_no_day_tell_nothing(filename):
    assert named_time(filename, now=NOW) is None


def test_tomorrow_is_a_day_somewhere():
    assert named_time("VID_20261130_000100.mp4", now=NOW).day == dt.date(2026, 11, 30)
