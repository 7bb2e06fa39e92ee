"""Makes Matroska and AVI files with impossible claims, pictures of absurd size, and texts that name other files."""

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from clips.tests.media.hostile_mp4 import MOST_32, zeros_packed

# --- other containers ---------------------------------------------------------------------------------------


def element(name: str, content: bytes | int) -> bytes:
    """Return an element of Matroska with an id in hexadecimal."""
    if isinstance(content, int):
        content = content.to_bytes(max(1, (content.bit_length() + 7) // 8), "big")
    return bytes.fromhex(name) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def _matroska(tracks: bytes, *, scale: int = 1_000_000, duration: float = 1000.0, clusters: bytes = b"") -> bytes:
    head = element("1A45DFA3", element("4282", b"matroska") + element("4287", 4) + element("4285", 2))
    about = element("2AD7B1", scale) + element("4489", struct.pack(">d", duration)) + element("4D80", b"x")
    return head + element("18538067", element("1549A966", about) + element("1654AE6B", tracks) + clusters)


def _picture_track(number: int, codec: bytes, width: int, height: int, more: bytes = b"") -> bytes:
    size = element("B0", width) + element("BA", height)
    kind = element("D7", number) + element("73C5", number) + element("83", 1) + element("86", codec)
    return element("AE", kind + element("E0", size) + more)


def absurd_matroskas(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield Matroska files with impossible claims; ``data`` is a whole one."""
    blocks = b"".join(element("A3", struct.pack(">BhB", 0x81, 40 * n, 0x80) + _png(64, 64)) for n in range(10))
    cluster = element("1F43B675", element("E7", 0) + blocks)
    png = _picture_track(1, b"V_MS/VFW/FOURCC", 64, 64, element("63A2", _bitmap_header(64, 64, b"MPNG")))
    yield "mkv: 10,000 tracks", _matroska(b"".join(_picture_track(n, b"V_VP8", 64, 64) for n in range(1, 10_001)))
    yield "mkv: 30,000 by 30,000", _matroska(_picture_track(1, b"V_VP8", 30_000, 30_000), clusters=cluster)
    yield "mkv: timescale 0", _matroska(png, scale=0, clusters=cluster)
    yield "mkv: timescale of 2^63", _matroska(png, scale=2**63 - 1, clusters=cluster)
    for duration in (0.0, -1.0, 1e300, float("nan"), float("inf")):
        yield f"mkv: duration {duration}", _matroska(png, duration=duration, clusters=cluster)
    packing = element(
        "6D80",
        element(
            "6240", element("5031", 0) + element("5032", 1) + element("5033", 0) + element("5034", element("4254", 0))
        ),
    )
    bomb = element("A3", struct.pack(">BhB", 0x81, 0, 0x80) + zeros_packed(2**30))
    packed = _picture_track(1, b"V_MPEG4/ISO/AVC", 64, 64, packing)
    yield "mkv: a packed block of 1 GB", _matroska(packed, clusters=element("1F43B675", element("E7", 0) + bomb))
    at = data.find(bytes.fromhex("1F43B675"))
    yield "mkv: endless empty clusters", data[:at] + element("1F43B675", element("E7", 0)) * 200_000
    deep = b""
    for _ in range(300):
        deep = element("63C0", deep)
    yield "mkv: deep", _matroska(png, clusters=deep + cluster)


def absurd_avis(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield AVI files with impossible claims; ``data`` is a whole one."""
    header = data.find(b"strh")
    for name, scale, rate in (("rate 0", 1, 0), ("scale 0", 0, 30), ("both 0", 0, 0), ("rate 2^32", 1, MOST_32)):
        yield f"avi: {name}", data[: header + 28] + struct.pack("<II", scale, rate) + data[header + 36 :]
    picture = data.find(b"strf") + 8
    yield "avi: 30,000 by 30,000", data[: picture + 4] + struct.pack("<II", 30_000, 30_000) + data[picture + 12 :]
    begin, end = data.find(b"LIST", 20), data.find(b"LIST", data.find(b"strh"))
    yield "avi: 10,000 tracks", data[:begin] + data[begin:end] * 10_000 + data[end:]
    yield "avi: length of 2^32", data[: header + 40] + struct.pack("<I", MOST_32) + data[header + 44 :]


def _bitmap_header(width: int, height: int, codec: bytes) -> bytes:
    return struct.pack("<IIIHH4sIIIII", 40, width, height, 1, 24, codec, 0, 0, 0, 0, 0)


# --- pictures of absurd size --------------------------------------------------------------------------------


def _png(width: int, height: int) -> bytes:
    """Return a black PNG of one bit per pixel: some kB that would decode to a hundred MB."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compressobj(1)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join([*(rows.compress(row) for _ in range(height)), rows.flush()])
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def videos_of_size(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield videos of 1 × 1, of 30,000 × 30,000, and some whose header and pictures disagree."""
    for codec, pix_fmt in (("png", "rgb24"), ("mjpeg", "yuvj444p"), ("libx264", "yuv444p")):
        path = folder / "tiny.mov"
        with av.open(str(path), "w") as container:
            video = container.add_stream(codec, rate=30)
            video.width, video.height, video.pix_fmt = 1, 1, pix_fmt
            for number in range(10):
                frame = av.VideoFrame.from_ndarray(np.zeros((1, 1, 3), np.uint8), format="rgb24").reformat(
                    format=pix_fmt
                )
                frame.pts, frame.time_base = number, Fraction(1, 30)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        yield f"1 by 1, {codec}", path.read_bytes()
    large = _png(30_000, 30_000)
    for name, width in (("30,000 by 30,000, told", 30_000), ("30,000 by 30,000, not told", 64)):
        blocks = b"".join(element("A3", struct.pack(">BhB", 0x81, 40 * n, 0x80) + large) for n in range(3))
        track = _picture_track(
            1, b"V_MS/VFW/FOURCC", width, width, element("63A2", _bitmap_header(width, width, b"MPNG"))
        )
        yield name, _matroska(track, clusters=element("1F43B675", element("E7", 0) + blocks))
    yield "a JPEG of 65,000 by 65,000", _inflated_jpegs(folder)


def _inflated_jpegs(folder: Path) -> bytes:
    """Return a video whose second and later pictures claim to be of 65,000 × 65,000."""
    path = folder / "jpegs.avi"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mjpeg", rate=30)
        video.width, video.height, video.pix_fmt = 64, 64, "yuvj420p"
        for number in range(10):
            frame = av.VideoFrame(64, 64, "yuvj420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    data = bytearray(path.read_bytes())
    at = data.find(b"\xff\xc0", data.find(b"\xff\xc0") + 2)
    while at > 0:
        data[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
        at = data.find(b"\xff\xc0", at + 2)
    return bytes(data)


# --- texts that name other files ---


def playlists(canary: Path, port: int) -> Iterator[tuple[str, bytes]]:
    """Yield texts that make a player open ``canary`` or connect to a local port; with matching file name endings."""
    there = f"http://127.0.0.1:{port}/secret"
    targets = {
        "beside": canary.name,
        "absolute": str(canary),
        "url": f"file://{canary}",
        "http": f"{there}.ts",
        "tcp": f"tcp://127.0.0.1:{port}",
        "crypto": f"crypto+http://127.0.0.1:{port}/secret",
        "concat": f"concat:{canary}|{canary}",
        "subfile": f"subfile,,start,0,end,0,,:{canary}",
    }
    for name, target in targets.items():
        hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n"
        yield f"hls, {name}.m3u8", hls.encode()
        yield f"concat, {name}.ffconcat", f"ffconcat version 1.0\nfile '{target}'\n".encode()
        base = f"<BaseURL>{target}</BaseURL><SegmentList><SegmentURL media='{target}'/></SegmentList>"
        shown = f"<Representation id='1' mimeType='video/mp4' bandwidth='1'>{base}</Representation>"
        mpd = f"<Period><AdaptationSet mimeType='video/mp4'>{shown}</AdaptationSet></Period>"
        head = "<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static' "
        yield f"dash, {name}.mpd", f"{head}mediaPresentationDuration='PT10S'>{mpd}</MPD>\n".encode()
    master = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{there}.m3u8\n"
    yield "hls, master.m3u8", master.encode()
    key = f'#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=AES-128,URI="{there}.key"\n#EXTINF:10,\n{canary}\n'
    yield "hls, key.m3u8", key.encode()
    yield "m3u.m3u", f"#EXTM3U\n{canary}\n{there}.mp4\n".encode()
    yield "bare concat.txt", f"file {canary}\n".encode()
    yield "session.sdp", f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n".encode()
