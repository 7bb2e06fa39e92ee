"""Measures the clips of a reel and renders its segments: a file of pictures, and the clips' sound beside it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.decode import Film, contents, decoded, open_film
from clips.media.formats.opening import declared_end_s
from clips.media.output import whole_or_not_at_all
from clips.media.pictures.frame_times import Span, frame_at
from clips.media.reel import titles
from clips.media.reel.cadence import picture_of_each
from clips.media.reel.fit import Fitted, as_bt709, from_planes, planes_of
from clips.media.reel.path import through
from clips.media.reel.pcm import Pcm, Wanted
from clips.media.reel.plan import NAMES_S, Frame, Item, Part, Plan, Segment, from_json, lay_out
from clips.media.render.deinterlace import deinterlaced
from clips.media.render.still import NO_PICTURE, keyframe_before
from clips.media.timestamps import pts_of

Report = Callable[[float], None]

#: No frame looks ahead, so each segment begins at time 0 without an edit list, and joining them is a copy.
_ENCODING = {"preset": "superfast", "crf": "20", "profile": "high", "bf": "0"}
_MOST_BITS = {1080: ("16M", "24M"), 2160: ("50M", "75M")}
_GOP_S = 2
#: Names and cards appear and go within this.
_TEXT_FADE_S = Fraction(3, 10)


def survey(items: list[dict[str, Any]], rate_hz: str, progress: Report | None = None) -> list[int]:
    """Return how many of a reel's pictures each of its clips is; only packets are read.

    Parameters
    ----------
    items : list of dict
        As in a plan's JSON.
    rate_hz : str
        Of the reel, as "30000/1001".

    Raises
    ------
    MediaError
        If a clip cannot be read.
    """
    lengths = []
    for number, told in enumerate(items):
        item = Item(**told)
        with open_film(item.source) as film:
            lengths.append(len(_Shown(film, item, Fraction(rate_hz)).chosen))
        if progress:
            progress((number + 1) / len(items))
    return lengths


def make_segment(
    plan: dict[str, Any], lengths: list[int], number: int, out: str, fonts_path: str, progress: Report | None = None
) -> dict[str, Any]:
    """Render one segment of a reel.

    Parameters
    ----------
    plan : dict
        As ``plan.as_json`` returns it.
    lengths : list of int
        Of its items, in pictures.
    number : int
        Of the segment.
    out : str
        The MP4 to write, whole or not at all: H.264 High, yuv420p, BT.709, picture n at n / rate. Its sound, float32
        [shape=(2, n)] at 48 kHz, is written first, under the same name with ".npy" at the end.
    fonts_path : str
        The folder of the site's fonts.
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    dict
        ``pictures``.

    Raises
    ------
    MediaError
        If a clip cannot be read.
    """
    asked = from_json(plan)
    layout = lay_out(asked, lengths)
    segment = layout.segments[number]
    with ExitStack() as stack:
        films = [stack.enter_context(_reader(asked, part, lengths, Path(fonts_path))) for part in segment.parts]
        with whole_or_not_at_all(Path(out)) as path:
            with av.open(str(path), "w", format="mp4") as target:
                track = _track(target, asked.frame)
                _encode(
                    target, track, _faded([film.pictures() for film in films], segment.n_pictures), segment, progress
                )
            _write_sound(Path(out), films, asked.frame, segment)
    return {"pictures": segment.n_pictures}


def _encode(
    target: OutputContainer,
    track: VideoStream,
    pictures: Iterator[VideoFrame],
    segment: Segment,
    progress: Report | None,
) -> None:
    n_encoded = 0
    for picture in pictures:
        picture.pts, picture.time_base = n_encoded, track.codec_context.time_base
        picture.pict_type = PictureType.NONE
        target.mux(track.encode(picture))
        n_encoded += 1
        if progress:
            progress(n_encoded / segment.n_pictures)
    target.mux(track.encode(None))
    if n_encoded != segment.n_pictures:
        raise MediaError(NO_PICTURE)


def _track(target: OutputContainer, frame: Frame) -> VideoStream:
    short_px = min(frame.width_px, frame.height_px)
    most, buffer = _MOST_BITS[min(_MOST_BITS, key=lambda side: abs(side - short_px))]
    more = {"maxrate": most, "bufsize": buffer, "g": str(round(frame.rate_hz * _GOP_S))}
    track = target.add_stream("libx264", rate=frame.rate_hz, options=_ENCODING | more)
    track.width, track.height, track.pix_fmt = frame.width_px, frame.height_px, "yuv420p"
    track.time_base = 1 / frame.rate_hz
    context = track.codec_context
    context.time_base = 1 / frame.rate_hz
    context.thread_type = "FRAME"
    named = as_bt709(VideoFrame(2, 2, "yuv420p"))
    context.color_range, context.colorspace = named.color_range, named.colorspace
    context.color_primaries, context.color_trc = named.color_primaries, named.color_trc
    return track


def _faded(streams: list[Iterator[VideoFrame]], n_pictures: int) -> Iterator[VideoFrame]:
    """Yield the pictures of one clip, or of the first of two while it fades into the second."""
    if len(streams) == 1:
        yield from streams[0]
        return
    for number, (first, second) in enumerate(zip(*streams, strict=True), start=1):
        share = round(256 * number / (n_pictures + 1))
        pairs = zip(planes_of(first), planes_of(second), strict=True)
        mixed = [(a.astype(np.uint16) * (256 - share) + b.astype(np.uint16) * share + 128) >> 8 for a, b in pairs]
        yield as_bt709(from_planes([plane.astype(np.uint8) for plane in mixed]))


def _write_sound(out: Path, readers: list["_Reader"], frame: Frame, segment: Segment) -> None:
    n_samples = frame.samples_before(segment.at + segment.n_pictures) - frame.samples_before(segment.at)
    heard = [reader.samples(n_samples) for reader in readers]
    if len(heard) == 2:
        angle = np.linspace(0, np.pi / 2, n_samples, dtype=np.float32)
        heard = [heard[0] * np.cos(angle) + heard[1] * np.sin(angle)]  # as loud in the middle as at its ends
    with whole_or_not_at_all(out.with_suffix(".npy")) as path, path.open("wb") as file:
        np.save(file, heard[0])


class _Shown:
    """The pictures of a clip, and which of them each picture of the reel shows."""

    def __init__(self, film: Film, item: Item, rate_hz: Fraction) -> None:
        end_ms = item.end_ms
        if end_ms is None:
            end_ms = int((Fraction(declared_end_s(film.container)) - film.zero_s) * 1000)
        self.span = film.span(item.start_ms or 0, max(item.start_ms or 0, end_ms))
        self.pts = contents(film, self.span).pts
        if not self.pts:
            raise MediaError(NO_PICTURE)
        self.chosen = picture_of_each(
            self.pts, self.span.last.end_pts, self.span.time_base, speed=item.speed, rate_hz=rate_hz
        )


@dataclass
class _Reader:
    """Reads one part of a segment: its pictures as the reel shows them, then its sound."""

    plan: Plan
    part: Part
    length: int
    film: Film | None
    fonts: Path
    pcm: Pcm | None = None

    def pictures(self) -> Iterator[VideoFrame]:
        frame = self.plan.frame
        if self.film is None or self.part.item is None:
            yield from _card_pictures(self.part, frame, self.fonts)
            return
        item = self.plan.items[self.part.item]
        texts = _Texts(item, frame, self.length, self.fonts)
        for number, picture in enumerate(self._fitted(self.film, item, frame), start=self.part.first):
            yield texts.over(picture, number)

    def samples(self, n_samples: int) -> np.ndarray:
        return self.pcm.samples(n_samples) if self.pcm else np.zeros((2, n_samples), dtype=np.float32)

    def _fitted(self, film: Film, item: Item, frame: Frame) -> Iterator[VideoFrame]:
        shown = _Shown(film, item, frame.rate_hz)
        wanted = [shown.pts[place] for place in shown.chosen[self.part.first : self.part.first + self.part.n_pictures]]
        tick_s = shown.span.time_base
        first = frame_at(film.container, film.stream, wanted[0] * tick_s)
        last = frame_at(film.container, film.stream, wanted[-1] * tick_s)
        heard_s = self._heard_s(shown, item, frame)
        if film.heard and item.has_sound:
            self.pcm = Pcm(film.heard, heard_s, 100 // item.speed_percent)
        span = Span(first, last, tick_s)
        sample = keyframe_before(film.container, film.stream, first.pts)
        fitted = Fitted(sample, film.stream.sample_aspect_ratio, frame.width_px, frame.height_px)
        path = through(item.places) or item.path
        at = 0
        newest: VideoFrame | None = None
        for found in deinterlaced(decoded(film, span)):
            if isinstance(found, AudioFrame):
                if self.pcm:
                    self.pcm.add(found)
                continue
            while newest is not None and at < len(wanted) and wanted[at] < pts_of(found):
                picture = fitted(newest, _middle(path, _file_s(wanted[at], item, shown)))
                while at < len(wanted) and wanted[at] < pts_of(found):
                    yield picture
                    at += 1
            newest = found
        if newest is None:
            raise MediaError(NO_PICTURE)
        if at < len(wanted):
            picture = fitted(newest, _middle(path, _file_s(wanted[at], item, shown)))
            for _ in wanted[at:]:
                yield picture

    def _heard_s(self, shown: _Shown, item: Item, frame: Frame) -> Wanted:
        start_s = shown.span.start_s + self.part.first * item.speed / frame.rate_hz
        return Wanted(start_s, start_s + self.part.n_pictures * item.speed / frame.rate_hz)


def _file_s(pts: int, item: Item, shown: _Shown) -> float:
    return float((pts - shown.pts[0]) * shown.span.time_base) + (item.start_ms or 0) / 1000


def _middle(path: tuple[tuple[float, float], ...], at_s: float) -> float:
    if not path:
        return 0.5
    times_s, middles = zip(*path, strict=True)
    return float(np.interp(at_s, times_s, middles))


@contextmanager
def _reader(plan: Plan, part: Part, lengths: list[int], fonts: Path) -> Iterator[_Reader]:
    """Open the file of a part for as long as its reader is used."""
    if part.item is None:
        yield _Reader(plan, part, part.n_pictures, None, fonts)
        return
    with open_film(plan.items[part.item].source) as film:
        yield _Reader(plan, part, lengths[part.item], film, fonts)


class _Texts:
    """The title and the names over a clip."""

    def __init__(self, item: Item, frame: Frame, length: int, fonts: Path) -> None:
        size = frame.width_px, frame.height_px
        self._title = titles.title_overlay(item.title, *size, fonts=fonts)
        self._names = titles.names_overlay(item.names, *size, fonts=fonts, above_title=bool(item.title))
        self._n_named = min(length, round(NAMES_S * frame.rate_hz))
        self._n_fading = max(1, round(_TEXT_FADE_S * frame.rate_hz))

    def over(self, picture: VideoFrame, number: int) -> VideoFrame:
        if self._title:
            picture = self._title.over(picture)
        if self._names and number < self._n_named:
            left = self._n_named - number
            picture = self._names.over(picture, min(1.0, (number + 1) / self._n_fading, left / self._n_fading))
        return picture


def _card_pictures(part: Part, frame: Frame, fonts: Path) -> Iterator[VideoFrame]:
    """Yield a card that comes out of black and goes back."""
    if part.card is None:
        raise MediaError(NO_PICTURE)
    drawn = titles.card_picture(part.card.heading, part.card.lines, frame.width_px, frame.height_px, fonts=fonts)
    n_fading = max(1, round(_TEXT_FADE_S * frame.rate_hz))
    for number in range(part.n_pictures):
        strength = min(1.0, (number + 1) / n_fading, (part.n_pictures - number) / n_fading)
        yield drawn if strength == 1.0 else _dimmed(drawn, strength)


def _dimmed(picture: VideoFrame, strength: float) -> VideoFrame:
    blacks = (16, 128, 128)
    planes = zip(planes_of(picture), blacks, strict=True)
    dimmed = [
        np.round(black + strength * (plane.astype(np.float32) - black)).astype(np.uint8) for plane, black in planes
    ]
    return as_bt709(from_planes(dimmed))
