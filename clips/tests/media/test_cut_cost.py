"""Tests that a cut reads only the index and the wanted part of a long file."""

from pathlib import Path

import pytest

from clips.media.cut.clip import cut
from clips.tests.media import patched
from clips.tests.media.judge import seen
from clips.tests.media.made_up import make_long_video, make_video

pytestmark = pytest.mark.slow

#: FFmpeg looks into the content when it opens a file, and reads ahead.
PROBED_BYTES = 1_500_000


@pytest.fixture(scope="module")
def ten_minutes(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    short = make_video(folder / "short.mp4", frames=300, bframes=2, size=(256, 144))
    return make_long_video(folder / "long.mp4", short, copies=60, padding_bytes=4000)


def read_so_far_bytes() -> int:
    counters = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counters["rchar"])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="counts what a process reads as Linux tells it")
@pytest.mark.parametrize("start_ms", [0, 300_000, 593_000])
def test_beyond_the_index_only_the_wanted_part_is_read(ten_minutes, tmp_path, start_ms):
    index_bytes = len(patched.found(ten_minutes, b"moov")[0])
    before = read_so_far_bytes()
    found = cut(str(ten_minutes), str(tmp_path / "clip.mp4"), start_ms, start_ms + 6000)
    read_bytes = read_so_far_bytes() - before
    assert found["frames"] == 181
    # the part itself, what FFmpeg reads again of it to put the clip's index in front, and the search for both its ends
    assert read_bytes <= index_bytes + 3 * found["size_bytes"] + PROBED_BYTES < ten_minutes.stat().st_size / 4
    shown = seen(tmp_path / "clip.mp4")[0]
    assert (shown[0], shown[-1]) == (start_ms * 30 // 1000 % 300, (start_ms + 6000) * 30 // 1000 % 300)
