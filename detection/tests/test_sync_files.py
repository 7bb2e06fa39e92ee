"""Tests that two files are compared by their sound, on the command line too."""

import json
from fractions import Fraction

import av
import numpy as np
import pytest

from clips.media import MediaError
from detection.__main__ import main
from detection.decode.hear import read_take
from detection.sync.files import compare
from detection.sync.heard import RATE_HZ
from detection.tests.film import Film
from detection.tests.test_sync import happening

pytestmark = pytest.mark.slow

SOUND_HZ = 48_000


def write(path, sound, *, starts_s=0.0):
    """Write a file of uncompressed sound at ``SOUND_HZ``, given at ``RATE_HZ``, that begins at a time of its own."""
    samples = np.clip(np.repeat(sound, SOUND_HZ // RATE_HZ) * 32767, -32768, 32767).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=SOUND_HZ, layout="mono")
        for first in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, first : first + 1024], format="s16", layout="mono")
            frame.sample_rate, frame.time_base = SOUND_HZ, Fraction(1, SOUND_HZ)
            frame.pts = round(starts_s * SOUND_HZ) + first
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return the files of two cameras, of which the second began 6.25 s later, and one of another day."""
    folder, scene = tmp_path_factory.mktemp("angles"), happening(36)
    noise = np.random.default_rng(9).normal(0, 0.02, len(scene)).astype(np.float32)
    return {
        "helmet": write(folder / "helmet.mkv", scene[: 30 * RATE_HZ]),
        "landing": write(folder / "landing.mkv", (scene + noise)[round(6.25 * RATE_HZ) :]),
        "other day": write(folder / "other.mkv", happening(30, seed=4)),
    }


def test_sync_prints_offset_drift_and_confidence(files, capsys):
    assert main(["sync", str(files["helmet"]), str(files["landing"])]) == 0
    said = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert said["offset"] == "+6.2500 s"
    assert said["drift"] == "unknown"
    assert said["confidence"].endswith("(sure)")
    assert said["agreement"] == "22 s of 22 s"


def test_sync_says_as_json_that_strangers_are_no_pair(files, capsys):
    assert main(["sync", str(files["helmet"]), str(files["other day"]), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["match"]["is_sure"] is False
    assert found["lengths_s"] == pytest.approx([30, 30], abs=0.01)
    assert found["cpu_s"] > 0


def test_sync_refuses_what_it_cannot_compare_in_one_sentence(files, tmp_path, capsys):
    (tmp_path / "notes.mp4").write_text("dear diary")
    assert main(["sync", str(files["helmet"]), str(tmp_path / "notes.mp4")]) == 1
    assert main(["sync", str(files["helmet"])]) == 2
    assert main(["sync", "--evaluate", "--footage", str(tmp_path)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 3
    assert "Traceback" not in output.err


def test_sound_is_read_from_the_time_zero_of_its_file(tmp_path):
    tick = np.zeros(3 * RATE_HZ, np.float32)
    tick[RATE_HZ] = 0.9
    late = read_take([str(write(tmp_path / "late.mkv", tick, starts_s=0.5))], RATE_HZ)
    assert np.abs(late).argmax() == pytest.approx(1.5 * RATE_HZ, abs=10)


def test_a_video_without_sound_is_refused(tmp_path):
    path = Film(length_s=1, sounds=False).write(tmp_path / "mute.mp4")
    with pytest.raises(MediaError, match="no sound"):
        read_take([str(path)], RATE_HZ)


def test_files_that_a_camera_split_are_one_take(tmp_path):
    scene = happening(40)
    parts = [write(tmp_path / f"{number}.mkv", scene[number * 15 * RATE_HZ :][: 15 * RATE_HZ]) for number in range(2)]
    other = write(tmp_path / "other.mkv", scene[8 * RATE_HZ : 38 * RATE_HZ])
    found = compare([{"path": str(part)} for part in parts], [{"path": str(other)}])
    assert found["lengths_s"] == pytest.approx([30, 30], abs=0.01)
    assert found["match"]["is_sure"]
    assert found["match"]["offset_s"] == pytest.approx(8, abs=0.001)
