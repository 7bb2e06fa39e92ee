"""Makes pieces of a video that every browser plays, around where somebody looks, as long as somebody does.

A piece is a short MPEG transport stream of H.264 and AAC: HLS, as RFC 8216 has it. All pieces of a video are as long as
each other and count one time, so any of them can follow any other: a piece begins with the frame on screen at its
start, and its sound is on one grid of AAC frames that no piece begins anew. They are of a low rate and small; who wants
to see each frame cuts a clip.

Who asks writes into a file which pieces are wanted now (``WANTED``), and this looks at it all the time, so a seek costs
no new process.
"""

import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame

from clips.media import MediaError
from clips.media.decode import Film, frames_of, held_back, open_film, packets_from
from clips.media.output import whole_or_not_at_all
from clips.media.pictures.frame_times import frame_at
from clips.media.render.deinterlace import deinterlaced
from clips.media.render.orientation import Upright
from clips.media.render.pace import Pace
from clips.media.render.preview_sound import RATE_HZ, layout_of, resampler_for
from clips.media.render.wanted_pieces import PIECE_MS, Wanted
from clips.media.timestamps import AnyPacket, pts_of, time_base_of

PIECE_S = Fraction(PIECE_MS, 1000)
SHORTER_PX = 480
MOST_HZ = 30
#: What the clock of all pieces says at 0:00; sound that begins a little before has a time as well.
ZERO_S = 10
#: About 1 Mbit/s with the sound. No frame looks ahead, so that each is there when it is encoded.
_ENCODING = {"preset": "superfast", "tune": "zerolatency", "crf": "26", "maxrate": "1100k", "bufsize": "1600k"}
_SOUND_BITS_PER_SECOND = 64_000
_AAC_SAMPLES = 1024
#: An encoder's first frames of sound lack what was before; they are made of sound before the piece and left out.
_WARM_UP_FRAMES = 3
#: It gives a frame back when it has seen the next two.
_AHEAD_SAMPLES = 3 * _AAC_SAMPLES
_JITTER_SAMPLES = RATE_HZ // 20
#: Sound that lies further behind its picture in the file is missing.
_SOUND_LATE_S = 3
_LOOK_EVERY_S = 0.05
_FRESH_S = 3.0
_THREADS = 2
#: Above this rate half of the frames are not shown, and those that nothing refers to need not be decoded.
_FAST_HZ = 45
#: Edges of blocks that the decoder leaves unsmoothed are not seen where a picture is made so many times smaller.
_MUCH_LARGER = 2
#: About what a core decodes of HEVC in a second.
_EASY_PIXELS_PER_SECOND = 1920 * 1080 * 90


def piece_path(folder: Path, number: int) -> Path:
    return folder / f"{number}.ts"


def make_pieces(source: str, folder: str, duration_ms: int, most_cores: float) -> dict[str, Any]:
    """Write pieces into a folder, each whole or not at all, until told that nobody wants any more.

    Parameters
    ----------
    source : str
        A camera file.
    folder : str
        Where the pieces go, as ``piece_path`` names them, and where ``WANTED`` lies.
    duration_ms : int
        How long the video is; the last piece ends there.
    most_cores : float
        How many cores' time may be used on average.

    Returns
    -------
    dict
        ``n_pieces``: how many were made.

    Raises
    ------
    MediaError
        If the video cannot be read there.
    """
    place = Path(folder)
    n_pieces = 0
    with open_film(source) as film:
        film.stream.codec_context.thread_count = _THREADS
        pace = Pace(most_cores, _first_share(film))
        run: _Run | None = None
        last_made: int | None = None
        made_at_s: dict[int, float] = {}
        while not (wanted := Wanted.read(place)).has_ended:
            # Who asks has not taken up yet what was made just now.
            now_s = time.monotonic()
            wishes = (n for n in (*wanted.urgent, *wanted.ahead) if made_at_s.get(n, -_FRESH_S) + _FRESH_S <= now_s)
            number = next(wishes, None)
            if number is None:
                time.sleep(_LOOK_EVERY_S)
                pace.rested()
                continue
            if run is None or last_made is None or number != last_made + 1:
                run = _Run(film, number, duration_ms, pace)
            last_made = None
            if run.make(number, place):
                last_made, made_at_s[number] = number, time.monotonic()
                n_pieces += 1
    return {"n_pieces": n_pieces}


class _Run:
    """Decodes a video from the start of a piece on, and gives each piece its frames and its sound."""

    def __init__(self, film: Film, number: int, duration_ms: int, pace: Pace) -> None:
        self._film = film
        self._pace = pace
        pace.hurry()
        self._end_s = Fraction(duration_ms, 1000)
        self._start_s = number * PIECE_S
        first = frame_at(film.container, film.stream, min(self._start_s, self._end_s) + film.zero_s)
        self._pictures = _Pictures(film, pace, self._start_s)
        self._sound = _Sound(film.heard, self._start_s) if film.heard else None
        self._frames = deinterlaced(self._decoded(first))
        self._is_over = False
        self._shown: tuple[Fraction, VideoFrame] | None = None
        self._waiting: deque[tuple[Fraction, VideoFrame]] = deque()
        self._looked_s = 0.0

    def make(self, number: int, folder: Path) -> bool:
        """Write one piece; False if it gave way to another that somebody waits for."""
        start_s = number * PIECE_S
        end_s = min(start_s + PIECE_S, max(self._end_s, start_s + Fraction(1, MOST_HZ)))
        while not self._has_all(end_s):
            if self._gives_way(number, folder):
                return False
            self._pace.keep()
            self._take_next()
        if self._shown is None and not self._waiting:
            raise MediaError("No picture of this part of the video can be read.")
        with _Piece(piece_path(folder, number), start_s, self._sound) as piece:
            first = self._shown or self._waiting[0]
            if not (self._waiting and self._waiting[0][0] <= start_s):
                piece.add(start_s, first[1])
            while self._waiting and self._waiting[0][0] < end_s:
                at_s, frame = self._waiting.popleft()
                piece.add(max(at_s, start_s), frame)
                self._shown = (at_s, frame)
            piece.hold_until(end_s)
            if self._sound:
                piece.add_sound(self._sound.until(end_s))
        self._pace.made(end_s - start_s)
        return True

    def _has_all(self, end_s: Fraction) -> bool:
        if self._is_over:
            return True
        newest_s = self._waiting[-1][0] if self._waiting else None
        if newest_s is None or newest_s < end_s:
            return False
        return self._sound is None or self._sound.has_until(end_s) or newest_s > end_s + _SOUND_LATE_S

    def _gives_way(self, number: int, folder: Path) -> bool:
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EVERY_S:
            return False
        self._looked_s = now_s
        return Wanted.read(folder).leaves(number)

    def _take_next(self) -> None:
        frame = next(self._frames, None)
        if frame is None:
            self._is_over = True
            self._place(self._pictures.rest())
        elif isinstance(frame, AudioFrame):
            if self._sound:
                self._sound.add(frame, self._film.zero_s)
        else:
            self._place(self._pictures.take(frame))

    def _place(self, taken: list[tuple[Fraction, VideoFrame]]) -> None:
        for at_s, small in taken:
            if at_s <= self._start_s:
                self._shown = at_s, small
            else:
                self._waiting.append((at_s, small))

    def _decoded(self, first: Any) -> Iterator[VideoFrame | AudioFrame]:
        film = self._film
        for packet in packets_from(film, first):
            if packet.stream.index == film.stream.index and not self._pictures.wants(packet):
                continue
            yield from frames_of(packet)
        for frame in held_back(film.stream):
            frame.time_base = film.stream.time_base
            yield frame


class _Pictures:
    """Chooses the frames that are shown, at most ``MOST_HZ`` in a second, and makes them small and upright.

    Where a machine decodes more slowly than the video plays, of each group of pictures only the first so many are
    decoded, and the last of them stays until the next group: no frame refers to one behind it.
    """

    def __init__(self, film: Film, pace: Pace, start_s: Fraction) -> None:
        self._film = film
        self._pace = pace
        self._start_s = start_s
        self._upright: Upright | None = None
        self._slot = -1
        self._group_began: int | None = None
        self._group_s = 1.0
        #: The newest frame up to the start: the one on screen there, if the next one comes later.
        self._before: tuple[Fraction, VideoFrame] | None = None
        context = film.stream.codec_context
        context.skip_frame = "NONREF" if _rate_hz(film) > _FAST_HZ else "DEFAULT"
        if min(context.width, context.height) >= _MUCH_LARGER * SHORTER_PX:
            context.options = {**context.options, "skip_loop_filter": "all"}

    def wants(self, packet: AnyPacket) -> bool:
        """Return whether a packet of the picture is decoded."""
        if packet.pts is None:
            return True
        tick_s = float(time_base_of(self._film.stream))
        if packet.is_keyframe:
            if self._group_began is not None and packet.pts > self._group_began:
                self._group_s = (packet.pts - self._group_began) * tick_s
            self._group_began = packet.pts
            return True
        if self._group_began is None or self._pace.share >= 1:
            return True
        # What is shown before its keyframe is made of frames that were left out.
        return 0 <= (packet.pts - self._group_began) * tick_s < self._pace.share * self._group_s

    def take(self, frame: VideoFrame) -> list[tuple[Fraction, VideoFrame]]:
        """Return the times of frames that are shown, and the frames made small."""
        at_s = pts_of(frame) * time_base_of(self._film.stream) - self._film.zero_s
        if at_s <= self._start_s:
            self._before = at_s, frame
            return []
        found = self.rest()
        slot = floor(at_s * MOST_HZ + Fraction(1, 100))
        if slot > self._slot:
            self._slot = slot
            found.append((at_s, self._small(frame)))
        return found

    def rest(self) -> list[tuple[Fraction, VideoFrame]]:
        """Return the frame on screen at the start, if it was not returned yet."""
        if self._before is None:
            return []
        at_s, frame = self._before
        self._before = None
        return [(at_s, self._small(frame))]

    def _small(self, frame: VideoFrame) -> VideoFrame:
        if self._upright is None:
            self._upright = Upright(frame, self._film.stream.sample_aspect_ratio, shorter_px=SHORTER_PX)
        return self._upright(frame)


def _rate_hz(film: Film) -> float:
    return float(film.stream.average_rate or film.stream.guessed_rate or MOST_HZ)


def _first_share(film: Film) -> float:
    """Return how much of the first piece is decoded: all of what a core decodes about as fast as it plays."""
    picture = film.stream.codec_context
    pixels_per_second = picture.width * picture.height * _rate_hz(film)
    return min(1.0, max(0.1, _EASY_PIXELS_PER_SECOND / max(1.0, pixels_per_second)))


class _Sound:
    """Brings sound onto the grid of AAC frames that all pieces share, and encodes it without a break."""

    def __init__(self, heard: Any, start_s: Fraction) -> None:
        self.layout = layout_of(heard)
        self._resampler = resampler_for(heard)
        self._heard = heard
        first_frame = max(0, floor(start_s * RATE_HZ / _AAC_SAMPLES) - _WARM_UP_FRAMES)
        self._at = first_frame * _AAC_SAMPLES
        self._expected: int | None = None
        self._left = np.zeros((1 if self.layout == "mono" else 2, 0), dtype=np.float32)
        self._encoder: AudioCodecContext = av.CodecContext.create("aac", "w")
        self._encoder.sample_rate, self._encoder.layout = RATE_HZ, self.layout
        self._encoder.format, self._encoder.bit_rate = "fltp", _SOUND_BITS_PER_SECOND
        self._encoder.time_base = Fraction(1, RATE_HZ)
        self._packets: deque[AnyPacket] = deque()
        self._from = ceil(start_s * RATE_HZ)

    @property
    def _taken_to(self) -> int:
        return self._at + self._left.shape[1]

    def add(self, frame: AudioFrame, zero_s: Fraction) -> None:
        """Take decoded sound; what lies before the run is left out, gaps become silence."""
        try:
            pieces = self._resampler.resample(frame)
        except ValueError:  # the camera changed its sound in the middle; the picture matters more
            return
        for piece in pieces:
            begin = round((pts_of(piece) * time_base_of(piece) - zero_s) * RATE_HZ)
            if self._expected is not None and abs(begin - self._expected) <= _JITTER_SAMPLES:
                begin = self._expected
            samples = piece.to_ndarray()
            self._expected = begin + samples.shape[1]
            self._silence_until(begin)
            self._append(samples[:, max(0, self._taken_to - begin) :])

    def has_until(self, end_s: Fraction) -> bool:
        """Return whether there is enough to encode all that begins before a time."""
        return self._taken_to >= end_s * RATE_HZ + _AHEAD_SAMPLES

    def until(self, end_s: Fraction) -> list[AnyPacket]:
        """Return the packets not returned yet that begin before a time; where sound is missing, it is silent."""
        self._silence_until(ceil(end_s * RATE_HZ) + _AHEAD_SAMPLES)
        found = []
        while self._packets and pts_of(self._packets[0]) < end_s * RATE_HZ:
            packet = self._packets.popleft()
            if pts_of(packet) >= self._from:
                found.append(packet)
        return found

    def _silence_until(self, at: int) -> None:
        if at > self._taken_to:
            self._append(np.zeros((self._left.shape[0], at - self._taken_to), dtype=np.float32))

    def _append(self, samples: np.ndarray) -> None:
        self._left = np.concatenate([self._left, samples.astype(np.float32, copy=False)], axis=1)
        while self._left.shape[1] >= _AAC_SAMPLES:
            block = np.ascontiguousarray(self._left[:, :_AAC_SAMPLES])
            self._left = self._left[:, _AAC_SAMPLES:]
            frame = AudioFrame.from_ndarray(block, format="fltp", layout=self.layout)
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._at, Fraction(1, RATE_HZ)
            self._at += _AAC_SAMPLES
            self._packets.extend(self._encoder.encode(frame))


class _Piece:
    """Writes one piece. A context manager, so that an unfinished one leaves no file."""

    def __init__(self, out: Path, start_s: Fraction, sound: _Sound | None) -> None:
        self._out = out
        self._start_s = start_s
        self._sound = sound
        self._track: Any = None
        self._frames: list[tuple[Fraction, VideoFrame]] = []
        self._heard: list[AnyPacket] = []

    def __enter__(self) -> "_Piece":
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
            heard.bit_rate = _SOUND_BITS_PER_SECOND
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
