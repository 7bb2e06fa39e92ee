"""Tests how a browser gets a raw video: the camera's file, its small copy, pieces, or not at all."""

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.media.probe import probe
from clips.models import OriginalFile
from clips.previews.raw_playback import Way, raw_source
from clips.tests.factories import OriginalFileFactory
from clips.tests.library.watched import filmed
from clips.tests.media.made_up import make_video

FACTS = {"pix_fmt": "yuv420p", "audio_codec": "aac", "start_ms": 0, "flip": False}
PLAYED = {
    "codec": "h264", "duration_ms": 60_000, "width_px": 1920, "height_px": 1080, "rate_num": 60, "rate_den": 1,
    "size_bytes": 400_000_000, "probe": FACTS,
}  # fmt: skip


def video(**fields: object) -> OriginalFile:
    return OriginalFileFactory(**(PLAYED | fields))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "way"),
    [
        ({}, Way.ORIGINAL),
        ({"original_filename": "IMG_0001.MOV"}, Way.ORIGINAL),
        ({"rotation_deg": 90}, Way.ORIGINAL),
        ({"probe": FACTS | {"audio_codec": None}}, Way.ORIGINAL),
        ({"probe": FACTS | {"audio_codec": "pcm_s16be"}}, Way.ORIGINAL),
        ({"codec": "hevc"}, Way.PIECES),
        ({"probe": FACTS | {"pix_fmt": "yuv420p10le"}}, Way.PIECES),
        ({"probe": FACTS | {"pix_fmt": "yuv422p"}}, Way.PIECES),
        ({"probe": {}}, Way.PIECES),
        ({"probe": FACTS | {"audio_codec": "ac3"}}, Way.PIECES),
        ({"probe": FACTS | {"flip": True}}, Way.PIECES),
        ({"probe": FACTS | {"start_ms": 5_000}}, Way.PIECES),
        ({"original_filename": "00001.MTS"}, Way.PIECES),
        ({"original_filename": "DSCF0001.AVI"}, Way.PIECES),
        ({"size_bytes": 1_500_000_000}, Way.PIECES),
        ({"width_px": 3840, "height_px": 2160, "rate_num": 120}, Way.PIECES),
        ({"evicted_at": timezone.now()}, Way.REMOVED),
        ({"duration_ms": None}, Way.UNREAD),
    ],
)
def test_a_video_that_browsers_play_is_sent_as_it_is(fields, way):
    assert raw_source(video(**fields)).way == way


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("copied", "original", "way"),
    [
        ({}, {"codec": "hevc"}, Way.SMALL_COPY),
        ({}, {"evicted_at": timezone.now()}, Way.SMALL_COPY),
        ({}, {}, Way.ORIGINAL),
        ({"evicted_at": timezone.now()}, {"codec": "hevc"}, Way.PIECES),
        ({"codec": "hevc"}, {"codec": "hevc"}, Way.PIECES),
        ({"width_px": 960, "height_px": 960}, {"codec": "hevc"}, Way.PIECES),
    ],
)
def test_the_cameras_small_copy_stands_in_for_what_does_not_play(copied, original, way):
    main = video(**original)
    small = {"original_filename": "GL010001.LRV", "low_res_of": main, "width_px": 960, "height_px": 540}
    copy = video(**(small | copied))
    source = raw_source(main)
    assert source.way == way
    if way == Way.SMALL_COPY:
        assert source.url == reverse("clips:raw_file", args=[copy.pk])
        assert source.is_whole


@pytest.mark.django_db
def test_the_bytes_of_a_raw_video_come_by_ranges(client, viewer, shoot, tmp_path):
    source = make_video(tmp_path / "GX010001.mp4", frames=30)
    original = filmed(shoot, source, "GX010001.MP4")
    assert original.probe["codec"] == probe(str(source))["codec"]
    client.force_login(viewer)
    address = raw_source(original).url
    answer = client.get(address, headers={"Range": "bytes=100-299"})
    assert answer.status_code == 206
    assert b"".join(answer) == source.read_bytes()[100:300]
    assert answer["Content-Type"] == "video/mp4"
    OriginalFile.objects.filter(pk=original.pk).update(codec="hevc")
    assert client.get(address).status_code == 404
    OriginalFile.objects.filter(pk=original.pk).update(codec="h264", evicted_at=timezone.now())
    assert client.get(address).status_code == 404
