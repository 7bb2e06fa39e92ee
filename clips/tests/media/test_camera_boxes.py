"""Tests the probe on the boxes of camera makers, written into a made-up video."""

import io
import shutil
import struct

import numpy as np
import pytest

from clips.media.cameras import gopro, vendor_metadata
from clips.media.probe import probe
from clips.tests.media.camera_boxes import (
    add_to_movie,
    add_track,
    box,
    gpmf,
    insta360_trailer,
    protobuf,
    sony_document,
)
from clips.tests.media.made_up import make_video


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A second of video from no camera."""
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    return make_video(path, frames=30, size=(256, 144), audio=False, tags={"creation_time": "2024-01-13T10:00:00Z"})


@pytest.fixture
def video(plain, tmp_path):
    return shutil.copy(plain, tmp_path / "a.mp4")


def user_data(*content):
    return box(b"udta", *content)


def gopro_settings(*, model=b"HERO11 Black", serial=b"C3471325123456", more=b""):
    device = gpmf(b"DVNM", b"c", b"Global Settings") + gpmf(b"CASN", b"c", serial) + gpmf(b"MINF", b"c", model)
    return box(b"GPMF", gpmf(b"DEVC", b"\0", device, more))


def hilight(time_ms, how=b"MANL"):
    return struct.pack(">IIii4sff", time_ms, time_ms + 1, 471234567, 111234567, how, 100.0, 0.0)


def test_a_gopros_settings_name_model_and_serial_number(video):
    found = probe(str(add_to_movie(video, user_data(gopro_settings()))))
    assert (found["make"], found["model"], found["serial"]) == ("GoPro", "HERO11 Black", "C3471325123456")
    assert (found["camera_id"], found["clock_is_local"]) == ("CAM_GOPRO11", False)


@pytest.mark.parametrize(("model", "offset_min"), [(b"HERO11 Black", -210), (b"HERO9 Black", None)])
def test_a_gopro_that_has_a_time_zone_tells_it(video, model, offset_min):
    zone = gpmf(b"TZON", b"s", struct.pack(">h", -210))
    found = probe(str(add_to_movie(video, user_data(gopro_settings(model=model, more=zone)))))
    assert (found["utc_offset_min"], found["clock_is_local"]) == (offset_min, offset_min is None)


def test_an_older_gopro_is_named_by_its_telemetry(video):
    sample = gpmf(b"DEVC", b"\0", gpmf(b"DVID", b"L", b"\0\0\0\1"), gpmf(b"DVNM", b"c", b"Hero6 Black"))
    found = probe(str(add_track(video, b"gpmd", sample)))
    assert (found["camera_id"], found["has_gopro_telemetry"], found["clock_is_local"]) == ("CAM_GOPRO6", True, True)


def test_what_hangs_on_a_gopro_is_not_the_camera(video):
    sample = gpmf(b"DEVC", b"\0", gpmf(b"DVNM", b"c", b"GoPro Karma v1.0"))
    with add_track(video, b"gpmd", sample).open("rb") as file:
        assert gopro.model(file) is None


def test_hilight_tags_are_read_in_order(video):
    marks = struct.pack(">5I", 3, 41_250, 7_000, 0, 99) + b"\0" * 384
    assert probe(str(add_to_movie(video, user_data(box(b"HMMT", marks)))))["hilights_ms"] == [7_000, 41_250]


def test_hilight_tags_of_newer_gopros_are_read_from_their_settings(video):
    stream = gpmf(b"STRM", b"\0", gpmf(b"HLMT", b"?", hilight(5_250), hilight(62_000), hilight(0)))
    tags = gpmf(b"DEVC", b"\0", gpmf(b"DVNM", b"c", b"Highlights"), stream)
    assert probe(str(add_to_movie(video, user_data(gopro_settings(more=tags)))))["hilights_ms"] == [5_250, 62_000]


def test_a_count_of_hilights_that_is_too_large_is_no_harm():
    marks = struct.pack(">3I", 0xFFFFFFFF, 1_000, 2_000)
    assert gopro.hilights_ms(io.BytesIO(box(b"moov", user_data(box(b"HMMT", marks))))) == [1_000, 2_000]


def test_sony_names_camera_time_zone_and_the_rate_it_recorded_at(video):
    found = probe(str(add_to_movie(video, sony_document(rate="119.88p"))))
    assert (found["camera_id"], found["serial"]) == ("CAM_SONY_ILCE_7M4", "04294")
    assert (found["recorded_at"], found["utc_offset_min"]) == ("2024-01-13T13:05:00+00:00", 60)
    assert (found["rate_num"], found["capture_rate_num"], found["capture_rate_den"]) == (30, 120000, 1001)
    assert found["fps_label"] == "120FPS"


def test_a_document_that_declares_entities_is_not_read(video):
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><NonRealTimeMeta><Device manufacturer="&a;"/></NonRealTimeMeta>'
    meta = box(b"meta", b"\0" * 4, box(b"xml ", b"\0" * 4, bomb))
    assert probe(str(add_to_movie(video, meta)))["camera_id"] == "CAM_UNKNOWN"


def test_dji_names_itself_in_its_telemetry(video):
    device = protobuf(1, b"dvtm_ac203.proto") + protobuf(5, b"5SNYK8B0010AAA") + protobuf(10, b"OsmoAction4")
    found = probe(str(add_track(video, b"djmd", protobuf(1, protobuf(1, device)))))
    assert (found["make"], found["camera_id"], found["serial"]) == ("DJI", "CAM_DJI_OSMO_ACTION_4", "5SNYK8B0010AAA")


@pytest.mark.parametrize("indexed", [True, False])
def test_insta360_names_itself_behind_the_video(video, indexed):
    info = protobuf(1, b"IAHEA22060XYZ1") + protobuf(2, b"Insta360 Ace Pro 2") + protobuf(3, b"v1.0.2")
    add_to_movie(video, behind=box(b"inst", insta360_trailer(info, indexed=indexed)))
    found = probe(str(video))
    assert (found["make"], found["camera_id"]) == ("Insta360", "CAM_INSTA360_ACE_PRO_2")
    assert found["serial"] == "IAHEA22060XYZ1"


@pytest.mark.parametrize(
    ("content", "camera_id"),
    [
        (box(b"CNMN", b"Canon EOS R6\0\0"), "CAM_CANON_EOS_R6"),
        (box(b"smta", b"\0" * 4, box(b"mdln", b"SM-G991B")), "CAM_SAMSUNG_SM_G991B"),
        (box(b"\xa9mdl", b"\0\5\x15\xc7FC220"), "CAM_FC220"),
        (
            box(b"manu", b"\0" * 4, b"\x55\xc4SANYO\0") + box(b"modl", b"\0" * 4, b"\x55\xc4VPC-FH1\0"),
            "CAM_SANYO_VPC_FH1",
        ),
        (box(b"auth", b"\0" * 4, b"\x55\xc4FLIR One\0"), "CAM_FLIR_ONE"),
        (box(b"auth", b"\0" * 4, b"\x55\xc4Miller Downey\0"), "CAM_UNKNOWN"),
        (
            box(
                b"NCDT",
                box(
                    b"NCTG",
                    struct.pack(">IHH", 9, 3, 1) + b"\0\1",
                    struct.pack(">IHH", 1, 2, 6) + b"NIKON\0",
                    struct.pack(">IHH", 2, 2, 12) + b"NIKON Z6_2\0\0",
                ),
            ),
            "CAM_NIKON_Z6_2",
        ),
    ],
)
def test_other_makers_boxes_name_their_camera(video, content, camera_id):
    assert probe(str(add_to_movie(video, user_data(content))))["camera_id"] == camera_id


def test_makers_boxes_full_of_noise_say_nothing_and_raise_nothing():
    """Each of the readers sees its own box, cut off or filled with what no camera writes."""
    noise = bytes(range(256)) * 3
    for length in (0, 1, 3, 7, 8, 15, 40, len(noise)):
        part = noise[:length]
        user = [box(kind, part) for kind in (b"CNMN", b"smta", b"\xa9mdl", b"manu", b"auth", b"HMMT", b"GPMF", b"CAME")]
        nikon = box(b"NCDT", box(b"NCTG", part))
        sony = box(b"meta", b"\0" * 4, box(b"xml ", part))
        tail = insta360_trailer(part, indexed=True)
        for cut in (0, 1, 30, 33, 60, 100):
            file = io.BytesIO(box(b"moov", user_data(*user, nikon), sony) + tail[cut:])
            vendor_metadata.read(file)
            assert gopro.hilights_ms(file) == sorted(gopro.hilights_ms(file))
            gopro.serial(file)
            gopro.model(file)
            gopro.utc_offset_min(file)


def test_damaged_boxes_raise_nothing():
    """Some hundred seeded mutations of a file in which every maker has written."""
    sound = struct.pack(">3I", 2, 1_000, 2_000)
    settings = gopro_settings(more=gpmf(b"HLMT", b"?", hilight(5_250)))
    user = user_data(settings, box(b"HMMT", sound), box(b"smta", b"\0" * 4, box(b"mdln", b"SM-G991B")))
    whole = box(b"moov", user, sony_document()) + insta360_trailer(protobuf(2, b"Insta360 X3"), indexed=True)
    rng = np.random.default_rng(4)
    readers = (*vendor_metadata.READERS, gopro.model, gopro.serial, gopro.hilights_ms, gopro.telemetry_track_id)
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 2, 8))):
            damaged[rng.integers(len(whole))] = rng.choice((0, 255, rng.integers(256)))
        for reader in readers:
            reader(io.BytesIO(damaged))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_entities_of_a_document_are_never_expanded(encoding):
    """A billion laughs in some hundred bytes; in UTF-16 the declaration looks otherwise, and is read all the same."""
    entities = '<!ENTITY e0 "ha">' + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<!DOCTYPE x [{entities}]><NonRealTimeMeta><Device modelName="&e9;"/></NonRealTimeMeta>'
    file = io.BytesIO(box(b"moov", box(b"meta", b"\0" * 4, box(b"xml ", b"\0" * 4, document.encode(encoding)))))
    assert vendor_metadata.read(file) == vendor_metadata.NOTHING


@pytest.mark.parametrize(("more_bytes", "model"), [(200_000, "ILCE-7"), (300_000, None)])
def test_of_a_document_no_more_than_256_kib_is_read(more_bytes, model):
    document = f'<NonRealTimeMeta><Device modelName="ILCE-7"/>{" " * more_bytes}</NonRealTimeMeta>'
    file = io.BytesIO(box(b"moov", box(b"meta", b"\0" * 4, box(b"xml ", b"\0" * 4, document.encode()))))
    assert vendor_metadata.read(file).model == model
