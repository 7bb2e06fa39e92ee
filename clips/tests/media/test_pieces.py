"""Tests that pieces of a video fit each other exactly, whichever is made first, and that a wish is followed at once."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media.render import pace
from clips.media.render.piece_file import ZERO_S
from clips.media.render.pieces import PIECE_S, make_pieces, piece_path
from clips.media.render.wanted_pieces import Wanted
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import frame_number, make_video, sound

pytestmark = pytest.mark.slow

PATIENCE_S = 60
RATE_HZ = 48_000


def made(source: Path, folder: Path, *wishes: tuple[int, ...], duration_ms: int) -> dict[int, Path]:
    """Make the pieces of each wish, one wish after the other, and return their files."""
    folder.mkdir()
    Wanted(wishes[0]).write(folder)

    def ask() -> None:
        for wish in wishes:
            Wanted(wish).write(folder)
            until(lambda wish=wish: all(piece_path(folder, number).exists() for number in wish))
        Wanted(has_ended=True).write(folder)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        make_pieces(str(source), str(folder), duration_ms, 2.0)
    finally:
        asking.join()
    return {number: piece_path(folder, number) for wish in wishes for number in wish}


def until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert is_so()


def shown(piece: Path) -> list[tuple[float, int]]:
    """Return when each frame of a piece is shown, and the number that is written in its picture."""
    with av.open(str(piece)) as container:
        return [(round(frame.time - ZERO_S, 4), frame_number(luma_of(frame))) for frame in container.decode(video=0)]


def sound_times(piece: Path) -> list[int]:
    """Return the places of a piece's packets of sound on the grid of AAC frames."""
    with av.open(str(piece)) as container:
        stream = container.streams.audio[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        return [round((packet.pts * packet.time_base - ZERO_S) * RATE_HZ / 1024) for packet in packets]


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Four and a half seconds at 60 frames per second, of HEVC with frames that look ahead."""
    folder = tmp_path_factory.mktemp("pieces")
    return make_video(folder / "source.mp4", frames=270, rate=60, gop=45, bframes=2, codec="libx265", events_s=[3])


@pytest.fixture
def a_quick_machine(monkeypatch):
    """All of a video is decoded, however slowly that goes here just now."""
    monkeypatch.setattr(pace, "_LEAST_SHARE", 1.0)


@pytest.mark.usefixtures("a_quick_machine")
@pytest.mark.parametrize("wishes", [((0, 1, 2, 3, 4),), ((3, 4), (0, 1, 2)), ((4,), (2,), (0,), (3,), (1,))])
def test_pieces_made_in_any_order_follow_each_other_without_gap_or_overlap(source, tmp_path, wishes):
    pieces = made(source, tmp_path / "out", *wishes, duration_ms=4500)
    heard = []
    for number in range(5):
        frames = shown(pieces[number])
        assert frames[0][0] == number * PIECE_S
        times = [time_s for time_s, _number in frames]
        assert times == sorted(set(times))
        assert times[-1] < min((number + 1) * PIECE_S, 4.5)
        # Each frame is the one that the video shows then.
        assert [shown_number for _time, shown_number in frames] == [round(time_s * 60) for time_s in times]
        # Half of them, so that a player shows 30 in a second.
        assert len(frames) >= (10 if number == 4 else 20)
        heard += sound_times(pieces[number])
    assert heard == list(range(heard[0], heard[0] + len(heard)))
    assert heard[0] == 0
    assert heard[-1] == 4.5 * RATE_HZ // 1024


def test_sound_is_heard_with_its_picture_also_across_pieces(source, tmp_path):
    pieces = made(source, tmp_path / "out", (3,), (2,), duration_ms=4500)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(pieces[2].read_bytes() + pieces[3].read_bytes())
    with av.open(str(joined)) as container:
        frames = list(container.decode(audio=0))
    begin = round((frames[0].time - ZERO_S) * RATE_HZ)
    heard = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    expected = sound(4.5, events_s=[3])
    span = slice(RATE_HZ // 4, 7 * RATE_HZ // 4)  # across the join at three seconds
    part = heard[span]
    lags = range(-960, 961, 8)
    best = max(lags, key=lambda lag: float(part @ expected[begin + span.start + lag :][: len(part)]))
    assert abs(best) <= 480  # 10 ms


def test_a_piece_that_somebody_waits_for_goes_before_those_made_ahead(source, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    Wanted((), (0, 1, 2, 3)).write(folder)
    maker = threading.Thread(target=make_pieces, args=(str(source), str(folder), 4500, 0.2))
    maker.start()
    Wanted((4,), (0, 1, 2, 3)).write(folder)
    n_before = len(list(folder.glob("*.ts")))
    until(piece_path(folder, 4).exists)
    in_order = sorted(folder.glob("*.ts"), key=lambda piece: piece.stat().st_mtime_ns)
    assert in_order.index(piece_path(folder, 4)) <= n_before + 1
    Wanted(has_ended=True).write(folder)
    maker.join(PATIENCE_S)
    assert not maker.is_alive()


@pytest.mark.parametrize("rotation", [0, 90, 180])
def test_pieces_are_small_and_upright(tmp_path, rotation):
    source = make_video(tmp_path / "big.mp4", frames=30, size=(1280, 720), rotation=rotation)
    piece = made(source, tmp_path / "out", (0,), duration_ms=1000)[0]
    with av.open(str(piece)) as container:
        stream = container.streams.video[0]
        size = (stream.width, stream.height)
        assert stream.codec_context.name == "h264"
    assert min(size) == 480
    assert (size[0] < size[1]) == (rotation == 90)


def test_a_player_takes_a_piece_for_as_long_as_it_is_whose_last_frame_stays_for_long(tmp_path):
    """A player takes the last frame to stay as long as the one before it."""
    source = make_video(tmp_path / "slow.mp4", frames=10, rate=5)
    for number, piece in made(source, tmp_path / "out", (0,), (1,), duration_ms=2000).items():
        frames = shown(piece)
        assert [held for _time, held in frames[-3:]] == [5 * number + 4] * 3
        before_s, last_s = frames[-2][0], frames[-1][0]
        assert last_s + (last_s - before_s) == pytest.approx(number + 1, abs=0.001)


def test_a_video_without_sound_has_pieces_without(tmp_path):
    source = make_video(tmp_path / "quiet.mp4", frames=45, audio=False)
    pieces = made(source, tmp_path / "out", (1,), (0,), duration_ms=1500)
    for piece in pieces.values():
        with av.open(str(piece)) as container:
            assert not container.streams.audio
    assert shown(pieces[1])[-1][1] == 44
