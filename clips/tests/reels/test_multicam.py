"""Tests of multicam clips in a project for editors: the files of all cameras on one clock, in exact frames."""

import hashlib
import io
import re
import uuid
import zipfile
from fractions import Fraction
from math import floor
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from zlib import crc32

import opentimelineio as oti
import pytest
from django.urls import reverse

from clips.media.cut.clip import cut as cut_file
from clips.media.probe import probe
from clips.models import FinalClip, HandleCut, OriginalFile
from clips.reels import angles, editing
from clips.reels.handover import Linked, hand_over
from clips.reels.timeline import fcpxml
from clips.reels.timeline.model import Cut, Marker, Media, Timeline, rate_text
from clips.reels.timeline.multicam import OnClock, multicam
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video, shown_numbers
from clips.tests.sorting.test_angles import tie
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

#: Of the document type of FCPXML 1.10 what is written here: the children of an element in their order, its attributes.
TIMING, ANCHORED, MARKED = "(conform-rate )?(timeMap )?", "((title|asset-clip|mc-clip) )*", "((marker|keyword) )*"
CHILDREN = {
    "fcpxml": "resources library ",
    "resources": "((asset|effect|format|media) )*",
    "media": "(multicam )?",
    "multicam": "(mc-angle )*",
    "mc-angle": "((asset-clip|gap) )*",
    "asset": "(media-rep )+",
    "library": "(event )*",
    "event": "(project )*",
    "project": "sequence ",
    "sequence": "spine ",
    "spine": "((asset-clip|mc-clip|gap) )*",
    "mc-clip": f"{TIMING}(mc-source )*{ANCHORED}{MARKED}",
    "asset-clip": f"{TIMING}{ANCHORED}{MARKED}",
    "timeMap": "(timept )*",
    "title": "(text )*(text-style-def )*",
    "text": "(text-style )*",
    "text-style-def": "text-style ",
}
TIMED = {"offset", "name", "start", "duration"}
ATTRIBUTES = {
    "media": {"id", "name"},
    "multicam": {"format", "duration", "tcStart", "tcFormat"},
    "mc-angle": {"name", "angleID"},
    "gap": TIMED,
    "mc-clip": TIMED | {"ref", "srcEnable"},
    "mc-source": {"angleID", "srcEnable"},
    "asset-clip": TIMED | {"ref", "srcEnable", "tcFormat", "audioRole"},
    "conform-rate": {"scaleEnabled"},
}


def seconds(text: str) -> Fraction:
    return Fraction(text.removesuffix("s"))


def parsed(written: bytes) -> ET.Element:
    """Read a project, which follows its document type."""
    root = ET.fromstring(written)  # noqa: S314 - written by the code under test
    for element in root.iter():
        children = "".join(f"{child.tag} " for child in element)
        assert re.fullmatch(CHILDREN.get(element.tag, ""), children), (element.tag, children)
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, set(element.attrib)), element.tag
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    refs = {element.get(name) for element in root.iter() for name in ("ref", "format") if element.get(name)}
    assert refs <= set(ids)
    return root


class Reader:
    """Tells which frame of which file a project shows, as an editor that never looks ahead finds it."""

    def __init__(self, written: bytes) -> None:
        self.root = parsed(written)
        self.assets = {found.get("id"): found for found in self.root.iter("asset")}
        self.formats = {found.get("id"): 1 / seconds(found.get("frameDuration")) for found in self.root.iter("format")}
        self.media = {found.get("id"): found.find("multicam") for found in self.root.iter("media")}
        self.rate = self.formats[self.root.find(".//sequence").get("format")]
        self.clips = list(self.root.find(".//spine"))

    def path(self, asset: str) -> str:
        return unquote(self.assets[asset].find("media-rep").get("src")).removeprefix("./")

    def in_angle(self, angle: ET.Element, at_s: Fraction) -> tuple[str, int]:
        """Return which file an angle shows at a time of its clip, and which frame of it."""
        (clip,) = angle.findall("asset-clip")
        begins_s, length_s = (seconds(clip.get(name)) for name in ("offset", "duration"))
        gaps = sum((seconds(gap.get("duration")) for gap in angle.findall("gap")), Fraction(0))
        assert begins_s == gaps, "nothing overlaps, and no gap is left out"
        assert begins_s * self.rate % 1 == length_s * self.rate % 1 == 0
        assert begins_s <= at_s < begins_s + length_s
        asset = self.assets[clip.get("ref")]
        own = self.formats[asset.get("format")]
        start = (seconds(clip.get("start")) - seconds(asset.get("start"))) * own
        assert start.denominator == 1
        assert (clip.find("conform-rate") is not None) == (own != self.rate)
        frame = floor(start + (at_s - begins_s) * own)
        assert frame < seconds(asset.get("duration")) * own
        return self.path(clip.get("ref")), frame

    def shows(self, number: int, frame: int = 0, angle: int | None = None) -> tuple[str, int]:
        """Return what a clip of the spine shows at one of its frames, or what another of its angles does then."""
        clip = self.clips[number]
        at_s = seconds(clip.get("start")) + frame / self.rate
        assert at_s * self.rate % 1 == 0
        whole = self.media[clip.get("ref")]
        tracks = whole.findall("mc-angle")
        if angle is None:
            (source,) = clip.findall("mc-source")
            (track,) = [track for track in tracks if track.get("angleID") == source.get("angleID")]
            return self.in_angle(track, at_s)
        return self.in_angle(tracks[angle], at_s)


def media_of(name: str, rate: Fraction, **more: object) -> Media:
    facts = {"width_px": 1920, "height_px": 1080, "has_sound": True, "starts_at_frame": round(3723 * rate)} | more
    return Media(f"Media/{name}.MP4", rate, round(20 * rate), **facts)


RATES = [
    ("60", "60", "60"), ("60000/1001", "60000/1001", "60000/1001"), ("60", "30", "60"), ("120", "60", "60"),
    ("240", "30", "60"), ("240000/1001", "60000/1001", "60000/1001"), ("60000/1001", "60", "60000/1001"),
    ("24", "60", "60"), ("25", "50", "25"), ("30000/1001", "240", "30000/1001"),
]  # fmt: skip


@pytest.mark.parametrize("rates", RATES, ids=lambda rates: "-".join(rate_text(Fraction(rate)) for rate in rates))
def test_a_cut_begins_with_its_frame_and_the_other_cameras_lie_at_its_instant(rates):
    own, other, rate = (Fraction(each) for each in rates)
    helmet, phone = media_of("helmet", own), media_of("phone", other)
    # The phone began 3.217 s later; both are cut at the instant that is 9.1 s of the helmet's.
    first, second = round(Fraction("6.05") * own), round((Fraction("9.1") - Fraction("3.217")) * other)
    whole = multicam("Mia", rate, [
        OnClock(helmet, "Helmet", first, first / own),
        OnClock(phone, "Phone", second, second / other + Fraction("3.217")),
    ])  # fmt: skip
    n_first = floor((Fraction("9.1") - first / own) * own)
    cuts = (
        Cut(helmet, "Mia", first, n_first, multicam=whole, markers=(Marker(first + 3, "HiLight"),), title="Up & over",
            rider="Mia"),
        Cut(phone, "Mia", second, round(2 * other), has_sound=False, multicam=whole),
        Cut(helmet, "Mia", 7, 90),
    )  # fmt: skip
    timeline = Timeline("Both", rate, 1920, 1080, cuts)
    read = Reader(fcpxml.write(timeline))
    assert [clip.tag for clip in read.clips] == ["mc-clip", "mc-clip", "asset-clip"]
    at_s = Fraction(0)
    for number, (clip, cut) in enumerate(zip(read.clips, cuts, strict=True)):
        assert seconds(clip.get("offset")) == at_s
        length = seconds(clip.get("duration"))
        assert length * rate == cut.n_frames_at(rate)
        at_s += length
        if clip.tag == "asset-clip":
            continue
        assert read.shows(number) == (cut.media.path, cut.first_frame)
        # To the last frame within the file, and no further than the cut goes.
        path, last = read.shows(number, cut.n_frames_at(rate) - 1)
        assert path == cut.media.path
        assert 0 <= cut.first_frame + cut.n_frames - 1 - last < 2 * max(1, cut.media.rate / rate)
        for angle, (file, later_s) in enumerate(((helmet, Fraction(0)), (phone, Fraction("3.217")))):
            path, frame = read.shows(number, angle=angle)
            assert path == file.path
            shown_s = frame / file.rate + later_s
            wanted_s = cut.first_frame / cut.media.rate + (Fraction("3.217") if cut.media == phone else 0)
            assert -1 / file.rate - 1 / rate <= shown_s - wanted_s <= 1 / rate
    assert [clip.find("mc-source").get("srcEnable") for clip in read.clips[:2]] == ["all", "video"]
    assert [clip.get("srcEnable") for clip in read.clips] == ["all", "video", "all"]
    marker, title = read.clips[0].find("marker"), read.clips[0].find("title")
    start_s = seconds(read.clips[0].get("start"))
    assert 0 <= seconds(marker.get("start")) - start_s <= 3 / own
    assert seconds(title.get("offset")) == start_s
    (written,) = read.media.values()
    assert written.get("format") == read.root.find(".//sequence").get("format")
    assert [angle.get("name") for angle in written] == ["Helmet", "Phone"]
    ends = [seconds(clip.get("offset")) + seconds(clip.get("duration")) for clip in written.iter("asset-clip")]
    assert seconds(written.get("duration")) == max(ends)
    assert min(seconds(clip.get("offset")) for clip in written.iter("asset-clip")) == 0
    assert len(read.assets) == 2, "each file once"


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30), Fraction(60)], ids=rate_text)
def test_opentimelineio_finds_each_cut_in_its_place_beside_multicam_clips(rate):
    """Its reader knows nothing of mc-clip, so an asset-clip behind one must still lie where it does."""
    helmet, phone = media_of("helmet", rate), media_of("phone", rate)
    whole = multicam("Mia", rate, [OnClock(helmet, "Helmet", 100, 100 / rate), OnClock(phone, "Phone", 50, 100 / rate)])
    cuts = (Cut(phone, "Mia", 50, 90, multicam=whole), Cut(helmet, "Zoë", 7, 45))
    text = fcpxml.write(Timeline("Both", rate, 1920, 1080, cuts)).decode().replace('version="1.10"', 'version="1.8"')
    text = text.replace('<media-rep kind="original-media" src=', "<media-rep src=")
    read = oti.adapters.read_from_string(text, "fcpx_xml")
    timelines = [one for one in read if isinstance(one, oti.schema.Timeline)]
    found = [clip for one in timelines for clip in one.find_clips() if clip.name == "Zoë"]
    assert [clip.source_range.duration.value for clip in found] == [45]
    assert [clip.source_range.start_time.value for clip in found] == [helmet.starts_at_frame + 7]


RATE = Fraction(60000, 1001)
#: The phone began 30 frames later.
LATER = 30


@pytest.fixture
def both(tmp_path, shoot, sorter, hand, own_data_dir) -> SimpleNamespace:
    """Two cameras of half and whole rate that filmed the same; of each a clip really cut, and an edit of both."""
    made = SimpleNamespace()
    for name, rate, frames, begins in (("helmet", RATE, 240, 60), ("phone", RATE / 2, 105, 15)):
        film = make_video(tmp_path / f"{name}.mp4", frames=frames, rate=rate, bframes=2)
        facts = probe(str(film))
        original = OriginalFileFactory(
            shoot=shoot, original_filename=f"{name}.mp4", rate_num=rate.numerator, rate_den=rate.denominator,
            probe=facts, duration_ms=facts["duration_ms"], width_px=facts["width"], height_px=facts["height"],
            has_audio=True, codec="h264", camera_id=f"CAM_{name.upper()}",
        )  # fmt: skip
        start_ms, end_ms = (-(-1000 * at // rate) for at in (begins, begins + 2 * floor(rate)))
        segment = CandidateSegmentFactory(original_file=original, start_ms=start_ms, end_ms=end_ms)
        stored = f"final_clips/{name}.mp4"
        out = own_data_dir / stored
        out.parent.mkdir(parents=True, exist_ok=True)
        facts = cut_file(str(film), str(out), int(start_ms), int(end_ms))
        data = out.read_bytes()
        clip = FinalClipFactory(
            original_file=original, candidate_segment=segment, start_ms=start_ms, end_ms=end_ms, stored_path=stored,
            camera_id=original.camera_id, lead_us=facts["lead_us"], size_bytes=len(data), crc32=crc32(data),
            file_hash=hashlib.sha256(data).hexdigest(),
        )  # fmt: skip
        setattr(made, name, clip)
        setattr(made, f"{name}_film", film)
    tie(made.helmet.original_file, made.phone.original_file, float(LATER / RATE), sorter)
    made.reel = editing.make_reel("Both", member=sorter)
    editing.add_clips(made.reel, FinalClip.objects.filter(pk=made.helmet.pk), hand=hand(sorter))
    made.cut_ms = int(-(-1000 * 121 // RATE))
    row = made.reel.clips.get()
    angles.cut_to_camera(row, made.phone.lineage, made.cut_ms, hand=hand(sorter))
    return made


def number_at(films: dict[str, list[int]], found: tuple[str, int]) -> tuple[str, int]:
    """Return which camera is on screen, and which frame of its video."""
    path, frame = found
    (name,) = [name for name in films if name in path]
    return name, films[name][frame]


@pytest.mark.slow
@pytest.mark.parametrize("linked", list(Linked))
def test_each_camera_shows_the_same_instant_of_what_was_filmed(both, linked, own_data_dir):
    handed = hand_over(both.reel, linked, has_angles=True)
    paths = {
        path: clip
        for clip in (both.helmet, both.phone)
        for path in (clip.filename, clip.original_file.original_filename)
    }
    films = {}
    for path, clip in paths.items():
        name = clip.original_file.original_filename.removesuffix(".mp4")
        film = getattr(both, f"{name}_film") if linked == Linked.ORIGINALS else own_data_dir / clip.stored_path
        films[path] = shown_numbers(Path(film))
    read = Reader(fcpxml.write(handed.timeline))
    assert [clip.tag for clip in read.clips] == ["mc-clip", "mc-clip"]
    assert read.clips[0].get("ref") == read.clips[1].get("ref")
    names = {both.helmet.filename: "helmet", both.phone.filename: "phone", "helmet.mp4": "helmet", "phone.mp4": "phone"}
    found = [number_at(films, read.shows(number)) for number in (0, 1)]
    assert [(names[path], frame) for path, frame in found] == [("helmet", 60), ("phone", 46)]
    for frame in range(0, 60, 7):
        (helmet, at), (phone, there) = (number_at(films, read.shows(0, frame, angle)) for angle in (0, 1))
        assert (names[helmet], names[phone]) == ("helmet", "phone")
        assert at == 60 + frame
        # Two frames of the helmet's are one of the phone's; the cut between them is a half of it off.
        assert abs(2 * there + LATER - at) <= 2


def test_the_zip_holds_the_other_cameras_files_too_and_only_where_the_project_does(client, viewer, both, sorter, hand):
    editing.remove_clip(both.reel.clips.get(position=2), hand=hand(sorter))
    client.force_login(viewer)

    def packed(kind: str) -> zipfile.ZipFile:
        answer = client.get(reverse("clips:reel_timeline", args=[both.reel.pk]), {"format": kind, "linked": "zip"})
        return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

    project = packed("fcpxml")
    assert project.testzip() is None
    (written,) = [name for name in project.namelist() if name.endswith(".fcpxml")]
    linked = [unquote(found.get("src")).removeprefix("./") for found in parsed(project.read(written)).iter("media-rep")]
    assert sorted(linked) == sorted(set(project.namelist()) - {written})
    assert len(linked) == 2
    assert len(packed("xmeml").namelist()) == 2


def test_other_cameras_clips_are_cut_with_handles_where_the_project_has_them(client, viewer, both, sorter, hand):
    editing.remove_clip(both.reel.clips.get(position=2), hand=hand(sorter))
    client.force_login(viewer)

    def ask(kind: str) -> str:
        asked = {"format": kind, "linked": "zip", "handles": "1000"}
        return client.post(reverse("clips:reel_handles", args=[both.reel.pk]), asked, headers=AS_A_PAGE_ASKS).text

    assert "1 clip left to cut." in ask("xmeml")
    assert [cut.clip for cut in HandleCut.objects.all()] == [both.helmet]
    assert "2 clips left to cut." in ask("fcpxml")
    assert {cut.clip for cut in HandleCut.objects.all()} == {both.helmet, both.phone}
    assert "1 clip left to cut." in ask("xmeml")


def test_slow_motion_and_what_one_camera_filmed_stay_clips_of_their_file(both, sorter, hand):
    OriginalFile.objects.filter(camera_id="").update(camera_id="x")
    both.reel.clips.filter(position=1).update(speed=50)
    read = Reader(fcpxml.write(hand_over(both.reel, Linked.ARCHIVE, has_angles=True).timeline))
    assert [clip.tag for clip in read.clips] == ["asset-clip", "mc-clip"]
    FinalClip.objects.filter(pk=both.phone.pk).update(stored_path="", file_hash="", size_bytes=None)
    read = Reader(fcpxml.write(hand_over(both.reel, Linked.ARCHIVE, has_angles=True).timeline))
    assert [clip.tag for clip in read.clips] == ["asset-clip"]
    assert hand_over(both.reel, Linked.ORIGINALS, has_angles=True).timeline.multicams
    assert not hand_over(both.reel, Linked.ORIGINALS).timeline.multicams


@pytest.mark.slow
def test_the_number_of_queries_does_not_grow_with_the_angles(both, sorter, hand, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        hand_over(both.reel, Linked.ORIGINALS, has_angles=True)
    for at_ms in (200, 1500):
        row = both.reel.clips.get(position=1 if at_ms < 1000 else both.reel.clips.count())
        start_ms = row.start_ms
        camera = both.phone.lineage if row.lineage == both.helmet.lineage else both.helmet.lineage
        angles.cut_to_camera(row, camera, start_ms + 200, hand=hand(sorter, key=uuid.uuid4()))
    with django_assert_max_num_queries(12):
        assert len(hand_over(both.reel, Linked.ORIGINALS, has_angles=True).timeline.cuts) == 4
