"""Tests cuts of unusual files: edit lists of their own, no index, sound that comes late or not at all."""

import random
import re
from fractions import Fraction
from itertools import pairwise
from math import ceil

import av
import pytest

from clips.media import MediaError
from clips.media.cut.clip import cut
from clips.tests.media import patched
from clips.tests.media.judge import heard, is_run_of, lag_s, packet_hashes, seen
from clips.tests.media.made_up import SOUND_RATE_HZ, Track, make_video

pytestmark = pytest.mark.slow

FRAMES, RATE_HZ = 150, 30
LENGTH_S = FRAMES / RATE_HZ
SOUND_TOLERANCE_S = 0.010


def cut_frames(source, out, times_s, first, last, *, zero_s=Fraction(0)):
    start_ms, end_ms = (ceil((times_s[n] - zero_s) * 1000) for n in (first, last))
    return cut(str(source), str(out), start_ms, end_ms)


@pytest.fixture(scope="module")
def transport_stream(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("ts") / "00001.mts", frames=FRAMES, bframes=2, open_gop=True, gop=15)


@pytest.fixture
def in_two_pieces(tmp_path):
    """Six seconds after an edit on the phone: frames 30 to 74, then 100 to 149."""
    source = make_video(tmp_path / "edited.mp4", frames=180, bframes=2)
    hidden = 1024  # of the picture two frames of 512 ticks, of the sound the encoder's first packet
    patched.set_edits(source, 0, [(1500, 30 * 512 + hidden), (1667, 100 * 512 + hidden)])
    patched.set_edits(source, 1, [(1500, 48_000 + hidden), (1667, 160_000 + hidden)])
    return source


def why_not(source, out, times_s, first, last) -> str | None:
    """Cut, or return the error."""
    try:
        cut_frames(source, out, times_s, first, last)
    except MediaError as error:
        return str(error)
    return None


def first_timestamp_s(path) -> Fraction:
    with av.open(str(path)) as container:
        return Fraction(container.start_time, av.time_base)


@pytest.mark.parametrize("frames", [(0, 0), (0, 20), (1, 8), (44, 46), (60, 119), (100, FRAMES - 1)])
def test_a_transport_stream_is_cut_exactly(transport_stream, tmp_path, frames):
    numbers, times_s, _ = seen(transport_stream)
    zero_s = first_timestamp_s(transport_stream)
    cut_frames(transport_stream, tmp_path / "clip.mp4", times_s, *frames, zero_s=zero_s)
    shown, shown_s, _ = seen(tmp_path / "clip.mp4")
    first, last = frames
    assert shown == numbers[first : last + 1]
    assert shown_s == [time_s - times_s[first] for time_s in times_s[first : last + 1]]
    if last - first > 5:
        start_s = times_s[first] - times_s[0]
        assert abs(lag_s(tmp_path / "clip.mp4", start_s, length_s=LENGTH_S)) <= SOUND_TOLERANCE_S


def test_the_clock_of_a_transport_stream_may_begin_anew(tmp_path):
    wraps_s = 2**33 // 90_000  # a counter of 33 bits at 90 kHz
    source = make_video(tmp_path / "source.ts", frames=240, bframes=2, starts_s=wraps_s - 5)
    numbers, times_s, _ = seen(source)
    for first, last in [(4, 10), (60, 210), (180, 239)]:
        cut_frames(source, tmp_path / "clip.mp4", times_s, first, last, zero_s=first_timestamp_s(source))
        assert seen(tmp_path / "clip.mp4")[0] == numbers[first : last + 1]
        start_s = times_s[first] - times_s[0]
        assert abs(lag_s(tmp_path / "clip.mp4", start_s, length_s=8)) <= SOUND_TOLERANCE_S


def test_the_units_of_a_transport_stream_are_copied_bit_for_bit(transport_stream, tmp_path):
    cut(str(transport_stream), str(tmp_path / "clip.mp4"), 1000, 2000)
    with av.open(str(transport_stream)) as source, av.open(str(tmp_path / "clip.mp4")) as clip:
        whole = b"".join(bytes(packet) for packet in source.demux(video=0))
        for packet in clip.demux(video=0):
            data = bytes(packet)
            while data:  # a length of four bytes, where the stream has a start code
                size_bytes = int.from_bytes(data[:4], "big")
                assert data[4 : 4 + size_bytes] in whole
                data = data[4 + size_bytes :]


@pytest.mark.parametrize("frames", [(0, 44), (0, 0), (7, 31), (40, 44), (45, 95), (45, 46), (62, 63), (70, 90)])
def test_a_clip_may_lie_in_any_piece_of_an_edited_video(in_two_pieces, tmp_path, frames):
    numbers, times_s, _ = seen(in_two_pieces)
    first, last = frames
    found = cut_frames(in_two_pieces, tmp_path / "clip.mp4", times_s, first, last)
    assert seen(tmp_path / "clip.mp4")[0] == numbers[first : last + 1]
    if found["duration_ms"] > 500:
        start_s = Fraction(numbers[first], RATE_HZ)
        assert abs(lag_s(tmp_path / "clip.mp4", start_s, length_s=6)) <= SOUND_TOLERANCE_S


def test_a_clip_across_two_pieces_is_refused_in_one_sentence(in_two_pieces, tmp_path):
    with pytest.raises(MediaError, match=r"^This video was joined from several pieces\. [^.]*\.$"):
        cut(str(in_two_pieces), str(tmp_path / "clip.mp4"), 1000, 2000)
    assert not (tmp_path / "clip.mp4").exists()


@pytest.mark.parametrize("hidden_frames", [1, 20, 45])
def test_what_a_phone_trimmed_away_stays_away(tmp_path, hidden_frames):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=2)
    patched.set_edits(source, 0, [(2500, hidden_frames * 512 + 1024)])
    patched.set_edits(source, 1, [(2500, hidden_frames * 1600 + 1024)])
    numbers, times_s, _ = seen(source)
    assert numbers[0] == hidden_frames
    for first, last in [(0, 10), (5, 50), (60, len(numbers) - 1)]:
        cut_frames(source, tmp_path / "clip.mp4", times_s, first, last)
        assert seen(tmp_path / "clip.mp4")[0] == numbers[first : last + 1]
        start_s = Fraction(numbers[first], RATE_HZ)
        assert abs(lag_s(tmp_path / "clip.mp4", start_s, length_s=LENGTH_S)) <= SOUND_TOLERANCE_S


@pytest.mark.parametrize("start_ms", [0, 500, 970, 990, 1000, 1010, 1700])
def test_a_sound_that_begins_late_begins_at_its_moment_and_not_before(tmp_path, start_ms):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=2)
    patched.set_edits(source, 1, [(1000, -1), (4000, 1024 + 12_000)])  # silent for 1 s, then from 0.25 s on
    found = cut(str(source), str(tmp_path / "clip.mp4"), start_ms, start_ms + 2000)
    start_s = Fraction(found["first_pts"] * found["time_base_num"], found["time_base_den"])
    begin = heard(tmp_path / "clip.mp4")[0] / SOUND_RATE_HZ
    assert begin == pytest.approx(max(0, 1 - start_s), abs=SOUND_TOLERANCE_S)
    recorded_s = start_s - Fraction(3, 4)
    assert abs(lag_s(tmp_path / "clip.mp4", recorded_s, length_s=LENGTH_S)) <= SOUND_TOLERANCE_S
    edits = patched.edits(tmp_path / "clip.mp4")[1]
    shown_s = sum(length for length, _ in edits) / patched.movie_scale_hz(tmp_path / "clip.mp4")
    assert shown_s == pytest.approx(found["duration_ms"] / 1000, abs=0.001)


def test_a_sound_that_ends_early_is_kept_as_far_as_it_goes(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, sounds=[Track(0, end_s=2.0)])
    cut(str(source), str(tmp_path / "clip.mp4"), 1000, 4000)
    begin, samples = heard(tmp_path / "clip.mp4")
    assert begin + len(samples) == pytest.approx(SOUND_RATE_HZ, abs=1024)
    cut(str(source), str(tmp_path / "clip.mp4"), 3000, 4000)  # where there is no sound any more
    assert seen(tmp_path / "clip.mp4")[0] == list(range(90, 121))
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        assert not clip.streams.audio


def test_every_track_of_sound_is_kept_and_stays_with_the_picture(tmp_path):
    tracks = [Track(5), Track(6, start_s=1.5), Track(7, end_s=2.5)]
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=3, sounds=tracks)
    found = cut(str(source), str(tmp_path / "clip.mp4"), 733, 4000)
    start_s = Fraction(found["first_pts"] * found["time_base_num"], found["time_base_den"])
    for place, track in enumerate(tracks):
        lag = lag_s(tmp_path / "clip.mp4", start_s, length_s=LENGTH_S, seed=track.seed, track=place)
        assert abs(lag) <= SOUND_TOLERANCE_S
        part = packet_hashes(tmp_path / "clip.mp4", "audio", place)
        assert is_run_of(part, packet_hashes(source, "audio", place))


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_a_file_may_start_at_any_timestamp(tmp_path, ending):
    source = make_video(tmp_path / f"source.{ending}", frames=FRAMES, bframes=2, starts_s=7)
    numbers, times_s, _ = seen(source)
    assert times_s[0] == 7
    for first, last in [(0, 10), (70, 90)]:
        cut_frames(source, tmp_path / "clip.mp4", times_s, first, last)
        assert seen(tmp_path / "clip.mp4")[0] == numbers[first : last + 1]
        lag = lag_s(tmp_path / "clip.mp4", times_s[first] - 7, length_s=LENGTH_S)
        assert abs(lag) <= SOUND_TOLERANCE_S


def test_matroska_rounds_times_but_the_sound_of_a_clip_has_no_gaps(tmp_path):
    source = make_video(tmp_path / "source.mkv", frames=FRAMES, bframes=2)
    _, times_s, _ = seen(source)
    cut_frames(source, tmp_path / "clip.mp4", times_s, 40, 100)
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        starts = [packet.pts for packet in clip.demux(audio=0) if packet.size]
    assert {later - earlier for earlier, later in pairwise(starts)} == {1024}


def test_the_readable_part_of_a_damaged_file_is_cut_and_the_rest_refused_in_a_sentence(tmp_path):
    whole = make_video(tmp_path / "whole.mp4", frames=FRAMES, bframes=2, faststart=True, gop=15)
    numbers, times_s, _ = seen(whole)
    data = whole.read_bytes()
    rng = random.Random(1)  # noqa: S311 - a seed, no secret
    for share in (0.3, 0.55, 0.8, 0.97):
        source = tmp_path / "part.mp4"
        source.write_bytes(data[: int(len(data) * share)])
        n_whole = 0
        for first in range(0, FRAMES - 5, 5):
            last = first + rng.randrange(5)
            if sentence := why_not(source, tmp_path / "clip.mp4", times_s, first, last):
                assert re.fullmatch(r"(This (file|part)|Nothing) [^.\n]*\.", sentence)
                continue
            assert seen(tmp_path / "clip.mp4")[0] == numbers[first : last + 1]
            n_whole += 1
        assert n_whole >= FRAMES / 5 * share - 6
