"""Renders pictures upright, with square pixels, in 8-bit BT.709."""

from fractions import Fraction
from typing import Any

from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc

from clips.media.pictures.display_matrix import orientation
from clips.media.timestamps import time_base_of

#: A damaged file can claim a picture thousands of times as long as it is high, which no encoder takes.
_MOST_TO_ONE = 8

#: Half of all the cost of a small copy is the scaler; the eye cannot tell this one from a better one at such a size.
FAST = "fast_bilinear"
#: How luminance and colour differences were made from red, green and blue, by the number that ITU-T H.273 gives it.
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020nc"}
#: A file that does not say it is understood by its size.
_HD_FROM_PX = 720
_BT709_RANGE = "out_color_matrix=bt709:out_range=tv"
#: JPEG is always read as JFIF: BT.601 and full range.
_JFIF_RANGE = "out_color_matrix=bt601:out_range=pc"
#: The primaries of standard definition are so close to BT.709's that they are named instead of converted.
_NAMED_PRIMARIES: dict[int, str] = {ColorPrimaries.BT470BG: "bt470bg", ColorPrimaries.SMPTE170M: "smpte170m"}
#: Colours that would look wrong if taken for BT.709: HDR, and primaries that tone_mapping.py has a matrix for.
_MAPPED_TRANSFERS = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)
_MAPPED_PRIMARIES = (ColorPrimaries.BT2020, ColorPrimaries.SMPTE432)


class Upright:
    """Makes the frames of one stream small, upright and BT.709; keeps their PTS.

    Video comes out as BT.709 of limited range; HDR and wide gamuts are brought there by a table. What the frames say
    of their colours is true, so an encoder may take it over.

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
    scaler : str
        One of the scaler's algorithms, as "bicubic".
    """

    def __init__(
        self,
        frame: VideoFrame,
        pixel_aspect: Fraction | None,
        *,
        shorter_px: int,
        pix_fmt: str = "yuv420p",
        scaler: str = FAST,
    ) -> None:
        self._pix_fmt = pix_fmt
        self._scaler = scaler
        self._held = orientation(frame)
        shown = (frame.width * (pixel_aspect or 1), Fraction(frame.height))
        scale = min(Fraction(1), shorter_px / min(shown), _MOST_TO_ONE * shorter_px / max(shown))
        self._scaled = tuple(max(2, round(side * scale / 2) * 2) for side in shown)
        self.width_px, self.height_px = reversed(self._scaled) if self._held.swaps_sides else self._scaled
        self._graph: Graph | None = None
        self._takes: tuple[Any, ...] | None = None
        self._n_given = 0

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        colours = (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
        takes = (frame.width, frame.height, frame.format.name, *colours)
        if self._graph is None or takes != self._takes:  # the first; or a camera that changed its picture in the middle
            self._graph, self._takes = self._build(frame), takes
        at, time_base = frame.pts, frame.time_base
        frame.pts = self._n_given  # the table's filter waits for ever for a time that does not come after the last one
        self._n_given += 1
        self._graph.push(frame, at=0)
        frame.pts = at
        small = self._graph.vpull()
        small.pts, small.time_base = at, time_base
        return small

    def _build(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        time_base = f"{time_base_of(frame).numerator}/{time_base_of(frame).denominator}"
        matrix = self._matrix(frame)
        size = f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
        colours = f"colorspace={matrix}:range={int(frame.color_range)}"
        given = graph.add("buffer", f"{size}:time_base={time_base}:{colours}")
        # What else a frame says of its colours is settled here; the scaler refuses what it does not know.
        source = graph.add("setparams", f"colorspace={matrix}:color_primaries=bt709:color_trc=bt709")
        given.link_to(source)
        width_px, height_px = self._scaled
        small = f"{width_px}:{height_px}:flags={self._scaler}"
        out = _JFIF_RANGE if self._pix_fmt == "yuvj420p" else _BT709_RANGE
        primaries = _NAMED_PRIMARIES.get(frame.color_primaries, "bt709")
        table = None
        if frame.color_trc in _MAPPED_TRANSFERS or frame.color_primaries in _MAPPED_PRIMARIES:
            from clips.media.render import tone_mapping  # with NumPy, which a still picture needs for nothing else

            table = tone_mapping.hald_picture(frame.color_primaries, frame.color_trc)
        if table:
            looked_up = self._look_up(graph, graph.add("scale", small), table)
            source.link_to(looked_up[0])
            filters = [looked_up[-1], graph.add("scale", out)]
        else:
            filters = [source, graph.add("scale", f"{small}:{out}")]
        graph.link_nodes(
            *filters,
            graph.add("format", self._pix_fmt),
            *(graph.add(name, how) for name, how in self._held.filters),
            graph.add("setsar", "1"),
            graph.add("setparams", f"color_trc=bt709:color_primaries={primaries}"),
            graph.add("buffersink"),
        ).configure()
        if table:
            graph.push(table, at=1)
            graph.push(None, at=1)
        return graph

    def _look_up(self, graph: Graph, small: FilterContext, table: VideoFrame) -> list[FilterContext]:
        """Link the filters that look up each pixel of a small picture; return the first and the last.

        Planar pictures of 16 bits are what the filter has fast code for; any other takes three times as long.
        """
        given = graph.add_buffer(template=table)  # type: ignore[arg-type]  # PyAV also takes what a frame says
        as_table, as_pixels = (graph.add("format", "gbrp16le") for _ in range(2))
        look_up = graph.add("haldclut", "clut=first:interp=tetrahedral")
        graph.link_nodes(given, as_table)
        graph.link_nodes(small, as_pixels)
        as_pixels.link_to(look_up, 0, 0)
        as_table.link_to(look_up, 0, 1)
        return [small, look_up]

    def _matrix(self, frame: VideoFrame) -> str:
        """Return the colour matrix of a frame; if the file gives none, or nonsense, the frame's size decides."""
        if frame.format.is_rgb:
            return "gbr"
        by_size = "bt709" if min(frame.width, frame.height) >= _HD_FROM_PX else "smpte170m"
        return _MATRICES.get(int(frame.colorspace), by_size)
