"""Writes FCPXML 1.10, which DaVinci Resolve and Final Cut Pro open (Apple: "FCPXML Reference").

Times are fractions of seconds. A cut's offset and length are whole frames of the time-line, its start is a whole frame
of its media. What several cameras filmed is a multicam clip, whose start is a whole frame of the time-line as well; not
in slow motion, where it would show no more frames than the time-line has. OpenTimelineIO's adapter writes version 1.8,
loses sound, is a frame off at 50 and fails from 100 on.
"""

from fractions import Fraction
from urllib.parse import quote
from xml.etree import ElementTree as ET

from clips.reels.timeline.model import Cut, Marker, Media, Multicam, Placed, Timeline

VERSION = "1.10"
#: Rec. 709, by Apple's name for it.
COLOR_SPACE = "1-1-1 (Rec. 709)"
SEQUENCE_FORMAT = "r1"
TITLE_EFFECT = "r2"
#: Final Cut's own plain title; Resolve takes it for its "Text".
BASIC_TITLE = ".../Titles.localized/Bumper:Opener.localized/Basic Title.localized/Basic Title.moti"


def write(timeline: Timeline) -> bytes:
    """Return the project file."""
    root = ET.Element("fcpxml", version=VERSION)
    resources = ET.SubElement(root, "resources")
    _format(resources, SEQUENCE_FORMAT, timeline.rate, timeline.width_px, timeline.height_px)
    if any(cut.title for cut in timeline.cuts):
        ET.SubElement(resources, "effect", id=TITLE_EFFECT, name="Basic Title", uid=BASIC_TITLE)
    refs = {media: _asset(resources, media, number) for number, media in enumerate(timeline.media, start=1)}
    multicams = {
        multicam: _multicam(resources, multicam, refs, f"m{number}")
        for number, multicam in enumerate(timeline.multicams, start=1)
    }
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=timeline.name)
    sequence = ET.SubElement(
        ET.SubElement(event, "project", name=timeline.name), "sequence",
        format=SEQUENCE_FORMAT, duration=_time(timeline.n_frames / timeline.rate), tcStart="0s", tcFormat="NDF",
        audioLayout="stereo", audioRate="48k",
    )  # fmt: skip
    spine = ET.SubElement(sequence, "spine")
    for placed in timeline.placed:
        if placed.cut.multicam:
            _mc_clip(spine, placed, placed.cut.multicam, multicams[placed.cut.multicam])
        else:
            _asset_clip(spine, placed, refs[placed.cut.media], timeline.rate)
    ET.indent(root)
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'
    return head + ET.tostring(root, encoding="utf-8") + b"\n"


def _format(resources: ET.Element, name: str, rate: Fraction, width_px: int, height_px: int) -> None:
    ET.SubElement(
        resources, "format", id=name, frameDuration=_time(1 / rate), width=str(width_px), height=str(height_px),
        colorSpace=COLOR_SPACE,
    )  # fmt: skip


def _asset(resources: ET.Element, media: Media, number: int) -> str:
    """Write a file and its picture format; return the id that cuts refer to."""
    name = f"r{2 * number + 2}"
    form = f"r{2 * number + 1}"
    _format(resources, form, media.rate, media.width_px, media.height_px)
    sound = {}
    if media.has_sound:
        # Without all of these editors import a silent clip.
        sound = {"hasAudio": "1", "audioSources": "1", "audioChannels": "2", "audioRate": str(media.sound_rate_hz)}
    asset = ET.SubElement(
        resources, "asset", id=name, name=media.name, start=_time(media.starts_at_s), duration=_time(media.length_s),
        hasVideo="1", format=form, videoSources="1", **sound,
    )  # fmt: skip
    ET.SubElement(asset, "media-rep", kind="original-media", src=f"./{quote(media.path)}")
    return name


def _multicam(resources: ET.Element, multicam: Multicam, refs: dict[Media, str], name: str) -> str:
    """Write the files of several cameras, each an angle of its own; return the id that cuts refer to."""
    rate = multicam.rate
    whole = ET.SubElement(
        ET.SubElement(resources, "media", id=name, name=multicam.name), "multicam",
        format=SEQUENCE_FORMAT, duration=_time(multicam.n_frames / rate), tcStart="0s", tcFormat="NDF",
    )  # fmt: skip
    for number, angle in enumerate(multicam.angles):
        media, at_s = angle.media, angle.at_frame / rate
        track = ET.SubElement(whole, "mc-angle", name=angle.camera, angleID=_angle_id(name, number))
        if at_s:
            ET.SubElement(track, "gap", name="Gap", offset="0s", start="0s", duration=_time(at_s))
        clip = ET.SubElement(
            track, "asset-clip", ref=refs[media], name=media.name, offset=_time(at_s),
            start=_time(media.starts_at_s + angle.first_frame / media.rate),
            duration=_time(angle.n_frames_at(rate) / rate), tcFormat="NDF",
            srcEnable="all" if media.has_sound else "video",
        )  # fmt: skip
        if media.has_sound:
            clip.set("audioRole", "dialogue")
        _conform(clip, media, rate)
    return name


def _mc_clip(spine: ET.Element, placed: Placed, multicam: Multicam, ref: str) -> None:
    """Write a cut of which one camera is seen and heard."""
    cut, rate = placed.cut, multicam.rate
    start_s = multicam.frame_of(cut.media, cut.first_frame, placed.n_frames) / rate
    enabled = "all" if cut.is_heard else "video"
    clip = ET.SubElement(
        spine, "mc-clip", ref=ref, name=cut.name, offset=_time(placed.at_frame / rate), start=_time(start_s),
        duration=_time(placed.n_frames / rate), srcEnable=enabled,
    )  # fmt: skip
    active = _angle_id(ref, multicam.number_of(cut.media))
    ET.SubElement(clip, "mc-source", angleID=active, srcEnable=enabled)
    _words(clip, placed, start_s, rate, {marker: multicam.at_s(cut.media, marker.frame) for marker in cut.markers})


def _angle_id(multicam: str, number: int) -> str:
    return f"{multicam}.{number + 1}"


def _asset_clip(spine: ET.Element, placed: Placed, ref: str, rate: Fraction) -> None:
    cut = placed.cut
    start_s = _local_s(cut, cut.first_frame)
    clip = ET.SubElement(
        spine, "asset-clip", ref=ref, name=cut.name, offset=_time(placed.at_frame / rate), start=_time(start_s),
        duration=_time(placed.n_frames / rate), tcFormat="NDF", srcEnable="all" if cut.is_heard else "video",
    )  # fmt: skip
    if cut.is_heard:
        clip.set("audioRole", "dialogue")
    _conform(clip, cut.media, rate)
    if cut.speed != 1:
        _time_map(clip, cut)
    _words(clip, placed, start_s, rate, {marker: _local_s(cut, marker.frame) for marker in cut.markers})


def _conform(clip: ET.Element, media: Media, rate: Fraction) -> None:
    if media.rate != rate:
        # Or 24 would be played as 25, and its sound with it.
        ET.SubElement(clip, "conform-rate", scaleEnabled="0")


def _words(
    clip: ET.Element, placed: Placed, start_s: Fraction, rate: Fraction, markers: dict[Marker, Fraction]
) -> None:
    """Write title, markers and keywords, at times as the clip counts."""
    cut = placed.cut
    if cut.title:
        _title(clip, placed, start_s, rate)
    for marker, at_s in markers.items():
        ET.SubElement(clip, "marker", start=_time(at_s), duration=_time(1 / rate), value=marker.name)
    words = ", ".join(word for word in (cut.rider, cut.trick) if word)
    if words:
        ET.SubElement(clip, "keyword", start=_time(start_s), duration=_time(placed.n_frames / rate), value=words)


def _time_map(clip: ET.Element, cut: Cut) -> None:
    """Stretch the whole of a file: the clip's own times count in what is stretched."""
    points = ((Fraction(0), cut.media.starts_at_s), (cut.media.length_s / cut.speed, cut.media.length_s))
    time_map = ET.SubElement(clip, "timeMap")
    (first_s, first_value_s), (last_s, length_s) = points
    ET.SubElement(time_map, "timept", time=_time(first_s), value=_time(first_value_s), interp="linear")
    ET.SubElement(time_map, "timept", time=_time(last_s), value=_time(first_value_s + length_s), interp="linear")


def _local_s(cut: Cut, frame: int) -> Fraction:
    """Return a frame's time as the clip counts: from the file's timecode, or from 0 in what is stretched."""
    at_s = frame / cut.media.rate
    return cut.media.starts_at_s + at_s if cut.speed == 1 else at_s / cut.speed


def _title(clip: ET.Element, placed: Placed, start_s: Fraction, rate: Fraction) -> None:
    style = f"ts{placed.number}"
    title = ET.SubElement(
        clip, "title", ref=TITLE_EFFECT, lane="1", name=placed.cut.title, offset=_time(start_s), start="0s",
        duration=_time(placed.n_frames / rate),
    )  # fmt: skip
    ET.SubElement(ET.SubElement(title, "text"), "text-style", ref=style).text = placed.cut.title
    ET.SubElement(
        ET.SubElement(title, "text-style-def", id=style), "text-style",
        font="Helvetica", fontSize="64", fontColor="1 1 1 1", alignment="center",
    )  # fmt: skip


def _time(seconds: Fraction) -> str:
    return f"{seconds.numerator}s" if seconds.denominator == 1 else f"{seconds.numerator}/{seconds.denominator}s"
