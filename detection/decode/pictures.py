"""Decodes pieces of a video as small grey pictures."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import local

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from clips.media.formats.opening import open_media, picture_stream, zero_s
from clips.media.pictures.display_matrix import orientation
from clips.media.pictures.fields import picture_rate, whole_pictures
from clips.media.pictures.frame_times import go_to, go_to_beginning
from clips.media.timestamps import AnyPacket, pts_of, time_base_of
from detection.decode.packets import Packets
from detection.decode.piece import INTERVAL_SLACK, PICTURE_RATE_HZ, Piece

#: Longest side of the small picture. 192 px and a half of it separate tricks alike on the labelled takes
#: (area under the curve .83 and .84), and 96 px costs a quarter of the work.
LONG_SIDE_PX = 96
#: From this rate on, pictures that no other picture needs are skipped inside the decoder.
SKIP_FROM_RATE_HZ = 48
#: Pictures per chunk: two seconds, a third of a megabyte.
CHUNK_PICTURES = 64
#: Two decoders of one thread each keep two cores busy without the latency of a decoder's own threads.
N_DECODERS = 2
#: A container without a good index lands behind the place that is asked for; then begin so much earlier.
SEEK_EARLIER_S = (0.0, 2.0, 15.0)
#: Times that went through a division are the same up to here; pictures are a millisecond apart or more.
SAME_TIME_S = 1e-4


@dataclass
class PictureChunk:
    """Consecutive pictures.

    Attributes
    ----------
    times_s : np.ndarray [shape=(n,), float64]
        On the file's own clock.
    luma : np.ndarray [shape=(n, height, width), uint8]
        Upright grey pictures.
    """

    times_s: np.ndarray
    luma: np.ndarray


class PictureReader:
    """Decodes pieces of one file in a container of its own.

    A damaged packet is left out; where the file breaks off, reading ends without an error. The loop filter is skipped:
    on the labelled takes it makes no difference to the ranking (AP .80 and .82) and it is a seventh of the work.
    """

    def __init__(self, path: str | Path, packets: Packets, *, stretch: float = 1.0, n_threads: int = 1) -> None:
        self._container = open_media(path)
        self._is_fresh = True
        self._video = picture_stream(self._container)
        context = self._video.codec_context
        context.options = {**context.options, "skip_loop_filter": "all"}
        context.thread_count = n_threads
        if n_threads != 1:
            context.thread_type = "AUTO"
        if (picture_rate(self._video) or 0) >= SKIP_FROM_RATE_HZ:
            context.skip_frame = "NONREF"
        self._zero_s = zero_s(self._container)
        self._stretch = stretch
        self._packets = packets
        self._small: SmallGrey | None = None

    def __enter__(self) -> "PictureReader":
        return self

    def __exit__(self, *exception: object) -> None:
        self._container.close()

    def read(self, piece: Piece, *, most: int | None = None) -> Iterator[PictureChunk]:
        """Yield the pictures of a piece, about ``PICTURE_RATE_HZ`` a second; none if it cannot be read.

        Parameters
        ----------
        piece : Piece
        most : int, optional
            Stop after so many pictures.
        """
        times_s: list[float] = []
        luma: list[np.ndarray] = []
        for frame in itertools.islice(self._due(piece), most):
            self._small = self._small or SmallGrey(frame, self._video.sample_aspect_ratio)
            small = self._small(frame)
            if luma and small.shape != luma[0].shape:
                continue  # a stream that changes its shape midway cannot be compared across the change
            times_s.append(self._time_s(pts_of(frame)))
            luma.append(small)
            if len(luma) == CHUNK_PICTURES:
                yield PictureChunk(np.array(times_s), np.stack(luma))
                times_s, luma = [], []
        if luma:
            yield PictureChunk(np.array(times_s), np.stack(luma))

    def _due(self, piece: Piece) -> Iterator[av.VideoFrame]:
        due_s = float("-inf")
        for frame in self._frames(piece):
            time_s = self._time_s(pts_of(frame))
            if time_s >= due_s:
                due_s = time_s + INTERVAL_SLACK / PICTURE_RATE_HZ
                yield frame

    def _time_s(self, pts: int) -> float:
        return (float(pts * time_base_of(self._video)) - self._zero_s) / self._stretch

    def _frames(self, piece: Piece) -> Iterator[av.VideoFrame]:
        context = self._video.codec_context
        for packet in itertools.islice(self._packets_from(piece.first), piece.end - piece.first):
            yield from _decoded(context, packet)
        yield from _decoded(context, None)

    def _packets_from(self, first: int) -> Iterator[AnyPacket]:
        """Yield the video's packets from the one with that index on; none if it is not found."""
        if first == 0:
            yield from self._demuxed(None)
            return
        wanted_s = float(self._packets.pts_s[first])
        for earlier_s in SEEK_EARLIER_S:
            found = False
            for packet in self._demuxed(wanted_s - earlier_s):
                time = packet.dts if packet.pts is None else packet.pts
                packet_s = float("nan") if time is None else self._time_s(time)
                found = found or (packet.is_keyframe and abs(packet_s - wanted_s) < SAME_TIME_S)
                if found:
                    yield packet
                elif packet.is_keyframe and packet_s > wanted_s:
                    break
            if found:
                return

    def _demuxed(self, from_s: float | None) -> Iterator[AnyPacket]:
        """Yield the video's packets from about a time on; None means the beginning."""
        container, video = self._container, self._video
        is_there, self._is_fresh = self._is_fresh and from_s is None, False  # also where nothing can be sought
        try:
            if from_s is None and not is_there:
                go_to_beginning(container, video)
            elif from_s is not None:
                wanted = round((from_s * self._stretch + self._zero_s) / time_base_of(video))
                go_to(container, video, max(wanted, video.start_time or 0))  # AVI refuses what is before its start
            yield from (packet for packet in whole_pictures(container.demux(video), video) if packet.size)
        except MemoryError:
            raise
        except av.error.FFmpegError:  # cut off, or nothing to seek in: `detection.unread` says what that came to
            return


def _decoded(context: av.VideoCodecContext, packet: AnyPacket | None) -> list[av.VideoFrame]:
    """Return the pictures that a packet, or the end, yields; each has a PTS."""
    try:
        frames = context.decode(packet)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return []  # a damaged packet costs its own pictures, not the file
    for frame in frames:
        frame.pts = frame.dts if frame.pts is None else frame.pts
    return [frame for frame in frames if frame.pts is not None]


class PicturePool:
    """Decodes many short pieces on all cores; the result does not depend on the number of cores."""

    def __init__(self, path: str | Path, packets: Packets, *, stretch: float = 1.0) -> None:
        self._make: Callable[[], PictureReader] = partial(PictureReader, path, packets, stretch=stretch)
        self._executor = ThreadPoolExecutor(N_DECODERS)
        self._own = local()
        self._readers: list[PictureReader] = []

    def __enter__(self) -> "PicturePool":
        return self

    def __exit__(self, *exception: object) -> None:
        self._executor.shutdown(cancel_futures=True)
        for reader in self._readers:
            reader.__exit__()

    def read(self, pieces: list[Piece], *, most: int | None = None) -> Iterator[tuple[Piece, list[PictureChunk]]]:
        """Yield each piece with its pictures, in the order of the pieces; few are held at a time."""
        waiting: deque[tuple[Piece, Future[list[PictureChunk]]]] = deque()
        for piece in pieces:
            waiting.append((piece, self._executor.submit(self._read, piece, most)))
            if len(waiting) > 2 * N_DECODERS:
                done, future = waiting.popleft()
                yield done, future.result()
        for piece, future in waiting:
            yield piece, future.result()

    def _read(self, piece: Piece, most: int | None) -> list[PictureChunk]:
        if not hasattr(self._own, "reader"):
            self._own.reader = self._make()
            self._readers.append(self._own.reader)
        return list(self._own.reader.read(piece, most=most))


class SmallGrey:
    """Makes the frames of one stream upright, grey and small.

    Parameters
    ----------
    frame : VideoFrame
        Any frame of the stream: they all are held alike.
    pixel_aspect : Fraction, optional
        Width of a pixel over its height.
    """

    def __init__(self, frame: av.VideoFrame, pixel_aspect: Fraction | None = None) -> None:
        self._held = orientation(frame)
        self._pixel_aspect = pixel_aspect or 1
        # Each frame has one, with threads that stay until it is collected: 170 at once fill a child's memory.
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """Return the picture [shape=(height, width), uint8].

        The longer side has ``LONG_SIDE_PX``, the shorter at least a quarter of it.
        """
        shown = frame.width * self._pixel_aspect, frame.height
        width_px, height_px = (max(LONG_SIDE_PX // 4, round(side * LONG_SIDE_PX / max(shown))) for side in shown)
        size = {"width": width_px, "height": height_px}
        grey = self._reformatter.reformat(frame, **size, format="gray", interpolation=Interpolation.AREA, threads=1)
        coded = np.fliplr(grey.to_ndarray()) if self._held.is_mirrored else grey.to_ndarray()
        return np.ascontiguousarray(np.rot90(coded, self._held.quarter_turns))
