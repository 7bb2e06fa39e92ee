"""Tests recording times of cameras: which clocks show local time, which zones are known, which times are impossible."""

import datetime as dt
import io
import shutil

import numpy as np
import pytest

from clips.media.cameras import avchd, canon, nikon, vendor_metadata
from clips.media.cameras.clock import can_be_true
from clips.media.cameras.model import Camera
from clips.media.cameras.recording_time import recorded
from clips.media.cameras.statement import NOTHING, Said
from clips.media.cameras.timestamps import written_time
from clips.media.formats import riff
from clips.media.probe import probe
from clips.tests.media import clock_boxes
from clips.tests.media.camera_boxes import add_to_movie, box, sony_document
from clips.tests.media.made_up import make_video

CREATED = "2025-03-29T23:14:32.000000Z"
TAKEN = "2025:03:29 23:14:32"
NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "plain.mov"
    return make_video(path, frames=10, size=(256, 144), audio=False, tags={"creation_time": CREATED})


@pytest.fixture
def times_of(plain, tmp_path):
    """Return a function that probes the plain video with these boxes in its user data for its times."""

    def times(*content: bytes) -> tuple:
        found = probe(str(add_to_movie(shutil.copy(plain, tmp_path / "a.mov"), box(b"udta", *content))))
        return found["recorded_at"], found["utc_offset_min"], found["clock_is_local"]

    return times


# Whose clock is the place's.


@pytest.mark.parametrize(
    ("make", "model", "is_local"),
    [
        ("GoPro", "HERO10 Black", True), ("GoPro", "HERO4 Session", True), ("GoPro", "MAX", True),
        ("GoPro", "HERO11 Black", False), ("GoPro", "HERO13 Black", False), ("GoPro", "HERO (2024)", False),
        ("GoPro", "MAX2", False), ("GoPro", None, False), ("NIKON CORPORATION", "NIKON D5600", True),
        ("Canon", "Canon EOS R6", True), ("Canon", None, True), ("Sony", "ILCE-7M4", False), ("Apple", None, False),
        (None, None, False),
    ],
)  # fmt: skip
def test_some_cameras_write_the_time_of_the_place_as_utc(make, model, is_local):
    assert Camera(make, model).marks_local_time_as_utc == is_local


@pytest.mark.parametrize(
    ("boxes", "times"),
    [
        (clock_boxes.nikon(zone_min=540), ("2025-03-29T14:14:32+00:00", 540, False)),
        (clock_boxes.nikon(zone_min=-210), ("2025-03-30T02:44:32+00:00", -210, False)),
        (clock_boxes.nikon(zone_min=60, world=(60, 1)), ("2025-03-29T21:14:32+00:00", 120, False)),
        (clock_boxes.nikon(world=(60, 0)), ("2025-03-29T22:14:32+00:00", 60, False)),
        (clock_boxes.nikon(), ("2025-03-29T23:14:32+00:00", None, True)),
        (clock_boxes.nikon(zone_min=32_000), ("2025-03-29T23:14:32+00:00", None, True)),
        (clock_boxes.nikon(zone_min=540, taken=""), ("2025-03-29T14:14:32+00:00", 540, False)),
        (box(b"CNMN", b"Canon EOS R6"), ("2025-03-29T23:14:32+00:00", None, True)),
        (clock_boxes.canon(taken=TAKEN), ("2025-03-29T23:14:32+00:00", None, True)),
        (clock_boxes.canon(taken=TAKEN, offset="-07:00"), ("2025-03-30T06:14:32+00:00", -420, False)),
        (clock_boxes.canon(taken=TAKEN, offset="+00:00"), ("2025-03-29T23:14:32+00:00", 0, False)),
        (clock_boxes.canon(taken=TAKEN, time_info=(16, 60, 19, 60)), ("2025-03-29T21:14:32+00:00", 120, False)),
        # UTC stands beside the wall clock's time, which so betrays its zone.
        (clock_boxes.canon(taken="2025:03:30 01:14:31"), ("2025-03-29T23:14:31+00:00", 120, False)),
        # No zone differs by so much: the copy was made later.
        (clock_boxes.canon(taken="2025:03:28 10:01:00"), ("2025-03-28T10:01:00+00:00", None, True)),
    ],
    ids=range(14),
)
def test_a_local_clock_is_read_in_its_own_zone_where_the_file_tells_that(times_of, boxes, times):
    assert times_of(boxes) == times


def test_canons_own_box_is_read_as_its_user_data_is(plain, tmp_path):
    path = shutil.copy(plain, tmp_path / "a.mov")
    found = probe(str(add_to_movie(path, clock_boxes.canon(taken=TAKEN, offset="+01:00", own_box=True))))
    assert (found["camera_id"], found["utc_offset_min"]) == ("CAM_CANON_POWERSHOT_SX280_HS", 60)


def test_a_sony_without_a_zone_shows_the_time_of_the_place(plain, tmp_path):
    path = shutil.copy(plain, tmp_path / "a.mov")
    found = probe(str(add_to_movie(path, sony_document().replace(b"+01:00", b"      "))))
    assert (found["recorded_at"], found["clock_is_local"]) == ("2024-01-13T14:05:00+00:00", True)


# AVI.


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon Mar 10 15:04:43 2003", "2003-03-10T15:04:43"),
        ("WED JAN  2 02:03:55 1990\n", "1990-01-02T02:03:55"),
        ("Mar 10 2003 15:04:43", "2003-03-10T15:04:43"),
        ("2001/ 1/27  1:42PM", "2001-01-27T13:42:00"),
        ("2005/08/09 22:25", "2005-08-09T22:25:00"),
        ("2005/08/17/ 11:42", "2005-08-17T11:42:00"),
        ("2024:01:16 12:34:56", "2024-01-16T12:34:56"),
        ("2002-12-16  15:35:01", "2002-12-16T15:35:01"),
        ("2002-13-16 15:35:01", None),
        ("Abc 10 15:04:43 2003", None),
        ("", None),
        ("0000:00:00 00:00:00", None),
    ],
)
def test_a_time_in_words_is_read(text, moment):
    assert written_time(text) == (dt.datetime.fromisoformat(moment) if moment else None)


def test_a_canons_avi_shows_the_time_of_the_place(tmp_path):
    path = make_video(tmp_path / "a.avi", frames=10, size=(256, 144), audio=False)
    software = clock_boxes.listed(b"INFO", clock_boxes.chunk(b"ISFT", b"CanonMVI02\0"))
    found = probe(str(clock_boxes.add_to_avi(path, date=b"Sat Jan 13 14:05:00 2024\n\0", more=software)))
    assert (found["camera_id"], found["recorded_at"]) == ("CAM_CANON", "2024-01-13T14:05:00+00:00")
    assert (found["clock_is_local"], found["utc_offset_min"]) == (True, None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            [clock_boxes.nikon_avi("2009:06:07 10:11:12")],
            Said("NIKON", "COOLPIX", recorded_at="2009-06-07T10:11:12"),
        ),
        (
            [
                clock_boxes.listed(
                    b"exif", clock_boxes.chunk(b"ecor", b"PENTAX\0"), clock_boxes.chunk(b"emdl", b"Optio\0")
                ),
                clock_boxes.listed(b"hdrl", clock_boxes.chunk(b"IDIT", b"2005/08/09 22:25\0")),
            ],
            Said("PENTAX", "Optio", recorded_at="2005-08-09T22:25:00"),
        ),
        ([clock_boxes.listed(b"hdrl", clock_boxes.chunk(b"IDIT", b"yesterday"))], NOTHING),
    ],
)
def test_the_lists_of_an_avi_name_camera_and_time(content, said):
    assert vendor_metadata.read(io.BytesIO(clock_boxes.avi(*content))) == said


# AVCHD.


@pytest.mark.parametrize("bdav", [True, False])
@pytest.mark.parametrize(
    ("zone", "written", "recorded_at"),
    [
        (0x44, "20190424222400", "2019-04-24T22:24:00+02:00"),  # with the flag of summer time
        (0x32, "20190424222400", "2019-04-24T22:24:00-09:00"),
        (0x0B, "20190424222400", "2019-04-24T22:24:00+05:30"),
        (0x00, "20190424222400", "2019-04-24T22:24:00+00:00"),
        (0xFF, "20190424222400", "2019-04-24T22:24:00"),
        (0x7F, "20190424222400", "2019-04-24T22:24:00"),
        (0x02, "20191324222400", None),
        (0x02, "ffffffffffffff", None),
    ],
)
def test_avchd_tells_the_time_and_mostly_the_zone(bdav, zone, written, recorded_at):
    entries = {0x13: b"\0" * 4, 0x14: b"\0" * 4} | clock_boxes.taken(zone, written) | {0xE0: b"\1\3\x31\0"}
    stream = clock_boxes.avchd(entries, bdav=bdav)
    assert avchd.read(io.BytesIO(stream)) == Said("Panasonic", recorded_at=recorded_at)


def test_avchd_names_a_sonys_model():
    entries = clock_boxes.taken(2, "20190424222400") | {0xE0: b"\1\x08\x31\0"}
    stream = clock_boxes.avchd(entries | {0xE4: b"HDR-", 0xE5: b"CX40", 0xE6: b"5\0\0\0"})
    said = avchd.read(io.BytesIO(stream))
    assert (said.make, said.model) == ("Sony", "HDR-CX405")


def test_a_real_sonys_head_is_read(cases):
    found = probe(str(cases / "sony_a7m3_paff_head.mts"))
    assert (found["camera_id"], found["recorded_at"]) == ("CAM_SONY_ILCE_7M3", "2019-04-24T20:24:00+00:00")
    assert (found["utc_offset_min"], found["clock_is_local"]) == (120, False)


# Times that cannot be.


@pytest.mark.parametrize(
    ("shown", "can_be"),
    [
        ("1904-01-01T00:00:00", False), ("1970-01-01T12:00:00", False), ("1980-01-06T00:00:00", False),
        ("2000-01-01T17:00:00", False), ("2015-01-01T00:00:07", False), ("2016-01-01T09:00:00", False),
        ("2018-01-01T00:59:00", False), ("2018-01-01T14:00:00", True), ("2016-01-02T00:00:07", True),
        ("2026-01-01T00:10:00", True), ("2026-11-30T23:59:00", True), ("2026-12-01T00:00:00", False),
        ("2099-05-05T00:00:00", False),
    ],
)  # fmt: skip
def test_a_clock_that_was_not_set_or_runs_ahead_is_not_believed(shown, can_be):
    assert can_be_true(dt.datetime.fromisoformat(shown), now=NOW) == can_be


def test_what_an_impossible_clock_shows_is_kept_for_its_correction():
    facts = recorded(NOTHING, {"creation_time": "2016-01-01T00:00:07Z"}, Camera("GoPro", "HERO7 Black"), None)
    assert facts == {
        "recorded_at": None, "utc_offset_min": None, "clock_is_local": True, "clock_shows": "2016-01-01T00:00:07+00:00",
    }  # fmt: skip


def test_a_clock_with_a_zone_begins_again_at_its_own_midnight():
    tags = {"creation_time": "2015-12-31T23:00:07Z"}
    assert recorded(NOTHING, tags, Camera("GoPro", "HERO11 Black"), 60)["recorded_at"] is None


def test_midnight_of_new_years_day_is_a_time_on_a_phone():
    tags = {"creation_time": "2024-01-01T00:02:00Z", "com.android.version": "14"}
    assert recorded(NOTHING, tags, Camera("Android", None), None)["recorded_at"] == "2024-01-01T00:02:00+00:00"


def test_a_clip_of_this_site_bears_true_utc():
    tags = {"creation_time": "2024-01-13T10:00:00Z", "com.trickyclip.clip": "1"}
    facts = recorded(NOTHING, tags, Camera("NIKON CORPORATION", "NIKON Z 30"), None)
    assert (facts["recorded_at"], facts["clock_is_local"]) == ("2024-01-13T10:00:00+00:00", False)


def test_quicktimes_day_tells_the_place_where_it_has_an_offset():
    tags = {"creation_time": "2024-01-13T10:00:00Z", "date": "2024-01-13T11:00:00+0100"}
    assert recorded(NOTHING, tags, Camera("Apple", None), None)["utc_offset_min"] == 60
    assert recorded(NOTHING, tags | {"date": "2024"}, Camera("Apple", None), None)["utc_offset_min"] is None


def test_another_clock_in_the_file_may_be_right():
    tags = {"creation_time": "2024-01-13T10:00:00Z"}
    facts = recorded(Said("Sony", recorded_at="1970-01-01T00:00:00+01:00"), tags, Camera("Sony", None), None)
    assert (facts["recorded_at"], facts["clock_shows"]) == ("2024-01-13T10:00:00+00:00", None)


# Damage.


def test_damaged_times_raise_nothing():
    movie = box(
        b"moov",
        box(b"udta", clock_boxes.nikon(zone_min=540, world=(60, 1)), clock_boxes.canon(taken=TAKEN)),
        clock_boxes.canon(taken=TAKEN, time_info=(16, 60, 19, 60), own_box=True),
    )
    date = clock_boxes.listed(b"hdrl", clock_boxes.chunk(b"IDIT", b"2005/08/09 22:25"))
    stream = clock_boxes.avchd(clock_boxes.taken(2, "20190424222400") | {0xE0: b"\1\x08\x31\0"})
    rng = np.random.default_rng(17)
    for whole in (movie, clock_boxes.avi(date, clock_boxes.nikon_avi(TAKEN)), stream):
        for _ in range(300):
            damaged = bytearray(whole)
            for _ in range(rng.choice((1, 2, 8))):
                damaged[rng.integers(len(whole))] = rng.choice((0, 255, rng.integers(256)))
            file = io.BytesIO(damaged[: rng.integers(1, len(damaged) + 1)])
            for reader in (vendor_metadata.read, canon.read, canon.read_avi, nikon.read, nikon.read_avi, avchd.read):
                reader(file)
            list(riff.find(file, b"hdrl", b"IDIT"))
