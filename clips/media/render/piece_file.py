"""Writes one piece of a video: an MPEG transport stream of H.264 and AAC."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame

from clips.media.output import whole_or_not_at_all
from clips.media.render.piece_sound import SOUND_BITS_PER_SECOND, PieceSound
from clips.media.render.preview_sound import RATE_HZ
from clips.media.timestamps import AnyPacket, pts_of

MOST_HZ = 30
#: What the clock of all pieces says at 0:00; sound that begins a little before has a time as well.
ZERO_S = 10
#: About 1 Mbit/s with the sound. No frame looks ahead, so that each is there when it is encoded.
_ENCODING = {"preset": "superfast", "tune": "zerolatency", "crf": "26", "maxrate": "1100k", "bufsize": "1600k"}


class PieceFile:
    """Writes one piece. A context manager, so that an unfinished one leaves no file."""

    def __init__(self, out: Path, start_s: Fraction, sound: PieceSound | None) -> None:
        self._out = out
        self._start_s = start_s
        self._sound = sound
        self._track: Any = None
        self._frames: list[tuple[Fraction, VideoFrame]] = []
        self._heard: list[AnyPacket] = []

    def __enter__(self) -> "PieceFile":
        return self

    def add(self, at_s: Fraction, frame: VideoFrame) -> None:
        self._frames.append((at_s, frame))

    def hold_until(self, end_s: Fraction) -> None:
        """Show the last frame until then: a stream of this kind says when a frame begins, not how long it stays.

        A player takes the last one to stay as long as the one before it. It would count all pieces that follow from
        where it believes that this one ends, so the last two are as far apart as from the end.
        """
        at_s, frame = self._frames[-1]
        if at_s < end_s - Fraction(2, MOST_HZ):
            self._frames += [(end_s - Fraction(left, MOST_HZ), frame) for left in (2, 1)]

    def add_sound(self, packets: list[AnyPacket]) -> None:
        self._heard = packets

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is not None:
            return
        options = {"mpegts_copyts": "1", "mpegts_flags": "+resend_headers"}
        with (
            whole_or_not_at_all(self._out) as path,
            av.open(str(path), "w", format="mpegts", container_options=options) as target,
        ):
            self._write(target)

    def _write(self, target: OutputContainer) -> None:
        sample = self._frames[0][1]
        track = target.add_stream("libx264", rate=MOST_HZ, options=dict(_ENCODING))
        track.width, track.height, track.pix_fmt = sample.width, sample.height, "yuv420p"
        context = track.codec_context
        context.thread_count, context.gop_size = 1, 1000
        context.time_base = Fraction(1, 90_000)
        context.color_range, context.colorspace = sample.color_range, sample.colorspace
        context.color_primaries, context.color_trc = sample.color_primaries, sample.color_trc
        heard = None
        if self._sound:
            heard = target.add_stream("aac", rate=RATE_HZ, layout=self._sound.layout)
            heard.bit_rate = SOUND_BITS_PER_SECOND
        packets: list[AnyPacket] = []
        for at_s, frame in self._frames:
            frame.pts, frame.time_base = round((at_s + ZERO_S) * 90_000), Fraction(1, 90_000)
            frame.pict_type = PictureType.NONE
            packets += track.encode(frame)
        packets += track.encode(None)
        target.start_encoding()
        for packet in self._heard:
            packet.pts = packet.dts = pts_of(packet) + ZERO_S * RATE_HZ
            packet.time_base, packet.stream = Fraction(1, RATE_HZ), heard
            packets.append(packet)
        for packet in sorted(packets, key=lambda each: (each.dts or 0) * each.time_base):
            target.mux(packet)
