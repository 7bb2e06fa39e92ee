"""Tests the order of pictures read from their headers, against the times that better containers store."""

import av
import pytest

from clips.media.pictures.display_order import H264Order, ReferencesFirst
from clips.tests.media.kinds_built import OPEN_GOP, PYRAMID, record

X264 = "keyint=30:min-keyint=5:scenecut=0"
STREAMS = {
    "pyramid": ("libx264", PYRAMID),
    "open GOP": ("libx264", OPEN_GOP),
    "16 B-frames": ("libx264", {"x264-params": f"{X264}:bframes=16:b-adapt=0:b-pyramid=normal"}),
    "interlaced": ("libx264", {"x264-params": f"{X264}:bframes=3:interlaced=1:b-pyramid=normal"}),
    "intra refresh": ("libx264", {"x264-params": f"{X264}:bframes=2:intra-refresh=1"}),
    "one group": ("libx264", {"x264-params": "keyint=infinite:bframes=3"}),
    "no B-frames": ("libx264", {"x264-params": f"{X264}:bframes=0"}),
    "MPEG-4": ("mpeg4", {"g": "12", "bf": "2"}),
    "MPEG-2": ("mpeg2video", {"g": "12", "bf": "2"}),
}


@pytest.mark.parametrize("ending", ["mp4", "ts"])  # H.264 between lengths, and between start codes
@pytest.mark.parametrize("name", STREAMS)
def test_pictures_are_shown_in_the_order_that_their_headers_say(tmp_path, name, ending):
    picture, options = STREAMS[name]
    path = record(tmp_path / f"a.{ending}", picture=picture, heard=None, options=options)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec, extradata = stream.codec_context.name, stream.codec_context.extradata or b""
        order = H264Order(extradata) if codec == "h264" else ReferencesFirst(codec)
        packets = [packet for packet in container.demux(stream) if packet.size]
        places = [order.place(bytes(packet)) for packet in packets]
    by_headers = sorted(range(len(packets)), key=lambda n: places[n])
    assert by_headers == sorted(range(len(packets)), key=lambda n: packets[n].pts)


@pytest.mark.parametrize("data", [b"", b"\0\0\1", b"\0\0\1\x65", b"\0\0\1\x41\xff\xff", b"\0\0\1\x67\x64", bytes(100)])
def test_damage_has_no_place(data):
    assert H264Order(b"").place(data) is None
    assert ReferencesFirst("mpeg4").place(data) is None
