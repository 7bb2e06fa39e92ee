"""Tests that a waveform is as loud as its sound, at the right time."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media import MediaError
from clips.media.render.waveform import FINE_STEP_MS, MAX_STEPS, waveform
from clips.tests.media.made_up import make_cut_off_video, make_video

RATE_HZ = 48_000
#: No divisor of a step, so that blocks lie across their bounds.
BLOCK = 10_000
#: A landing: 5 ms of full scale, and what that is of a step.
CLICK = 240
CLICK_POWER = CLICK / (RATE_HZ * FINE_STEP_MS / 1000)
SAMPLE_TYPES = {"pcm_s16le": np.int16, "pcm_s32le": np.int32, "pcm_u8": np.uint8, "pcm_f32le": np.float32}


def make_sound(path: Path, samples: np.ndarray, *, codec: str = "pcm_s16le", begin_s: float = 0) -> Path:
    """Write a file of sound alone; samples [shape=(n,) or (n, channels), float], 1 for full scale."""
    samples = samples.reshape(len(samples), -1)
    kind = SAMPLE_TYPES[codec]
    if np.issubdtype(kind, np.unsignedinteger):
        whole = np.round(samples * 127 + 128)
    elif np.issubdtype(kind, np.integer):
        whole = np.round(samples * np.iinfo(kind).max)
    else:
        whole = samples
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE_HZ, layout="mono" if samples.shape[1] == 1 else "stereo")
        for begin in range(0, len(samples), BLOCK):
            piece = np.ascontiguousarray(whole[begin : begin + BLOCK].astype(kind).reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(piece, format=stream.format.name, layout=stream.layout.name)
            frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
            frame.pts = begin + round(begin_s * RATE_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def tone(length_s: float, *, amplitude: float) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * 440 * np.arange(round(length_s * RATE_HZ)) / RATE_HZ)


def click(length_s: float, *, at_s: float) -> np.ndarray:
    samples = np.zeros(round(length_s * RATE_HZ))
    samples[round(at_s * RATE_HZ) :][:CLICK] = 1
    return samples


def level(power: float) -> int:
    """Return a mean power, 1 for full scale, on the scale of 60 dB."""
    return round(255 * (1 + 10 * np.log10(power) / 60))


def test_silence_is_zero(tmp_path):
    found = waveform(str(make_sound(tmp_path / "a.mov", np.zeros(RATE_HZ))))
    assert found == {"step_ms": 50, "levels": [0] * 20}


@pytest.mark.parametrize("codec", SAMPLE_TYPES)
def test_a_tone_is_as_loud_as_it_is_in_any_sample_format(tmp_path, codec):
    found = waveform(str(make_sound(tmp_path / "a.mov", tone(1, amplitude=0.1), codec=codec)))
    np.testing.assert_allclose(found["levels"], level(0.1**2 / 2), atol=2)


def test_ten_times_as_strong_is_twenty_decibels_more(tmp_path):
    loud, quiet = (
        waveform(str(make_sound(tmp_path / f"{amplitude}.mov", tone(1, amplitude=amplitude))))["levels"][10]
        for amplitude in (0.5, 0.05)
    )
    assert loud - quiet == 255 * 20 // 60


def test_a_click_lies_where_it_is_heard_and_nowhere_else(tmp_path):
    levels = waveform(str(make_sound(tmp_path / "a.mov", click(3, at_s=1.234))))["levels"]
    assert [step for step, heard in enumerate(levels) if heard] == [24]
    assert levels[24] == pytest.approx(level(CLICK_POWER), abs=1)


@pytest.mark.slow
def test_a_long_file_has_a_bounded_number_of_steps_and_keeps_its_clicks(tmp_path):
    found = waveform(str(make_sound(tmp_path / "a.mov", click(120, at_s=100.01))))
    assert found["step_ms"] == 100
    assert len(found["levels"]) == 1_200 <= MAX_STEPS
    assert [step for step, heard in enumerate(found["levels"]) if heard] == [1_000]
    assert max(found["levels"]) == pytest.approx(level(CLICK_POWER), abs=1), "not thinned by the silence beside it"


def test_a_channel_that_is_silent_is_half_of_the_sound(tmp_path):
    both = np.stack([tone(1, amplitude=0.1), np.zeros(RATE_HZ)], axis=1)
    levels = waveform(str(make_sound(tmp_path / "a.mov", both)))["levels"]
    np.testing.assert_allclose(levels, level(0.1**2 / 4), atol=1)


def test_before_the_sound_begins_it_is_silent(tmp_path):
    levels = waveform(str(make_sound(tmp_path / "a.mov", tone(1, amplitude=0.5), begin_s=2)))["levels"]
    assert levels[:40] == [0] * 40
    assert min(levels[40:]) > 200


def test_what_a_camera_writes_beside_its_pictures_is_heard(tmp_path):
    video = make_video(tmp_path / "a.mp4", frames=150, events_s=[3])
    levels = waveform(str(video))["levels"]
    assert abs(len(levels) * 50 - 5_000) <= 100
    assert abs(int(np.argmax(levels)) - 60) <= 2


def test_without_sound_it_is_empty(tmp_path):
    assert waveform(str(make_video(tmp_path / "a.mp4", frames=3, audio=False))) == {}


def test_a_file_that_was_cut_off_gives_what_there_is(tmp_path):
    levels = waveform(str(make_cut_off_video(tmp_path)))["levels"]
    assert 20 <= len(levels) < 80
    assert min(levels[2:-2]) > 0


@pytest.mark.slow
def test_bytes_that_were_lost_in_the_middle_leave_a_hole_and_what_follows(tmp_path):
    video = make_video(tmp_path / "a.mp4", frames=300)
    whole = waveform(str(video))["levels"]
    data = bytearray(video.read_bytes())
    begin, end = len(data) * 4 // 10, len(data) * 5 // 10
    data[begin:end] = bytes(end - begin)
    video.write_bytes(data)
    levels = waveform(str(video))["levels"]
    assert len(levels) == len(whole)
    np.testing.assert_allclose(levels[-50:], whole[-50:], atol=1)


def test_what_is_no_video_is_said(tmp_path):
    (tmp_path / "a.mp4").write_text("Dear diary")
    with pytest.raises(MediaError, match="text file"):
        waveform(str(tmp_path / "a.mp4"))
