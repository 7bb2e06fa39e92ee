"""Tests the ZIP writer against other programs' readers, and each of its ranges against the whole."""

import io
import random
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from functools import partial, reduce
from operator import xor

import pytest

from clips.library.zip_stream import MAX_32, Entry, ZipStream

FILMED_AT = datetime(2024, 12, 1, 14, 30, 42)  # noqa: DTZ001 - ZIP knows no zones


def entry(name: str, data: bytes, *, content: str = "", at: datetime = FILMED_AT) -> Entry:
    return Entry(name, len(data), zlib.crc32(data), at, lambda first, last: iter([data[first : last + 1]]), content)


@pytest.fixture
def files() -> dict[str, bytes]:
    drawn = random.Random(7)  # noqa: S311
    return {
        "clips.csv": b"file,date\n",
        "2024/2024-12-01 - Nachtlauf Öd/Zoë/BS 180/é.mp4": drawn.randbytes(1000),
        "empty.mp4": b"",
        "2024/one.mov": drawn.randbytes(1),
    }


def zip_of(files: dict[str, bytes]) -> ZipStream:
    return ZipStream([entry(name, data) for name, data in files.items()])


def part_of(files: dict[str, bytes], first: int, last: int) -> bytes:
    stream = zip_of(files)
    stream.narrow(first, last)
    return b"".join(stream)


def test_python_reads_all_files_with_their_names_and_times(files):
    stream = zip_of(files)
    whole = b"".join(stream)
    assert (len(whole), stream.left_bytes) == (stream.size_bytes, 0)
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == files
        assert {info.date_time for info in read.infolist()} == {(2024, 12, 1, 14, 30, 42)}
        assert {info.external_attr >> 16 for info in read.infolist()} == {0o100644}


def test_every_range_is_what_the_whole_has_there(files):
    whole = b"".join(zip_of(files))
    last = len(whole) - 1
    for first in range(len(whole)):
        assert part_of(files, first, last) == whole[first:], first
        assert part_of(files, first, first) == whole[first : first + 1], first
    drawn = random.Random(8)  # noqa: S311
    for _ in range(500):
        first, last = sorted(drawn.choices(range(len(whole)), k=2))
        assert part_of(files, first, last) == whole[first : last + 1], (first, last)


def test_nothing_before_a_range_is_read(files):
    read: list[tuple[str, int, int]] = []

    def noted(name: str, data: bytes, first: int, last: int) -> Iterator[bytes]:
        read.append((name, first, last))
        yield data[first : last + 1]

    entries = [
        Entry(name, len(data), zlib.crc32(data), FILMED_AT, partial(noted, name, data)) for name, data in files.items()
    ]
    stream = ZipStream(entries)
    whole = b"".join(ZipStream(entries))
    read.clear()
    at = whole.index(files["2024/one.mov"], whole.index(b"2024/one.mov") + len(b"2024/one.mov"))
    stream.narrow(at, stream.size_bytes - 1)
    assert b"".join(stream) == whole[at:]
    assert read == [("2024/one.mov", 0, 0)]


def test_the_tag_is_that_of_the_bytes(files):
    tag = zip_of(files).etag
    assert tag == zip_of(files).etag
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert zip_of(files | {"empty.mp4": b"1"}).etag != tag
    renamed = {name.replace("one", "two"): data for name, data in files.items()}
    assert zip_of(renamed).etag != tag
    same = [entry("a", b"1", content="x"), entry("a", b"1", content="y")]
    assert ZipStream(same[:1]).etag != ZipStream(same[1:]).etag


def test_an_empty_zip_and_times_that_zip_cannot_write():
    with zipfile.ZipFile(io.BytesIO(b"".join(ZipStream([])))) as read:
        assert read.namelist() == []
    old = ZipStream([entry("a", b"1", at=FILMED_AT.replace(year=1970))])
    with zipfile.ZipFile(io.BytesIO(b"".join(old))) as read:
        assert read.infolist()[0].date_time[0] == 1980


@pytest.mark.slow
def test_more_files_than_sixteen_bits_count():
    stream = ZipStream(entry(f"{number}.txt", b"%d" % number) for number in range(70_000))
    with zipfile.ZipFile(io.BytesIO(b"".join(stream))) as read:
        assert len(read.namelist()) == 70_000
        assert read.read("69999.txt") == b"69999"


ZEROS = bytes(1024**2)


def sparse(name: str, size_bytes: int) -> Entry:
    """Return a file of zeros with something in its middle and at its end; all of its blocks between are one."""
    words = {size_bytes // 2: b"trick", size_bytes - 5: b"trick"}

    def blocks(first: int, last: int) -> Iterator[bytes]:
        for at, word in words.items():
            while first < min(at, last + 1):
                n_bytes = min(len(ZEROS), at - first, last + 1 - first)
                yield ZEROS[:n_bytes]
                first += n_bytes
            if first <= last and first < at + len(word):
                part = word[first - at : last + 1 - at]
                yield part
                first += len(part)

    crc32 = after = 0
    for at, word in words.items():
        crc32, after = zlib.crc32(word, with_zeros(crc32, at - after)), at + len(word)
    return Entry(name, size_bytes, crc32, FILMED_AT, blocks)


def with_zeros(crc32: int, n_bytes: int) -> int:
    """Return the checksum of what has this one with so many zeros behind it, without going through them.

    What a zero does to the bits of a checksum is linear, so what twice as many do is known from each single bit.
    """
    done = [zlib.crc32(b"\0", 1 << bit ^ MAX_32) ^ MAX_32 for bit in range(32)]
    crc32 ^= MAX_32
    while n_bytes:
        if n_bytes % 2:
            crc32 = _added(done, crc32)
        done = [_added(done, bits) for bits in done]
        n_bytes //= 2
    return crc32 ^ MAX_32


def _added(done: list[int], bits: int) -> int:
    return reduce(xor, (image for bit, image in enumerate(done) if bits >> bit & 1), 0)


def test_the_checksum_of_many_zeros_is_that_of_going_through_them():
    for n_bytes in (0, 1, 2, 255, 1_000_003):
        assert with_zeros(zlib.crc32(b"trick"), n_bytes) == zlib.crc32(b"trick" + bytes(n_bytes))


def test_blocks_of_a_sparse_file_are_its_bytes_from_any_to_any():
    large = sparse("large.mp4", 40)
    whole = b"".join(large.blocks(0, 39))
    assert whole == bytes(20) + b"trick" + bytes(10) + b"trick"
    assert zlib.crc32(whole) == large.crc32
    for first in range(40):
        for last in range(first, 40):
            assert b"".join(large.blocks(first, last)) == whole[first : last + 1], (first, last)


@pytest.mark.slow
@pytest.mark.parametrize("size_bytes", [MAX_32 - 1, MAX_32 + 1])
def test_others_open_a_zip_beyond_four_gigabytes(tmp_path, size_bytes):
    """It lies sparse on the disk: blocks of zeros are jumped over. Exactly MAX_32 bytes are misread by unzip 6."""
    entries = [sparse("large.mp4", size_bytes), entry("last.mp4", b"behind four gigabytes")]
    stream, made = ZipStream(entries), tmp_path / "made.zip"
    with made.open("wb") as file:
        for block in stream:
            file.seek(len(block), io.SEEK_CUR) if block == ZEROS[: len(block)] else file.write(block)
        file.truncate()
    assert made.stat().st_size == stream.size_bytes
    with zipfile.ZipFile(made) as read:
        assert read.read("last.mp4") == b"behind four gigabytes"
        assert read.getinfo("large.mp4").file_size == size_bytes
        by_unzip = [] if size_bytes >= MAX_32 else ["last.mp4"]  # it takes a quarter of a minute for the large one
        assert (shutil.which("unzip") and not by_unzip) or read.testzip() is None
    if shutil.which("unzip"):
        tested = subprocess.run(["unzip", "-t", str(made), *by_unzip], capture_output=True, text=True, check=False)
        assert tested.returncode == 0, tested.stdout + tested.stderr
        assert "No errors detected" in tested.stdout
    first = stream.size_bytes - 400
    again = ZipStream(entries)
    again.narrow(first, again.size_bytes - 1)
    with made.open("rb") as file:
        file.seek(first)
        assert b"".join(again) == file.read()
