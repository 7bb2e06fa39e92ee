"""Tests finding the joints of transport streams, on streams of clock references only."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from clips.media.formats import transport_stream
from clips.media.probe import probe
from clips.tests.media.kinds_built import joined, record

PACKET_BYTES = 188
#: One reference each 40 ms, as cameras write them.
STEP_S, PACKETS_PER_STEP = 0.04, 60


def stream(length_s: float, *, starts_s: float = 0.0, packets_per_step: Sequence[int] = (PACKETS_PER_STEP,)) -> bytes:
    """Return a transport stream of references and stuffing; its rate may change through it."""
    n_steps = round(length_s / STEP_S)
    pieces = []
    for number in range(n_steps):
        count = int((starts_s + number * STEP_S) * transport_stream.CLOCK_HZ) % transport_stream.WRAPS
        packet = bytearray(b"\xff" * PACKET_BYTES)
        packet[:6] = 0x47, 0x01, 0x00, 0x20, 183, 0x10
        packet[6:11] = (count << 7).to_bytes(5)
        n_packets = packets_per_step[number * len(packets_per_step) // n_steps]
        pieces.append(bytes(packet) + (b"\x47\x1f\xff\x10" + b"\xff" * (PACKET_BYTES - 4)) * (n_packets - 1))
    return b"".join(pieces)


def found_in(folder: Path, *parts: bytes) -> list[int]:
    path = folder / "a.ts"
    path.write_bytes(b"".join(parts))
    return transport_stream.joints(path)


@pytest.fixture(params=["read as a whole", "looked at in places"])
def how(request, monkeypatch):
    """Options of reading a file; of a long one only places are read."""
    if request.param != "read as a whole":
        monkeypatch.setattr(transport_stream, "_SHORT_BYTES", 0)


@pytest.mark.usefixtures("how")
def test_a_long_recording_is_in_one_piece(tmp_path):
    wraps_s = transport_stream.WRAPS / transport_stream.CLOCK_HZ
    assert found_in(tmp_path, stream(90, starts_s=wraps_s - 30)) == []


@pytest.mark.usefixtures("how")
def test_a_recording_whose_rate_changes_much_is_in_one_piece(tmp_path):
    assert found_in(tmp_path, stream(90, packets_per_step=(5, 200, 20, 150))) == []


@pytest.mark.usefixtures("how")
def test_a_pause_is_no_joint(tmp_path):
    assert found_in(tmp_path, stream(30), stream(30, starts_s=38)) == []


def test_a_clock_that_is_put_back_by_a_second_is_seen_in_a_short_file(tmp_path):
    first = stream(30)
    assert found_in(tmp_path, first, stream(40, starts_s=29)) == [len(first)]


@pytest.mark.usefixtures("how")
@pytest.mark.parametrize("starts_s", [0, 3, 4000, 90_000])
def test_the_clock_jumps_where_another_recording_begins(tmp_path, starts_s):
    first, second = stream(30), stream(40, starts_s=starts_s)
    assert found_in(tmp_path, first, second) == [len(first)]


@pytest.mark.usefixtures("how")
def test_of_a_recording_that_lacks_its_end_the_next_begins_within_a_packet(tmp_path):
    first = stream(30)[:-100]
    assert found_in(tmp_path, first, stream(20)) == [len(first)]


@pytest.mark.usefixtures("how")
def test_many_recordings_are_told_apart_also_short_ones_beside_a_long_one(tmp_path):
    parts = [stream(length_s) for length_s in (8, 60, 5, 5, 30)]
    assert found_in(tmp_path, *parts) == [sum(map(len, parts[:n])) for n in range(1, len(parts))]


@pytest.mark.usefixtures("how")
def test_one_damaged_reference_is_no_joint(tmp_path):
    damaged = bytearray(stream(60))
    at = 700 * PACKETS_PER_STEP * PACKET_BYTES
    damaged[at + 6] ^= 0x40
    assert found_in(tmp_path, bytes(damaged)) == []


@pytest.mark.slow
def test_a_recording_that_does_not_go_with_the_first_is_named_with_its_length(tmp_path):
    parts = [record(tmp_path / "0.ts"), record(tmp_path / "1.ts", picture="libx265", frames=95)]
    said = probe(str(joined(tmp_path / "joined.ts", *parts)))
    assert said["warning"] == "This file was joined from 2 recordings; of these, number 2 (3 seconds) cannot be used."
    assert said["duration_ms"] == pytest.approx(3030, abs=30)


@pytest.mark.slow
def test_what_is_no_camera_file_behind_a_recording_takes_nothing_from_it(tmp_path):
    rng = np.random.default_rng(2)
    first = record(tmp_path / "0.ts")
    first.write_bytes(first.read_bytes() + rng.bytes(300_000))
    said = probe(str(first))
    assert (said["duration_ms"], said["warning"]) == (pytest.approx(3030, abs=30), None)
