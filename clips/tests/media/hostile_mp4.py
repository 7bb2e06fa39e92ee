"""Makes MP4 and QuickTime files with impossible claims, or whose samples are in another file."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

MOST_32 = 0xFFFFFFFF
#: Boxes that hold boxes, and how many bytes of their own come first.
HOLDERS = {
    b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"edts": 0, b"udta": 0, b"moof": 0, b"traf": 0,
    b"mvex": 0, b"dinf": 0, b"meta": 4, b"dref": 8,
}  # fmt: skip


@cache
def zeros_packed(size_bytes: int) -> bytes:
    packer = zlib.compressobj(1)
    block = bytes(2**24)
    pieces = [packer.compress(block) for _ in range(size_bytes // len(block))]
    return b"".join([*pieces, packer.flush()])


# --- the boxes of an MP4, taken apart and put together again ------------------------------------------------


@dataclass
class Tree:
    """One box of an MP4: its own content, then the boxes in it."""

    kind: bytes
    body: bytes = b""
    inside: list["Tree"] = field(default_factory=list)

    def __bytes__(self) -> bytes:
        content = self.body + b"".join(map(bytes, self.inside))
        return struct.pack(">I4s", len(content) + 8, self.kind) + content

    def find(self, *path: bytes) -> "Tree":
        return self.all(*path)[0]

    def all(self, *path: bytes) -> list["Tree"]:
        found = [self]
        for kind in path:
            found = [each for tree in found for each in tree.inside if each.kind == kind]
        return found

    def patch(self, at: int, fields: str, *values: int) -> None:
        packed = struct.pack(fields, *values)
        self.body = self.body[:at] + packed + self.body[at + len(packed) :]


def parsed(data: bytes) -> Tree:
    """Return all boxes of an MP4 within one that has no name."""
    return Tree(b"", b"", list(_parse(data)))


def _parse(data: bytes) -> Iterator[Tree]:
    at = 0
    while at + 8 <= len(data):
        size_bytes, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + size_bytes]
        if kind in HOLDERS:
            own = HOLDERS[kind]
            yield Tree(kind, body[:own], list(_parse(body[own:])))
        else:
            yield Tree(kind, body)
        at += size_bytes


def changed(data: bytes, change: Callable[[Tree], None]) -> bytes:
    """Return an MP4 whose boxes were changed; its index lies last, so that places in the file stay true."""
    tree = parsed(data)
    change(tree)
    return b"".join(map(bytes, tree.inside))


def _stbl(tree: Tree, track: int = 0) -> Tree:
    return tree.all(b"moov", b"trak")[track].find(b"mdia", b"minf", b"stbl")


def absurd_mp4s(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield MP4 files whose index makes impossible claims; ``data`` is a whole one with its index last."""
    for name, change in _CHANGES.items():
        yield name, changed(data, change)


def _claim_size(tree: Tree) -> None:
    _stbl(tree).find(b"stsd").patch(8 + 8 + 24, ">HH", 30_000, 30_000)
    tree.find(b"moov", b"trak", b"tkhd").patch(76, ">II", 30_000 << 16, 30_000 << 16)


def _wide_pixels(tree: Tree) -> None:
    table = _stbl(tree).find(b"stsd")
    table.body += bytes(Tree(b"pasp", struct.pack(">II", 60_000, 1)))  # into the only entry, which ends the table
    table.patch(8, ">I", len(table.body) - 8)


def _ten_thousand_tracks(tree: Tree) -> None:
    track = bytes(tree.find(b"moov", b"trak"))
    tree.find(b"moov").inside += [Tree(b"trak", track[8:])] * 10_000


def _constant_samples(tree: Tree) -> None:
    _stbl(tree).find(b"stsz").body = struct.pack(">III", 0, 1, 2**31 - 2)
    _stbl(tree).find(b"stts").body = struct.pack(">IIII", 0, 1, 2**31 - 2, 1)
    _stbl(tree).find(b"stsc").body = struct.pack(">IIIII", 0, 1, 1, 2**31 - 2, 1)


def _constant_sound_samples(tree: Tree) -> None:
    _stbl(tree, 1).find(b"stsz").body = struct.pack(">III", 0, 1, MOST_32)
    _stbl(tree, 1).find(b"stts").body = struct.pack(">IIII", 0, 1, MOST_32, 1)
    _stbl(tree, 1).find(b"stsc").body = struct.pack(">IIIII", 0, 1, 1, 2**31 - 2, 1)


def _count(kind: bytes, at: int = 4, value: int = MOST_32) -> Callable[[Tree], None]:
    return lambda tree: _stbl(tree).find(kind).patch(at, ">I", value)


def _real_entries(kind: bytes, entry: bytes, n: int) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        _stbl(tree).find(kind).body = struct.pack(">II", 0, n) + entry * n

    return change


def _edits(n_claimed: int, n_real: int, duration: int = 1) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        entries = b"".join(struct.pack(">IiI", duration, 512 * (n % 15), 65536) for n in range(min(n_real, 1000)))
        edits = tree.find(b"moov", b"trak", b"edts", b"elst")
        edits.body = struct.pack(">II", 0, n_claimed) + entries * max(1, n_real // 1000)

    return change


def _packed_index(size_bytes: int, packed: Callable[[], bytes]) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        packed_movie = Tree(b"cmvd", struct.pack(">I", size_bytes) + packed())
        tree.find(b"moov").inside = [Tree(b"cmov", b"", [Tree(b"dcom", b"zlib"), packed_movie])]

    return change


def _large_tag(tree: Tree) -> None:
    text = b"x" * (64 * 2**20)
    tree.find(b"moov").inside.append(Tree(b"udta", b"", [Tree(b"\xa9nam", struct.pack(">HH", 0xFFFF, 0) + text)]))
    tree.find(b"moov").inside.append(Tree(b"udta", b"", [Tree(b"FIRM", text)]))


def _many_tags(tree: Tree) -> None:
    tags = [
        Tree(bytes([0xA9, 97 + n % 26, 97 + n // 26 % 26, 97]), struct.pack(">HH4s", 4, 0, b"abcd"))
        for n in range(60_000)
    ]
    tree.find(b"moov").inside.append(Tree(b"udta", b"", tags))


def _deep(kind: bytes) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        data = b""
        for _ in range(20_000):
            data = struct.pack(">I4s", 8, kind) + data
        sized = bytearray(data)
        for n in range(20_000):
            struct.pack_into(">I", sized, 8 * n, len(data) - 8 * n)
        tree.find(b"moov").inside.append(Tree(b"udta", bytes(sized)))

    return change


def _duration(value: int, scale: int | None = None) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        tree.find(b"moov", b"mvhd").patch(16, ">I", value)
        for track in tree.all(b"moov", b"trak"):
            track.find(b"tkhd").patch(20, ">I", value)
            track.find(b"mdia", b"mdhd").patch(16, ">I", value)
            if edits := track.all(b"edts", b"elst"):
                edits[0].patch(8, ">I", value)
        if scale is not None:
            _scale(scale)(tree)

    return change


def _scale(value: int) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        tree.find(b"moov", b"mvhd").patch(12, ">I", value)
        for header in tree.all(b"moov", b"trak", b"mdia", b"mdhd"):
            header.patch(12, ">I", value)

    return change


def _elsewhere(kind: bytes, where: bytes) -> Callable[[Tree], None]:
    """Put the samples into another file, which QuickTime allows."""

    def change(tree: Tree) -> None:
        for track in tree.all(b"moov", b"trak"):
            track.find(b"mdia", b"minf", b"dinf", b"dref").inside = [Tree(kind, struct.pack(">I", 0) + where)]

    return change


_CHANGES: dict[str, Callable[[Tree], None]] = {
    "claims 30,000 by 30,000": _claim_size,
    "pixels far wider than high": _wide_pixels,
    "10,000 tracks": _ten_thousand_tracks,
    "two billion samples of constant size": _constant_samples,
    "four billion sound samples of constant size": _constant_sound_samples,
    "stsz count": _count(b"stsz", at=8),
    "stts count": _count(b"stts"),
    "stts sample count": _count(b"stts", at=8),
    "stsc count": _count(b"stsc"),
    "stsc samples per chunk": _count(b"stsc", at=12),
    "stco count": _count(b"stco"),
    "ctts count": _count(b"ctts"),
    "ctts sample count": _count(b"ctts", at=8),
    "stss count": _count(b"stss"),
    "half a million times": _real_entries(b"stts", struct.pack(">II", 1, 512), 500_000),
    "half a million time offsets": _real_entries(b"ctts", struct.pack(">II", 1, 512), 500_000),
    "no times": _real_entries(b"stts", b"", 0),
    "frames that last for ever": _real_entries(b"stts", struct.pack(">II", 15, 2**31 - 1), 1),
    "frames that last no time": _real_entries(b"stts", struct.pack(">II", 15, 0), 1),
    "edits claimed": _edits(MOST_32, 1),
    "half a million edits": _edits(500_000, 500_000),
    "half a million long edits": _edits(500_000, 500_000, duration=2000),
    "no edits": _edits(0, 0),
    "packed index of 4 GB, claimed": _packed_index(MOST_32 - 8, lambda: zlib.compress(b"x")),
    "packed index of 1 GB, zeros": _packed_index(2**30, lambda: zeros_packed(2**30)),
    "large tags": _large_tag,
    "many tags": _many_tags,
    "deep udta": _deep(b"udta"),
    "deep moov": _deep(b"moov"),
    "deep meta": _deep(b"meta"),
    "duration 0": _duration(0),
    "duration of four billion": _duration(MOST_32),
    "duration of 49 days in ms": _duration(MOST_32 - 1, scale=1000),
    "duration three times as long": _duration(2400, scale=1000),
    "duration half": _duration(250),
    "timescale 0": _scale(0),
    "timescale 1": _scale(1),
    "timescale of four billion": _scale(MOST_32),
}


# --- fragments ----------------------------------------------------------------------------------------------


def endless_fragments(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield fragmented files that never end; ``data`` is a whole fragmented one."""
    tree = parsed(data)
    start = b"".join(bytes(box) for box in tree.inside if box.kind in {b"ftyp", b"moov"})
    moof, mdat = (next(bytes(box) for box in tree.inside if box.kind == kind) for kind in (b"moof", b"mdat"))
    yield "100,000 empty fragments", start + bytes(Tree(b"moof")) * 100_000
    yield "20,000 fragments without media", start + moof * 20_000
    yield "2,000 fragments at one time", start + (moof + mdat) * 200
    for n_samples in (MOST_32, 50_000_000):
        run = Tree(b"trun", struct.pack(">II", 0, n_samples))
        header = Tree(b"tfhd", struct.pack(">IIII", 0x18, 1, 512, 1))
        fragment = Tree(b"moof", b"", [Tree(b"mfhd", bytes(8)), Tree(b"traf", b"", [header, run])])
        yield f"a fragment of {n_samples} samples", start + bytes(fragment) + mdat
    yield (
        "10 fragments of 5,000,000 samples",
        start
        + bytes(
            Tree(
                b"moof",
                b"",
                [
                    Tree(b"mfhd", bytes(8)),
                    Tree(b"traf", b"", [header, Tree(b"trun", struct.pack(">II", 0, 5_000_000))]),
                ],
            )
        )
        * 10
        + mdat,
    )


# --- samples elsewhere ---


def alias(path: Path) -> bytes:
    """Return an alias record of version 2 with the path of a file, as classic QuickTime wrote it."""
    name = path.name.encode()[:63]
    head = struct.pack(">4sHH", b"\0\0\0\0", 150, 2) + bytes(2) + bytes(28) + bytes(12)
    head = head[:50] + bytes([len(name)]) + name.ljust(63, b"\0")
    record = (head + bytes(16)).ljust(150, b"\0")
    whole = str(path).encode()
    parts = b"".join(
        struct.pack(">hH", kind, len(text)) + text + bytes(len(text) % 2) for kind, text in ((2, whole), (18, whole))
    )
    return record + parts + struct.pack(">hH", -1, 0)


def references(data: bytes, canary: Path, port: int) -> Iterator[tuple[str, bytes]]:
    """Yield MP4 and QuickTime files that refer to samples in other files; ``data`` is a whole one."""
    url = f"http://127.0.0.1:{port}/secret.mp4\0".encode()
    yield "samples at a local url", changed(data, _elsewhere(b"url ", f"file://{canary}\0".encode()))
    yield "samples at a url", changed(data, _elsewhere(b"url ", url))
    yield "samples behind an alias", changed(data, _elsewhere(b"alis", alias(canary)))
    place = Tree(b"rdrf", struct.pack(">I4sI", 0, b"url ", len(url)) + url)
    movie = Tree(b"moov", b"", [Tree(b"rmra", b"", [Tree(b"rmda", b"", [place])])])
    yield "a reference movie", bytes(Tree(b"ftyp", b"qt  \0\0\0\0qt  ")) + bytes(movie)
