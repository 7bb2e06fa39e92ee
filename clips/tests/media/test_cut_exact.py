"""Tests cuts of random encodings with decoders: the right frames, no gap, sound in sync, packets unchanged."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clips.media.cut.clip import cut
from clips.tests.media.judge import is_run_of, lag_s, packet_hashes, seen
from clips.tests.media.made_up import Track, make_video

pytestmark = pytest.mark.slow

FRAMES = 100
SEEDS = (5, 6)
SOUND_TOLERANCE_S = 0.010
#: Where an open GOP begins a clip, H.264 may order a picture forgotten that only the GOP before held. Nothing is lost.
HARMLESS = "h264: mmco: unref short failure\n"
MATRIX = {
    "h264": {},
    "h264, B-frames, one keyframe": {"bframes": 3, "gop": 250},
    "h264, open GOP": {"bframes": 3, "gop": 30, "open_gop": True},
    "h264, 10 bit, 240 fps": {"pix_fmt": "yuv420p10le", "rate": 240, "bframes": 2, "gop": 60},
    "h264, variable, turned": {"pts": [n * 33 + (0, 9, 3, 17)[n % 4] for n in range(FRAMES)], "rotation": 90},
    "hevc": {"codec": "libx265"},
    "hevc, B-frames, one keyframe": {"codec": "libx265", "bframes": 3, "gop": 250},
    "hevc, open GOP, 10 bit": {"codec": "libx265", "bframes": 3, "open_gop": True, "pix_fmt": "yuv420p10le"},
    "hevc, 60 fps, turned": {"codec": "libx265", "rate": Fraction(60000, 1001), "bframes": 2, "rotation": 270},
    "hevc, variable": {
        "codec": "libx265",
        "bframes": 2,
        "pts": [n * 33 + (0, 9, 3, 17)[n % 4] for n in range(FRAMES)],
    },
}


@st.composite
def encodings(draw):
    """Return arguments of ``make_video`` for a plausible camera."""
    encoding = {
        "codec": draw(st.sampled_from(["libx264", "libx265"])),
        "bframes": draw(st.integers(0, 4)),
        "gop": draw(st.sampled_from([5, 30, 250])),
        "open_gop": draw(st.booleans()),
        "pix_fmt": draw(st.sampled_from(["yuv420p", "yuv420p10le"])),
        "rotation": draw(st.sampled_from([0, 90, 180, 270])),
        "rate": draw(st.sampled_from([Fraction(24000, 1001), 25, Fraction(30000, 1001), 60, 240])),
    }
    if draw(st.booleans()):
        steps_ms = draw(st.lists(st.integers(2, 70), min_size=FRAMES - 1, max_size=FRAMES - 1))
        encoding["pts"] = [sum(steps_ms[:n]) for n in range(FRAMES)]
    return encoding


def length_s(encoding) -> float:
    return encoding["pts"][-1] / 1000 if "pts" in encoding else float(FRAMES / Fraction(encoding.get("rate", 30)))


def assert_cut_exactly(source, out, encoding, ends: list[tuple[int, int]]) -> None:
    numbers, times_s, complaints = seen(source)
    assert (numbers, complaints) == (list(range(FRAMES)), [])
    pictures = packet_hashes(source, "video")
    sounds = [packet_hashes(source, "audio", track) for track in range(len(SEEDS))]
    for first, last in ends:
        found = cut(str(source), str(out), *(ceil(times_s[n] * 1000) for n in (first, last)))
        shown, shown_s, complaints = seen(out)
        assert shown == numbers[first : last + 1]
        assert shown_s == [time_s - times_s[first] for time_s in times_s[first : last + 1]]
        assert [complaint for complaint in complaints if complaint != HARMLESS] == []
        assert is_run_of(packet_hashes(out, "video"), pictures)
        for track, seed in enumerate(SEEDS):
            if found["duration_ms"] < 100 or times_s[first] > length_s(encoding) - 0.1:
                continue  # too little noise to find its place by
            assert is_run_of(packet_hashes(out, "audio", track), sounds[track])
            lag = lag_s(out, times_s[first], length_s=length_s(encoding), seed=seed, track=track)
            assert abs(lag) <= SOUND_TOLERANCE_S


@pytest.mark.parametrize("name", MATRIX)
def test_each_kind_of_encoding_is_cut_exactly(tmp_path, name):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, sounds=[Track(s) for s in SEEDS], **MATRIX[name])
    ends = [(0, 0), (0, FRAMES - 1), (1, 29), (29, 31), (30, 59), (47, 48), (61, FRAMES - 2), (FRAMES - 1, FRAMES - 1)]
    assert_cut_exactly(source, tmp_path / "clip.mp4", MATRIX[name], ends)


@given(
    encoding=encodings(),
    ending=st.sampled_from(["mp4", "mov"]),
    ends=st.lists(st.tuples(st.integers(0, FRAMES - 1), st.integers(0, FRAMES - 1)), min_size=3, max_size=3),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_any_encoding_is_cut_exactly_anywhere(tmp_path_factory, encoding, ending, ends):
    folder = tmp_path_factory.mktemp("any")
    source = folder / f"source.{ending}"
    make_video(source, frames=FRAMES, sounds=[Track(s) for s in SEEDS], **encoding)
    assert_cut_exactly(source, folder / "clip.mp4", encoding, [tuple(sorted(pair)) for pair in ends])
