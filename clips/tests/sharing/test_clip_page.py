"""Tests copies on a clip's page: requested by a sorter, or made because no browser plays the clip itself."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from clips.models import (
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SharedCopy,
    ShareSound,
)
from clips.previews.playback import best_source, is_playable
from clips.sharing import links
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "plays"),
    [
        ("h264", "yuv420p", True),
        ("h264", "yuvj420p", True),
        ("h264", "yuv420p10le", False),
        ("h264", "yuv422p", False),
        ("h264", None, True),
        ("hevc", "yuv420p", False),
        ("hevc", "yuv420p10le", False),
    ],
)
def test_codec_and_pixels_say_whether_browsers_play_it(clip, codec, pix_fmt, plays):
    OriginalFile.objects.update(codec=codec, probe={"pix_fmt": pix_fmt})
    assert is_playable(FinalClip.objects.get()) == plays
    assert is_playable(FinalClip.objects.with_pictures().get()) == plays


@pytest.mark.parametrize(
    ("sound", "plays"),
    [("aac", True), ("mp3float", True), ("pcm_s16le", True), (None, True), ("alac", False), ("ac3", False)],
)
def test_a_sound_at_which_browsers_are_silent_wants_a_copy_too(clip, sound, plays):
    OriginalFile.objects.update(codec="h264", probe={"pix_fmt": "yuv420p", "audio_codec": sound})
    assert is_playable(FinalClip.objects.get()) == plays
    assert is_playable(FinalClip.objects.with_pictures().get()) == plays
    cut_as = {"kind": "sound", "codec": sound or "?", "fate": "convert", "into": "alac"}
    FinalClip.objects.update(tracks=[cut_as])
    assert not is_playable(FinalClip.objects.get()), "what the clip has counts for more than what its original had"
    FinalClip.objects.update(tracks=[cut_as | {"fate": "leave"}])
    assert is_playable(FinalClip.objects.get())


def unplayable(clip: FinalClip) -> None:
    OriginalFile.objects.update(codec="hevc")
    FinalClip.objects.update(stored_path="final_clips/one.mp4", file_hash="a" * 64, size_bytes=5)


def test_whoever_opens_the_page_of_such_a_clip_gets_a_copy_made(client, viewer, clip):
    unplayable(clip)
    client.force_login(viewer)
    url = reverse("clips:clip", args=[clip.pk])
    page = client.get(url).content.decode()
    asks_for = re.search(r'hx-post="(/clips/[^"]+/playable)" hx-trigger="load"', page)[1]
    assert not SharedCopy.objects.exists(), "looking changes nothing"
    assert client.post(asks_for)["Location"] == url
    job = Job.objects.get()
    assert (job.kind, job.priority) == (JobKind.SHARE, links.URGENT)
    page = client.get(url).content.decode()
    assert "/playable" not in page
    assert 'hx-trigger="every 2s"' in page
    job.fail("The disk is full.")
    Job.objects.update(state=JobState.FAILED, reason="The disk is full.")
    page = client.get(url).content.decode()
    assert "Couldn’t create a playable copy: The disk is full." in page
    assert 'hx-trigger="load"' not in page


def test_such_a_clip_plays_its_copy_once_there_is_one(client, viewer, clip, copy):
    unplayable(clip)
    client.force_login(viewer)
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert f'src="/media/copies/{copy.pk}.mp4"' in page
    assert "/playable" not in page
    assert best_source(FinalClip.objects.get()).offset_ms == clip.start_ms
    FinalClip.objects.update(candidate_segment=None)  # else it is cut by its preview, which shows more
    edit = Client()
    edit.force_login(clip.created_by)
    assert f"/media/copies/{copy.pk}.mp4" in edit.get(reverse("clips:clip_edit", args=[clip.pk])).content.decode()


def test_of_a_clip_that_plays_no_copy_is_made_by_looking(client, viewer, clip):
    FinalClip.objects.update(stored_path="final_clips/one.mp4", file_hash="a" * 64, size_bytes=5)
    client.force_login(viewer)
    assert "/playable" not in client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    client.post(reverse("clips:clip_playable", args=[clip.pk]))
    assert not SharedCopy.objects.exists()


def test_a_sorter_asks_for_a_copy_and_sees_it_come(client, sorter, clip):
    client.force_login(sorter)
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert 'value="4"' in page
    assert 'value="8"' not in page
    answer = client.post(reverse("clips:clip_share", args=[clip.pk]), {"slow_down": 4, "sound": "DROP"})
    copy = SharedCopy.objects.get()
    assert (copy.slow_down, copy.sound) == (4, "DROP")
    assert f'hx-get="/copies/{copy.pk}"' in answer.content.decode()
    Job.objects.update(progress=0.25)
    assert (
        'value="0.250"'
        in client.get(reverse("clips:shared_copy", args=[copy.pk]), headers=AS_A_PAGE_ASKS).content.decode()
    )
    SharedCopy.objects.update(stored_path="final_clips/shared/x.mp4", size_bytes=5)
    row = client.get(reverse("clips:shared_copy", args=[copy.pk]), headers=AS_A_PAGE_ASKS).content.decode()
    assert "hx-get" not in row, "polling ends"
    assert f"/media/copies/{copy.pk}/download" in row


@pytest.mark.parametrize("wish", [{"slow_down": 8}, {"slow_down": 0}, {}, {"slow_down": 2, "sound": "LOUD"}])
def test_a_speed_that_is_not_offered_is_refused(client, sorter, clip, wish):
    client.force_login(sorter)
    answer = client.post(reverse("clips:clip_share", args=[clip.pk]), wish)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not SharedCopy.objects.exists()


def test_where_there_is_one_speed_and_its_copy_nothing_is_offered(client, sorter, clip, copy):
    client.force_login(sorter)
    url = reverse("clips:clip", args=[clip.pk])
    assert "Create share video" in client.get(url).content.decode()
    OriginalFile.objects.update(rate_num=30)
    assert "Create share video" not in client.get(url).content.decode()


def test_a_viewer_downloads_what_is_there_and_makes_nothing(client, viewer, clip, copy):
    client.force_login(viewer)
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert "/share" not in page
    assert "/links" not in page
    answer = client.get(reverse("clips:shared_copy_download", args=[copy.pk]))
    assert b"".join(answer.streaming_content) == b"all of the video"
    name = clip.filename.removesuffix(".mp4")
    assert answer["Content-Disposition"] == f'attachment; filename="{name}__SHARE.mp4"'


def test_a_copy_says_in_its_name_what_was_done_to_it(clip):
    slowed = SharedCopy(clip=clip, slow_down=4, sound=ShareSound.DROP)
    assert slowed.save_as == clip.filename.replace(".mp4", "__SHARE__4X_SLOWER__SILENT.mp4")
