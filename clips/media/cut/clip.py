"""Cuts a clip out of a camera file without re-encoding its pictures.

The packets are copied from the keyframe at or before the first wanted frame. Frames that must be decoded but not shown
get negative timestamps in front and lie past the end behind, and the edit list hides both. So the first and the last
frame are exact in every player that honours edit lists, at the cost of a copy.
"""

from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.cameras import vendor_metadata
from clips.media.cameras.tags import creation_time
from clips.media.cut.remux import IN_PIECES, Copied, Kept, remux
from clips.media.formats.joined_stream import JoinedContainer
from clips.media.formats.length import picture_end_s
from clips.media.formats.opening import TAIL_SLACK_S, clock, declared_end_s, open_media, picture_stream, zero_s
from clips.media.mp4 import sample_entries, timecode
from clips.media.mp4.edit_lists import show_at_most
from clips.media.output import whole_or_not_at_all
from clips.media.pictures.frame_times import Span, frame_at
from clips.media.probe import camera_of
from clips.media.timestamps import time_base_of
from clips.media.way import RIGHT_LETTERS, Fate, Kind, TrackWay, Way, way_of


def cut(
    source: str,
    out: str,
    start_ms: int,
    end_ms: int,
    tags: dict[str, str] | None = None,
    recorded_at: str | None = None,
) -> dict[str, Any]:
    """Copy the frames from the one on screen at ``start_ms`` to the one at ``end_ms``, both included.

    Parameters
    ----------
    source : str
        A camera file.
    out : str
        The file to write; it appears whole or not at all, and replaces what is there. Its pictures decide whether it
        is MP4, MOV or MKV, not its name: see ``ending``.
    start_ms, end_ms : int
        Milliseconds of the source's timestamps; of a transport stream, since its first one.
    tags : dict, optional
        Written into the file besides the camera's own, as "clip_id".
    recorded_at : str, optional
        ISO 8601, UTC: when the source began, where that is known better than its camera's clock knew it. The clip's
        creation time follows from it.

    Returns
    -------
    dict
        ``first_pts``, ``last_pts`` (of the source, in units of ``time_base_num / time_base_den`` seconds),
        ``frames`` (shown), ``duration_ms``, ``size_bytes``, ``ending`` (what the file's name should end in: "mp4",
        "mov" or "mkv"), ``lead_us`` (by how much the first frame began before ``start_ms``, in microseconds),
        ``tracks`` (what became of each track of the source, as in ``probe``), ``dropped_tracks`` (the codecs of those
        that were left out).

    Raises
    ------
    MediaError
        If the span lies outside the video, or the file cannot be cut exactly.
    """
    if end_ms < start_ms:
        raise MediaError("The end is before the start.")
    with open_media(source) as whole:
        container, zero = _recording(whole, start_ms, end_ms)
        stream = picture_stream(container)
        way = way_of(container, stream)
        span = find_span(container, stream, zero, start_ms, end_ms)
        later_s = _zero(whole) - zero
        if recorded_at and later_s:
            begins_s = (stream.start_time or 0) * time_base_of(stream)
            recorded_at = creation_time(recorded_at, begins_s - zero)["creation_time"]
        way, spans = _spans(container, way, stream, span)
        with whole_or_not_at_all(Path(out)) as part:
            copied = remux(container, stream, spans, part, _kept(container, source, tags or {}, recorded_at), way)
            if way.container.has_edit_lists:
                show_at_most(part, span.end_s - span.start_s, copied.unheard_s)
                _put_letters_right(part, source, container, way, copied)
            size_bytes = part.stat().st_size
    return {
        "first_pts": span.first.pts + round(later_s / span.time_base),
        "last_pts": span.last.pts + round(later_s / span.time_base),
        "time_base_num": span.time_base.numerator,
        "time_base_den": span.time_base.denominator,
        "lead_us": round((zero + Fraction(start_ms, 1000) - span.start_s) * 1_000_000),
        "duration_ms": round((span.end_s - span.start_s) * 1000),
        "size_bytes": size_bytes,
        "frames": copied.n_frames,
        **way.as_json(),
        "dropped_tracks": [track.codec for track in way.tracks if track.fate == Fate.LEAVE],
    }


def _spans(container: InputContainer, way: Way, picture: VideoStream, span: Span) -> tuple[Way, dict[int, Span]]:
    """Return the shown span of each picture track, and the plan without the tracks that have no frame in the span."""
    spans, tracks = {picture.index: span}, []
    for track in way.tracks:
        if track.kind == Kind.PICTURE and track.fate == Fate.COPY and track.index != picture.index:
            if beside := _span_beside(container, container.streams[track.index], span):
                spans[track.index] = beside
            else:
                track = TrackWay(track.index, track.kind, track.codec, Fate.LEAVE)
        tracks.append(track)
    return Way(way.container, tuple(tracks)), spans


def _span_beside(container: InputContainer, stream: Stream, span: Span) -> Span | None:
    """Return the frames of a second picture that begin within a span of the first; None if there are none."""
    if not isinstance(stream, VideoStream):
        return None
    tick_s = time_base_of(stream)
    try:
        first = frame_at(container, stream, span.start_s)
        if first.pts * tick_s < span.start_s and first.next_pts is not None:
            first = frame_at(container, stream, first.next_pts * tick_s)
        last = frame_at(container, stream, span.last.pts * span.time_base)
    except MediaError:
        return None
    is_within = span.start_s <= first.pts * tick_s and first.pts <= last.pts and last.pts * tick_s < span.end_s
    return Span(first, last, tick_s) if is_within else None


def _put_letters_right(part: Path, source: str, container: InputContainer, way: Way, copied: Copied) -> None:
    """Restore in the clip the codec tags of tracks that FFmpeg writes under another tag."""
    written = [track for track in way.tracks if track.index in copied.places]
    metadata = [track for track in written if track.kind == Kind.METADATA and track.codec != "gpmd"]
    entries = sample_entries.read(Path(source)) if metadata else {}
    right = {track.index: entries[container.streams[track.index].id].raw for track in metadata}
    by_place = list(sample_entries.read(part).values()) if any(track.stand_in for track in written) else []
    for track in written:
        if track.stand_in:
            right[track.index] = by_place[copied.places.index(track.index)].under(*RIGHT_LETTERS[track.codec])
    if right:
        sample_entries.give_back(part, {copied.places.index(index): raw for index, raw in right.items()})


def _zero(container: InputContainer) -> Fraction:
    return Fraction(zero_s(container)).limit_denominator(av.time_base)


def _recording(whole: InputContainer, start_ms: int, end_ms: int) -> tuple[InputContainer, Fraction]:
    """Return the recording to read a span from, and which of its timestamps rows call 0:00.

    Of recordings that were joined it is the one that the span lies in, for each has parameters of its own.
    """
    zero = _zero(whole)
    if not isinstance(whole, JoinedContainer):
        return whole, zero
    first, last = (whole.at(zero + Fraction(time_ms, 1000)) for time_ms in (start_ms, end_ms))
    if first is not last:
        raise MediaError(IN_PIECES)
    return first.container, zero - first.later_s


def find_span(container: InputContainer, stream: VideoStream, zero: Fraction, start_ms: int, end_ms: int) -> Span:
    """Return the frames on screen from one time to another; MediaError where the video does not have both."""
    if start_ms < 0:
        raise MediaError("The start is before the beginning of the video.")
    first = frame_at(container, stream, zero + Fraction(start_ms, 1000))
    last = frame_at(container, stream, zero + Fraction(end_ms, 1000))
    span = Span(first, last, time_base_of(stream))
    own_end_s = picture_end_s(container, stream)
    cut_off = own_end_s is not None and span.end_s < own_end_s - TAIL_SLACK_S
    if last.next_pts is None and cut_off and zero + Fraction(end_ms, 1000) > span.end_s:
        stops_ms = int((span.end_s - zero) * 1000)
        raise MediaError(f"This file stops at {clock(stops_ms)}; {clock(end_ms)} cannot be read.")
    declared_s = declared_end_s(container)
    length_ms = ceil(((span.end_s if span.end_s >= declared_s else declared_s) - zero) * 1000)
    for time_ms in (start_ms, end_ms):
        if time_ms > length_ms:
            raise MediaError(f"The video is {clock(length_ms)} long; {clock(time_ms)} is outside it.")
    return span


def _kept(container: InputContainer, source: str, tags: dict[str, str], recorded_at: str | None) -> Kept:
    with Path(source).open("rb") as file:
        made_by = camera_of(container, file, vendor_metadata.read(file))
        # What its maker's boxes say is said in tags, for those boxes also hold what is true of the whole file only.
        named = {"make": made_by.make, "model": made_by.model}
        tags = {name: value for name, value in named.items() if value and not _names(container, name)} | tags
        return Kept(tags, recorded_at, timecode.read(file))


def _names(container: InputContainer, what: str) -> bool:
    return any(tag.lower().rpartition(".")[2] == what for tag in container.metadata)
