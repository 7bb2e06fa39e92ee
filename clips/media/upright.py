"""Small pictures as people see them: turned by the display matrix, with square pixels, 8 bits deep."""

from fractions import Fraction

import av
import av.error
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError

NO_PICTURE = "There is no picture that can be read at that time."
#: Degrees counter-clockwise from coded to upright → the filters that turn it.
_TURNS = {0: (), 90: (("transpose", "cclock"),), 180: (("hflip", ""), ("vflip", "")), 270: (("transpose", "clock"),)}


class Upright:
    """Makes the frames of one stream small and upright; keeps their PTS.

    Parameters
    ----------
    frame : VideoFrame
        Any frame of the stream.
    pixel_aspect : Fraction or None
        Width of a pixel over its height; None where the file does not say.
    shorter_px : int
        What the shorter side is brought down to; a smaller picture stays as it is, but for even sides.
    pix_fmt : str
        "yuv420p", or "yuvj420p" for JPEG.
    """

    def __init__(
        self, frame: VideoFrame, pixel_aspect: Fraction | None, *, shorter_px: int, pix_fmt: str = "yuv420p"
    ) -> None:
        self._pix_fmt = pix_fmt
        self._turns = _TURNS.get(round(frame.rotation / 90) * 90 % 360, ())
        shown = (frame.width * (pixel_aspect or 1), Fraction(frame.height))
        scale = min(Fraction(1), shorter_px / min(shown))
        self._scaled = tuple(max(2, round(side * scale / 2) * 2) for side in shown)
        is_turned = any(name == "transpose" for name, _ in self._turns)
        self.width_px, self.height_px = reversed(self._scaled) if is_turned else self._scaled
        self._graph: Graph | None = None
        self._takes: tuple[int, int, str] | None = None

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        takes = (frame.width, frame.height, frame.format.name)
        if takes != self._takes:  # the first; or a camera that changed its picture in the middle
            self._graph, self._takes = self._build(frame), takes
        self._graph.push(frame)
        return self._graph.pull()

    def _build(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        width_px, height_px = self._scaled
        graph.link_nodes(
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format.name, time_base=frame.time_base
            ),
            # Half of all its cost is the scaler; the eye cannot tell this one from a better one at such a size.
            graph.add("scale", f"{width_px}:{height_px}:flags=fast_bilinear"),
            graph.add("format", self._pix_fmt),
            *(graph.add(name, how) for name, how in self._turns),
            graph.add("setsar", "1"),
            graph.add("buffersink"),
        ).configure()
        return graph


def keyframe_before(container: InputContainer, stream: VideoStream, time: int) -> VideoFrame:
    """Return the last keyframe at or before ``time``, in units of the stream's time base; nothing else is decoded.

    Raises
    ------
    MediaError
        If none can be read there.
    """
    decoder = stream.codec_context
    try:
        container.seek(max(time, min(time, stream.start_time or 0)), stream=stream)
        for packet in container.demux(stream):
            if packet.is_keyframe and packet.size:
                frames = [*packet.decode(), *decoder.decode(None)]  # its threads would hold the frame back
                decoder.flush_buffers()
                if frames:
                    frames[0].time_base = stream.time_base
                    return frames[0]
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise MediaError(NO_PICTURE) from error
    raise MediaError(NO_PICTURE)
