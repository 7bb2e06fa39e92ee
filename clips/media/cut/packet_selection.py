"""Selects the packets that a clip needs: those seen or heard, and those the decoder needs before them."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor

import av
import av.error
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.pictures.fields import whole_pictures
from clips.media.pictures.frame_times import NO_TIMES, Span, go_to
from clips.media.timestamps import AnyPacket, dts_of, pts_of, time_base_of

#: An AAC decoder needs the packet before the first it is to play; two are sure.
_SOUND_LEAD_PACKETS = 2
#: Read from this much before the first keyframe, so that the sound's lead packets are among what is read. A transport
#: stream may hold sound and picture of one time this far apart.
_LEAD_S = Fraction(1, 5)
_TRANSPORT_LEAD_S = 2
#: Codecs of pictures that are shown in the order in which they are stored, and of sound.
_IN_ORDER, _LATE_IN_CHROMIUM = frozenset({"av1", "vp8", "vp9"}), frozenset({"opus", "vorbis"})
#: Cameras interleave picture, sound and telemetry within a second; past this nothing wanted can follow.
_INTERLEAVE_S = 3


def wanted_packets(
    container: InputContainer, kept: list[Stream], picture: VideoStream, spans: Mapping[int, Span]
) -> Iterator[AnyPacket]:
    """Yield, in file order, the packets of ``kept`` needed to show a span; all of them have a DTS.

    Parameters
    ----------
    spans : mapping of int to Span
        What is shown of each picture, by its index; that of ``picture`` is what everything else is kept for.

    Raises
    ------
    MediaError
        If the file does not say when its frames are shown, or is damaged there.
    """
    span = spans[picture.index]
    choosers = {
        s.index: _Picture(spans[s.index]) if s.index in spans else _Beside(s, span, _begins_whole(s, picture, span))
        for s in kept
    }
    try:
        _go_before(container, picture, spans)
        packets = whole_pictures(container.demux(kept), picture)
        for packet in _with_decoding_times(packets, picture):
            is_past = pts_of(packet) * time_base_of(packet) > span.end_s + _INTERLEAVE_S and not packet.is_discard
            yield from choosers[packet.stream.index].take(packet)
            if is_past or all(chooser.is_done for chooser in choosers.values()):
                return
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        if not choosers[picture.index].is_done:
            raise MediaError("This part of the file is damaged and cannot be read.") from error


def _begins_whole(stream: Stream, picture: VideoStream, span: Span) -> bool:
    """Return whether a sound must begin with a whole packet within the span, up to 20 ms late.

    If it began before the span Chromium would put all of it as much later as the first picture that is decoded lies
    before the first that is seen, and show the last one for so long.
    """
    codecs = [each.codec_context and each.codec_context.codec.canonical_name for each in (picture, stream)]
    return codecs[0] in _IN_ORDER and codecs[1] in _LATE_IN_CHROMIUM and span.first.keyframe_pts < span.first.pts


def _go_before(container: InputContainer, picture: VideoStream, spans: Mapping[int, Span]) -> None:
    lead_s = _TRANSPORT_LEAD_S if "mpegts" in container.format.name else _LEAD_S
    seek_to_s = min(span.first.seek_to * span.time_base for span in spans.values())
    seek_to = floor(seek_to_s / time_base_of(picture))
    begin = min(seek_to, picture.start_time or 0)  # AVI fails on a seek to before its start
    go_to(container, picture, max(begin, seek_to - ceil(lead_s / time_base_of(picture))))


def _with_decoding_times(packets: Iterable[AnyPacket], picture: VideoStream) -> Iterator[AnyPacket]:
    """Yield the packets with a DTS; FFmpeg does not know that of the first few where a file (Matroska) has none.

    That of the very first it may take for its PTS, which with MPEG-2 is the next one's DTS.
    """
    early: list[AnyPacket] = []
    is_first = True
    for packet in packets:
        is_picture = packet.stream.index == picture.index
        if packet.size == 0 or (packet.is_corrupt and not is_picture):
            continue
        if packet.pts is None:
            raise MediaError(NO_TIMES)
        if is_picture and (is_first or packet.dts is None):
            early.append(packet)
            is_first = False
            continue
        if packet.dts is None:
            packet.dts = packet.pts
        if early and is_picture:
            yield from _counted_back(early, packet)
            early = []
        yield packet
    if any(packet.dts is None for packet in early):
        raise MediaError(NO_TIMES)
    yield from early


def _counted_back(early: list[AnyPacket], following: AnyPacket) -> Iterator[AnyPacket]:
    """Yield the packets before one with a known DTS, each with a DTS counted back from it."""
    step, known = max(1, following.duration or 0), dts_of(following)
    for back, packet in enumerate(reversed(early), start=1):
        if packet.dts is None or packet.dts >= known:
            packet.dts = known - back * step
    yield from early


class _Picture:
    """Selects from the keyframe to the last packet, in decoding order, that is shown within the span."""

    def __init__(self, span: Span) -> None:
        self.is_done = False
        self._span = span
        self._begun = False
        self._behind: list[AnyPacket] = []  # shown after the span, so needed only if one within it still follows

    def take(self, packet: AnyPacket) -> list[AnyPacket]:
        span = self._span
        self._begun = self._begun or self._is_first(packet)
        self.is_done = self.is_done or (self._begun and dts_of(packet) > span.last.pts)
        if not self._begun or self.is_done:
            return []
        if pts_of(packet) > span.last.pts:
            self._behind.append(packet)
            return []
        taken, self._behind = [*self._behind, packet], []
        return taken

    def _is_first(self, packet: AnyPacket) -> bool:
        first = self._span.first
        return packet.is_keyframe and packet.pts == first.keyframe_pts and packet.pos == first.keyframe_at


class _Beside:
    """Selects the sound or data during the span, and what a decoder needs before it."""

    def __init__(self, stream: Stream, span: Span, begins_whole: bool = False) -> None:
        self.is_done = False
        self._begins_whole = begins_whole
        self._start = span.start_s / time_base_of(stream)
        self._end = span.end_s / time_base_of(stream)
        self._n_lead = _SOUND_LEAD_PACKETS if stream.type == "audio" else 0
        self._least = 1 if stream.type == "audio" else 0  # AVI, which counts packets, may not say that each is one
        self._before: list[AnyPacket] = []
        self._begun = False

    def take(self, packet: AnyPacket) -> list[AnyPacket]:
        is_before = pts_of(packet) + (packet.duration or self._least) <= self._start
        if self._begins_whole and pts_of(packet) < self._start:
            return []
        if packet.is_discard or is_before:  # hidden by an edit list, as what an encoder puts before the first sound
            if not self._begun:
                self._before = [*self._before, packet][-self._n_lead :] if self._n_lead else []
            return []
        if pts_of(packet) >= self._end:
            self.is_done = True
            return []
        taken, self._before, self._begun = [*self._before, packet], [], True
        return taken
