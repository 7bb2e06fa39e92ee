"""Makes a small video of a file's keyframes, at most one a second, to see later what was in it.

Only keyframes are decoded and read, so it costs a hundredth of decoding all. Each picture stays on screen until the
next one, at the time that it has in the file.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.formats.length import known_end_s
from clips.media.formats.opening import open_media, picture_stream, zero_s
from clips.media.output import whole_or_not_at_all
from clips.media.render.deinterlace import deinterlaced_alone
from clips.media.render.filmstrip import keyframes
from clips.media.render.orientation import Upright
from clips.media.render.still import NO_PICTURE
from clips.media.timestamps import pts_of, time_base_of

#: 960 × 540 for what was filmed wide.
SHORTER_PX = 540
STEP_S = 1.0
#: A 4K keyframe costs 60 CPU-ms to decode and 20 to encode: of half an hour and more one each some seconds is taken.
MOST_PICTURES = 1800
_MS = Fraction(1, 1000)
#: Each picture by itself, so that a player is at once where somebody looks; 20 KB each.
_ENCODING = {"preset": "veryfast", "crf": "30", "g": "1", "bf": "0"}


def make_glance_video(
    source: str, out: str, most_pictures: int = MOST_PICTURES, progress: Callable[[float], None] | None = None
) -> dict[str, Any]:
    """Write an MP4 of keyframes, each at its own time.

    Parameters
    ----------
    source : str
        A camera file.
    out : str
        The MP4 to write, whole or not at all; at most 540 pixels on the shorter side, without sound.
    most_pictures : int
        At most so many pictures.
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    dict
        ``frames``, ``duration_ms``, ``size_bytes``.

    Raises
    ------
    MediaError
        If no picture in it can be read.
    """
    with open_media(source) as container:
        stream, zero = picture_stream(container), zero_s(container)
        length_s = max(0.0, known_end_s(container, stream) - zero)
        step_s = max(STEP_S, length_s / min(most_pictures, MOST_PICTURES))
        wanted_s = [zero + number * step_s for number in range(max(1, ceil(length_s / step_s)))]
        pictures = _timed(keyframes(container, stream, wanted_s, progress), stream, zero)
        with whole_or_not_at_all(Path(out)) as part:
            n_frames = _write(part, pictures, stream, round(length_s * 1000))
            size_bytes = part.stat().st_size
    return {"frames": n_frames, "duration_ms": round(length_s * 1000), "size_bytes": size_bytes}


def _timed(frames: Iterator[VideoFrame], stream: VideoStream, zero: float) -> Iterator[tuple[int, VideoFrame]]:
    """Yield each frame with its milliseconds; the first stands for what is before it, and times grow."""
    newest_ms = -1
    for frame in frames:
        at_ms = ceil((float(pts_of(frame) * time_base_of(stream)) - zero) * 1000) if newest_ms >= 0 else 0
        if at_ms > newest_ms:
            newest_ms = at_ms
            yield at_ms, frame


def _write(out: Path, pictures: Iterator[tuple[int, VideoFrame]], stream: VideoStream, length_ms: int) -> int:
    first = next(pictures, None)
    if first is None:
        raise MediaError(NO_PICTURE)
    upright = Upright(first[1], stream.sample_aspect_ratio, shorter_px=SHORTER_PX)
    n_frames = 0
    waiting: tuple[int, VideoFrame] | None = first
    with av.open(str(out), "w", format="mp4", container_options={"movflags": "+faststart"}) as target:
        track = target.add_stream("libx264", rate=1, options=_ENCODING)
        track.width, track.height, track.pix_fmt = upright.width_px, upright.height_px, "yuv420p"
        track.codec_context.time_base = _MS
        while waiting is not None:
            following = next(pictures, None)
            at_ms, frame = waiting
            picture = upright(deinterlaced_alone(frame))
            picture.pts, picture.time_base = at_ms, _MS
            picture.duration = max(1, (following[0] if following else length_ms) - at_ms)
            picture.pict_type = PictureType.NONE
            target.mux(track.encode(picture))
            n_frames, waiting = n_frames + 1, following
        target.mux(track.encode(None))
    return n_frames
