"""Runs each kind of file that cameras, phones, drones and old cards make through everything.

Each is probed, searched for moments, cut at two places, and shown as a preview, a still picture and a filmstrip. A clip
must show the requested pictures exactly, in sync with its sound, judged by FFmpeg's decoders and by marks in pictures
and sounds.
"""

import os
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media import MediaError
from clips.media.cut.clip import cut
from clips.media.probe import probe
from clips.media.render.filmstrip import make_filmstrip
from clips.media.render.poster import make_posters
from clips.media.render.preview import make_preview
from clips.media.render.waveform import waveform
from clips.tests.media.judge import heard, lag_s, seen
from clips.tests.media.kinds import KINDS, Clicks, Kind, Sound
from clips.tests.media.kinds_built import hevc_in_avi, joined, record
from clips.tests.media.made_up import SOUND_RATE_HZ
from detection.propose import propose

pytestmark = pytest.mark.slow

#: Matroska counts in whole milliseconds.
TIME_TOLERANCE_S = Fraction(1, 1000)
SOUND_TOLERANCE_S = 0.010
#: Where an open GOP begins a clip, H.264 may order a picture forgotten that only the GOP before held. Nothing is lost.
HARMLESS = "h264: mmco: unref short failure\n"


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_goes_all_the_way(tmp_path, name):
    kind = KINDS[name]
    source = kind.build(tmp_path)
    check_what_is_said(kind, probe(str(source)))
    check_pictures(kind, source, tmp_path)
    for place in range(2):
        check_clip(kind, source, tmp_path / "clip.mp4", place)
    assert propose(str(source))["seen"] > 0


def check_what_is_said(kind: Kind, said: dict) -> None:
    assert (said["codec"], said["fps_label"], said["rotation"]) == (kind.codec, kind.rate, kind.rotation)
    assert (said["camera_id"], said["recorded_at"]) == (kind.camera_id, kind.recorded_at)
    assert said["start_ms"] == pytest.approx(float(kind.times_s[0]) * 1000, abs=1)
    assert said["duration_ms"] == pytest.approx(float(kind.until_s(len(kind.times_s) - 1)) * 1000, abs=100)


def check_pictures(kind: Kind, source: Path, folder: Path) -> None:
    """Check the preview of the first clip, a still picture of the second, and the filmstrip."""
    first, last = kind.cuts[0]
    made = make_preview(str(source), str(folder / "preview.mp4"), kind.at_ms(first), kind.at_ms(last))
    shown, _, _ = seen(folder / "preview.mp4", lambda luma: kind.reads(np.rot90(luma, -kind.rotation // 90)))
    assert shown == [kind.number(frame) for frame in range(first, last + 1)]
    assert made["frames"] == len(shown)
    assert made["start_ms"] == pytest.approx(float(kind.times_s[first]) * 1000, abs=2)
    check_sound(kind, folder / "preview.mp4", 0)
    request = {"at_ms": kind.at_ms(kind.cuts[1][0]), "out": str(folder / "still.jpg")}
    assert make_posters(str(source), [request]) == [request["out"]]
    times_ms = make_filmstrip(str(source), str(folder / "strip.jpg"))["times_ms"]
    assert len(times_ms) >= 3
    assert times_ms[-1] > float(kind.times_s[-1]) * 600


def check_clip(kind: Kind, source: Path, clip: Path, place: int) -> None:
    first, last = kind.cuts[place]
    found = cut(str(source), str(clip), kind.at_ms(first), kind.at_ms(last), recorded_at=kind.recorded_at)
    numbers, times_s, complaints = seen(clip, kind.reads)
    assert numbers == [kind.number(frame) for frame in range(first, last + 1)]
    assert [complaint for complaint in complaints if complaint != HARMLESS] == []
    right_s = [time_s - kind.times_s[first] for time_s in kind.times_s[first : last + 1]]
    assert max(abs(shown - right) for shown, right in zip(times_s, right_s, strict=True)) <= TIME_TOLERANCE_S
    assert found["frames"] == last + 1 - first
    check_sound(kind, clip, place)
    said = probe(str(clip))
    assert (said["rotation"], said["camera_id"], said["fps_label"]) == (kind.rotation, kind.camera_id, kind.rate)
    assert said["duration_ms"] == pytest.approx(float(kind.until_s(last) - kind.times_s[first]) * 1000, abs=2)
    if kind.recorded_at:
        into_s = datetime.fromisoformat(said["recorded_at"]) - datetime.fromisoformat(kind.recorded_at)
        assert into_s.total_seconds() == pytest.approx(float(kind.times_s[first] - kind.times_s[0]), abs=1)


def check_sound(kind: Kind, clip: Path, place: int) -> None:
    expected, first = kind.sounds[place], kind.cuts[place][0]
    with av.open(str(clip)) as container:
        assert bool(container.streams.audio) == (expected is not None)
    if isinstance(expected, Sound):
        into_s = kind.times_s[first] - kind.times_s[expected.begins]
        late_s = lag_s(clip, into_s, length_s=expected.length_s, seed=expected.seed)
        assert abs(late_s - expected.late_s) <= expected.within_s
    elif isinstance(expected, Clicks):
        start_s, end_s = float(kind.times_s[first]), float(kind.until_s(kind.cuts[place][1]))
        right_s = [at_s - start_s for at_s in expected.at_s if start_s + 0.01 < at_s < end_s - 0.01]
        assert clicks_s(clip) == pytest.approx(right_s, abs=SOUND_TOLERANCE_S)


def clicks_s(path: Path) -> list[float]:
    """Return the start of each click, in seconds; clicks are far louder than all else and some tenths apart."""
    begin, samples = heard(path)
    loud = np.flatnonzero(np.abs(samples) > 0.5 * np.abs(samples).max())
    begins = loud[np.diff(loud, prepend=-SOUND_RATE_HZ) > SOUND_RATE_HZ // 4]
    return [float(begin + at) / SOUND_RATE_HZ for at in begins]


@pytest.mark.parametrize("name", ["MKV that was streamed", "MP4 with 0 in mvhd and tkhd and mdhd", "AVI after a crash"])
def test_what_lies_behind_the_end_of_a_file_without_a_length_is_refused_in_a_sentence(tmp_path, name):
    source = KINDS[name].build(tmp_path)
    with pytest.raises(MediaError, match=r"^The video is 0:0[23] long; 0:09 is outside it\.$"):
        cut(str(source), str(tmp_path / "clip.mp4"), 1000, 9000)


def test_a_clip_across_two_recordings_is_refused_in_a_sentence_and_its_preview_shows_both(tmp_path):
    kind = KINDS["TS of two, clock put back"]
    source = str(kind.build(tmp_path))
    with pytest.raises(MediaError, match=r"^This video was joined from several pieces\. [^.]*\.$"):
        cut(source, str(tmp_path / "clip.mp4"), kind.at_ms(50), kind.at_ms(69))
    make_preview(source, str(tmp_path / "preview.mp4"), kind.at_ms(50), kind.at_ms(69))
    assert seen(tmp_path / "preview.mp4")[0] == [kind.number(frame) for frame in range(50, 70)]


def test_every_recording_of_a_joined_file_is_heard(tmp_path):
    found = waveform(str(KINDS["TS of three, one over the end of its clock"].build(tmp_path)))
    assert len(found["levels"]) * found["step_ms"] == pytest.approx(6080, abs=100)
    assert min(found["levels"][1:-2]) > 90


def test_an_avi_whose_order_cannot_be_told_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(MediaError, match=r"^This AVI does not store the order of its frames, [^.]*\.$"):
        probe(str(hevc_in_avi(tmp_path)))


@pytest.mark.parametrize(
    "name",
    ["MP4", "MOV of a phone, upright", "fragmented MP4", "MKV", "VP9 and Opus in WebM", "AVI, H.264 with B-frames"],
)
def test_a_file_behind_another_is_named_and_takes_nothing_from_the_first(tmp_path, name):
    kind = KINDS[name]
    (tmp_path / "second").mkdir()
    source = kind.build(tmp_path)
    both = joined(tmp_path / f"both{source.suffix}", source, kind.build(tmp_path / "second"))
    said = probe(str(both))
    assert said["warning"] == "This file was joined from 2 recordings; of these, number 2 (3 seconds) cannot be used."
    check_what_is_said(kind, said)
    at_its_end = replace(kind, cuts=((70, len(kind.times_s) - 1), (10, 39)))
    for place in range(2):
        check_clip(at_its_end, both, tmp_path / "clip.mp4", place)
    assert propose(str(both))["duration_ms"] == pytest.approx(said["duration_ms"], abs=100)


def test_building_an_av1_leaves_this_process_the_priority_it_had(tmp_path):
    record(tmp_path / "a.mkv", picture="libsvtav1", heard=None, frames=2)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
