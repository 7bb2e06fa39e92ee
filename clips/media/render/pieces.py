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
from math import floor
from pathlib import Path
from typing import Any

from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from clips.media import MediaError
from clips.media.decode import Film, frames_of, held_back, open_film, packets_from
from clips.media.pictures.frame_times import frame_at
from clips.media.render.deinterlace import deinterlaced
from clips.media.render.orientation import Upright
from clips.media.render.pace import Pace
from clips.media.render.piece_file import MOST_HZ, PieceFile
from clips.media.render.piece_sound import PieceSound
from clips.media.render.wanted_pieces import PIECE_MS, Wanted
from clips.media.timestamps import AnyPacket, pts_of, time_base_of

PIECE_S = Fraction(PIECE_MS, 1000)
SHORTER_PX = 480
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
#: Where not all can be decoded in time, the first piece of a place gets so much of what can: whoever seeks to the part
#: that stands still waits for the piece after it as well.
_FIRST_PART = 0.5


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
        self._sound = PieceSound(film.heard, self._start_s) if film.heard else None
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
        with PieceFile(piece_path(folder, number), start_s, self._sound) as piece:
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
    in_time = _EASY_PIXELS_PER_SECOND / max(1.0, pixels_per_second)
    return 1.0 if in_time >= 1 else max(0.1, _FIRST_PART * in_time)
