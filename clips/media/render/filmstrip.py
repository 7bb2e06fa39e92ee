"""Makes a sprite of small pictures along a whole file from its keyframes, and measures its loudness.

Keyframes are found by seeking; between two pictures not even the bytes are read. So a file of ten hours costs no more
than one of ten minutes.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from math import ceil, floor
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.decode import frames_of
from clips.media.formats.length import known_end_s
from clips.media.formats.opening import open_media, picture_stream, zero_s
from clips.media.output import whole_or_not_at_all
from clips.media.pictures.fields import whole_pictures
from clips.media.pictures.frame_times import go_to
from clips.media.render.deinterlace import deinterlaced_alone
from clips.media.render.orientation import Upright
from clips.media.render.still import NO_PICTURE, decode_alone, decode_on
from clips.media.render.waveform import waveform
from clips.media.timestamps import AnyPacket, pts_of, time_base_of

#: 160 × 90 for what was filmed wide: enough to tell a take-off from a landing on a phone's screen.
SHORTER_PX = 90
#: One each 5 s of ten minutes, each 30 s of an hour; 120 × 33 ms of decoding is what 1080p60 may cost at most.
MAX_TILES = 120
COLUMNS = 10
#: Cameras write a keyframe each half second or second; closer pictures look the same.
MIN_STEP_S = 1.0
#: Fewer keyframes than this tell little of a file, so a short one is decoded from its start: 10 s of 1080p30 are 4
#: CPU-s, which is what the keyframes of a long one cost at most.
FEW_TILES = 8
MAX_DECODED_PX = 10 * 30 * 1920 * 1080
#: With intra refresh each picture takes up to two seconds of decoding, so there are fewer.
MAX_BUILT_UP_TILES = 24
MAX_SPRITE_BYTES = 400_000
#: Of 2 (best) to 31, on FFmpeg's scale for JPEG; the first whose sprite is small enough is taken.
_QUALITIES = (5, 8, 12, 18, 31)
#: An index that cannot be sought in answers each seek by reading everything; after this many such answers it is enough.
_MAX_PACKETS_PER_SEEK = 2_000
#: Seeks in a row that find no keyframe, after which the rest of the file is not searched.
_MAX_VAIN_SEEKS = 10


def make_filmstrip(source: str, out: str, progress: Callable[[float], None] | None = None) -> dict[str, Any]:
    """Write one JPEG that holds small upright pictures of a file in rows, and measure its sound.

    Parameters
    ----------
    source : str
        A camera file.
    out : str
        The JPEG to write, whole or not at all; at most 400 KB.
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    dict
        ``columns``, ``tile_width_px``, ``tile_height_px``; ``times_ms``, the moment of each picture, ascending, the
        picture of ``times_ms[n]`` being number ``n`` counted along the rows; ``waveform``, as
        ``clips.media.render.waveform.waveform`` returns it.

    Raises
    ------
    MediaError
        If no picture in it can be read.
    """
    heard = waveform(source, progress=_part(progress, 0, 0.3))
    tiles = _Tiles()
    with open_media(source) as container:
        stream = picture_stream(container)
        wanted_s, length_s = _wanted_s(zero_s(container), known_end_s(container, stream))
        for frame in keyframes(container, stream, wanted_s, _part(progress, 0.3, 1)):
            tiles.add(frame, stream, zero_s(container))
        is_poor = len(tiles.times_ms) < FEW_TILES
        n_frames = stream.frames or length_s * float(stream.average_rate or 30)
        is_cheap = n_frames * stream.width * stream.height <= MAX_DECODED_PX
    if is_poor and is_cheap:
        more = _Tiles()
        with open_media(source) as container:
            stream = picture_stream(container)
            stream.thread_type = "AUTO"
            for frame in _frames_on_the_way(container, stream, wanted_s, _part(progress, 0.3, 1)):
                more.add(frame, stream, zero_s(container))
        tiles = max(more, tiles, key=lambda each: len(each.times_ms))
    if not tiles.times_ms:
        raise MediaError(NO_PICTURE)
    with whole_or_not_at_all(Path(out)) as part:
        part.write_bytes(_jpeg(tiles.sprite()))
    return {
        "columns": tiles.columns,
        "tile_width_px": tiles.width_px,
        "tile_height_px": tiles.height_px,
        "times_ms": tiles.times_ms,
        "waveform": heard,
    }


class _Tiles:
    """Small pictures in the order of their times, and the sprite made of them."""

    def __init__(self) -> None:
        self.times_ms: list[int] = []
        self._pictures: list[tuple[np.ndarray, ...]] = []
        self._upright: Upright | None = None

    @property
    def columns(self) -> int:
        return min(COLUMNS, len(self.times_ms))

    @property
    def height_px(self) -> int:
        return self._pictures[0][0].shape[0]

    @property
    def width_px(self) -> int:
        return self._pictures[0][0].shape[1]

    def add(self, frame: VideoFrame, stream: VideoStream, zero: float) -> None:
        """Take a frame of the stream, unless it is shown before the first picture or not late enough."""
        time_ms = ceil((pts_of(frame) * time_base_of(stream) - Fraction(zero).limit_denominator(av.time_base)) * 1000)
        if time_ms < 0 or (self.times_ms and time_ms <= self.times_ms[-1]):
            return
        if self._upright is None:
            self._upright = Upright(frame, stream.sample_aspect_ratio, shorter_px=SHORTER_PX, pix_fmt="yuvj420p")
        self._pictures.append(_planes(self._upright(deinterlaced_alone(frame))))
        self.times_ms.append(time_ms)

    def sprite(self) -> VideoFrame:
        """Return all pictures in one, in rows; black where the last row ends early."""
        n_rows = ceil(len(self._pictures) / self.columns)
        planes = []
        for number, black in enumerate((0, 128, 128)):
            tile_height, tile_width = self._pictures[0][number].shape
            plane = np.full((n_rows * tile_height, self.columns * tile_width), black, dtype=np.uint8)
            for place, picture in enumerate(self._pictures):
                row, column = divmod(place, self.columns)
                top, left = row * tile_height, column * tile_width
                plane[top : top + tile_height, left : left + tile_width] = picture[number]
            planes.append(plane)
        frame = VideoFrame(planes[0].shape[1], planes[0].shape[0], "yuvj420p")
        for target, plane in zip(frame.planes, planes, strict=True):
            padded = np.zeros((target.height, target.line_size), dtype=np.uint8)
            padded[:, : target.width] = plane
            target.update(padded.tobytes())
        return frame


def _planes(picture: VideoFrame) -> tuple[np.ndarray, ...]:
    """Return copies of a planar frame's planes [shape=(height, width), uint8] without line padding."""
    return tuple(
        # A plane is a buffer, which PyAV's types do not say.
        np.frombuffer(plane, dtype=np.uint8)  # type: ignore[call-overload]
        .reshape(plane.height, plane.line_size)[:, : plane.width]
        .copy()
        for plane in picture.planes
    )


def _wanted_s(begin_s: float, end_s: float) -> tuple[list[float], float]:
    """Return the ideal times of the pictures, in seconds of the file's timestamps, and the file's length."""
    length_s = max(0.0, end_s - begin_s)
    n_tiles = min(MAX_TILES, max(FEW_TILES, floor(length_s / MIN_STEP_S)))
    return [begin_s + (number + 0.5) * length_s / n_tiles for number in range(n_tiles)], length_s


def keyframes(
    container: InputContainer, stream: VideoStream, wanted_s: list[float], progress: Callable[[float], None] | None
) -> Iterator[VideoFrame]:
    """Yield the keyframe before each wanted time, each once; damaged ones are left out."""
    newest_pts, n_vain, is_thinned, number = None, 0, False, 0
    while number < len(wanted_s):
        packets = _from_keyframe(container, stream, floor(wanted_s[number] / time_base_of(stream)))
        packet, number = next(packets, None), number + 1
        n_vain = n_vain + 1 if packet is None else 0
        if n_vain == _MAX_VAIN_SEEKS:
            return
        if packet is None or (newest_pts is not None and pts_of(packet) <= newest_pts):
            continue
        newest_pts = packet.pts
        frame, is_alone = _picture(stream, packet, packets)
        if not is_alone and not is_thinned:
            is_thinned, wanted_s[number:] = True, _thinned(wanted_s[number:])
        if frame is not None and frame.pts is not None:
            yield frame
        if progress:
            progress(number / len(wanted_s))


def _picture(
    stream: VideoStream, keyframe: AnyPacket, following: Iterator[AnyPacket]
) -> tuple[VideoFrame | None, bool]:
    """Return what a keyframe shows, or else what builds up after it, and whether it showed a picture by itself."""
    try:
        if frame := decode_alone(stream, keyframe):
            return frame, True
        return decode_on(stream, chain([keyframe], following), until=pts_of(keyframe)), False
    except av.error.FFmpegError as error:  # damaged
        if isinstance(error, MemoryError):
            raise
        return None, True


def _from_keyframe(container: InputContainer, stream: VideoStream, time: int) -> Iterator[AnyPacket]:
    """Yield packets from the keyframe that a seek to ``time``, in the stream's time base, lands at."""
    has_begun = False
    try:
        go_to(container, stream, max(time, stream.start_time or 0))
        for number, packet in enumerate(whole_pictures(container.demux(stream), stream)):
            has_begun = has_begun or bool(packet.is_keyframe and packet.size and packet.pts is not None)
            if has_begun:
                yield packet
            elif number >= _MAX_PACKETS_PER_SEEK:
                return
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise


def _thinned(times_s: list[float]) -> list[float]:
    """Return evenly as many of these as may be decoded where a keyframe shows no picture by itself."""
    return times_s[:: max(1, ceil(len(times_s) / MAX_BUILT_UP_TILES))]


def _frames_on_the_way(
    container: InputContainer, stream: VideoStream, wanted_s: list[float], progress: Callable[[float], None] | None
) -> Iterator[VideoFrame]:
    """Decode all and yield the frame on screen at each wanted time, as far as the file can be read."""
    n_done, newest = 0, None
    try:
        for packet in whole_pictures(container.demux(stream), stream):
            for frame in frames_of(packet):
                n_past = bisect_left(wanted_s, float(pts_of(frame) * time_base_of(stream)))
                if newest is not None and n_past > n_done:
                    yield newest
                n_done, newest = max(n_done, n_past), frame
                if progress:
                    progress(n_done / len(wanted_s))
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
    if newest is not None and n_done < len(wanted_s):
        yield newest


def _jpeg(sprite: VideoFrame) -> bytes:
    for quality in _QUALITIES:
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = sprite.width, sprite.height, sprite.format.name
        encoder.time_base = Fraction(1, 25)
        encoder.color_range = 2  # full, as JPEG has it
        encoder.qmin = encoder.qmax = quality
        data = b"".join(bytes(packet) for packet in [*encoder.encode(sprite), *encoder.encode(None)])
        if len(data) <= MAX_SPRITE_BYTES:
            break
    return data


def _part(progress: Callable[[float], None] | None, begin: float, end: float) -> Callable[[float], None] | None:
    """Return a function that reports 0 to 1 as a part of a whole."""
    return progress and (lambda done: progress(begin + done * (end - begin)))
