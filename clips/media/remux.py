"""Copies the packets of a span into an MP4 of its own, with all that the camera said about itself."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.frames import NO_TIMES, Span

#: An AAC decoder needs the packet before the first it is to play; two are sure.
_SOUND_LEAD_PACKETS = 2
#: Read from this much before the first keyframe, so that the sound's lead packets are among what is read.
_LEAD_S = Fraction(1, 5)
#: Cameras interleave picture, sound and telemetry within a second; past this nothing wanted can follow.
_INTERLEAVE_S = 3
#: The edit list counts in about this many units per second, always a multiple of the picture's own clock.
_MOVIE_TIMESCALE_HZ = 30_000
#: FFmpeg writes these itself, or they are no longer true of a part.
_DROPPED_TAGS = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration"})
_TIME_TAGS = ("creation_time", "com.apple.quicktime.creationdate")
#: Names of codecs inside MP4 to keep as they are: hvc1 and hev1 differ in where parameter sets may lie.
_KEPT_CODEC_TAGS = frozenset({"avc1", "avc3", "hvc1", "hev1"})


def remux(
    container: InputContainer,
    stream: VideoStream,
    span: Span,
    out: Path,
    *,
    tags: dict[str, str],
    telemetry_id: int | None,
) -> dict[str, Any]:
    """Write ``span`` to ``out`` as an MP4 whose timestamp 0 is the first wanted frame.

    Parameters
    ----------
    container, stream : InputContainer, VideoStream
        The source and its picture; the position is moved.
    span : Span
        What is to be seen.
    out : Path
        Written over. What must be decoded but not seen is in it; ``edits.show_at_most`` hides its tail.
    tags : dict
        Metadata to add.
    telemetry_id : int or None
        The stream id of a GoPro's telemetry, to be kept as well.

    Returns
    -------
    dict
        ``frames`` (seen ones) and ``dropped_tracks`` (types of those that were left out).

    Raises
    ------
    MediaError
        If MP4 cannot hold the picture or the sound as it is, or a second edit hides frames inside the span.
    """
    kept = [s for s in container.streams if _is_wanted(s, stream, telemetry_id)]
    dropped = [s.type for s in container.streams if s not in kept]
    options = _muxer_options(stream.time_base)
    n_frames, edges = 0, {span.first.pts, span.last.pts}
    with av.open(str(out), "w", format="mp4", container_options=options) as target:
        target.metadata.update(_tags(container.metadata, span.start_s) | tags)
        copies = {s.index: _add_track(target, s, span.start_s) for s in kept}
        for packet in _wanted_packets(container, kept, stream, span):
            is_picture = packet.stream.index == stream.index
            if is_picture and span.first.pts <= packet.pts <= span.last.pts:
                if packet.is_discard:
                    raise MediaError("This video was edited in several pieces before; it cannot be cut exactly.")
                n_frames += 1
                edges.discard(packet.pts)
            target.mux(_moved(packet, copies[packet.stream.index], span))
        if edges:
            raise MediaError("This file cannot be cut exactly there; its index and its content do not agree.")
    return {"frames": n_frames, "dropped_tracks": dropped}


def _is_wanted(candidate: Stream, picture: VideoStream, telemetry_id: int | None) -> bool:
    if candidate.index == picture.index:
        return True
    if candidate.type == "audio":
        return candidate.codec_context is not None
    return telemetry_id is not None and candidate.type == "data" and candidate.id == telemetry_id


def _muxer_options(time_base: Fraction) -> dict[str, str]:
    options = {
        "movflags": "+faststart+use_metadata_tags",
        "use_editlist": "1",
        "avoid_negative_ts": "disabled",  # the frames before the first wanted one are to stay before it
        "write_tmcd": "0",
    }
    if time_base.numerator == 1:
        ticks_hz = time_base.denominator
        options["video_track_timescale"] = str(ticks_hz)
        options["movie_timescale"] = str(ticks_hz * ceil(_MOVIE_TIMESCALE_HZ / ticks_hz))
    return options


def _tags(tags: dict[str, str], start_s: Fraction) -> dict[str, str]:
    """Return the camera's tags for a clip that begins ``start_s`` later."""
    kept = {name: value for name, value in tags.items() if name not in _DROPPED_TAGS}
    for name in _TIME_TAGS:
        if name in kept:
            kept[name] = _later(kept[name], start_s)
    return kept


def _later(moment: str, by_s: Fraction) -> str:
    try:
        moved = datetime.fromisoformat(moment) + timedelta(seconds=float(by_s))
    except ValueError:
        return moment  # not a time that we can read; what the camera wrote is better than nothing
    text = moved.isoformat(timespec="microseconds" if "." in moment else "seconds")
    return text.replace("+00:00", "Z") if moment.endswith("Z") else text


def _add_track(target: OutputContainer, source: Stream, start_s: Fraction) -> Stream:
    try:
        track = target.add_stream_from_template(source, opaque=True)
    except (ValueError, av.error.FFmpegError) as error:
        name = "picture" if source.type == "video" else "sound"
        codec = source.codec_context.name
        raise MediaError(f"The {name} is {codec}, which an MP4 cannot hold as it is.") from error
    track.metadata.update(_tags(source.metadata, start_s))
    if source.type == "video":
        tag = source.codec_context.codec_tag
        if tag in _KEPT_CODEC_TAGS:
            track.codec_context.codec_tag = tag
        elif source.codec_context.name == "hevc":
            track.codec_context.codec_tag = "hvc1"  # what Apple's players want
    return track


def _wanted_packets(
    container: InputContainer, kept: list[Stream], picture: VideoStream, span: Span
) -> Iterator[av.Packet]:
    """Yield, as they lie in the file, the packets needed to show ``span``."""
    choosers = {
        s.index: _Picture(span) if s.index == picture.index else _Beside(s, span, _lead_packets(s)) for s in kept
    }
    begin = min(span.first.seek_to, picture.start_time or 0)  # AVI fails on a seek to before its start
    seek_to = max(begin, span.first.seek_to - ceil(_LEAD_S / span.time_base))
    try:
        container.seek(seek_to, stream=picture)
        for packet in _with_decoding_times(container.demux(kept), picture):
            yield from choosers[packet.stream.index].take(packet)
            is_past = packet.pts * packet.time_base > span.end_s + _INTERLEAVE_S
            if is_past or all(chooser.is_done for chooser in choosers.values()):
                return
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise MediaError("This part of the file is damaged and cannot be read.") from error


def _with_decoding_times(packets: Iterable[av.Packet], picture: VideoStream) -> Iterator[av.Packet]:
    """Yield the packets with DTS; FFmpeg cannot tell that of the first few where a file (Matroska) has none."""
    early: list[av.Packet] = []
    for packet in packets:
        if packet.size == 0:
            continue
        if packet.pts is None:
            raise MediaError(NO_TIMES)
        if packet.dts is None and packet.stream.index == picture.index:
            early.append(packet)
            continue
        if packet.dts is None:
            packet.dts = packet.pts
        if early and packet.stream.index == picture.index:
            step = max(1, packet.duration or 0)
            for back, waiting in enumerate(reversed(early), start=1):
                waiting.dts = packet.dts - back * step
            yield from early
            early = []
        yield packet
    if early:
        raise MediaError(NO_TIMES)


def _lead_packets(stream: Stream) -> int:
    return _SOUND_LEAD_PACKETS if stream.type == "audio" else 0


class _Picture:
    """Chooses from the keyframe to the last packet, in decoding order, that is shown within the span."""

    def __init__(self, span: Span) -> None:
        self.is_done = False
        self._span = span
        self._begun = False
        self._behind: list[av.Packet] = []  # shown after the span, so needed only if one within it still follows

    def take(self, packet: av.Packet) -> list[av.Packet]:
        span = self._span
        self._begun = self._begun or (packet.is_keyframe and packet.pts == span.first.keyframe_pts)
        self.is_done = packet.dts > span.last.pts
        if not self._begun or self.is_done:
            return []
        if packet.pts > span.last.pts:
            self._behind.append(packet)
            return []
        taken, self._behind = [*self._behind, packet], []
        return taken


class _Beside:
    """Chooses what sounds, or was measured, during the span, and ``n_lead`` packets before it."""

    def __init__(self, stream: Stream, span: Span, n_lead: int) -> None:
        self.is_done = False
        self._start = span.start_s / stream.time_base
        self._end = span.end_s / stream.time_base
        self._n_lead = n_lead
        self._before: list[av.Packet] = []

    def take(self, packet: av.Packet) -> list[av.Packet]:
        if packet.pts >= self._end:
            self.is_done = True
            return []
        if packet.pts + (packet.duration or 0) <= self._start:
            self._before = [*self._before, packet][-self._n_lead :] if self._n_lead else []
            return []
        taken, self._before = [*self._before, packet], []
        return taken


def _moved(packet: av.Packet, track: Stream, span: Span) -> av.Packet:
    """Put a packet on the clip's clock; nothing beside the picture lasts longer than the picture."""
    if packet.stream.type != "video":
        room = ceil(span.end_s / packet.time_base) - packet.pts
        packet.duration = max(1, min(packet.duration or room, room))
    shift = round(span.start_s / packet.time_base)
    packet.pts -= shift
    packet.dts -= shift
    packet.stream = track
    return packet
