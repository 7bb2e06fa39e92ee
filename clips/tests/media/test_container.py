import subprocess
import sys
import wave

import av
import numpy as np
import pytest

from clips.media import MediaError, sandbox
from clips.media.container import clock
from clips.media.probe import probe
from clips.tests.media.made_up import make_video

UNREADABLE = "This is not a video file that can be read."


def refused(path) -> str:
    with pytest.raises(MediaError) as caught:
        probe(str(path))
    return str(caught.value)


def test_text_with_a_videos_name_is_refused(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("dear diary\n" * 1000)
    assert refused(path) == UNREADABLE


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.mp4").touch()
    assert refused(tmp_path / "a.mp4") == "The file is empty."


def test_a_missing_file_is_refused(tmp_path):
    assert refused(tmp_path / "a.mp4") == "The file is not there any more."


def test_a_file_cut_off_before_its_index_is_told_apart(tmp_path):
    whole = make_video(tmp_path / "a.mp4", frames=60).read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole[: len(whole) // 2])
    assert refused(tmp_path / "b.mp4").startswith("This file was cut off before its index")


def test_sound_alone_has_no_picture(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert refused(path) == "There is no picture in this file."


def test_a_sound_file_is_no_camera_file(tmp_path):
    with wave.open(str(tmp_path / "a.mp4"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    assert refused(tmp_path / "a.mp4") == UNREADABLE


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile secret.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nsecret.mp4\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n",
    ],
)
def test_a_playlist_cannot_reach_another_file(tmp_path, playlist):
    make_video(tmp_path / "secret.mp4", frames=10)
    (tmp_path / "a.mp4").write_text(playlist)
    assert refused(tmp_path / "a.mp4") == UNREADABLE


def test_a_name_that_looks_like_a_protocol_is_only_a_name(tmp_path):
    path = make_video(tmp_path / "a.mp4", frames=10).rename(tmp_path / "concat:x|y '\"%d☃.mp4")
    assert probe(str(path))["width"] == 320


def test_a_picture_of_absurd_size_is_refused(tmp_path, monkeypatch):
    path = make_video(tmp_path / "a.mp4", frames=10, audio=False)
    monkeypatch.setattr("clips.media.container.MAX_PIXELS", 320 * 180 - 1)
    assert refused(path) == "The picture is 320 by 180; that is too large to work with."


@pytest.mark.parametrize(
    ("time_ms", "text"), [(0, "0:00"), (247_900, "4:07"), (3_723_000, "1:02:03"), (59_999, "0:59")]
)
def test_times_are_written_for_people(time_ms, text):
    assert clock(time_ms) == text


@pytest.mark.slow
def test_the_command_line_refuses_in_one_sentence(tmp_path):
    (tmp_path / "a.mp4").write_text("text")
    done = subprocess.run(
        [sys.executable, "-m", "clips.media", "probe", str(tmp_path / "a.mp4"), "--json"],
        cwd=sandbox.PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", UNREADABLE + "\n")
