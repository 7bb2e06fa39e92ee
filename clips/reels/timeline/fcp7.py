"""Writes the XML of Final Cut Pro 7, which Premiere Pro opens (Apple: "Final Cut Pro XML Interchange Format", xmeml 4).

Places on the time-line count its frames; a clip's in and out count frames of its own file, of the stretched file where
it is slowed. A rate is a whole time base and whether it runs a thousandth slower (NTSC).
"""

from fractions import Fraction
from urllib.parse import quote
from xml.etree import ElementTree as ET

from django.utils.translation import gettext as _

from clips.media.mp4.timecode import Timecode
from clips.reels.timeline.model import Cut, Media, Placed, Timeline, TimelineError, rate_text

#: Premiere's names for the colours of clips; riders take them in turn.
LABELS = ("Iris", "Mango", "Caribbean", "Rose", "Forest", "Lavender", "Cerulean", "Violet")
_N_CHANNELS = 2


def write(timeline: Timeline) -> bytes:
    """Return the project file; TimelineError for a rate that is neither whole nor a thousandth below."""
    root = ET.Element("xmeml", version="4")
    sequence = ET.SubElement(root, "sequence", id="sequence-1")
    _text(sequence, name=timeline.name, duration=timeline.n_frames)
    _rate(sequence, timeline.rate)
    _timecode(sequence, timeline.rate, 0)
    media = ET.SubElement(sequence, "media")
    video = ET.SubElement(media, "video")
    shape = ET.SubElement(ET.SubElement(video, "format"), "samplecharacteristics")
    _rate(shape, timeline.rate)
    _text(
        shape, width=timeline.width_px, height=timeline.height_px, anamorphic="FALSE", pixelaspectratio="square",
        fielddominance="none",
    )  # fmt: skip
    writer = _Writer(timeline)
    picture_track = ET.SubElement(video, "track")
    for placed in timeline.placed:
        writer.clip_item(picture_track, placed, channel=0)
    audio = ET.SubElement(media, "audio")
    _text(audio, numOutputChannels=_N_CHANNELS)
    _text(ET.SubElement(ET.SubElement(audio, "format"), "samplecharacteristics"), depth=16, samplerate=48_000)
    for channel in range(1, _N_CHANNELS + 1):
        track = ET.SubElement(audio, "track")
        for placed in timeline.placed:
            if placed.cut.is_heard:
                writer.clip_item(track, placed, channel=channel)
        _text(track, outputchannelindex=channel)
    ET.indent(root)
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'
    return head + ET.tostring(root, encoding="utf-8") + b"\n"


class _Writer:
    """Writes clip items, each file in full where it comes first, and links a clip's picture with its sound."""

    def __init__(self, timeline: Timeline) -> None:
        self._names = {media: f"file-{number}" for number, media in enumerate(timeline.media, start=1)}
        self._written: set[Media] = set()
        riders = dict.fromkeys(cut.rider for cut in timeline.cuts if cut.rider)
        self._labels = {rider: LABELS[at % len(LABELS)] for at, rider in enumerate(riders)}
        heard = [placed.number for placed in timeline.placed if placed.cut.is_heard]
        self._place_among_heard = {number: at for at, number in enumerate(heard, start=1)}

    def clip_item(self, track: ET.Element, placed: Placed, *, channel: int) -> None:
        """Write a clip's picture (``channel`` 0) or one channel of its sound."""
        cut = placed.cut
        item = ET.SubElement(track, "clipitem", id=_item_name(placed, channel))
        in_frame = cut.first_frame * 100 // cut.speed_percent
        out_frame = in_frame + cut.n_frames * 100 // cut.speed_percent
        _text(item, name=cut.name, enabled="TRUE", duration=cut.media.n_frames * 100 // cut.speed_percent)
        _rate(item, cut.media.rate)
        _text(item, start=placed.at_frame, end=placed.end_frame)
        item.append(_element("in", in_frame))
        _text(item, out=out_frame)
        self._file(item, cut.media)
        if channel:
            _text(ET.SubElement(item, "sourcetrack"), mediatype="audio", trackindex=channel)
        if cut.speed != 1:
            _speed(item, cut)
        for marker in cut.markers:
            at_frame = marker.frame * 100 // cut.speed_percent
            _text(ET.SubElement(item, "marker"), name=marker.name, comment="", **{"in": at_frame, "out": -1})
        if cut.title:
            _text(ET.SubElement(item, "comments"), mastercomment1=cut.title)
        if label := self._labels.get(cut.rider):
            _text(ET.SubElement(item, "labels"), label2=label)
        if cut.is_heard:
            self._links(item, placed)

    def _file(self, item: ET.Element, media: Media) -> None:
        file = ET.SubElement(item, "file", id=self._names[media])
        if media in self._written:
            return
        self._written.add(media)
        # Relative: Premiere asks once where the folder is, and finds the others beside the first.
        _text(file, name=media.name, pathurl=quote(media.path), duration=media.n_frames)
        _rate(file, media.rate)
        _timecode(file, media.rate, media.starts_at_frame)
        tracks = ET.SubElement(file, "media")
        shape = ET.SubElement(ET.SubElement(tracks, "video"), "samplecharacteristics")
        _text(shape, width=media.width_px, height=media.height_px)
        if media.has_sound:
            audio = ET.SubElement(tracks, "audio")
            _text(ET.SubElement(audio, "samplecharacteristics"), depth=16, samplerate=media.sound_rate_hz)
            _text(audio, channelcount=_N_CHANNELS)

    def _links(self, item: ET.Element, placed: Placed) -> None:
        for channel in range(_N_CHANNELS + 1):
            place = self._place_among_heard[placed.number] if channel else placed.number
            _text(
                ET.SubElement(item, "link"), linkclipref=_item_name(placed, channel),
                mediatype="audio" if channel else "video", trackindex=channel or 1, clipindex=place,
            )  # fmt: skip


def _item_name(placed: Placed, channel: int) -> str:
    return f"clipitem-{placed.number}-{channel}"


def _speed(item: ET.Element, cut: Cut) -> None:
    effect = ET.SubElement(ET.SubElement(item, "filter"), "effect")
    _text(effect, name="Time Remap", effectid="timeremap", effectcategory="motion", effecttype="motion")
    _text(effect, mediatype="video")
    for name, value in (("variablespeed", 0), ("speed", cut.speed_percent), ("reverse", "FALSE")):
        _text(ET.SubElement(effect, "parameter"), parameterid=name, name=name, value=value)
    _text(ET.SubElement(effect, "parameter"), parameterid="frameblending", name="frameblending", value="FALSE")


def _rate(parent: ET.Element, rate: Fraction) -> None:
    base = round(rate)
    if rate not in (base, base * Fraction(1000, 1001)):
        said = {"rate": rate_text(rate)}
        raise TimelineError(_("Premiere’s XML can’t hold %(rate)s frames a second. Choose another format.") % said)
    _text(ET.SubElement(parent, "rate"), timebase=base, ntsc="FALSE" if rate == base else "TRUE")


def _timecode(parent: ET.Element, rate: Fraction, first_frame: int) -> None:
    timecode = ET.SubElement(parent, "timecode")
    _rate(timecode, rate)
    text = str(Timecode(first_frame, Fraction(round(rate)), drops=False))
    _text(timecode, string=text, frame=first_frame, displayformat="NDF")


def _element(name: str, value: object) -> ET.Element:
    element = ET.Element(name)
    element.text = str(value)
    return element


def _text(parent: ET.Element, **values: object) -> None:
    for name, value in values.items():
        parent.append(_element(name, value))
