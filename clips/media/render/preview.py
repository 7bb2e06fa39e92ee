"""Makes small copies of parts of a camera file that a browser plays at once and seeks within a frame's time.

Frames are decoded from the keyframe before the part, made small and upright, and re-encoded with all their times: the
camera's frames one for one, also at a variable rate, so a page that steps through the copy steps through the original.
Above 60 frames per second, which no screen shows, the copy is slowed down by a whole number and keeps every frame. What
a browser plays as easily as such a copy is not re-encoded; its packets are copied.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.cut.clip import cut
from clips.media.decode import Contents, Film, contents, decoded, open_film
from clips.media.output import whole_or_not_at_all
from clips.media.pictures.display_matrix import orientation
from clips.media.pictures.fields import picture_rate
from clips.media.pictures.frame_times import Span
from clips.media.pictures.rate import nominal_rate
from clips.media.render.deinterlace import deinterlaced
from clips.media.render.orientation import Upright
from clips.media.render.preview_sound import Sound, layout_of, resampler_for
from clips.media.render.still import NO_PICTURE, keyframe_before
from clips.media.timestamps import pts_of, time_base_of

SHORTER_PX = 540
#: A keyframe every 15 frames and none that looks ahead: Chromium then seeks in 18 ms instead of 283. Picture, sound and
#: container together stay below 4 Mbit/s over any two seconds.
_ENCODING = {
    "preset": "ultrafast", "crf": "23", "g": "15", "bf": "0", "maxrate": "3400k", "bufsize": "1000k",
    # An eighth of the encoder's time for looking at what changes a hundredth of the result.
    "x264-params": "scenecut=0:no-dct-decimate=1",
}  # fmt: skip
#: More frames in a second than this are played slowed down; what is a little above it is a clock that runs fast.
FASTEST_HZ = Fraction(606, 10)
#: What is copied as it is: as small as what would be made of it, or nearly, and with no more pixels from keyframe to
#: keyframe than Chromium decodes in 50 ms, which is a second of 720p30.
_LIGHT_SHORTER_PX, _LIGHT_BITS_PER_SECOND, _LIGHT_GOP_S = 736, 3_800_000, Fraction(105, 100)
_LIGHT_GOP_PX = 1280 * 720 * 32
_LIGHT_FORMATS, _LIGHT_PIXELS, _LIGHT_SOUNDS = ("mov", "matroska"), ("yuv420p", "yuvj420p"), ("aac", "mp3")

Report = Callable[[float], None]


def make_preview(
    source: str, out: str, start_ms: int, end_ms: int, low_res_path: str | None = None, progress: Report | None = None
) -> dict[str, Any]:
    """Write a small MP4 of the frames from the one on screen at ``start_ms`` to the one at ``end_ms``.

    As ``make_previews`` with a single request; raises what that would return.
    """
    request = {"start_ms": start_ms, "end_ms": end_ms, "out": out}
    (made,) = make_previews(source, [request], low_res_path, progress)
    if "error" in made:
        raise MediaError(made["error"])
    return made


def make_previews(
    source: str, requests: Sequence[dict[str, Any]], low_res_path: str | None = None, progress: Report | None = None
) -> list[dict[str, Any]]:
    """Write small MP4s of parts of a file; what several of them share is decoded once.

    Parameters
    ----------
    source : str
        A camera file.
    requests : sequence of dict
        ``start_ms`` and ``end_ms``, milliseconds of the source at which the first and the last frame are on screen
        (past its end they mean its last frame); ``out``, the MP4 to write, whole or not at all: H.264, at most 736
        pixels on the shorter side, never larger than the source; with sound where there is some. Its first frame has
        PTS 0.
    low_res_path : str, optional
        The camera's own small copy of the source. It is read instead wherever it has the very same frame times.
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    list of dict
        For each request, in their order: ``start_ms`` (the first millisecond at which the copy's first frame is on
        screen in the source), ``end_ms`` (where its last frame ends), ``frames``, ``slow_down`` (how many seconds of
        the copy are one of the source), ``is_copied`` (whether nothing was encoded), ``width_px``, ``height_px``. Or
        ``error``, one sentence, where there is nothing to be seen.

    Raises
    ------
    MediaError
        If the source cannot be read at all.
    """
    made: dict[int, dict[str, Any]] = {}
    with ExitStack() as stack:
        film = stack.enter_context(open_film(source))
        small = stack.enter_context(open_film(low_res_path)) if low_res_path else None
        parts = []
        for number, request in enumerate(requests):
            try:
                parts.append(_part(number, request, film, small))
            except MediaError as fault:
                made[number] = {"error": str(fault)}
        to_encode = []
        for part in parts:
            if (copied := _copied(part)) is not None:
                made[part.number] = copied
            else:
                to_encode.append(part)
        groups = _groups(to_encode)
        for number, group in enumerate(groups):
            made |= _encoded(group, _share_of(progress, number, len(groups)))
    return [made[number] for number in range(len(requests))]


@dataclass(frozen=True)
class _Part:
    """One request and the file that it is made from."""

    number: int
    out: Path
    film: Film
    holds: Contents

    @property
    def span(self) -> Span:
        return self.holds.span

    @property
    def slow_down(self) -> int:
        """The smallest factor that brings the rate to 60: 2 for 100 and 120 frames per second, 4 for 240."""
        rate = nominal_rate(None, self.holds.pts, self.span.time_base)
        return max(1, ceil(rate / FASTEST_HZ)) if rate else 1

    def made(self, **more: Any) -> dict[str, Any]:
        start_ms = self.film.first_ms(self.span.first.pts)
        end_ms = max(self.film.last_ms(self.span.last.end_pts), start_ms + 1)
        return {"start_ms": start_ms, "end_ms": end_ms, **more}


def _part(number: int, request: dict[str, Any], film: Film, small: Film | None) -> _Part:
    """Choose the source: the camera's small copy if it has each frame of the span at exactly the same time."""
    holds = contents(film, film.span(request["start_ms"], request["end_ms"]))
    if small is not None and (same := _same_frames(film, holds, small, request)) is not None:
        film, holds = small, same
    return _Part(number, Path(request["out"]), film, holds)


def _same_frames(film: Film, holds: Contents, small: Film, request: dict[str, Any]) -> Contents | None:
    try:
        same = contents(small, small.span(request["start_ms"], request["end_ms"]))
    except MediaError:
        return None
    times_s = [time_s - film.zero_s for time_s in holds.times_s]
    return same if times_s and times_s == [time_s - small.zero_s for time_s in same.times_s] else None


# --- copied -----------------------------------------------------------------------------------------------------------


def _copied(part: _Part) -> dict[str, Any] | None:
    """Copy the packets of what a browser plays and seeks as it is; None for all else."""
    holds, film = part.holds, part.film
    if not _is_light(film, holds) or part.slow_down > 1:
        return None
    sample = keyframe_before(film.container, film.stream, part.span.first.pts)
    if not orientation(sample).is_as_coded or sample.interlaced_frame:
        return None
    try:
        times_ms = film.first_ms(part.span.first.pts), film.first_ms(part.span.last.pts)
        copied = cut(str(film.path), str(part.out), *times_ms)
    except MediaError:
        return None  # what cannot be cut exactly can still be decoded
    size = {"width_px": sample.width, "height_px": sample.height}
    return part.made(frames=copied["frames"], slow_down=1, is_copied=True, **size)


def _is_light(film: Film, holds: Contents) -> bool:
    picture = film.stream.codec_context
    sizes = picture.width, picture.height
    return (
        picture.name == "h264"
        and picture.pix_fmt in _LIGHT_PIXELS
        and min(sizes) <= _LIGHT_SHORTER_PX
        and max(sizes) <= 2 * _LIGHT_SHORTER_PX
        and not any(side % 2 for side in sizes)
        and film.stream.sample_aspect_ratio in (None, 0, 1)
        and any(name in film.container.format.name for name in _LIGHT_FORMATS)
        and (film.heard is None or film.heard.codec_context.name in _LIGHT_SOUNDS)
        and bool(holds.keyframes and holds.pts)
        and holds.bits_per_second <= _LIGHT_BITS_PER_SECOND
        and holds.longest_gop_s <= _LIGHT_GOP_S
        and holds.longest_gop_s * holds.rate_hz * sizes[0] * sizes[1] <= _LIGHT_GOP_PX
        and not holds.has_open_gop  # Chromium stops at a keyframe whose GOP refers to what is not there
    )


# --- encoded ----------------------------------------------------------------------------------------------------------


def _groups(parts: Sequence[_Part]) -> list[list[_Part]]:
    """Group parts that share frames to decode, in the order of time."""
    groups: list[list[_Part]] = []
    for part in sorted(parts, key=lambda part: (str(part.film.path), part.span.first.pts)):
        group = groups[-1] if groups and groups[-1][0].film is part.film else None
        if group and part.span.first.keyframe_pts <= max(other.span.last.pts for other in group):
            group.append(part)
        else:
            groups.append([part])
    return groups


def _encoded(group: list[_Part], progress: Report | None) -> dict[int, dict[str, Any]]:
    """Decode a group once and write each of its parts."""
    film = group[0].film
    try:
        sample = keyframe_before(film.container, film.stream, group[0].span.first.pts)
    except MediaError as fault:
        return {part.number: {"error": str(fault)} for part in group}
    upright = Upright(sample, film.stream.sample_aspect_ratio, shorter_px=SHORTER_PX)
    with ExitStack() as stack:
        writers = [stack.enter_context(_Writer(part, upright, upright(sample))) for part in group]
        _feed(film, writers, upright, progress)
        for writer in writers:
            writer.close()
        return {writer.part.number: writer.made() for writer in writers}


def _share_of(progress: Report | None, number: int, n_shares: int) -> Report | None:
    """Return what reports one of so many equal shares as a part of the whole."""
    return progress and (lambda done: progress((number + done) / n_shares))


def _feed(film: Film, writers: list["_Writer"], upright: Upright, progress: Report | None) -> None:
    last = max((writer.part.span.last for writer in writers), key=lambda frame: frame.pts)
    whole = Span(writers[0].part.span.first, last, time_base_of(film.stream))
    resampler = resampler_for(film.heard) if film.heard else None
    newest = whole.first.pts - 1
    for frame in deinterlaced(decoded(film, whole)):
        if isinstance(frame, AudioFrame):
            try:
                pieces = resampler.resample(frame) if resampler else []
            except ValueError:  # the camera changed its sound in the middle; the picture matters more
                continue
            for piece in pieces:
                for writer in writers:
                    writer.add_sound(piece)
        elif newest < pts_of(frame) <= whole.last.pts:
            newest = pts_of(frame)
            if wanting := [writer for writer in writers if writer.wants(newest)]:
                small = upright(frame)
                for writer in wanting:
                    writer.add_picture(small, newest)
            if progress:
                progress((newest - whole.first.pts) / (whole.last.end_pts - whole.first.pts))


class _Writer:
    """Writes one part. A context manager, so that an unfinished part leaves no file."""

    def __init__(self, part: _Part, upright: Upright, sample: VideoFrame) -> None:
        self.part = part
        self._size = {"width_px": upright.width_px, "height_px": upright.height_px}
        self._sample = sample
        self._n_frames = 0
        self._slow_down = part.slow_down

    def __enter__(self) -> "_Writer":
        self._open = ExitStack()
        with self._open as opening:  # nothing stays open if the second of these fails
            path = opening.enter_context(whole_or_not_at_all(self.part.out))
            options = {"movflags": "+faststart"}
            self._target = opening.enter_context(av.open(str(path), "w", format="mp4", container_options=options))
            self._track = self._picture_track(self._target)
            heard = self.part.film.heard
            self._sound = Sound(self._target, layout_of(heard), self.part.span, self._slow_down) if heard else None
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, traceback)

    def wants(self, pts: int) -> bool:
        return self.part.span.first.pts <= pts <= self.part.span.last.pts

    def add_picture(self, small: VideoFrame, pts: int) -> None:
        self._n_frames += 1
        small.pts = (pts - self.part.span.first.pts) * self._slow_down
        small.time_base = self.part.span.time_base
        small.pict_type = PictureType.NONE  # else a keyframe of the source would become one here
        self._target.mux(self._track.encode(small))

    def add_sound(self, piece: AudioFrame) -> None:
        if self._sound:
            self._sound.add(piece)

    def close(self) -> None:
        """Flush the encoders and give the file its name; without a picture there is no file."""
        if not self._n_frames:
            fault = MediaError(NO_PICTURE)
            self._open.__exit__(MediaError, fault, None)
        else:
            self._target.mux(self._track.encode(None))
            if self._sound:
                self._sound.close()
            self._open.close()
        self._open = ExitStack()

    def made(self) -> dict[str, Any]:
        if not self._n_frames:
            return {"error": NO_PICTURE}
        return self.part.made(frames=self._n_frames, slow_down=self._slow_down, is_copied=False, **self._size)

    def _picture_track(self, target: OutputContainer) -> VideoStream:
        stream, sample = self.part.film.stream, self._sample
        rate = Fraction(picture_rate(stream) or 30) / self._slow_down
        track = target.add_stream("libx264", rate=rate, options=dict(_ENCODING))
        track.width, track.height, track.pix_fmt = self._size["width_px"], self._size["height_px"], "yuv420p"
        context = track.codec_context
        context.time_base = time_base_of(stream)
        context.color_range, context.colorspace = sample.color_range, sample.colorspace
        context.color_primaries, context.color_trc = sample.color_primaries, sample.color_trc
        return track
