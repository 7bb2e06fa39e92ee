"""Fits pictures of any size into the frame of a reel: as high, sides cut off where wider, black where narrower."""

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter

from clips.media.render.orientation import Upright

#: In 8 bits of limited range.
BLACK_LUMA, GREY = 16, 128
#: Larger than any side of a picture: nothing is made smaller.
_AS_IT_IS = 1 << 16


class Fitted:
    """Makes the frames of one stream upright, BT.709 and as large as the reel.

    Parameters
    ----------
    sample : VideoFrame
        Any frame of the stream.
    pixel_aspect : Fraction or None
        Width of a pixel over its height.
    width_px, height_px : int
        Of the reel.
    """

    def __init__(self, sample: VideoFrame, pixel_aspect: Fraction | None, width_px: int, height_px: int) -> None:
        self._size = width_px, height_px
        upright = Upright(sample, pixel_aspect, shorter_px=_AS_IT_IS, scaler="bicubic")
        if upright.height_px > height_px:
            shorter_px = round(Fraction(min(upright.width_px, upright.height_px) * height_px, upright.height_px))
            upright = Upright(sample, pixel_aspect, shorter_px=max(2, shorter_px), scaler="bicubic")
        self._upright = upright
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame, middle: float = 0.5) -> VideoFrame:
        """Return a frame of the reel; ``middle`` is what of a wider picture lies in its middle, 0 (left) to 1."""
        width_px, height_px = self._size
        picture = self._upright(frame)
        wanted_px = _even(Fraction(width_px * picture.height, height_px))
        if picture.width > wanted_px:
            picture = _cropped(picture, wanted_px, middle)
        fitting_px = (
            width_px if picture.width >= wanted_px else _even(picture.width * Fraction(height_px, picture.height))
        )
        if (picture.width, picture.height) != (fitting_px, height_px):
            picture = self._reformatter.reformat(
                picture, fitting_px, height_px, interpolation=Interpolation.BICUBIC, format="yuv420p"
            )
        if fitting_px < width_px:
            picture = _between_bars(picture, width_px)
        return as_bt709(picture)


def as_bt709(picture: VideoFrame) -> VideoFrame:
    """Name the colours of a picture, for the encoder."""
    picture.colorspace, picture.color_range = Colorspace.ITU709, ColorRange.MPEG
    picture.color_primaries, picture.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return picture


def _even(length: Fraction) -> int:
    return max(2, round(length / 2) * 2)


def _cropped(picture: VideoFrame, width_px: int, middle: float) -> VideoFrame:
    most_px = picture.width - width_px
    left_px = min(most_px, max(0, round(middle * picture.width - width_px / 2)))
    luma, *chroma = planes_of(picture)
    rows = [luma[:, left_px : left_px + width_px]]
    rows += [plane[:, left_px // 2 : left_px // 2 + width_px // 2] for plane in chroma]
    return from_planes(rows)


def _between_bars(picture: VideoFrame, width_px: int) -> VideoFrame:
    left_px = (width_px - picture.width) // 4 * 2
    framed = []
    for plane, black, half in zip(planes_of(picture), (BLACK_LUMA, GREY, GREY), (1, 2, 2), strict=True):
        wide = np.full((plane.shape[0], width_px // half), black, dtype=np.uint8)
        wide[:, left_px // half : left_px // half + plane.shape[1]] = plane
        framed.append(wide)
    return from_planes(framed)


def planes_of(picture: VideoFrame) -> list[np.ndarray]:
    """Return views of luma and both colour differences of a yuv420p frame, without the rest of each line."""
    sides = (picture.width, picture.height), *[(picture.width // 2, picture.height // 2)] * 2
    planes = zip(picture.planes, sides, strict=True)
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]
        for plane, (width, height) in planes
    ]


def from_planes(planes: list[np.ndarray]) -> VideoFrame:
    flat = np.concatenate([plane.reshape(-1) for plane in planes])
    return VideoFrame.from_ndarray(flat.reshape(-1, planes[0].shape[1]), format="yuv420p")
