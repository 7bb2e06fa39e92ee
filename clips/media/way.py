"""Decides for each track of a camera file how it gets into a clip: which container, copied, converted or left out.

No list of codecs decides. The first packets of a track are written into memory by the muxer that would write the clip,
and read back, so what the probe reports is what the cut does.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import av
import av.container
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.formats.opening import path_of
from clips.media.mp4 import sample_entries, timecode
from clips.media.pictures.frame_times import go_to
from clips.media.sound_layouts import ALAC_LAYOUTS, layout_of
from clips.media.timestamps import AnyPacket


class Fate(StrEnum):
    """The treatment of a track in clips."""

    COPY = "copy"
    CONVERT = "convert"
    LEAVE = "leave"


class Kind(StrEnum):
    """The content of a track."""

    PICTURE = "picture"
    SOUND = "sound"
    METADATA = "metadata"
    TIMECODE = "timecode"
    SUBTITLES = "subtitles"
    COVER = "cover"
    OTHER = "other"


@dataclass(frozen=True)
class Container:
    """A file format for clips."""

    ending: str
    muxer: str  # FFmpeg's
    brand: str = ""
    has_edit_lists: bool = True


MP4 = Container("mp4", "mp4")
MOV = Container("mov", "mov")
#: Without an edit list nothing can be decoded and not shown, so only for pictures that need none before them.
MKV = Container("mkv", "matroska", has_edit_lists=False)
#: QuickTime as the muxer for MP4 writes it, which knows codecs that the one for MOV does not.
MOV_OF_ISO = Container("mov", "mp4", brand="qt  ")
CONTAINERS = (MP4, MOV, MKV, MOV_OF_ISO)

#: FFmpeg writes these into MP4 under numbers or letters that no player of MP4 looks for.
_NOT_IN_MP4 = frozenset({"mjpeg", "png", "jpeg2000", "ffv1", "dirac"})
#: FFmpeg has a number of its own for it there; of its packets an edit list can hide all or nothing.
_NO_SOUND_OF_MP4 = frozenset({"vorbis"})
#: Letters to keep as they are: hvc1 and hev1 differ in where parameter sets may lie.
_KEPT_IN_MP4 = frozenset({"avc1", "avc3", "hvc1", "hev1"})
#: AVI has no clock for sounds whose packets differ in size; the times that FFmpeg reads of these are wrong by seconds.
_NOT_IN_AVI = frozenset({"amr_nb", "amr_wb", "vorbis"})
#: Codecs that QuickTime has letters for and FFmpeg reads there, but does not write ("VP Codec ISO Media File Format
#: Binding"): written under the letters of a codec that needs no more, whose description is then put right.
STAND_INS = {"vp8": "cinepak"}
_VP8_CONFIGURATION = b"\0\0\0\x14vpcC\1\0\0\0" + bytes([0, 10, 8 << 4 | 1 << 1, 2, 2, 2, 0, 0])
RIGHT_LETTERS = {"vp8": (b"vp08", _VP8_CONFIGURATION)}
#: Says where in the whole file its parts lie, which is true of no clip.
_TRUE_OF_WHOLE_FILE = frozenset({"fdsc"})
_SIXTEEN_BITS = frozenset({"u8", "u8p", "s16", "s16p"})
_FLOATING = frozenset({"flt", "fltp", "dbl", "dblp"})
#: So many packets of each track are tried; as many of the picture show whether each stands alone.
_TRIED_PACKETS = 4
_PACKETS_IN_A_GROUP = 32
#: Some seconds of what a camera interleaves; a sound that has not begun by then is taken for what its header says.
_READ_PACKETS = 600
_READ_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class TrackWay:
    """The plan for one track."""

    index: int  # FFmpeg's, in the source
    kind: Kind
    codec: str  # FFmpeg's name, or the four letters of a metadata track
    fate: Fate
    into: str = ""  # the ending of the clip that it is copied into, or the codec that it is converted to
    tag: str = ""  # letters of the codec in the clip; "" leaves them to the muxer
    stand_in: str = ""  # the codec as which it is written


@dataclass(frozen=True)
class Way:
    """The plan for cutting a clip out of a file."""

    container: Container
    tracks: tuple[TrackWay, ...]

    def of(self, stream: Stream) -> TrackWay:
        return next(track for track in self.tracks if track.index == stream.index)

    def as_json(self) -> dict[str, Any]:
        """Return ``ending`` and ``tracks``, each with ``index``, ``kind``, ``codec``, ``fate`` and ``into``."""
        told = []
        for track in self.tracks:
            said = {"index": track.index, "kind": str(track.kind), "codec": track.codec, "fate": str(track.fate)}
            told.append(said | {"into": track.into})
        return {"ending": self.container.ending, "tracks": told}


def way_of(container: InputContainer, picture: VideoStream) -> Way:
    """Return the plan for the tracks of a file.

    Parameters
    ----------
    container, picture : InputContainer, VideoStream
        The source and its picture; the position is moved.

    Raises
    ------
    MediaError
        If no container holds the picture as it is.
    """
    begun = _beginnings(container, picture)
    target, shown = _way_of_picture(picture, begun[picture.index])
    entries = sample_entries.read(path_of(container)) if _is_mov(container) else {}
    beside = [s for s in container.streams if s.index != picture.index]
    tracks = [shown, *(_way_beside(container, stream, target, begun, entries) for stream in beside)]
    return Way(target, tuple(sorted(tracks, key=lambda track: track.index)))


def add_copied(target: OutputContainer, source: Stream, tag: str, stand_in: str = "") -> Stream:
    """Add a track that takes the packets of ``source`` as they are; ValueError if the muxer has no place for it."""
    if stand_in and isinstance(source, VideoStream):
        size = {"width": source.width, "height": source.height}
        return target.add_mux_stream(stand_in, rate=source.average_rate, time_base=source.time_base, **size)
    stream = target.add_stream_from_template(source, opaque=True)
    if tag:
        stream.codec_context.codec_tag = tag
    return stream


def _is_mov(container: av.container.Container) -> bool:
    return "mov" in container.format.name.split(",")


@dataclass
class _Beginning:
    """The first packets of a picture or a sound."""

    packets: list[AnyPacket] = field(default_factory=list)
    n_seen: int = 0
    stand_alone: bool = True  # each of those seen is a keyframe

    def see(self, packet: AnyPacket) -> None:
        self.n_seen += 1
        self.stand_alone = self.stand_alone and packet.is_keyframe
        if len(self.packets) < _TRIED_PACKETS:
            self.packets.append(packet)


def _beginnings(container: InputContainer, picture: VideoStream) -> dict[int, _Beginning]:
    """Return the first packets of each picture and sound, by the track's index."""
    tried = [s for s in container.streams if s.type in {"video", "audio"} and s.codec_context is not None]
    found = {s.index: _Beginning() for s in tried}
    n_read = n_bytes = 0
    try:
        go_to(container, picture, picture.start_time or 0)
        for packet in container.demux(tried):
            n_read, n_bytes = n_read + 1, n_bytes + packet.size
            if packet.size:
                found[packet.stream.index].see(packet)
            is_enough = found[picture.index].n_seen >= _PACKETS_IN_A_GROUP
            is_enough = is_enough and all(begun.n_seen >= _TRIED_PACKETS for begun in found.values())
            if is_enough or n_read >= _READ_PACKETS or n_bytes >= _READ_BYTES:
                break
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        # cut off there: what was read must do
    return found


def _way_of_picture(picture: VideoStream, begun: _Beginning) -> tuple[Container, TrackWay]:
    name = _name(picture)
    if name == "h263" and any(packet.is_keyframe and _is_h263_inter(packet) for packet in begun.packets):
        raise MediaError("This file marks every H.263 picture as a keyframe. Please convert it to MP4 first.")
    for target in CONTAINERS:
        if target == MP4 and name in _NOT_IN_MP4:
            continue
        if not target.has_edit_lists and not begun.stand_alone:
            continue
        for tag in _tags(picture, target):
            stand_in = STAND_INS.get(name, "") if target == MOV else ""
            if _holds(target, picture, begun.packets, tag, stand_in):
                way = TrackWay(picture.index, Kind.PICTURE, name, Fate.COPY, target.ending, tag, stand_in)
                return target, way
    raise MediaError(
        f"Clips cannot be cut from this video: MP4, MOV and MKV cannot hold {name}. "
        "Please convert the file to H.264 or ProRes first."
    )


def _name(stream: Stream) -> str:
    return stream.codec_context.codec.canonical_name


def _is_h263_inter(packet: AnyPacket) -> bool:
    """Return whether an H.263 picture needs the one before it, as its header says (ITU-T H.263, 5.1.3)."""
    head = bytes(packet)[:5]
    is_plain = len(head) == 5 and head[4] >> 2 & 7 not in {0, 7}
    return is_plain and bool(head[4] & 2)


def _way_beside(
    container: InputContainer,
    stream: Stream,
    target: Container,
    begun: Mapping[int, _Beginning],
    entries: Mapping[int, sample_entries.SampleEntry],
) -> TrackWay:
    entry, first = entries.get(stream.id), begun[stream.index].packets if stream.index in begun else []
    name = _name(stream) if stream.codec_context else entry.kind if entry else stream.type
    if isinstance(stream, AudioStream):
        return _way_of_sound(stream, target, first, name)
    if stream.type == "video" and not stream.disposition & Disposition.attached_pic:
        return _way_of_second_picture(container, stream, target, first, name)
    if stream.type == "data" and entry:
        return _way_of_metadata(container, stream, target, entry)
    kind = {"video": Kind.COVER, "subtitle": Kind.SUBTITLES}.get(stream.type, Kind.OTHER)
    return TrackWay(stream.index, kind, name, Fate.LEAVE)


def _way_of_sound(stream: AudioStream, target: Container, packets: list[AnyPacket], name: str) -> TrackWay:
    context = stream.codec_context
    if context is None or (name in _NOT_IN_AVI and "avi" in stream.container.format.name):
        return TrackWay(stream.index, Kind.SOUND, name, Fate.LEAVE)
    tags = [] if target.muxer == "mp4" and name in _NO_SOUND_OF_MP4 else _tags(stream, target)
    for tag in tags:
        if _holds(target, stream, packets, tag):
            return TrackWay(stream.index, Kind.SOUND, name, Fate.COPY, target.ending, tag)
    if not context.sample_rate or not context.channels or context.format is None:
        return TrackWay(stream.index, Kind.SOUND, name, Fate.LEAVE)
    return TrackWay(stream.index, Kind.SOUND, name, Fate.CONVERT, converted_to(stream))


def converted_to(stream: AudioStream) -> str:
    """Return the encoder for a sound that cannot be copied: a lossless one if the source is lossless."""
    codec, form = stream.codec_context.codec, stream.codec_context.format.name
    if codec.lossy or not codec.lossless:
        return "aac"
    if form in _FLOATING:
        return "pcm_f32le"
    if layout_of(stream.codec_context) in ALAC_LAYOUTS:
        return "alac"
    return "pcm_s16le" if form in _SIXTEEN_BITS else "pcm_s24le"


def _way_of_second_picture(
    container: InputContainer, stream: Stream, target: Container, packets: list[AnyPacket], name: str
) -> TrackWay:
    """Plan a second lens: kept if the file has decoding times, as MP4 and MOV do, and the clip an edit list."""
    if stream.codec_context is not None and _is_mov(container) and target.has_edit_lists and packets:
        for tag in _tags(stream, target):
            if _holds(target, stream, packets, tag):
                return TrackWay(stream.index, Kind.PICTURE, name, Fate.COPY, target.ending, tag)
    return TrackWay(stream.index, Kind.PICTURE, name, Fate.LEAVE)


def _way_of_metadata(
    container: InputContainer, stream: Stream, target: Container, entry: sample_entries.SampleEntry
) -> TrackWay:
    kind = Kind.TIMECODE if entry.kind == "tmcd" else Kind.METADATA
    if kind == Kind.TIMECODE:
        with path_of(container).open("rb") as file:
            is_kept = timecode.read(file) is not None
    else:
        is_kept = entry.is_timed_metadata and entry.kind not in _TRUE_OF_WHOLE_FILE
    if is_kept and target.has_edit_lists:
        return TrackWay(stream.index, kind, entry.kind, Fate.COPY, target.ending)
    return TrackWay(stream.index, kind, entry.kind, Fate.LEAVE)


def _tags(source: Stream, target: Container) -> list[str]:
    """Return the codec tags to try: the source's own where they tell variants apart, then those of the muxer."""
    tag, name = _letters(source), _name(source)
    if target == MP4:
        if tag in _KEPT_IN_MP4:
            return [tag]
        return ["hvc1"] if name == "hevc" else [""]  # what Apple's players want
    is_said = target == MOV and source.type == "video" and tag.isascii() and tag.isprintable()
    return [tag, ""] if is_said and (_is_mov(source.container) or name == "prores") else [""]


def _letters(source: Stream) -> str:
    try:
        return source.codec_context.codec_tag
    except UnicodeDecodeError:  # AVI has numbers for sounds, some of which are no letters
        return ""


def _holds(target: Container, source: Stream, packets: list[AnyPacket], tag: str, stand_in: str = "") -> bool:
    """Return whether the muxer takes a track and its output reads back."""
    written = io.BytesIO()
    options = {"strict": "unofficial"} | ({"brand": target.brand} if target.brand else {})
    try:
        with av.open(written, "w", format=target.muxer, container_options=options) as container:
            stream = add_copied(container, source, tag, stand_in)
            container.start_encoding()
            time = 0
            for packet in packets:
                container.mux(_again(packet, stream, time))
                time += max(1, packet.duration or 0)
        written.seek(0)
        return not packets or bool(stand_in) or _is_found(written, source)
    except (ValueError, av.error.FFmpegError) as error:
        if isinstance(error, MemoryError):
            raise
        return False


def _again(packet: AnyPacket, stream: Stream, time: int) -> AnyPacket:
    """Return a packet with the same bytes at a time that every muxer accepts."""
    again = av.Packet(bytes(packet))
    again.stream, again.time_base = stream, packet.time_base
    again.pts = again.dts = time
    again.duration, again.is_keyframe = packet.duration or 0, packet.is_keyframe
    return again


def _is_found(written: io.BytesIO, source: Stream) -> bool:
    with av.open(written) as container:
        found = next((s for s in container.streams if s.type == source.type), None)
        if (
            found is None
            or found.codec_context is None
            or found.codec_context.codec.id != source.codec_context.codec.id
        ):
            return False
        if isinstance(source, VideoStream) and isinstance(found, VideoStream):
            return (found.width, found.height) == (source.width, source.height)
        if isinstance(source, AudioStream) and isinstance(found, AudioStream):
            return (found.sample_rate, found.channels) == (source.sample_rate, source.channels)
        return True
