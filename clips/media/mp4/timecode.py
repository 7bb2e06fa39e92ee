"""Reads and shifts the timecode of a camera file (``tmcd``: QuickTime File Format, "Timecode media").

It numbers frames at a nominal rate as hours:minutes:seconds:frames. At 29.97 and 59.94 such a clock falls behind real
time, so drop-frame timecode skips the first numbers of each minute except every tenth (SMPTE ST 12-1).
"""

import struct
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import BinaryIO

from clips.media.mp4 import boxes

_DROP_FRAME = 1
#: Times are rounded to ticks, so a frame may seem to begin this part of a frame early.
_EARLY = Fraction(1, 10)
_MAX_RATE_HZ = 1000


@dataclass(frozen=True)
class Timecode:
    """The number of a frame, counted without gaps from 00:00:00:00, and its notation."""

    count: int
    rate: Fraction  # numbers per second
    drops: bool

    def later(self, by_s: Fraction) -> "Timecode":
        """Return the timecode of the frame that is on screen ``by_s`` seconds later."""
        return replace(self, count=self.count + floor(by_s * self.rate + _EARLY))

    def __str__(self) -> str:
        """Return it as "01:00:04;02"; a semicolon marks drop-frame."""
        per_second = round(self.rate)
        n_dropped = per_second // 15 if self.drops else 0
        per_minute = 60 * per_second - n_dropped
        per_ten_minutes = 600 * per_second - 9 * n_dropped
        tens, rest = divmod(self.count % (144 * per_ten_minutes), per_ten_minutes)
        minutes = max(0, rest - n_dropped) // per_minute
        number = self.count % (144 * per_ten_minutes) + n_dropped * (9 * tens + minutes)
        seconds, frames = divmod(number, per_second)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return f"{clock}{';' if self.drops else ':'}{frames:02}"


def read(file: BinaryIO) -> Timecode | None:
    """Return the timecode of a QuickTime or MP4 file's first frame, or None where it has none."""
    for track in boxes.find(file, b"moov", b"trak"):
        samples = boxes.first(file, track, b"mdia", b"minf", b"stbl")
        if samples is None:
            continue
        description = boxes.first(file, samples, b"stsd")
        # version and flags, number of entries; then size, four letters, 8 bytes reserved and reference of the first
        fields = boxes.read(file, description)[8:] if description else b""
        if fields[4:8] != b"tmcd" or len(fields) < 33:
            continue
        # The byte behind these, the numbers per second, is 29 in GoPros that count to 30.
        flags, ticks_hz, ticks = struct.unpack_from(">III", fields, 20)
        count = _first_sample(file, samples)
        if count is None or not 0 < ticks <= ticks_hz <= _MAX_RATE_HZ * ticks:
            return None
        rate = Fraction(ticks_hz, ticks)
        return Timecode(count, rate, drops=bool(flags & _DROP_FRAME) and round(rate) % 30 == 0)
    return None


def _first_sample(file: BinaryIO, samples: boxes.Box) -> int | None:
    for kind, form in ((b"stco", ">I"), (b"co64", ">Q")):
        offsets = boxes.first(file, samples, kind)
        fields = boxes.read(file, offsets) if offsets else b""
        if len(fields) >= 8 + struct.calcsize(form):
            file.seek(struct.unpack_from(form, fields, 8)[0])
            sample = file.read(4)
            return struct.unpack(">I", sample)[0] if len(sample) == 4 else None
    return None
