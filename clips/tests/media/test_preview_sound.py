"""Tests a preview's sound: in sync with its picture, and at its own pitch if the picture is slowed."""

from fractions import Fraction

import av
import numpy as np
import pytest
from scipy.signal import correlate

from clips.media.render.preview import make_preview
from clips.tests.media.made_up import SOUND_RATE_HZ, decoded_sound, make_video, sound


def test_sound_stays_with_the_picture(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=120, bframes=3)
    out = tmp_path / "preview.mp4"
    make_preview(str(source), str(out), 1017, 3017)
    heard = decoded_sound(out)
    expected = sound(120 / 30)[SOUND_RATE_HZ:][: len(heard)]  # from frame 30, which is on screen at 1017 ms
    agreement = correlate(heard[: len(expected)], expected, mode="full")
    lag_s = (int(np.argmax(agreement)) - (len(expected) - 1)) / SOUND_RATE_HZ
    assert abs(lag_s) <= 0.010
    assert len(heard) / SOUND_RATE_HZ == pytest.approx(61 / 30, abs=0.025)


def test_without_sound_there_is_none(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=30, audio=False)
    make_preview(str(source), str(tmp_path / "preview.mp4"), 0, 900)
    with av.open(str(tmp_path / "preview.mp4")) as container:
        assert [s.type for s in container.streams] == ["video"]


@pytest.mark.slow
def test_slowed_sound_stays_with_the_picture_at_its_own_pitch(tmp_path):
    """A burst in the middle of the film is heard in the middle of its copy, and its noise is as bright as before."""
    source = make_video(tmp_path / "source.mp4", frames=240, rate=240, events_s=[0.5])
    out = tmp_path / "preview.mp4"
    make_preview(str(source), str(out), 0, 1000)
    heard = decoded_sound(out)
    loud = np.where(np.abs(heard) > 0.1)[0] / SOUND_RATE_HZ
    assert np.mean(loud) == pytest.approx(4 * 0.5, abs=4 * 0.010)
    assert len(heard) / SOUND_RATE_HZ == pytest.approx(4.0, abs=0.05)
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    hz = np.fft.rfftfreq(len(heard), 1 / SOUND_RATE_HZ)
    assert (spectrum * hz).sum() / spectrum.sum() > 6000, "slowed by its samples, noise would end at 6 kHz"


def test_slowed_sound_of_two_channels_stays_two(tmp_path):
    source = tmp_path / "source.mp4"
    with av.open(str(source), "w") as container:
        picture, heard = container.add_stream("libx264", rate=120), container.add_stream("aac", rate=48_000)
        picture.width, picture.height, heard.layout = 320, 180, "stereo"
        for _ in range(120):
            container.mux(picture.encode(av.VideoFrame(320, 180, "yuv420p")))
        sides = np.stack([sound(1.0), np.zeros(SOUND_RATE_HZ, np.float32)])
        for at in range(0, SOUND_RATE_HZ, 1000):
            piece = np.ascontiguousarray(sides[:, at : at + 1000])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE_HZ, at, Fraction(1, SOUND_RATE_HZ)
            container.mux(heard.encode(frame))
        container.mux([*picture.encode(None), *heard.encode(None)])
    out = tmp_path / "preview.mp4"
    assert make_preview(str(source), str(out), 0, 1000)["slow_down"] == 2
    with av.open(str(out)) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert heard.shape[1] / SOUND_RATE_HZ == pytest.approx(2.0, abs=0.05)
    left, right = np.abs(heard).mean(axis=1)
    assert left > 20 * right
