"""Reads everything in a camera file that costs next to nothing: its packets, its sound, its sensors."""

import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer

from clips.media import MediaError
from clips.media.formats.opening import MAX_DURATION_S, TOO_LONG, declared_end_s, picture_stream, zero_s
from clips.media.pictures.coded import CodedPictures
from clips.media.pictures.fields import whole_pictures
from clips.media.timestamps import AnyPacket, time_base_of
from detection.decode.packets import Packets
from detection.decode.sound import SoundBuffer, SoundChunk

#: High enough for the bands of a board's pop (up to 7.5 kHz), low enough to cost next to nothing.
SOUND_RATE_HZ = 16_000
#: Often enough for a bar that moves and for a lease that is renewed.
TICK_S = 0.25
#: FFmpeg's name for a track of GoPro's "gpmd" payloads, and how each of them begins.
SENSOR_CODEC, SENSOR_MAGIC = "bin_data", b"DEVC"


@dataclass
class SensorPayload:
    """One payload of a GoPro's sensor track: its time, its length in seconds, and its bytes."""

    start_s: float
    length_s: float
    content: bytes


class Scan:
    """Reads one file once, front to back, without decoding a picture.

    Times are those of ``clips.media.formats.opening.zero_s``, divided by the stretch of slow motion: as they passed
    for the camera. A damaged packet is left out; where the file breaks off, reading ends without an error. What was not
    read is told, so that somebody can say so.

    Attributes
    ----------
    end_s : float
        End of the last picture read so far.
    broke_off : bool
        Whether reading ended with an error, before the end of the file.
    declared_end_s : float
        Where the file says that it ends.
    is_deaf : bool
        Whether there is sound that nobody here can read.
    n_sounds, n_unheard : int
        Packets of sound, and how many of them could not be read.
    """

    def __init__(self, container: InputContainer, *, stretch: float = 1.0) -> None:
        self._container = container
        self._video = picture_stream(container)
        # Slowed-down sound has its impacts in other bands, and most slow motion has none.
        sounds = container.streams.audio if stretch == 1 else ()
        self._audio = next((stream for stream in sounds if stream.codec_context is not None), None)
        self.is_deaf = bool(sounds) and self._audio is None
        self._coded = CodedPictures(self._video)
        self._sensors = [stream for stream in container.streams.data if stream.name == SENSOR_CODEC][:1]
        self._zero_s, self._stretch = zero_s(container), stretch
        self._sound = SoundBuffer(SOUND_RATE_HZ)
        self._pts, self._size, self._key = array("q"), array("q"), array("b")
        self.end_s = 0.0
        self.declared_end_s = (declared_end_s(container) - self._zero_s) / stretch
        self.broke_off = False
        self.n_sounds = self.n_unheard = 0

    def chunks(self, tick: Callable[[float], None]) -> Iterator[SoundChunk | SensorPayload]:
        """Yield sound and sensor payloads as they come; each kind in order of time.

        Parameters
        ----------
        tick : callable
            Called with the fraction that is read, about every ``TICK_S`` of work.
        """
        ticked_s = float("-inf")
        for packet in self._packets():
            if time.monotonic() - ticked_s > TICK_S:
                tick(min(self.end_s / self.declared_end_s, 1.0) if self.declared_end_s > 0 else 0.0)
                ticked_s = time.monotonic()
            if packet.stream is self._video:
                self._note(packet)
            elif packet.stream is self._audio:
                self._hear(packet)
                if self._sound.is_full:
                    yield self._sound.pop(self._zero_s)
            elif packet.pts is not None and (content := bytes(packet)).startswith(SENSOR_MAGIC):
                length_s = float((packet.duration or 0) * packet.time_base) / self._stretch
                yield SensorPayload(self._time_s(packet.pts * packet.time_base), length_s, content)
        if self._sound.n_samples:
            yield self._sound.pop(self._zero_s)

    def packets(self) -> Packets:
        """Return the coded pictures that were read.

        Raises
        ------
        MediaError
            If there are none.
        """
        if not self._pts:
            raise MediaError("The picture in this file cannot be read.")
        base = float(time_base_of(self._video))
        return Packets(
            pts_s=(np.array(self._pts, np.float64) * base - self._zero_s) / self._stretch,
            size_bytes=np.array(self._size, np.int64),
            is_key=np.array(self._key, bool),
            pixels=self._video.width * self._video.height,
            codec=self._video.codec_context.name,
        )

    def _packets(self) -> Iterator[AnyPacket]:
        streams = [self._video, *([self._audio] if self._audio else []), *self._sensors]
        try:
            yield from whole_pictures(self._container.demux(streams), self._video)
        except MemoryError:
            raise
        except av.error.FFmpegError:  # cut off or damaged: what was read so far counts
            self.broke_off = True

    def _note(self, packet: AnyPacket) -> None:
        pts = packet.dts if packet.pts is None else packet.pts
        if packet.size == 0 or pts is None:
            return
        self._pts.append(pts)
        self._size.append(packet.size)
        self._key.append(packet.is_keyframe and self._coded.is_right_at_once(packet))
        self.end_s = max(self.end_s, self._time_s((pts + (packet.duration or 0)) * packet.time_base))
        if self.end_s > MAX_DURATION_S:
            raise MediaError(TOO_LONG)

    def _hear(self, packet: "av.Packet[av.AudioStream]") -> None:
        self.n_sounds += bool(packet.size)
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except av.error.FFmpegError:
            self.n_unheard += 1
            return  # a damaged packet costs its own sound, not the file
        for frame in frames:
            if frame.pts is not None:
                self._sound.add(frame)

    def _time_s(self, time: float | Fraction) -> float:
        return (float(time) - self._zero_s) / self._stretch
