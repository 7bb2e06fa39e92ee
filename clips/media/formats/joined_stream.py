"""Plays a transport stream joined from several recordings on one continuous clock.

Each recording is opened on its own, because FFmpeg seeks by time and such a file holds the same time twice. The first
begins at its own timestamps, each other one where the one before it ends.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import av.error
from av.container import InputContainer
from av.stream import Stream

from clips.media import MediaError
from clips.media.timestamps import CLOCK_HZ, AnyPacket

#: Each has to be opened, whichever is wanted.
MAX_RECORDINGS = 50
#: Looked at for the last packet of a recording.
_TAIL_S = 3


@dataclass(frozen=True)
class Recording:
    """One of the recordings; times in units of 1/90,000 s."""

    container: InputContainer
    streams: dict[int, Stream]  # its own, by the index of the first recording's
    start: int  # first timestamp of its own
    end: int
    later: int  # to be added for the clock of the whole

    @property
    def later_s(self) -> Fraction:
        return Fraction(self.later, CLOCK_HZ)

    @property
    def begins(self) -> int:
        return self.start + self.later

    @property
    def ends(self) -> int:
        return self.end + self.later


class JoinedContainer:
    """The recordings as one container, with the streams of the first. Other attributes are the first's own.

    Attributes
    ----------
    recordings : list of Recording
    lost_s : dict of int to float
        Which of the recordings, counted from 1, cannot be used with the first, and how long each plays.
    """

    def __init__(self, path: str, begins: list[int], size_bytes: int, open_part: Callable[..., Any]) -> None:
        self.lost_s: dict[int, float] = {}
        self.recordings: list[Recording] = []
        for number, (begin, end) in enumerate(pairwise([0, *begins, size_bytes]), start=1):
            recording = None
            with suppress(MediaError):
                if len(self.recordings) < MAX_RECORDINGS:
                    recording = self._opened(open_part(path, begin, end))
            if recording:
                self.recordings.append(recording)
            elif number == 1:
                raise MediaError("The beginning of this file cannot be read.")
            else:
                from clips.media.formats import transport_stream

                self.lost_s[number] = transport_stream.length_s(path, begin, end)
        self._current = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.recordings[0].container, name)

    def __enter__(self) -> "JoinedContainer":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        for recording in self.recordings:
            recording.container.close()

    @property
    def end_s(self) -> float:
        """The end of the last recording, in seconds of the timestamps of the whole."""
        return self.recordings[-1].ends / CLOCK_HZ

    @property
    def duration(self) -> int:
        return round((self.recordings[-1].ends - self.recordings[0].begins) * av.time_base / CLOCK_HZ)

    def at(self, time_s: Fraction) -> Recording:
        """Return the recording that plays at a time."""
        return self.recordings[self._place(time_s * CLOCK_HZ)]

    def seek(self, offset: int, *, stream: Stream | None = None, **how: Any) -> None:
        """Move to a keyframe at or before ``offset``, in units of the stream's time base."""
        ticks = self.recordings[0].begins if stream is None else offset
        self._current = self._place(ticks)
        recording = self.recordings[self._current]
        local = ticks - recording.later
        if stream is None or local <= recording.start:
            recording.container.seek(0, unsupported_byte_offset=True)  # by time it lands behind the first frame
        else:
            recording.container.seek(local, stream=recording.streams[stream.index])

    def demux(self, *streams: Any, **chosen: Any) -> Iterator[AnyPacket]:
        """Yield the packets from the current position to the end of the last recording."""
        wanted = {stream.index: stream for stream in self.recordings[0].container.streams.get(*streams, **chosen)}
        while True:
            recording = self.recordings[self._current]
            is_last = self._current == len(self.recordings) - 1
            try:
                yield from self._of(recording, wanted, with_end=is_last)
            except av.error.FFmpegError as error:
                if is_last or isinstance(error, MemoryError):
                    raise
            if is_last:
                return
            self._current += 1
            self.recordings[self._current].container.seek(0, unsupported_byte_offset=True)

    def _of(self, recording: Recording, wanted: dict[int, Stream], *, with_end: bool) -> Iterator[AnyPacket]:
        firsts = {own.index: wanted[index] for index, own in recording.streams.items() if index in wanted}
        own = [recording.streams[stream.index] for stream in firsts.values()]
        if not own:
            return
        for packet in recording.container.demux(own):
            if packet.size == 0 and not with_end:
                continue  # it would end the decoder
            packet.stream = firsts[packet.stream.index]
            if packet.pts is not None:
                packet.pts += recording.later
            if packet.dts is not None:
                packet.dts += recording.later
            yield packet

    def _place(self, ticks: int | Fraction) -> int:
        return max((n for n, each in enumerate(self.recordings) if each.begins <= ticks), default=0)

    def _opened(self, container: InputContainer) -> Recording | None:
        """Return the next recording; None, closed, where the decoders of the first cannot read it."""
        first = self.recordings[0].container if self.recordings else container
        streams = _same_streams(first, container)
        if not streams or (first.streams.video and first.streams.video[0].index not in streams):
            container.close()
            return None
        start = min(stream.start_time or 0 for stream in streams.values())
        end = _last_end(container, list(streams.values())) or start
        container.seek(0, unsupported_byte_offset=True)
        later = self.recordings[-1].ends - start if self.recordings else 0
        return Recording(container, streams, start, end, later)


def _same_streams(first: InputContainer, other: InputContainer) -> dict[int, Stream]:
    """Return the other's streams by the index of the first's that each continues: same kind and codec, in order."""
    same = {}
    for kind in ("video", "audio"):
        for one, another in zip(getattr(first.streams, kind), getattr(other.streams, kind), strict=False):
            contexts = one.codec_context, another.codec_context
            if None not in contexts and contexts[0].name == contexts[1].name:
                same[one.index] = another
    return same


def _last_end(container: InputContainer, streams: list[Stream]) -> int | None:
    """Return the end of the last packet. Moves the position."""
    stated = max(((stream.start_time or 0) + stream.duration for stream in streams if stream.duration), default=None)
    if stated is None:
        return None
    last = stated
    with suppress(av.error.FFmpegError):
        container.seek(stated - _TAIL_S * CLOCK_HZ, stream=streams[0])
        for packet in container.demux(streams):
            if packet.pts is not None and packet.size and not packet.is_corrupt:
                last = max(last, packet.pts + (packet.duration or 0))
    return last
