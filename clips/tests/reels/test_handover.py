"""Tests of an edit that is handed to a video editor: from real cuts, frame by frame, and as a download."""

import hashlib
import io
import re
import zipfile
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from zlib import crc32

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from clips.library.selection import Selection
from clips.media.cut.clip import cut
from clips.media.probe import probe
from clips.models import FinalClip, HandleCut, OriginalFile, Reel
from clips.reels import editing, handles, handover
from clips.reels.handover import Linked, hand_over
from clips.reels.timeline.model import TimelineError
from clips.tests.factories import FinalClipFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video, shown_numbers
from people.models import Person
from tricks.models import Trick

RATE = Fraction(60000, 1001)
HTMX = {"HX-Request": "true"}
SPANS_MS = ((334, 1201), (1500, 2600))


@pytest.fixture
def film(tmp_path) -> Path:
    """Three seconds whose frames are numbered, at an NTSC rate and with B-frames."""
    return make_video(tmp_path / "GX010001.MP4", frames=180, rate=RATE, bframes=2)


@pytest.fixture
def video(film, shoot) -> OriginalFile:
    facts = probe(str(film))
    return OriginalFileFactory(
        shoot=shoot, original_filename=film.name, rate_num=RATE.numerator, rate_den=RATE.denominator, probe=facts,
        duration_ms=facts["duration_ms"], width_px=facts["width"], height_px=facts["height"], has_audio=True,
        codec="h264",
    )  # fmt: skip


@pytest.fixture
def cuts(film, video, own_data_dir) -> list[FinalClip]:
    """Clips that were really cut, each with a rider and a trick."""
    made = []
    for (start_ms, end_ms), rider in zip(SPANS_MS, ("Mia", "Zoë"), strict=True):
        stored = f"final_clips/{rider}.mp4"
        out = own_data_dir / stored
        out.parent.mkdir(parents=True, exist_ok=True)
        cut(str(film), str(out), start_ms, end_ms)
        data = out.read_bytes()
        clip = FinalClipFactory(
            original_file=video, start_ms=start_ms, end_ms=end_ms, stored_path=stored, size_bytes=len(data),
            file_hash=hashlib.sha256(data).hexdigest(), crc32=crc32(data), person=Person.objects.find_or_add(rider),
            trick=Trick.objects.find_or_add("KFED"),
        )  # fmt: skip
        made.append(clip)
    return made


@pytest.fixture
def edit(cuts, sorter, hand) -> Reel:
    made = editing.make_reel("Back & forth", member=sorter)
    editing.add_clips(made, FinalClip.objects.filter(pk__in=[clip.pk for clip in cuts]).order_by("start_ms"),
                      hand=hand(sorter))  # fmt: skip
    first = made.clips.get(position=1)
    made.clips.filter(pk=first.pk).update(start_ms=500, end_ms=1001, title="First try")
    return made


def numbers_on_screen(film: Path, start_ms: int, end_ms: int) -> list[int]:
    """Return the numbers of the frames from the one on screen at the start to the one at the end."""
    return [at for at in shown_numbers(film) if -(-1000 * at // RATE) <= end_ms and 1000 * (at + 1) / RATE > start_ms]


@pytest.mark.slow
@pytest.mark.parametrize("linked", list(Linked))
def test_each_cut_shows_the_frames_that_the_edit_shows(edit, film, cuts, linked, own_data_dir):
    timeline = hand_over(edit, linked).timeline
    assert timeline.rate == RATE
    wanted = [(500, 1001), SPANS_MS[1]]
    for shown, clip, (start_ms, end_ms) in zip(timeline.cuts, cuts, wanted, strict=True):
        file = film if linked == Linked.ORIGINALS else own_data_dir / clip.stored_path
        frames = shown_numbers(file)
        assert len(frames) == shown.media.n_frames
        there = frames[shown.first_frame : shown.first_frame + shown.n_frames]
        assert there == numbers_on_screen(film, start_ms, end_ms)
    assert [shown.title for shown in timeline.cuts] == ["First try", ""]
    assert [shown.rider for shown in timeline.cuts] == ["Mia", "Zoë"]


def test_paths_lead_into_the_zip_the_archive_and_to_the_cameras_files(edit):
    def first_path(linked: Linked) -> str:
        return hand_over(edit, linked).timeline.cuts[0].media.path

    in_archive = first_path(Linked.ARCHIVE)
    assert in_archive.startswith("TrickyClip Archive/2024/2024-12-01 - ")
    assert first_path(Linked.ZIP) == f"Media/{in_archive}"
    assert first_path(Linked.ORIGINALS) == "Originals/GX010001.MP4"


def test_the_camera_s_timecode_and_highlights_come_along(edit, video):
    facts = video.probe | {"timecode_frame": 1000, "hilights_ms": [600, 1400]}
    OriginalFile.objects.filter(pk=video.pk).update(probe=facts)
    in_clip = hand_over(edit, Linked.ARCHIVE).timeline.cuts[0]
    in_video = hand_over(edit, Linked.ORIGINALS).timeline.cuts[0]
    assert in_video.media.starts_at_frame == 1000
    counted = [shown.media.starts_at_frame + shown.first_frame for shown in (in_clip, in_video)]
    assert counted[0] == counted[1]
    assert [marker.name for marker in in_clip.markers] == ["HiLight"]
    assert in_video.markers[0].frame == int(Fraction(600, 1000) * RATE)


def test_a_portrait_video_is_handed_over_upright(edit, video):
    OriginalFile.objects.filter(pk=video.pk).update(width_px=1920, height_px=1080, rotation_deg=270)
    timeline = hand_over(edit, Linked.ARCHIVE).timeline
    assert (timeline.width_px, timeline.height_px) == (1080, 1920)


def test_what_is_not_cut_yet_is_left_out_and_named(edit, cuts):
    FinalClip.objects.filter(pk=cuts[0].pk).update(stored_path="", file_hash="", size_bytes=None)
    handed = hand_over(edit, Linked.ZIP)
    assert [shown.rider for shown in handed.timeline.cuts] == ["Zoë"]
    assert handed.left_out == (f"{cuts[0].filename}: not cut yet",)
    assert len(hand_over(edit, Linked.ORIGINALS).timeline.cuts) == 2
    OriginalFile.objects.update(rate_num=None, rate_den=None)
    with pytest.raises(TimelineError, match="frame rate isn’t known"):
        hand_over(edit, Linked.ORIGINALS)


def test_the_number_of_queries_does_not_grow_with_the_edit(edit, video, sorter, hand, django_assert_num_queries):
    with django_assert_num_queries(7):
        hand_over(edit, Linked.ORIGINALS)
    more = [FinalClipFactory(original_file=video, start_ms=at, end_ms=at + 500).pk for at in (0, 700, 1400)]
    editing.add_clips(edit, FinalClip.objects.filter(pk__in=more), hand=hand(sorter))
    with django_assert_num_queries(7):
        hand_over(edit, Linked.ORIGINALS)


def download(client, edit: Reel, **asked: str):
    return client.get(reverse("clips:reel_timeline", args=[edit.pk]), asked)


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("fcpxml", b"<?xml"),
        ("xmeml", b"<?xml"),
        ("otio", b"{"),
        ("edl", b"TITLE: Back & forth"),
        ("csv", b"\xef\xbb\xbf"),
    ],
)
def test_a_viewer_downloads_a_project_in_each_format(client, viewer, edit, form, begins):
    client.force_login(viewer)
    answer = download(client, edit, format=form, linked="originals")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert "attachment" in answer["Content-Disposition"]
    assert b"GX010001.MP4" in answer.content


def test_the_zip_holds_the_project_and_the_files_that_it_links(client, viewer, edit, cuts, own_data_dir):
    client.force_login(viewer)
    answer = download(client, edit, format="fcpxml", linked="zip", rate="30000/1001")
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert packed.testzip() is None
    (project,) = [name for name in packed.namelist() if name.endswith(".fcpxml")]
    root = ET.fromstring(packed.read(project))  # noqa: S314 - written by the code under test
    assert root.find(".//format").get("frameDuration") == "1001/30000s"
    linked = [unquote(found.get("src")).removeprefix("./") for found in root.iter("media-rep")]
    assert sorted(linked) == sorted(set(packed.namelist()) - {project})
    assert packed.read(linked[0]) == (own_data_dir / cuts[0].stored_path).read_bytes()


@pytest.mark.slow
def test_the_zip_holds_clips_with_handles_once_they_are_cut(
    client, viewer, edit, cuts, film, video, work_off, own_data_dir
):
    original = own_data_dir / video.stored_path
    original.parent.mkdir(parents=True, exist_ok=True)
    original.write_bytes(film.read_bytes())
    client.force_login(viewer)
    asked = {"format": "fcpxml", "linked": "zip", "handles": "1000", "rate": "60000/1001"}
    here = reverse("clips:reel_handles", args=[edit.pk])
    assert "Cut clips with handles" in client.get(here, asked, headers=HTMX).text
    refused = download(client, edit, **asked)
    assert [str(message) for message in get_messages(refused.wsgi_request)] == ["Cut the clips with handles first."]
    assert "2 clips left to cut." in client.post(here, asked, headers=HTMX).text
    work_off()
    ready = client.get(here, asked, headers=HTMX).text
    assert "2 clips are cut with handles." in ready
    assert "hx-get" not in ready
    answer = download(client, edit, **asked)
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert packed.testzip() is None
    linked = hand_over(edit, Linked.ZIP, handle_ms=1000).timeline.cuts
    for shown, span_ms in zip(linked, ((500, 1001), SPANS_MS[1]), strict=True):
        wider = own_data_dir / "wider.mp4"
        wider.write_bytes(packed.read(shown.media.path))
        numbers = shown_numbers(wider)
        assert len(numbers) == shown.media.n_frames
        of_cut = numbers[shown.first_frame : shown.first_frame + shown.n_frames]
        assert of_cut == list(range(int(span_ms[0] * RATE / 1000), int(span_ms[1] * RATE / 1000) + 1))
    assert linked[0].first_frame > 20
    assert handles.drop_old() == 0
    HandleCut.objects.update(seen_at=timezone.now() - timedelta(days=4))
    assert handles.drop_old() == 2
    assert not list((own_data_dir / handles.FOLDER).iterdir())


def test_the_zip_says_what_it_lacks(client, viewer, edit, cuts, own_data_dir):
    client.force_login(viewer)
    (own_data_dir / cuts[0].stored_path).unlink()
    answer = download(client, edit, format="edl", linked="zip")
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert "its file is missing" in packed.read("left out.txt").decode()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"format": "avid", "linked": "zip"}, "Choose a format and the files to link."),
        ({"format": "edl", "linked": "zip", "rate": "1/0"}, "Choose a format and the files to link."),
        ({}, "Choose a format and the files to link."),
    ],
)
def test_what_cannot_be_written_is_said_on_the_page_of_the_edit(client, viewer, edit, asked, said):
    client.force_login(viewer)
    answer = download(client, edit, **asked)
    assert answer.status_code == 302
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [said]


def test_an_empty_edit_says_so(client, viewer, sorter):
    client.force_login(viewer)
    empty = editing.make_reel("Empty", member=sorter)
    answer = download(client, empty, format="fcpxml", linked="zip")
    assert [str(message) for message in get_messages(answer.wsgi_request)] == ["There are no clips in this edit."]


def download_selected(client, clips: list[FinalClip], **asked: str):
    chosen = {"clips": ",".join(str(clip.pk) for clip in clips), "next": "/clips?q=mia"}
    return client.post(reverse("clips:clips_timeline"), chosen | asked)


def test_a_selection_is_handed_over_whole_in_the_order_of_the_library(client, viewer, cuts, own_data_dir):
    client.force_login(viewer)
    answer = download_selected(client, cuts, format="csv", linked="originals")
    rows = answer.content.decode("utf-8-sig").splitlines()
    shown = [clip.person.display_name for clip in library_order(cuts)]
    assert [next(name for name in shown if name in row) for row in rows[1:]] == shown
    assert re.search(r'filename="TrickyClip[_-][\d-]+\.csv"', answer["Content-Disposition"])
    answer = download_selected(client, cuts[1:], format="fcpxml", linked="zip")
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    (media,) = [name for name in packed.namelist() if name.startswith("Media/")]
    assert packed.read(media) == (own_data_dir / cuts[1].stored_path).read_bytes()


def library_order(cuts: list[FinalClip]) -> list[FinalClip]:
    return list(Selection(ids=tuple(clip.pk for clip in cuts)).clips(cuts[0].created_by))


def test_a_selection_that_cannot_be_handed_over_is_said_where_it_was_made(client, viewer, cuts, monkeypatch):
    client.force_login(viewer)

    def said(clips: list[FinalClip], **asked: str) -> str:
        answer = download_selected(client, clips, **asked)
        assert answer["Location"] == "/clips?q=mia"
        return [str(message) for message in get_messages(answer.wsgi_request)][-1]

    wanted = {"format": "edl", "linked": "originals"}
    assert said([], **wanted) == "Select at least one clip."
    assert said(cuts, format="avid", linked="zip") == "Choose a format and the files to link."
    monkeypatch.setattr(handover, "MAX_CLIPS", 1)
    assert said(cuts, **wanted) == "A project has at most 1 clips."
    FinalClip.objects.update(is_current=False)
    assert said(cuts, **wanted) == "These clips are not in the library any more."


def test_the_page_offers_it(client, viewer, edit):
    client.force_login(viewer)
    page = client.get(reverse("clips:reel", args=[edit.pk])).text
    assert "Open in a video editor" in page
    assert "Resolve, Final Cut Pro (FCPXML)" in page
