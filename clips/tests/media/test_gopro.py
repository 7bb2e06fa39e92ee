"""Tests how GoPro file names tell recording and chapter."""

import pytest

from clips.media.cameras.gopro import Recording, recording


@pytest.mark.parametrize(
    ("filename", "number", "chapter", "is_low_res"),
    [
        ("GX010123.MP4", "0123", 1, False),
        ("GH020123.mp4", "0123", 2, False),
        ("GL010123.LRV", "0123", 1, True),
        ("GL010123.MP4", "0123", 1, True),  # a small copy by its name, whatever its ending was made
        ("GS030045.360", "0045", 3, False),
        ("GS030045.LRV", "0045", 3, True),
        ("GXAA0007.MP4", "AA", 7, False),
        ("GOPR0123.MP4", "0123", 1, False),
        ("GOPR0123.LRV", "0123", 1, True),
        ("GP010123.MP4", "0123", 2, False),
        ("DCIM/100GOPRO/GX120001.MP4", "0001", 12, False),
        ("GX020123 (1).MP4", "0123", 2, False),
        ("GX020123_1.MP4", "0123", 2, False),
        ("GX020123-1.mp4", "0123", 2, False),
        ("GX020123 copy 2.MP4", "0123", 2, False),
        ("GX020123 - Kopie.MP4", "0123", 2, False),
        ("Copy of GX020123.MP4", "0123", 2, False),
        ("GL010123(2).LRV", "0123", 1, True),
        ("GP010123 (1).MP4", "0123", 2, False),
    ],
)
def test_a_gopros_name_tells_recording_and_chapter(filename, number, chapter, is_low_res):
    assert recording(filename) == Recording(number, chapter, is_low_res)


@pytest.mark.parametrize("filename", ["IMG_0123.MOV", "GX010123.JPG", "GX0101234.MP4", "DJI_0001.MP4", "GX010123", ""])
def test_any_other_name_tells_nothing(filename):
    assert recording(filename) is None
