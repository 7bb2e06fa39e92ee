"""Rejects MP4 and QuickTime files whose index claims absurd sizes, before FFmpeg reserves memory for it.

A few bytes can claim a billion frames, ten thousand tracks or a packed index of a gigabyte. FFmpeg believes them until
memory or time runs out (measured: up to 1.9 GB and 27 CPU-seconds for files below 7 MB). The child's limits end that
too, but later, and on a small machine at the cost of others.
"""

from collections.abc import Iterator
from typing import BinaryIO

from clips.media import MediaError
from clips.media.mp4 import boxes
from clips.media.mp4.boxes import Box

#: A phone writes six streams, a GoPro five; a file with thousands only makes readers slow.
MAX_TRACKS = 32
#: Each edit has FFmpeg walk the frames again; a phone writes up to three per track, an editor some dozens.
MAX_EDITS = 1000
#: The index of ten hours at 240 frames per second is 150 MB where every frame differs; QuickTime packed some of 1 MB.
MAX_PACKED_BYTES = 64 * 1024**2
#: Samples of one size are counted and not listed. A file of which a part is missing may claim more than it holds.
MAX_BYTES_OVER_SIZE = 16
#: A fragment is seconds long, and uncompressed sound has 48,000 samples in each.
MAX_RUN_SAMPLES = 2_000_000
MAX_FRAGMENT_SAMPLES = 20_000_000
_TABLES_DEEP = 8
_MAX_BOXES = 20_000
_HOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"cmov", b"moof", b"traf"})


def refuse_absurd(file: BinaryIO) -> list[int]:
    """Raise one sentence if the index claims what no camera writes; a file without boxes passes.

    Returns
    -------
    list of int
        The bytes at which further files begin behind the first, seen on the way: ``appended`` needs them.

    Raises
    ------
    MediaError
        If so.
    """
    size_bytes = file.seek(0, 2)
    n_tracks = n_run_samples = 0
    further, is_whole = [], False
    for box in _tables(file):
        if box.kind == b"ftyp" and is_whole:
            further.append(box.body - 8)
        is_whole = is_whole or box.kind == b"moov"
        if box.kind == b"trak":
            n_tracks += 1
            _refuse_above(MAX_TRACKS, n_tracks, f"more than {MAX_TRACKS} tracks")
        elif box.kind == b"elst":
            n_edits = _unsigned(file, box, 4)
            _refuse_above(MAX_EDITS, n_edits, f"{n_edits:,} edits in one track")
        elif box.kind == b"cmvd":
            packed_bytes = _unsigned(file, box, 0)
            _refuse_above(MAX_PACKED_BYTES, packed_bytes, f"to unpack to {packed_bytes / 1e6:,.0f} MB")
        elif box.kind == b"stsz":
            each_bytes, n_samples = _unsigned(file, box, 4), _unsigned(file, box, 8)
            _refuse_above(size_bytes * MAX_BYTES_OVER_SIZE, each_bytes * n_samples, "far more than the file can hold")
        elif box.kind == b"trun":
            n_samples = _unsigned(file, box, 4)
            n_run_samples += n_samples
            _refuse_above(MAX_RUN_SAMPLES, n_samples, f"{n_samples:,} samples in one fragment")
            _refuse_above(MAX_FRAGMENT_SAMPLES, n_run_samples, f"more than {MAX_FRAGMENT_SAMPLES:,} samples")
    return further


def _tables(file: BinaryIO) -> Iterator[Box]:
    """Yield all boxes down to the tables, up to as many as a whole file could need."""
    inside = [(boxes.top_level(file), 0)]
    for _ in range(_MAX_BOXES):
        if not inside:
            return
        siblings, depth = inside[-1]
        box = next(siblings, None)
        if box is None:
            inside.pop()
            continue
        yield box
        if box.kind in _HOLDERS and depth < _TABLES_DEEP:
            inside.append((boxes.children(file, box), depth + 1))


def _refuse_above(limit: int, value: int, claim: str) -> None:
    if value > limit:
        raise MediaError(f"The index of this file claims {claim}; no camera writes that.")


def _unsigned(file: BinaryIO, box: Box, at: int) -> int:
    return int.from_bytes(boxes.read(file, box, at_most_bytes=at + 4)[at:], "big")
