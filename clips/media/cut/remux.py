"""Copies the packets of a span into a new file, with the camera's own metadata."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.cameras import tags as camera_tags
from clips.media.cut.packet_selection import wanted_packets
from clips.media.mp4 import edit_lists
from clips.media.mp4.timecode import Timecode
from clips.media.pictures.coded import CodedPictures
from clips.media.pictures.frame_times import Span
from clips.media.timestamps import AnyPacket, dts_of, pts_of, time_base_of
from clips.media.way import Container, Fate, Kind, TrackWay, Way, add_copied

if TYPE_CHECKING:
    from clips.media.converted_sound import ConvertedSound

#: The edit list counts in about this many units per second, always a multiple of the picture's own clock.
_MOVIE_TIMESCALE_HZ = 30_000
IN_PIECES = "This video was joined from several pieces. A clip must lie within one of them."
NOT_ALONE = "This video cannot be cut exactly there, because its frames depend on earlier ones. Start at another frame."
DISAGREES = "This file cannot be cut exactly there, because its index does not match its content."


@dataclass(frozen=True)
class Kept:
    """The parts of its source that a clip keeps besides the tracks."""

    tags: Mapping[str, str]  # added to the camera's
    recorded_at: str | None  # the true beginning of the source, ISO 8601; None: its own tags are right
    timecode: Timecode | None  # of the source's first frame


@dataclass(frozen=True)
class Copied:
    """The result of copying a span."""

    n_frames: int  # seen ones
    places: list[int]  # of each track of the clip, in order, which track of the source it was
    unheard_s: dict[int, Fraction]  # see ``edits.show_at_most``


def remux(
    container: InputContainer, stream: VideoStream, spans: Mapping[int, Span], out: Path, kept: Kept, way: Way
) -> Copied:
    """Write a span to ``out`` as a file whose timestamp 0 is the first wanted frame.

    Parameters
    ----------
    container, stream : InputContainer, VideoStream
        The source and its picture; the position is moved.
    spans : mapping of int to Span
        What is to be seen of each picture, by the track's index.
    out : Path
        Written over. What must be decoded but not seen is in it; ``edits.show_at_most`` hides its tail.
    kept : Kept
        Goes with it.
    way : Way
        Which container, and what becomes of each track.

    Raises
    ------
    MediaError
        If the span goes across pieces of an edited video, if the clip must begin at a keyframe and does not, or if
        the file's index is wrong.
    """
    span = spans[stream.index]
    if not way.container.has_edit_lists and span.first.keyframe_pts != span.first.pts:
        raise MediaError(NOT_ALONE)
    sources = [s for s in container.streams if _is_wanted(way.of(s))]
    n_frames, edges = 0, {span.first.pts, span.last.pts}
    options = _muxer_options(way.container, time_base_of(stream), with_timecode=kept.timecode is not None)
    with av.open(str(out), "w", format=way.container.muxer, container_options=options) as target:
        into_s = span.start_s - (stream.start_time or 0) * time_base_of(stream)
        target.metadata.update(_tags(container.metadata, into_s, kept))
        tracks = {s.index: _new_track(target, container, s, span, into_s, kept, way) for s in sources}
        packets = wanted_packets(container, sources, stream, spans)
        for packet in _in_order(_with_true_keyframes(packets, stream)):
            is_picture = packet.stream.index == stream.index
            if is_picture and span.first.pts <= pts_of(packet) <= span.last.pts:
                if packet.is_discard:
                    raise MediaError(IN_PIECES)
                n_frames += 1
                edges.discard(packet.pts)
            tracks[packet.stream.index].write(target, packet)
        for track in tracks.values():
            track.close()
        if edges:
            raise MediaError(DISAGREES)
    used = {index: track for index, track in tracks.items() if track.is_used}  # FFmpeg leaves out the others
    unheard_s = {place: track.unheard_s for place, track in enumerate(used.values()) if track.unheard_s}
    return Copied(n_frames, list(used), unheard_s)


def _is_wanted(track: TrackWay) -> bool:
    return track.fate != Fate.LEAVE and track.kind != Kind.TIMECODE  # the muxer writes that one itself


def _new_track(
    target: OutputContainer,
    container: InputContainer,
    source: Stream,
    span: Span,
    into_s: Fraction,
    kept: Kept,
    way: Way,
) -> "_Track | _ConvertedTrack":
    to = way.of(source)
    is_pcm = to.kind == Kind.SOUND and to.codec.startswith("pcm_")
    if to.fate == Fate.CONVERT or (is_pcm and not way.container.has_edit_lists):
        # Without an edit list the first packet of PCM is cut to the sample, by the codec that it has already.
        into = to.into if to.fate == Fate.CONVERT else to.codec
        from clips.media.converted_sound import ConvertedSound  # with NumPy, which no other cut needs

        sound = ConvertedSound(target, cast(AudioStream, source), span, into)
        _describe(sound.track, source, into_s, kept)
        return _ConvertedTrack(sound)
    stream = _add_stream(target, source, to)
    _describe(stream, source, into_s, kept)
    if way.container.has_edit_lists:
        return _Track(stream, source, span, _late_s(container, source, span))
    return _TrackFromStart(stream, source, span, Fraction(0))


def _muxer_options(container: Container, time_base: Fraction, *, with_timecode: bool) -> dict[str, str]:
    options = {
        "avoid_negative_ts": "disabled",  # the frames before the first wanted one are to stay before it
        "strict": "unofficial",  # what FFmpeg wants to hear before it writes Dolby Vision's box
    }
    if not container.has_edit_lists:
        return options
    options |= {
        "movflags": "+faststart+use_metadata_tags",
        "use_editlist": "1",
        "write_tmcd": "1" if with_timecode else "0",
    }
    if container.brand:
        options["brand"] = container.brand
    if time_base.numerator == 1:
        ticks_hz = time_base.denominator
        options["video_track_timescale"] = str(ticks_hz)
        options["movie_timescale"] = str(ticks_hz * ceil(_MOVIE_TIMESCALE_HZ / ticks_hz))
    return options


def _tags(said: Mapping[str, str], into_s: Fraction, kept: Kept) -> dict[str, str]:
    tags = camera_tags.of_part(said, into_s, kept.recorded_at)
    if kept.recorded_at:
        tags = camera_tags.creation_time(kept.recorded_at, into_s) | tags
    return tags | dict(kept.tags)


def _add_stream(target: OutputContainer, source: Stream, to: TrackWay) -> Stream:
    if to.kind == Kind.METADATA:  # what it is, ``sample_entries.give_back`` says afterwards
        stream = target.add_data_stream("bin_data")
        stream.time_base = source.time_base
        return stream
    try:
        return add_copied(target, source, to.tag, to.stand_in)
    except (ValueError, av.error.FFmpegError) as error:
        raise MediaError(f"The {to.codec} track cannot be copied into a clip.") from error


def _describe(stream: Stream, source: Stream, into_s: Fraction, kept: Kept) -> None:
    stream.metadata.update(camera_tags.of_part(source.metadata, into_s, kept.recorded_at))
    stream.disposition = source.disposition
    context = stream.codec_context
    if source.type == "video" and kept.timecode is not None and isinstance(context, VideoCodecContext):
        context.framerate = kept.timecode.rate  # FFmpeg counts it at the rate of the picture, unless told
        stream.metadata["timecode"] = str(kept.timecode.later(into_s))


def _late_s(container: InputContainer, source: Stream, span: Span) -> Fraction:
    """Return how much later a sound plays than FFmpeg says, as it does from the second piece of an edit on.

    FFmpeg has such a piece begin with the first packet that lies wholly in it.
    """
    if not isinstance(source, AudioStream) or not source.codec_context.frame_size:
        return Fraction(0)
    packet_s = Fraction(source.codec_context.frame_size, source.codec_context.sample_rate)
    begun = [p for p in edit_lists.pieces(container, source) if p.start_s <= span.start_s + packet_s / 2]
    return -begun[-1].media_s % packet_s if len(begun) > 1 else Fraction(0)


def _with_true_keyframes(packets: Iterator[AnyPacket], stream: VideoStream) -> Iterator[AnyPacket]:
    """Yield packets; those of the picture at which it only begins to build up are not marked as keyframes.

    A player that goes to such a one, as to the last before the edit begins, shows nothing for a while. Where decoding
    must start, it stays marked: without one keyframe no player starts at all.
    """
    coded, has_begun = CodedPictures(stream), False
    for packet in packets:
        if packet.stream.index == stream.index:
            packet.is_keyframe = packet.is_keyframe and (not has_begun or coded.is_right_at_once(packet))
            has_begun = True
        yield packet


def _in_order(packets: Iterator[AnyPacket]) -> Iterator[AnyPacket]:
    """Yield the packets while each stream's DTS grows; where one piece ends, the next begins earlier.

    What a camera measured at one time in several packets is moved by a tick, as no muxer takes the same time twice.
    """
    last: dict[int, int] = {}
    for packet in packets:
        index, dts = packet.stream.index, dts_of(packet)
        if packet.stream.type == "data":
            packet.pts = packet.dts = dts = max(dts, last.get(index, dts - 1) + 1)
        if dts <= last.get(index, dts - 1):
            raise MediaError(IN_PIECES if packet.stream.type == "video" else DISAGREES)
        last[index] = dts
        yield packet


def _write(target: OutputContainer, packet: AnyPacket) -> None:
    try:
        target.mux(packet)
    except (av.error.ArgumentError, av.error.InvalidDataError) as error:  # as a PTS before its DTS
        raise MediaError(DISAGREES) from error


class _Track:
    """One track of the clip; puts packets on the clip's clock."""

    def __init__(self, stream: Stream, source: Stream, span: Span, late_s: Fraction) -> None:
        self.is_used = False
        self.unheard_s = Fraction(0)
        self._stream = stream
        self._span = span
        self._shift_s = span.start_s - late_s
        self._steps = _Steps(source) if isinstance(source, AudioStream) else None
        begins_s = max((source.start_time or 0) * time_base_of(source), span.start_s)
        # A sound that begins late must wait for its time in an empty edit, together with what is put before it.
        self._begins_late_s = begins_s if source.type == "audio" and begins_s > span.start_s else None

    def write(self, target: OutputContainer, packet: AnyPacket) -> None:
        _write(target, self.moved(packet))

    def close(self) -> None:
        """Do nothing: no packet is held back."""

    def moved(self, packet: AnyPacket) -> AnyPacket:
        """Return the packet on the clip's clock. Nothing beside the picture lasts longer than the picture."""
        if self._steps:
            self._steps.refine(packet)
        if packet.stream.type != "video":
            room = ceil(self._span.end_s / time_base_of(packet)) - pts_of(packet)
            packet.duration = max(1, min(packet.duration or room, room))
        if not self.is_used and self._begins_late_s is not None:
            self.unheard_s = max(Fraction(0), self._begins_late_s - pts_of(packet) * time_base_of(packet))
            self._shift_s -= self.unheard_s
        self.is_used = True
        shift = round(self._shift_s / packet.time_base)
        packet.pts = pts_of(packet) - shift
        packet.dts = dts_of(packet) - shift
        packet.stream = self._stream
        return packet


class _TrackFromStart(_Track):
    """A track where no edit list hides what lies before the clip: only sound that begins within it is written."""

    def write(self, target: OutputContainer, packet: AnyPacket) -> None:
        if pts_of(packet) * time_base_of(packet) >= self._span.start_s:
            super().write(target, packet)


class _ConvertedTrack:
    """One track of the clip whose sound is re-encoded."""

    is_used, unheard_s = True, Fraction(0)

    def __init__(self, sound: "ConvertedSound") -> None:
        self._sound = sound

    def write(self, _target: OutputContainer, packet: AnyPacket) -> None:
        self._sound.add(packet)

    def close(self) -> None:
        self._sound.close()


class _Steps:
    """Restores the exact times of a sound's packets where a file rounds them (Matroska to ms): each begins where the
    one before it ends. AVI counts whole packets of 24 or 32 ms, so the beginning of a clip cannot be stored at all.
    """

    def __init__(self, source: AudioStream) -> None:
        rate_hz, n_samples = source.codec_context.sample_rate, source.codec_context.frame_size
        self._is_rounded = bool(rate_hz and time_base_of(source) * rate_hz > 1)
        self._rate_hz = rate_hz
        self._each_s = Fraction(n_samples, rate_hz) if self._is_rounded and n_samples else None
        self._next_s: Fraction | None = None

    def refine(self, packet: AnyPacket) -> None:
        if not self._is_rounded:
            return
        time_s, lasts_s = pts_of(packet) * time_base_of(packet), (packet.duration or 0) * time_base_of(packet)
        if self._each_s is not None:
            if self._next_s is not None and abs(time_s - self._next_s) < 2 * packet.time_base:
                time_s = self._next_s
            self._next_s, lasts_s = time_s + self._each_s, self._each_s
        packet.time_base = Fraction(1, self._rate_hz)
        packet.pts = packet.dts = round(time_s * self._rate_hz)
        packet.duration = round(lasts_s * self._rate_hz)
