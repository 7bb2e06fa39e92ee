"""Tests that files that are no video are refused with a sentence."""

import subprocess
import sys
import wave

import av
import numpy as np
import pytest

from clips.media import MediaError
from clips.media.formats import sniff
from clips.media.formats.opening import clock, stops_at
from clips.media.mp4 import index_limits
from clips.media.probe import probe
from clips.media.sandbox import runner
from clips.tests.media.made_up import make_video

TEXT = "This is a text file, not a video."


def refused(path) -> str:
    with pytest.raises(MediaError) as caught:
        probe(str(path))
    return str(caught.value)


def test_text_with_a_videos_name_is_refused(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("dear diary\n" * 1000)
    assert refused(path) == TEXT


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.mp4").touch()
    assert refused(tmp_path / "a.mp4") == "The file is empty."


def test_a_missing_file_is_refused(tmp_path):
    assert refused(tmp_path / "a.mp4") == "The file no longer exists."


def test_a_file_cut_off_before_its_index_is_told_apart(tmp_path):
    whole = make_video(tmp_path / "a.mp4", frames=60).read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: len(whole) // 2])
    assert refused(tmp_path / "b.mp4").startswith("This file is incomplete: it was cut off before its index")


def test_sound_alone_has_no_picture(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert refused(path) == "This file contains no video."


def test_a_sound_file_is_no_camera_file(tmp_path):
    with wave.open(str(tmp_path / "a.mp4"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    assert refused(tmp_path / "a.mp4") == "This is a sound file (WAV), not a video."


def test_noise_is_no_video(tmp_path):
    (tmp_path / "a.mp4").write_bytes(np.random.default_rng(0).bytes(100_000))
    assert refused(tmp_path / "a.mp4") == "This is not a video, or its format is not supported."


def test_what_a_bad_card_left_is_told_apart(tmp_path):
    (tmp_path / "a.mp4").write_bytes(bytes(200_000))
    assert refused(tmp_path / "a.mp4").startswith("This file begins with zeros only")


@pytest.mark.parametrize(
    ("begins", "sentence"),
    [
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\na.ts\n", "This is an HLS playlist, not a video."),
        (b"\xef\xbb\xbf#EXTM3U\r\n#EXT-X-VERSION:3\r\n", "This is an HLS playlist, not a video."),
        (b"#EXTM3U\nsong.mp3\n", "This is a playlist (M3U), not a video."),
        (b"ffconcat version 1.0\nfile a.mp4\n", "This is a list of files to join (ffconcat), not a video."),
        (b"file '/etc/passwd'\n", "This is a list of files to join (ffconcat), not a video."),
        (b"<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash'>", "This is a DASH playlist (MPD), not a video."),
        (b"<MPD>", "This is a DASH playlist (MPD), not a video."),
        (b"[playlist]\nFile1=a.mp4\n", "This is a playlist (PLS), not a video."),
        (b"<!DOCTYPE html><title>404</title>", "This is a web page, not a video."),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "This is a picture (JPEG), not a video."),
        (b"\x89PNG\r\n\x1a\n", "This is a picture (PNG), not a video."),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "This is a picture (HEIC), not a video."),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", "This is a sound file (M4A), not a video."),
        (b"RIFF\0\0\0\0WAVEfmt ", "This is a sound file (WAV), not a video."),
        (b"ID3\4", "This is a sound file (MP3), not a video."),
        (b"PK\3\4", "This is a ZIP archive; please unpack it and upload its videos."),
        (b"%PDF-1.7", "This is a PDF document, not a video."),
        (b"FLV\1\5", "This is a Flash video, which cannot be read; please convert it to MP4 first."),
    ],
)
def test_what_is_no_camera_file_is_called_by_its_name(tmp_path, begins, sentence):
    (tmp_path / "a.mp4").write_bytes(begins + b"\n" + bytes(1000))
    assert refused(tmp_path / "a.mp4") == sentence


@pytest.mark.parametrize("first_box", [b"mdat", b"wide", b"free"])
def test_a_long_first_box_is_not_taken_for_a_picture(first_box):
    sniff.refuse_what_is_no_video(b"\xff\xd8\xff\xe0" + first_box + bytes(1000))


def test_a_file_cut_off_within_its_index_is_told_apart(tmp_path):
    whole = make_video(tmp_path / "a.mp4", frames=60).read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: whole.rindex(b"moov") + 40])
    assert refused(tmp_path / "b.mp4").startswith("This file is incomplete: it was cut off within its index")


def test_a_name_that_looks_like_a_protocol_is_only_a_name(tmp_path):
    path = make_video(tmp_path / "a.mp4", frames=10).rename(tmp_path / "concat:x|y '\"%d☃.mp4")
    assert probe(str(path))["width"] == 320


def test_a_picture_of_absurd_size_is_refused(tmp_path, monkeypatch):
    path = make_video(tmp_path / "a.mp4", frames=10, audio=False)
    monkeypatch.setattr("clips.media.formats.opening.MAX_PIXELS", 320 * 180 - 1)
    assert refused(path) == "The picture is too large: 320 by 180."


@pytest.mark.parametrize(
    ("time_ms", "text"), [(0, "0:00"), (247_900, "4:07"), (3_723_000, "1:02:03"), (59_999, "0:59")]
)
def test_times_are_written_for_people(time_ms, text):
    assert clock(time_ms) == text


@pytest.mark.parametrize(
    ("usable_ms", "sentence"),
    [
        (41_300, "This file stops at 0:41; the first 41 seconds can be used."),
        (1_000, "This file stops at 0:01; the first 1 second can be used."),
        (420, "This file stops at 0:00; the first 420 milliseconds can be used."),
        (247_900, "This file stops at 4:07; the first 4 minutes 7 seconds can be used."),
        (3_720_000, "This file stops at 1:02:00; the first 1 hour 2 minutes can be used."),
    ],
)
def test_where_a_file_stops_is_said_in_one_sentence(usable_ms, sentence):
    assert stops_at(usable_ms) == sentence


def test_what_a_camera_writes_is_not_absurd(tmp_path):
    for name in ("a.mp4", "a.mkv", "a.ts"):
        with make_video(tmp_path / name, frames=60, bframes=2).open("rb") as file:
            index_limits.refuse_absurd(file)


@pytest.mark.slow
def test_the_command_line_refuses_in_one_sentence(tmp_path):
    (tmp_path / "a.mp4").write_text("text")
    done = subprocess.run(
        [sys.executable, "-m", "clips.media", "probe", str(tmp_path / "a.mp4"), "--json"],
        cwd=runner.PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", TEXT + "\n")
