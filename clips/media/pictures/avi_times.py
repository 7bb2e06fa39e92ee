"""Gives the pictures of an AVI the times at which they are shown.

AVI counts pictures as they are stored and has no other times. Where B-frames are stored after the picture that they
need, FFmpeg takes that count for the display time, and frames come out in the wrong order or not at all. But the
pictures' headers tell their order, so the n-th one shown gets the n-th count.
"""

import heapq
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.pictures.display_order import AsStored, H264Order, Place, ReferencesFirst
from clips.media.timestamps import AnyPacket, dts_of, pts_of, time_base_of

#: No decoder holds back more pictures than this (ITU-T H.264, A.3.1).
_MOST_HELD_BACK = 16
_NO_ORDER = "This AVI does not store the order of its frames, so it cannot be cut exactly."
_CODECS = frozenset({"h264", "mpeg4", "mpeg2video", "mpeg1video"})
Order = H264Order | ReferencesFirst | AsStored
#: How DivX and Xvid say that they put a B-frame into the packet of the picture before it, and an empty packet behind.
_PACKED = re.compile(rb"(DivX\d+[bB]\d+)p")
#: Here a packet's picture begins, behind what is said of it; it takes no copy of the whole.
_HEAD_BYTES = 2048


class ReorderedContainer:
    """An AVI container as any other: ``demux`` yields packets with the true PTS, beginning at 0, and a DTS.

    All that is not here is the container's own.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container, self._stream = container, stream
        self._codec = stream.codec_context.name
        self._extradata = stream.codec_context.extradata or b""
        self._n_late = stream.codec_context.reorder_depth
        if self._codec == "mpeg4" and _PACKED.search(self._extradata):
            stream.codec_context.extradata = _PACKED.sub(rb"\1\0", self._extradata)  # it is unpacked here
        self._order()  # says at once whether it can be told

    @staticmethod
    def is_needed(stream: VideoStream) -> bool:
        """Return whether pictures of this codec may be shown in another order than they are stored."""
        return stream.codec_context.name in _CODECS or bool(stream.codec_context.reorder_depth)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def __enter__(self) -> "ReorderedContainer":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._container.close()

    def seek(self, offset: int, *, stream: Stream | None = None, **how: Any) -> None:
        """Seek as any container does; a time before the beginning, where FFmpeg fails, means the beginning."""
        if stream is not None:
            offset = max(offset, stream.start_time or 0)
        self._container.seek(offset, stream=stream, **how)

    def demux(self, *streams: Any, **chosen: Any) -> Iterator[AnyPacket]:
        """Yield packets, those of the picture in decoding order, each once its time is known."""
        waiting, unpack = _Waiting(self._order(), self._n_late), self._unpacking()
        for packet in self._container.demux(*streams, **chosen):
            if packet.stream.index != self._stream.index:
                yield packet
            elif packet.size:
                for picture in unpack(packet):
                    yield from waiting.add(picture)
            elif packet.dts is None:  # the last one, which ends the decoder
                yield from waiting.rest()
                yield packet
        yield from waiting.rest()

    def _order(self) -> Order:
        if self._codec not in _CODECS:
            raise MediaError(_NO_ORDER)
        if self._codec != "h264":
            return ReferencesFirst(self._codec)
        try:
            return H264Order(self._extradata)
        except (ValueError, IndexError) as error:
            if self._n_late:
                raise MediaError(_NO_ORDER) from error
            return AsStored()

    def _unpacking(self) -> Callable[[AnyPacket], list[AnyPacket]]:
        """Return a filter that splits packets into which DivX put two pictures."""
        if self._codec != "mpeg4":
            return lambda packet: [packet]
        unpacker = BitStreamFilterContext("mpeg4_unpack_bframes", self._stream)

        def unpack(packet: AnyPacket) -> list[AnyPacket]:
            pictures = unpacker.filter(packet)
            for picture in pictures:
                picture.stream, picture.time_base = self._stream, time_base_of(self._stream)
                if picture.is_keyframe and _PACKED.search(head := bytes(memoryview(picture)[:_HEAD_BYTES])):
                    picture.update(_PACKED.sub(rb"\1\0", head) + bytes(picture)[_HEAD_BYTES:])
            return pictures

        return unpack


class _Waiting:
    """Pictures whose time is not known yet, since one that is shown earlier may still come."""

    def __init__(self, order: Order, n_late: int) -> None:
        self._order, self._n_late = order, n_late
        self._packets: deque[AnyPacket] = deque()
        self._unshown: list[tuple[Place, int, AnyPacket]] = []
        self._counts: deque[int] = deque()
        self._n_known = self._n_seen = self._newest = 0
        self._last_place = (0, 0)
        self._known: set[int] = set()

    def add(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        """Take the next picture in decoding order; yield those whose times are known now."""
        place = self._order.place(bytes(memoryview(packet)[:_HEAD_BYTES])) or self._order.place(bytes(packet))
        self._last_place = place or self._last_place  # one that is damaged comes behind the last
        self._n_seen += 1
        if packet.dts is None:
            packet.dts = self._newest + 1
        self._newest = packet.dts
        self._packets.append(packet)
        self._counts.append(packet.dts)
        heapq.heappush(self._unshown, (self._last_place, self._n_seen, packet))
        if len(self._unshown) > _MOST_HELD_BACK:
            self._show_next()
        yield from self._known_ones()

    def rest(self) -> Iterator[AnyPacket]:
        """Yield all others at the end of the stream."""
        while self._unshown:
            self._show_next()
        yield from self._known_ones()

    def _show_next(self) -> None:
        _, number, packet = heapq.heappop(self._unshown)
        packet.pts = self._counts.popleft()
        self._known.add(number)

    def _known_ones(self) -> Iterator[AnyPacket]:
        while self._packets and self._n_known + 1 in self._known:
            self._n_known += 1
            self._known.remove(self._n_known)
            packet = self._packets.popleft()
            packet.dts = min(dts_of(packet) - self._n_late, pts_of(packet))
            yield packet
