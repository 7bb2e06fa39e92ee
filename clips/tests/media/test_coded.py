"""Tests reading headers of coded pictures, whole and damaged."""

import random
from types import SimpleNamespace

import av
import pytest

from clips.media.pictures.coded import CodedPictures, Field
from clips.tests.media.made_up import make_video
from clips.tests.media.paff import make_paff


def packets_of(path) -> tuple[SimpleNamespace, list[bytes]]:
    """Return the codec of a file's picture, as the reader names it, and its packets."""
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        stream = SimpleNamespace(codec_context=SimpleNamespace(name=context.name, extradata=context.extradata))
        return stream, [bytes(packet) for packet in container.demux(video=0) if packet.size]


def packet(content: bytes, pts: int = 0) -> av.Packet:
    made = av.Packet(content)
    made.pts = pts
    return made


@pytest.mark.parametrize("ending", ["ts", "mp4"])
def test_fields_are_told_with_start_codes_and_with_lengths(tmp_path, ending):
    stream, contents = packets_of(make_paff(tmp_path / f"a.{ending}", frames=12))
    coded = CodedPictures(stream)
    assert coded.may_have_fields
    found = [coded.field(packet(content)) for content in contents]
    assert found == [Field(bool(n % 2), n // 2 % 10 % 16) for n in range(24)]
    assert coded.field(packet(contents[0] + contents[1])) is None, "both in one packet are a picture"


def test_pictures_are_right_where_enough_were_decoded(tmp_path):
    path = make_video(tmp_path / "a.mp4", frames=90, gop=40, audio=False, encoder_params="intra-refresh=1")
    stream, contents = packets_of(path)
    coded = CodedPictures(stream)
    packets = [packet(content, pts=number) for number, content in enumerate(contents)]
    assert (coded.right_from(packets), coded.is_right_at_once(packets[0])) == (0, True)
    built_up = coded.right_from(packets[40:])
    assert 40 < built_up < 80
    assert coded.right_from(packets[40:built_up]) is None, "it lies behind the last of them"
    assert coded.right_from(packets[41:]) is None, "no place to begin at"
    assert not coded.may_have_fields


@pytest.mark.parametrize("codec", ["libx264", "libx265", "in fields"])
def test_damage_is_an_answer_and_no_error(tmp_path, codec):
    rng = random.Random(5)  # noqa: S311 - a seed, no secret
    path = tmp_path / "a.mp4"
    made = make_paff(path, frames=4) if codec == "in fields" else make_video(path, frames=4, audio=False, codec=codec)
    stream, contents = packets_of(made)
    for _ in range(300):
        context = SimpleNamespace(**vars(stream.codec_context))
        for what in ("extradata", "packet"):
            damaged = bytearray(context.extradata if what == "extradata" else rng.choice(contents)[:2000])
            for _ in range(rng.randrange(1, 8)):
                damaged[rng.randrange(min(len(damaged), 200))] = rng.choice((0, 0, 1, 255, rng.randrange(256)))
            damaged = bytes(damaged[: rng.randrange(1, len(damaged) + 1)])
            if what == "extradata":
                context.extradata = damaged
        coded = CodedPictures(SimpleNamespace(codec_context=context))
        assert coded.may_have_fields in (True, False)
        assert isinstance(coded.field(packet(damaged)), Field | None) or codec == "libx265"
        assert coded.right_from([packet(damaged)] * 3) in (0, None)
