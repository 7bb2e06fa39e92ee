"""Tests the reader of MP4 boxes, also with damaged lengths."""

import io
import struct

import pytest

from clips.media.mp4 import boxes


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def test_boxes_are_found_by_their_path():
    file = io.BytesIO(box(b"ftyp", b"isom") + box(b"moov", box(b"trak", box(b"tkhd", b"one")) + box(b"trak")))
    (track_header,) = boxes.find(file, b"moov", b"trak", b"tkhd")
    assert boxes.read(file, track_header) == b"one"
    assert boxes.first(file, next(boxes.find(file, b"moov")), b"trak", b"mdia") is None


def test_a_long_box_has_a_length_of_64_bits():
    file = io.BytesIO(struct.pack(">I4sQ", 1, b"mdat", 16 + 5) + b"12345" + box(b"moov"))
    assert [(each.kind, each.end - each.body) for each in boxes.top_level(file)] == [(b"mdat", 5), (b"moov", 0)]


def test_a_box_of_no_length_goes_up_to_the_end():
    file = io.BytesIO(box(b"ftyp") + struct.pack(">I4s", 0, b"mdat") + bytes(100))
    assert list(boxes.top_level(file))[-1] == boxes.Box(b"mdat", 16, 116)


def test_the_last_box_of_a_file_that_was_cut_off_ends_behind_it():
    assert list(boxes.top_level(io.BytesIO(box(b"mdat", bytes(100))[:50]))) == [boxes.Box(b"mdat", 8, 108)]


@pytest.mark.parametrize("size_bytes", [1, 2, 7])
def test_a_box_shorter_than_its_own_header_ends_the_search(size_bytes):
    file = io.BytesIO(box(b"ftyp") + struct.pack(">I4s", size_bytes, b"mdat") + bytes(7))
    assert [each.kind for each in boxes.top_level(file)] == [b"ftyp"]


def test_endless_boxes_are_not_followed_for_ever():
    assert len(list(boxes.top_level(io.BytesIO(box(b"free") * 20_000)))) == 10_000
