"""Tests film whose pictures build up gradually, as from drones and FPV goggles, and HEVC's open GOPs."""

from math import ceil

import av
import numpy as np
import pytest

from clips.media.cut.clip import cut
from clips.media.render.filmstrip import make_filmstrip
from clips.media.render.poster import make_posters
from clips.media.render.preview import make_preview
from clips.media.render.share_copy import make_share_copy
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import frame_number, frame_times, make_video, shown_numbers
from detection.decode.read import Scan

FRAMES, GOP = 150, 40
REFRESHED = {"gop": GOP, "encoder_params": "intra-refresh=1"}


def lumas(path) -> dict[int, np.ndarray]:
    """Return the pictures of a decoder that starts at the beginning, by number."""
    with av.open(str(path)) as container:
        shown = [luma_of(frame) for frame in container.decode(video=0)]
    return {frame_number(luma): luma for luma in shown}


@pytest.mark.parametrize(
    ("ending", "bframes"),
    [
        ("mp4", 2),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in [("mp4", 0), ("mkv", 0), ("mkv", 2)]),
        *(pytest.param("ts", bframes, marks=pytest.mark.slow) for bframes in (0, 2)),
    ],
)
def test_every_frame_is_there_and_right_wherever_a_part_begins(tmp_path, ending, bframes):
    source = make_video(tmp_path / f"source.{ending}", frames=FRAMES, audio=False, bframes=bframes, **REFRESHED)
    times_s, whole = frame_times(source), lumas(source)
    assert sorted(whole) == list(range(FRAMES))
    begin_s = times_s[0] if ending == "ts" else 0
    for first, last in ((2, 20), (45, 60), (81, 120), (119, 149)):
        times_ms = [ceil((times_s[number] - begin_s) * 1000) for number in (first, last)]
        wanted = list(range(first, last + 1))
        clip, preview, share = (tmp_path / f"{name}.mp4" for name in ("clip", "preview", "share"))
        assert make_preview(str(source), str(preview), *times_ms)["frames"] == len(wanted)
        assert make_share_copy(str(source), str(share), *times_ms)["frames"] == len(wanted)
        assert shown_numbers(preview) == shown_numbers(share) == wanted
        assert cut(str(source), str(clip), *times_ms)["frames"] == len(wanted)
        copied = lumas(clip)
        assert sorted(copied) == wanted
        for number in wanted:
            np.testing.assert_array_equal(copied[number], whole[number])


def test_a_player_of_a_clip_is_sent_to_no_keyframe_that_only_begins_to_build_up(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, **REFRESHED)
    cut(str(source), str(tmp_path / "clip.mp4"), 3000, 4900)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        marked = [entry.is_keyframe for entry in container.streams.video[0].index_entries]
    assert marked == [True, *[False] * (len(marked) - 1)]
    assert len(marked) > 90


def test_still_pictures_are_whole(tmp_path):
    source = make_video(tmp_path / "source.mkv", frames=FRAMES, audio=False, size=(512, 240), **REFRESHED)
    poster, strip = tmp_path / "poster.jpg", tmp_path / "strip.jpg"
    assert make_posters(str(source), [{"at_ms": 3000, "out": str(poster)}]) == [str(poster)]
    assert shown_numbers(poster) == [90], "the picture on screen: a keyframe shows none by itself"
    times_ms = make_filmstrip(str(source), str(strip))["times_ms"]
    assert len(times_ms) >= 4


def test_the_detector_begins_to_decode_only_where_a_picture_is_whole(tmp_path):
    source = make_video(tmp_path / "source.ts", frames=FRAMES, audio=False, **REFRESHED)
    with av.open(str(source)) as container:
        scan = Scan(container)
        list(scan.chunks(lambda fraction: None))
    assert np.flatnonzero(scan.packets().is_key).tolist() == [0]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_hevc_that_begins_with_pictures_no_one_can_decode(tmp_path, ending):
    """A recording that was cut at a CRA picture: the pictures before it, in time, lack what they refer to."""
    options = {"codec": "libx265", "bframes": 3, "open_gop": True, "gop": GOP, "audio": False}
    whole = make_video(tmp_path / f"whole.{ending}", frames=FRAMES, **options)
    source = tmp_path / f"source.{ending}"
    with av.open(str(whole)) as given, av.open(str(source), "w") as target:
        stream = given.streams.video[0]
        track = target.add_stream_from_template(stream, opaque=True)
        packets = [packet for packet in given.demux(stream) if packet.size]
        second = [n for n, packet in enumerate(packets) if packet.is_keyframe][1]
        for packet in packets[second:]:
            packet.stream = track
            target.mux(packet)
    times_s, seen = frame_times(source), shown_numbers(source)
    first, last = seen.index(50), seen.index(70)
    with av.open(str(source)) as container:
        begin_s = container.start_time / av.time_base if ending == "ts" else 0
    times_ms = [ceil((float(times_s[place]) - begin_s) * 1000) for place in (first, last)]
    assert make_preview(str(source), str(tmp_path / "preview.mp4"), *times_ms)["frames"] == 21
    assert shown_numbers(tmp_path / "preview.mp4") == list(range(50, 71))
    assert cut(str(source), str(tmp_path / "clip.mp4"), *times_ms)["frames"] == 21
    assert shown_numbers(tmp_path / "clip.mp4") == list(range(50, 71))


def test_a_reported_file_has_all_its_pictures(cases, tmp_path):
    source = str(cases / "intra_refresh.mp4")
    assert make_preview(source, str(tmp_path / "preview.mp4"), 2010, 2990)["frames"] == 60
    assert cut(source, str(tmp_path / "clip.mp4"), 2010, 2990)["frames"] == 60
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 60
