"""Tests the sentences on pages about which tracks of a file are kept in clips."""

import pytest

from clips.templatetags.clip_way import of_file, of_upload


def track(kind: str, codec: str, fate: str = "copy", into: str = "mp4") -> dict:
    return {"index": 0, "kind": kind, "codec": codec, "fate": fate, "into": into}


PLAIN = [track("picture", "h264"), track("sound", "aac"), track("metadata", "gpmd")]


@pytest.mark.parametrize(
    ("ending", "more", "says"),
    [
        ("mp4", [], ""),
        (
            "mp4",
            [track("sound", "pcm_u8", "convert", "alac")],
            "Sound converted from 8-bit PCM to ALAC, picture copied.",
        ),
        ("mp4", [track("picture", "h264")], "Both pictures kept."),
        ("mp4", [track("sound", "apac", "leave", "")], "APAC (sound) left out."),
        ("mov", [], "MOV, because MP4 can’t hold H.264."),
    ],
)
def test_only_what_differs_is_said(ending, more, says):
    assert of_file({"ending": ending, "tracks": [*PLAIN, *more]}) == says


def test_a_file_that_was_read_long_ago_says_nothing():
    assert of_file(None) == of_upload(None) == ""


def test_an_upload_does_not_speak_of_what_nobody_misses():
    way = {"ending": "mp4", "tracks": [*PLAIN, track("metadata", "fdsc", "leave", "")]}
    assert (of_upload(way), of_file(way)) == ("", "fdsc (metadata) left out.")
