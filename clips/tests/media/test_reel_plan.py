"""Tests the pure parts of a reel: which picture is shown when, its segments, beats, loudness and fitting."""

from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame

from clips.media.reel import loudness
from clips.media.reel.beats import beats_s, ending_on_beats, impacts_s
from clips.media.reel.cadence import picture_of_each
from clips.media.reel.fit import Fitted, planes_of
from clips.media.reel.path import through
from clips.media.reel.plan import Card, Frame, Item, Plan, as_json, from_json, lay_out

RATES = [
    Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60", "120", "240")
]
HD = Frame(1920, 1080, Fraction(30))


def shown(rate: Fraction, n: int, *, speed: Fraction = Fraction(1), into: Fraction, ticks: int = 90_000) -> list[int]:
    """Return what a reel shows of a clip whose times are rounded to a container's ticks."""
    pts = [round(number * ticks / rate) for number in range(n + 1)]
    return picture_of_each(pts[:-1], pts[-1], Fraction(1, ticks), speed=speed, rate_hz=into)


@pytest.mark.parametrize("ticks", [600, 1000, 90_000])
@pytest.mark.parametrize("rate", RATES)
def test_at_the_clips_own_rate_each_picture_is_shown_once(rate, ticks):
    assert shown(rate, 300, into=rate, ticks=ticks) == list(range(300))


def test_slow_motion_of_a_fast_camera_shows_each_picture_once():
    assert shown(Fraction(120), 240, speed=Fraction(1, 2), into=Fraction(60)) == list(range(240))
    assert shown(Fraction(240), 240, speed=Fraction(1, 4), into=Fraction(60)) == list(range(240))


def test_another_rate_shows_the_picture_next_in_time():
    assert shown(Fraction(60), 60, into=Fraction(30)) == list(range(0, 60, 2))
    assert shown(Fraction(30), 4, into=Fraction(60)) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert shown(Fraction(25), 5, into=Fraction(30)) == [0, 1, 2, 2, 3, 4]


def test_a_dropped_picture_leaves_the_one_before_on_screen():
    pts = [0, 1, 2, 5, 6, 7, 8, 9]
    found = picture_of_each(pts, 10, Fraction(1, 30), speed=Fraction(1), rate_hz=Fraction(30))
    assert [pts[place] for place in found] == [0, 1, 2, 2, 5, 5, 6, 7, 8, 9]


def test_a_plan_is_the_same_after_its_way_through_json():
    item = Item("a.mp4", 100, 900, 50, "Title", ("Mia", "KFED"), False, ((0.0, 0.25), (1.5, 0.5)), goes_on=True)
    plan = Plan(Frame(1080, 1920, Fraction(30000, 1001)), (item,), True, Card("One", ("two",)), None)
    assert from_json(as_json(plan)) == plan


@pytest.mark.parametrize("is_faded", [False, True])
def test_segments_hold_every_picture_of_every_clip_once(is_faded):
    lengths = [1500, 40, 7, 2, 90]
    plan = Plan(HD, tuple(Item(f"{n}.mp4") for n in range(5)), is_faded, Card("Opening"), Card("Credits"))
    layout = lay_out(plan, lengths)
    assert [segment.at for segment in layout.segments] == list(
        np.cumsum([0, *(segment.n_pictures for segment in layout.segments)])[:-1]
    )
    for number, length in enumerate(lengths):
        parts = [part for segment in layout.segments for part in segment.parts if part.item == number]
        assert [at for part in parts for at in range(part.first, part.first + part.n_pictures)] == list(range(length))
    assert max(segment.n_pictures for segment in layout.segments) <= 20 * 30
    assert any(len(segment.parts) == 2 for segment in layout.segments) == is_faded
    assert layout.n_pictures == sum(lengths) + 75 + 90 - is_faded * (13 + 2 + 0 + 0)


def test_where_another_camera_goes_on_nothing_fades():
    items = (Item("0.mp4"), Item("1.mp4", goes_on=True), Item("2.mp4"))
    layout = lay_out(Plan(HD, items, is_faded=True), [90, 90, 90])
    fades = [[part.item for part in segment.parts] for segment in layout.segments if len(segment.parts) == 2]
    assert fades == [[1, 2]]
    assert [placed.at for placed in layout.items] == [0, 90, 165]


def clicks(bpm: float, length_s: float) -> np.ndarray:
    samples = np.random.default_rng(1).normal(0, 0.001, round(48_000 * length_s)).astype(np.float32)
    for at_s in np.arange(0.3, length_s - 0.1, 60 / bpm):
        samples[round(at_s * 48_000) :][:2400] += (np.sin(np.arange(2400) / 4) * np.exp(-np.arange(2400) / 500)).astype(
            np.float32
        )
    return samples


@pytest.mark.parametrize("bpm", [92.0, 120.0, 140.0])
def test_beats_of_music_are_found_to_two_hundredths_of_a_second(bpm):
    found = beats_s(clicks(bpm, 12))
    true = np.arange(0.3, 11.9, 60 / bpm)
    late = np.array([found[np.abs(found - at).argmin()] - at for at in true[1:-1]])
    assert np.abs(late).max() <= 0.03
    assert abs(len(found) - len(true)) <= 2


def test_silence_has_no_beats_and_no_impacts():
    assert len(beats_s(np.zeros(480_000))) == 0
    assert impacts_s(np.zeros(48_000)) == []


def test_landings_are_heard_where_they_are():
    samples = np.random.default_rng(2).normal(0, 0.01, 48_000 * 4)
    for at_s in (1.0, 2.2):
        samples[round(at_s * 48_000) :][:1500] *= 30
    assert impacts_s(samples) == pytest.approx([1.0, 2.2], abs=0.03)


def test_cuts_move_to_the_beat_before_them_and_no_clip_loses_much():
    beats = [0.5 * number for number in range(60)]
    lengths = ending_on_beats([100, 95, 20], beats, rate_hz=Fraction(30), begins_at=75, overlaps=[0, 0, 0])
    ends = 75 + np.cumsum(lengths)
    assert lengths[:2] == [90, 90]
    assert all(end % 15 == 0 for end in ends)
    assert lengths[2] >= 12
    kept = ending_on_beats([100, 95, 20], beats, rate_hz=Fraction(30), begins_at=75, overlaps=[0, 0, 0], kept={0})
    assert kept[0] == 100, "another camera goes on where it ends"
    assert (75 + sum(kept[:2])) % 15 == 0
    assert ending_on_beats([100], [], rate_hz=Fraction(30), begins_at=0, overlaps=[0]) == [100]


@pytest.mark.parametrize("level", [0.02, 0.3])
def test_sound_is_brought_to_14_lufs_below_a_true_peak(level):
    rng = np.random.default_rng(3)
    samples = (rng.normal(0, level, (2, 48_000 * 5))).astype(np.float32)
    samples[:, 96_000:96_300] *= 8  # a landing far above the rest
    made = loudness.measured(loudness.normalised(samples))
    assert made.lufs == pytest.approx(-14, abs=0.5)
    assert made.peak_db <= -1.0


def test_a_tone_is_measured_as_the_standard_says():
    tone = 0.5 * np.sin(2 * np.pi * 997 * np.arange(48_000 * 4) / 48_000).astype(np.float32)
    found = loudness.measured(np.stack([tone, tone]))
    assert found.lufs == pytest.approx(-6.02, abs=0.1)  # -3.01 for one channel of full scale, + 3.01 for both
    assert found.peak_db == pytest.approx(-6.02, abs=0.1)


def test_silence_stays_silent():
    assert not loudness.normalised(np.zeros((2, 48_000), np.float32)).any()


def stripes(width_px: int, height_px: int) -> VideoFrame:
    """Return a picture that is dark on its left half and bright on its right."""
    luma = np.full((height_px, width_px), 50, np.uint8)
    luma[:, width_px // 2 :] = 200
    chroma = np.full((height_px // 2, width_px), 128, np.uint8)
    frame = VideoFrame.from_ndarray(np.concatenate([luma, chroma]), format="yuv420p")
    frame.colorspace, frame.color_range, frame.time_base = 1, 1, Fraction(1, 30)
    return frame


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (1440, 1080), (720, 1280), (3840, 2160)])
@pytest.mark.parametrize("into", [(640, 360), (360, 640), (480, 600), (480, 480)])
def test_pictures_of_any_shape_fill_the_height_of_a_frame(size, into):
    picture = Fitted(stripes(*size), None, *into)(stripes(*size))
    luma = planes_of(picture)[0]
    assert (picture.width, picture.height) == into
    shown_px = min(into[0], round(size[0] * into[1] / size[1]))
    bars_px = (into[0] - shown_px) // 2
    assert (np.abs(luma[:, into[0] // 2 - 8].astype(int) - 50) < 4).all()
    assert (np.abs(luma[:, into[0] // 2 + 8].astype(int) - 200) < 4).all()
    assert (luma[:, : max(0, bars_px - 2)] == 16).all()


def test_a_narrow_frame_follows_its_path():
    fitted = Fitted(stripes(1280, 720), None, 360, 640)
    left, right = (planes_of(fitted(stripes(1280, 720), middle))[0] for middle in (0.0, 1.0))
    assert left.max() < 60
    assert right.min() > 190


def test_a_path_goes_through_its_places_straight_with_rounded_corners():
    assert through([]) == ()
    assert through([(0.5, 0.3)]) == ((0.5, 0.3),)
    times_s, middles = np.array(through([(0.5, 0.2), (2.5, 0.8), (3.5, 0.8)])).T
    at = lambda seconds: np.interp(seconds, times_s, middles)  # noqa: E731
    assert at([0, 1, 1.5, 2, 5]) == pytest.approx([0.2, 0.35, 0.5, 0.65, 0.8], abs=1e-3)
    assert at([0.5, 2.5]) == pytest.approx([0.2, 0.8], abs=0.04)
    assert np.abs(np.diff(middles, n=2)).max() < 0.004
