"""Finds where another recording begins in an MPEG transport stream, by jumps of its clock references.

Joining recordings with ``copy /b`` or ``cat`` makes a file in which the clock jumps. There is a reference in each tenth
of a second (ISO/IEC 13818-1, 2.7.2), so reading a few hundred places finds such a jump in a file of hours, and only
around a jump are all bytes read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from clips.media.timestamps import CLOCK_HZ

#: References begin to count anew after 26.5 hours.
WRAPS = 2**33
#: A packet has 188 bytes; Blu-ray and AVCHD put 4 before it, some broadcasters 16 behind.
_PACKET_BYTES = (188, 192, 204)
_SYNC, _LOOK_PACKETS = 0x47, 24
_TABLE_OF_PROGRAMS, _DESCRIPTION = 0x00, 0x11
#: Read at once in search of the next reference; at 24 Mbit/s 22 ms.
_STEP_BYTES = 64 * 1024
#: What lies in a stretch shorter than this is read as a whole, and so is a short file.
_FINE_BYTES, _SHORT_BYTES = 1024 * 1024, 24 * 1024 * 1024
#: A stream that has no reference for so long has none.
_NONE_BYTES = 4 * _FINE_BYTES
#: Places that are looked at in a long file, and how much is read in search of where its clock might jump.
_N_PLACES, _MOST_BYTES = 256, 64 * 1024 * 1024
#: It might where it runs so much slower or faster than the bytes of the whole file go by; where it runs back it does.
_SLOWEST, _SLACK_S, _FASTEST, _FAST_SLACK_S = 0.6, 2.0, 8.0, 60.0
#: FFmpeg's own measure (``dts_delta_threshold``): a pause is shorter.
_LONGEST_PAUSE_S = 10.0


@dataclass(frozen=True)
class Clock:
    """A clock reference: the byte at which its packet begins, and its count."""

    at: int
    count: int

    def until_s(self, later: "Clock") -> float:
        """Return the seconds to a later reference; negative where the clock was put back."""
        step = (later.count - self.count) % WRAPS
        return (step if step < WRAPS // 2 else step - WRAPS) / CLOCK_HZ


def joints(path: str | Path) -> list[int]:
    """Return the byte offsets at which another recording begins, ascending; [] if the file is in one piece.

    Parameters
    ----------
    path : str or Path
        An MPEG transport stream.
    """
    with Path(path).open("rb") as file:
        stream = _Stream(file)
        places = [first for first in (stream.first(0, stream.size_bytes),) if first]
        if not places:
            return []
        if stream.size_bytes <= _SHORT_BYTES:
            return [*_read_through(stream, places[0].at, stream.size_bytes)]
        for number in range(1, _N_PLACES):
            begin = stream.size_bytes * number // _N_PLACES
            if begin - places[-1].at > _FINE_BYTES and (found := stream.first(begin, stream.size_bytes)):
                places.append(found)
        if last := stream.last():
            places.append(last)
        return sorted({*_between(stream, places)})


def length_s(path: str | Path, begin: int, end: int) -> float:
    """Return how long the part between two byte offsets plays, by its references."""
    with Path(path).open("rb") as file:
        clocks = [*_Stream(file).all(begin, min(end, begin + _FINE_BYTES))]
        clocks += _Stream(file).all(max(begin, end - _FINE_BYTES), end)
        return max(0.0, clocks[0].until_s(clocks[-1])) if clocks else 0.0


def _between(stream: "_Stream", places: list[Clock]) -> Iterator[int]:
    """Yield the joints between the places: first where the clock runs back, then where it might have jumped."""
    steps = [(a, b) for a, b in pairwise(places) if b.at > a.at]
    pace = max(0.0, float(np.median([a.until_s(b) / (b.at - a.at) for a, b in steps]))) if steps else 0.0
    steps.sort(key=lambda step: step[0].until_s(step[1]) < 0)
    stream.n_read_bytes = 0
    while steps:
        a, b = steps.pop()
        jumps = a.until_s(b) < 0
        if not jumps and (not _is_odd(a, b, pace) or stream.n_read_bytes > _MOST_BYTES):
            continue
        middle = stream.first((a.at + b.at) // 2, b.at) if b.at - a.at > _FINE_BYTES else None
        if middle:
            steps += sorted([(a, middle), (middle, b)], key=lambda step: step[0].until_s(step[1]) < 0)
        elif b.at - a.at <= _NONE_BYTES:
            yield from _read_through(stream, a.at, b.at + stream.packet_bytes)


def _is_odd(a: Clock, b: Clock, pace: float) -> bool:
    expected_s, passed_s = (b.at - a.at) * pace, a.until_s(b)
    return not _SLOWEST * expected_s - _SLACK_S < passed_s < _FASTEST * expected_s + _FAST_SLACK_S


def _read_through(stream: "_Stream", begin: int, end: int) -> Iterator[int]:
    """Yield the joints in a short stretch, where the references before and those behind each agree."""
    clocks = [*stream.all(begin, end)]
    runs_on = [0 <= one.until_s(other) <= _LONGEST_PAUSE_S for one, other in pairwise(clocks)]
    for number, goes_on in enumerate(runs_on):
        if not goes_on and all(runs_on[max(0, number - 1) : number]) and all(runs_on[number + 1 : number + 2]):
            yield stream.beginning(clocks[number].at, clocks[number + 1].at)


class _Stream:
    """An open transport stream."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.n_read_bytes = file, 0
        self.size_bytes = file.seek(0, 2)
        file.seek(0)
        head = np.frombuffer(file.read(_STEP_BYTES), np.uint8)
        shares = {size: _sync(head, size)[1] for size in _PACKET_BYTES}
        self.packet_bytes = max(shares, key=lambda size: shares[size])
        self._before_sync = 4 if self.packet_bytes == 192 else 0
        self._pid: int | None = None
        self._pid = next((pid for pid, _ in self._references(0, min(self.size_bytes, _FINE_BYTES))), None)

    def first(self, begin: int, end: int) -> Clock | None:
        """Return the first reference in a stretch; None if its first few MB have none."""
        end = min(end, begin + _NONE_BYTES)
        while begin < end:
            found = next(self.all(begin, min(end, begin + _STEP_BYTES)), None)
            if found:
                return found
            begin += _STEP_BYTES - 2 * self.packet_bytes
        return None

    def last(self) -> Clock | None:
        """Return the last reference of the file."""
        found = [*self.all(max(0, self.size_bytes - _FINE_BYTES), self.size_bytes)]
        return found[-1] if found else None

    def all(self, begin: int, end: int) -> Iterator[Clock]:
        """Yield the references in a stretch, of the program that the file begins with if it has any."""
        found = [*self._references(begin, end)]
        own = [clock for pid, clock in found if pid == self._pid]
        yield from own or (clock for _, clock in found)

    def beginning(self, before: int, behind: int) -> int:
        """Return where a recording begins that lies between two references: at the tables before the second."""
        rows, at = self._packets(before, behind)
        pids = (rows[:, 1].astype(int) & 31) << 8 | rows[:, 2] if len(rows) else np.zeros(0, int)
        tables = np.flatnonzero((pids == _TABLE_OF_PROGRAMS) & (at > before))
        if not len(tables):
            return behind
        first = int(tables[-1])
        while first > 0 and pids[first - 1] == _DESCRIPTION and at[first - 1] > before:
            first -= 1
        return int(at[first])

    def _references(self, begin: int, end: int) -> Iterator[tuple[int, Clock]]:
        rows, at = self._packets(begin, end)
        if not len(rows):
            return
        has_one = (rows[:, 1] & 0x80 == 0) & (rows[:, 3] & 0x20 != 0) & (rows[:, 4] >= 7) & (rows[:, 5] & 0x10 != 0)
        for place in np.flatnonzero(has_one):
            row = rows[place].astype(np.int64)
            count = row[6] << 25 | row[7] << 17 | row[8] << 9 | row[9] << 1 | row[10] >> 7
            yield int((row[1] & 31) << 8 | row[2]), Clock(int(at[place]), int(count))

    def _packets(self, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the whole packets of a stretch [shape=(n, 188), uint8], and the byte offset of each."""
        self._file.seek(begin)
        self.n_read_bytes += max(0, end - begin)
        data = np.frombuffer(self._file.read(max(0, end - begin)), np.uint8)
        size, done, rows, at = self.packet_bytes, 0, [], []
        while len(data) - done >= size:
            first, share = _sync(data[done : done + (_LOOK_PACKETS + 1) * size], size)
            if share < 1:
                done += size
                continue
            done += first
            if len(data) - done < 188:
                break
            n_packets = (len(data) - done - 188) // size + 1
            table = np.lib.stride_tricks.sliding_window_view(data[done:], 188)[: n_packets * size : size]
            lost = np.flatnonzero(table[:, 0] != _SYNC)
            n_whole = int(lost[0]) if len(lost) else len(table)
            rows.append(table[:n_whole])
            at.append(begin + done - self._before_sync + np.arange(n_whole) * size)
            # Within the last whole one another may begin, if it lacks its end.
            done += (n_whole - 1) * size + 1 if n_whole < len(table) else len(data)
        return (np.concatenate(rows), np.concatenate(at)) if rows else (np.zeros((0, 188), np.uint8), np.zeros(0, int))


def _sync(data: np.ndarray, size: int) -> tuple[int, float]:
    """Return where the first of equally long packets begins, and how many of those checked begin with the sync byte."""
    n_packets = min(_LOOK_PACKETS, len(data) // size)
    if not n_packets:
        return 0, 0.0
    shares = (data[: n_packets * size].reshape(n_packets, size) == _SYNC).mean(axis=0)
    first = int(shares.argmax())
    return first, float(shares[first])
