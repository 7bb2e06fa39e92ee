"""Makes a still picture of each moment from the nearest keyframe before it: a hundredth of the cost of decoding."""

from collections.abc import Callable
from math import floor
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.formats.opening import open_media, picture_stream, zero_s
from clips.media.render.deinterlace import deinterlaced_alone
from clips.media.render.orientation import Upright
from clips.media.render.still import keyframe_before
from clips.media.timestamps import time_base_of

#: 426 × 240 for what was filmed wide: sharp enough as a thumbnail, 10 to 20 KB.
SHORTER_PX = 240
#: Of 2 (best) to 31, on FFmpeg's scale for JPEG.
QUALITY = 4


def make_posters(
    source: str, requests: list[dict[str, Any]], progress: Callable[[float], None] | None = None
) -> list[str]:
    """Write a JPEG for each wanted moment.

    Parameters
    ----------
    source : str
        A camera file.
    requests : list of dict
        ``at_ms`` (milliseconds of the source's timestamps) and ``out`` (the path of the JPEG to write).
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    list of str
        The ``out`` of those that were written. A moment where the file is damaged is left out.

    Raises
    ------
    MediaError
        If the file cannot be read at all.
    """
    written = []
    with open_media(source) as container:
        stream = picture_stream(container)
        for number, request in enumerate(sorted(requests, key=lambda request: request["at_ms"])):
            try:
                _write_poster(container, stream, request["at_ms"], Path(request["out"]))
            except MediaError:
                continue
            written.append(request["out"])
            if progress:
                progress((number + 1) / len(requests))
    return written


def _write_poster(container: InputContainer, stream: VideoStream, at_ms: int, out: Path) -> None:
    time_s = at_ms / 1000 + zero_s(container)
    frame = keyframe_before(container, stream, floor(time_s / time_base_of(stream)))
    upright = Upright(frame, stream.sample_aspect_ratio, shorter_px=SHORTER_PX, pix_fmt="yuvj420p")
    picture = upright(deinterlaced_alone(frame))
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, picture.format.name
    encoder.time_base = time_base_of(stream)
    encoder.color_range = picture.color_range
    encoder.qmin = encoder.qmax = QUALITY
    out.write_bytes(b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)]))
