"""Tests of project files for editors: independent readers find each cut at its frame, at every rate."""

import csv
import io
import json
from fractions import Fraction
from xml.etree import ElementTree as ET

import opentimelineio as oti
import pycmx
import pytest

from clips.reels.timeline import edl, fcp7, fcpxml, otio, table
from clips.reels.timeline.model import (
    Cut,
    Marker,
    Media,
    Timeline,
    TimelineError,
    rate_text,
    rate_that_suits,
    size_that_suits,
)

RATES = [
    Fraction(rate)
    for rate in (
        "24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60", "100", "120000/1001", "120",
        "240000/1001", "240",
    )
]  # fmt: skip
IN_EDL = [rate for rate in RATES if rate <= 60]
each_rate = pytest.mark.parametrize("rate", RATES, ids=rate_text)


def media_of(rate: Fraction, *, number: int = 1, **more: object) -> Media:
    facts = {"width_px": 1920, "height_px": 1080, "has_sound": True, "starts_at_frame": round(3723 * rate)} | more
    return Media(f"Media/Zoë & Mia/GX01000{number}.MP4", rate, round(600 * rate), **facts)


def three_cuts(rate: Fraction) -> Timeline:
    """Make cuts of one rate, of lengths that no second divides."""
    first, second = media_of(rate), media_of(rate, number=2)
    cuts = (
        Cut(first, "Mia · KFED", 1237, 313, rider="Mia", trick="KFED", markers=(Marker(1300, "HiLight"),)),
        Cut(second, "Zoë · BS 360", 77, 101, rider="Zoë", trick="BS 360", title="Who <did> that?", has_sound=False),
        Cut(first, "Mia · KFED", 5, 211, rider="Mia", trick="KFED"),
    )
    return Timeline("December & more", rate, 1920, 1080, cuts)


def seconds(text: str) -> Fraction:
    return Fraction(text.removesuffix("s"))


def spine_of(written: bytes) -> tuple[ET.Element, list[ET.Element]]:
    root = ET.fromstring(written)  # noqa: S314 - written by the code under test
    return root, root.findall(".//spine/asset-clip")


@each_rate
def test_fcpxml_is_exact_at_every_rate(rate):
    timeline = three_cuts(rate)
    root, clips = spine_of(fcpxml.write(timeline))
    formats = {found.get("id"): found for found in root.iter("format")}
    assets = {found.get("id"): found for found in root.iter("asset")}
    sequence = root.find(".//sequence")
    assert root.get("version") == "1.10"
    assert 1 / seconds(formats[sequence.get("format")].get("frameDuration")) == rate
    at_s = Fraction(0)
    for clip, cut in zip(clips, timeline.cuts, strict=True):
        asset = assets[clip.get("ref")]
        assert 1 / seconds(formats[asset.get("format")].get("frameDuration")) == rate
        assert (seconds(clip.get("start")) - seconds(asset.get("start"))) * rate == cut.first_frame
        assert seconds(clip.get("duration")) * rate == cut.n_frames
        assert seconds(clip.get("offset")) == at_s
        assert seconds(asset.get("duration")) * rate == cut.media.n_frames
        assert asset.get("hasAudio") == "1"
        at_s += seconds(clip.get("duration"))
    assert seconds(sequence.get("duration")) == at_s
    assert [clip.get("srcEnable") for clip in clips] == ["all", "video", "all"]
    assert [asset.find("media-rep").get("src") for asset in assets.values()] == [
        "./Media/Zo%C3%AB%20%26%20Mia/GX010001.MP4",
        "./Media/Zo%C3%AB%20%26%20Mia/GX010002.MP4",
    ]
    assert clips[1].find("title/text/text-style").text == "Who <did> that?"
    marker = clips[0].find("marker")
    assert (seconds(marker.get("start")) - seconds(assets["r4"].get("start"))) * rate == 1300


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30), Fraction(60)], ids=rate_text)
def test_opentimelineio_reads_the_same_from_fcpxml_where_it_reads_right(rate):
    timeline = three_cuts(rate)
    text = fcpxml.write(timeline).decode().replace('version="1.10"', 'version="1.8"')
    text = text.replace('<media-rep kind="original-media" src=', "<media-rep src=")
    (read,) = oti.adapters.read_from_string(text, "fcpx_xml")
    found = [clip.source_range for clip in read.video_tracks()[0].find_clips()]
    assert [span.duration.value for span in found] == [cut.n_frames for cut in timeline.cuts]
    starts = [cut.media.starts_at_frame + cut.first_frame for cut in timeline.cuts]
    assert [span.start_time.value for span in found] == starts


@each_rate
def test_a_slowed_cut_shows_the_same_frames_for_longer(rate):
    """The map from a clip's own times to the file's leads back to the frames of the cut."""
    cut = Cut(media_of(rate), "Mia", 1237, 312, speed_percent=25)
    _root, (clip,) = spine_of(fcpxml.write(Timeline("Slow", rate, 1920, 1080, (cut,))))
    first, last = clip.findall("timeMap/timept")
    (t0, v0), (t1, v1) = ((seconds(point.get("time")), seconds(point.get("value"))) for point in (first, last))
    shown = [v0 + (at_s - t0) * (v1 - v0) / (t1 - t0) - cut.media.starts_at_s for at_s in (
        seconds(clip.get("start")), seconds(clip.get("start")) + seconds(clip.get("duration")))]  # fmt: skip
    assert [at_s * rate for at_s in shown] == [1237, 1237 + 312]
    assert seconds(clip.get("duration")) * rate == 4 * 312


def test_clips_of_all_rates_lie_on_whole_frames_and_show_none_behind_their_end():
    cuts = tuple(Cut(media_of(rate, number=at % 10), "x", 1001, 701) for at, rate in enumerate(RATES))
    timeline = Timeline("Mixed", Fraction(60000, 1001), 1920, 1080, cuts)
    _root, clips = spine_of(fcpxml.write(timeline))
    for clip, cut in zip(clips, cuts, strict=True):
        n_frames = seconds(clip.get("duration")) * timeline.rate
        assert n_frames.denominator == 1
        assert seconds(clip.get("offset")) * timeline.rate % 1 == 0
        assert 0 <= cut.length_s - seconds(clip.get("duration")) < 1 / timeline.rate
        is_conformed = clip.find("conform-rate") is not None
        assert is_conformed == (cut.media.rate != timeline.rate)


@each_rate
def test_premieres_xml_counts_whole_frames_and_links_sound(rate):
    timeline = three_cuts(rate)
    root = ET.fromstring(fcp7.write(timeline))  # noqa: S314
    tracks = root.findall("sequence/media/video/track") + root.findall("sequence/media/audio/track")
    assert [len(track.findall("clipitem")) for track in tracks] == [3, 2, 2]
    base = int(root.findtext("sequence/rate/timebase"))
    ntsc = root.findtext("sequence/rate/ntsc") == "TRUE"
    assert base * (Fraction(1000, 1001) if ntsc else 1) == rate
    at_frame = 0
    for item, cut in zip(tracks[0].findall("clipitem"), timeline.cuts, strict=True):
        numbers = [int(item.findtext(name)) for name in ("in", "out", "start", "end")]
        assert numbers == [cut.first_frame, cut.first_frame + cut.n_frames, at_frame, at_frame + cut.n_frames]
        assert len(item.findall("link")) == (3 if cut.is_heard else 0)
        at_frame += cut.n_frames
    named = {item.get("id"): item for item in root.iter("clipitem")}
    for item in named.values():
        linked = [named[link.findtext("linkclipref")] for link in item.findall("link")]
        assert all(other.findtext("start") == item.findtext("start") for other in linked)
    places = [[int(link.findtext("clipindex")) for link in item.findall("link")] for item in tracks[1]]
    assert places[:2] == [[1, 1, 1], [3, 2, 2]]
    files = [file for file in root.iter("file") if len(file)]
    assert [file.findtext("name") for file in files] == ["GX010001.MP4", "GX010002.MP4"]
    labels = [item.findtext("labels/label2") for item in tracks[0].findall("clipitem")]
    assert labels[0] == labels[2] != labels[1]


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(30), Fraction(50), Fraction(60)], ids=rate_text)
def test_opentimelineio_reads_the_same_from_premieres_xml_where_it_reads_right(rate):
    timeline = three_cuts(rate)
    read = oti.adapters.read_from_string(fcp7.write(timeline).decode(), "fcp_xml")
    pictures = list(read.video_tracks()[0].find_clips())
    found = [(clip.source_range.start_time.value, clip.source_range.duration.value) for clip in pictures]
    starts = [cut.media.starts_at_frame + cut.first_frame for cut in timeline.cuts]
    assert [length for _start, length in found] == [cut.n_frames for cut in timeline.cuts]
    assert [start for start, _length in found] in (starts, [cut.first_frame for cut in timeline.cuts])


def test_premieres_xml_refuses_a_rate_that_it_cannot_hold():
    with pytest.raises(TimelineError, match=r"can’t hold 12\.5 frames a second"):
        fcp7.write(three_cuts(Fraction(25, 2)))


@each_rate
def test_otio_is_read_back_exactly(rate):
    timeline = three_cuts(rate)
    read = oti.adapters.read_from_string(otio.write(timeline).decode(), "otio_json")
    pictures = list(read.video_tracks()[0].find_clips())
    at_frame = 0
    for clip, cut in zip(pictures, timeline.cuts, strict=True):
        available = clip.media_reference.available_range
        start = clip.source_range.start_time - available.start_time
        assert round(start.value, 6) == cut.first_frame
        assert clip.source_range.duration.value == cut.n_frames
        placed = clip.range_in_parent()
        assert round(placed.start_time.value_rescaled_to(float(rate)), 6) == at_frame
        at_frame += cut.n_frames
    assert [type(child).__name__ for child in read.audio_tracks()[0]] == ["Clip", "Gap", "Clip"]
    assert pictures[0].metadata["trickyclip"]["rider"] == "Mia"
    assert pictures[0].media_reference.target_url == "Media/Zoë & Mia/GX010001.MP4"


@pytest.mark.parametrize("rate", IN_EDL, ids=rate_text)
def test_an_edl_is_read_by_another_program(rate):
    timeline = three_cuts(rate)
    written = edl.write(timeline).decode()
    (first, second, third) = list(pycmx.parse_cmx3600(io.StringIO(written.replace("\r\n", "\n"))).events)
    assert [event.edits[0].clip_name for event in (first, second, third)] == [
        "GX010001.MP4", "GX010002.MP4", "GX010001.MP4",
    ]  # fmt: skip
    at_frame = 0
    for event, cut in zip((first, second, third), timeline.cuts, strict=True):
        edit = event.edits[0]
        numbers = [frames(text, rate) for text in (edit.source_in, edit.source_out, edit.record_in, edit.record_out)]
        in_file = cut.media.starts_at_frame + cut.first_frame
        assert numbers == [in_file, in_file + cut.n_frames, at_frame, at_frame + cut.n_frames]
        assert edit.channels.video
        assert bool(edit.channels.audio) == cut.is_heard
        at_frame += cut.n_frames


def frames(clock: str, rate: Fraction) -> int:
    hours, minutes, secs, rest = (int(part) for part in clock.split(":"))
    return (hours * 3600 + minutes * 60 + secs) * round(rate) + rest


def test_an_edl_says_how_slow_a_cut_is():
    cut = Cut(media_of(Fraction(240)), "Mia", 480, 240, speed_percent=25)
    written = edl.write(Timeline("Slow", Fraction(60), 1920, 1080, (cut,))).decode()
    assert "M2   AX       015.0" in written
    edit = next(iter(pycmx.parse_cmx3600(io.StringIO(written.replace("\r\n", "\n"))).events)).edits[0]
    assert frames(edit.record_out, Fraction(60)) == 240  # four seconds
    assert frames(edit.source_out, Fraction(60)) - frames(edit.source_in, Fraction(60)) == 60  # one second


@pytest.mark.parametrize("rate", [Fraction(120000, 1001), Fraction(240)], ids=rate_text)
def test_an_edl_refuses_what_it_cannot_count(rate):
    with pytest.raises(TimelineError, match="up to 60 frames a second"):
        edl.write(three_cuts(rate))
    many = Timeline("Many", Fraction(30), 1920, 1080, (Cut(media_of(Fraction(30)), "x", 0, 10),) * 1000)
    with pytest.raises(TimelineError, match="up to 999 clips"):
        edl.write(many)


def test_a_line_of_an_edl_holds_no_line_break():
    cut = Cut(media_of(Fraction(30)), "x", 0, 10, title="one\ntwo\r\n002  AX V C")
    written = edl.write(Timeline("A\nB", Fraction(30), 1920, 1080, (cut,))).decode()
    assert written.splitlines()[0] == "TITLE: A B"
    assert len(list(pycmx.parse_cmx3600(io.StringIO(written.replace("\r\n", "\n"))).events)) == 1


def test_the_table_has_every_number_and_no_formula():
    timeline = three_cuts(Fraction(60000, 1001))
    rows = list(csv.DictReader(io.StringIO(table.write(timeline).decode("utf-8-sig"))))
    assert [(row["first frame"], row["frames"], row["timeline frame"]) for row in rows] == [
        ("1237", "313", "0"), ("77", "101", "313"), ("5", "211", "414"),
    ]  # fmt: skip
    assert rows[0]["file fps"] == "59.94"
    evil = Timeline("x", Fraction(30), 1, 1, (Cut(media_of(Fraction(30)), "x", 0, 1, title="=cmd|' /C calc'!A0"),))
    (row,) = csv.DictReader(io.StringIO(table.write(evil).decode("utf-8-sig")))
    assert row["title"].startswith("'=")


def test_a_time_line_takes_the_rate_of_most_clips_and_the_largest_picture():
    def cut(rate: str, **more: object) -> Cut:
        return Cut(media_of(Fraction(rate), **more), "x", 0, 10)

    assert rate_that_suits((cut("240"), cut("120"), cut("25"))) == 60
    assert rate_that_suits((cut("240000/1001"),)) == Fraction(60000, 1001)
    assert rate_that_suits((cut("100"), cut("50"), cut("60"))) == 50
    assert rate_that_suits((cut("2997/100"),)) == Fraction(30000, 1001)  # a phone's
    assert rate_that_suits(()) == 30
    assert size_that_suits((cut("30"), cut("30", width_px=3840, height_px=2160))) == (3840, 2160)


def test_strange_names_are_only_names():
    cut = Cut(media_of(Fraction(30)), '"</asset>&', 0, 10, title="]]>", rider="李小龙", trick="é")
    timeline = Timeline("<x>", Fraction(30), 1920, 1080, (cut,))
    _root, (clip,) = spine_of(fcpxml.write(timeline))
    assert clip.get("name") == '"</asset>&'
    assert clip.find("keyword").get("value") == "李小龙, é"
    assert json.loads(otio.write(timeline))["name"] == "<x>"
    ET.fromstring(fcp7.write(timeline))  # noqa: S314
