"""Draws the demo session's place: a wide strip of snow park below trees and hills, with a kicker for each trick."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from clips.demo.figure import to_yuv

#: Room around the picture, so that a shaking camera still shows the park.
MARGIN_PX = 80
#: The texture repeats after this far; trees and hills do not.
TILE_PX = 2048
KICKER_LENGTH_PX, KICKER_HEIGHT_PX = 240, 64

SKY_ABOVE, SKY_BELOW = np.array([70, 120, 190.0]), np.array([206, 222, 236.0])
HILL, TREE, SNOW_FAR, SNOW_NEAR = (
    np.array(colour, float) for colour in ((126, 140, 162), (36, 60, 58), (214, 224, 236), (238, 242, 248))
)


@dataclass(frozen=True)
class Park:
    """Planes of 8 bits as H.264 takes them: Y [shape=(height, width)], U and V of half the size."""

    luma: np.ndarray
    u: np.ndarray
    v: np.ndarray


def build(rng: np.random.Generator, *, width_px: int, height_px: int, ground_px: int, lips_px: list[int]) -> Park:
    """Return the park, drawn larger than one picture.

    Parameters
    ----------
    width_px, height_px : int
        Even. The height includes twice ``MARGIN_PX``.
    ground_px : int
        The row on which riders stand.
    lips_px : list of int
        Where the kickers end.
    """
    rows, columns = np.arange(height_px), np.arange(width_px)
    horizon_px = ground_px - 190
    rgb = np.empty((3, height_px, width_px), np.uint8)
    sky = np.clip(rows / horizon_px, 0, 1)[:, None]
    snow = np.clip((rows - horizon_px) / (height_px - horizon_px), 0, 1)[:, None]
    for channel in range(3):
        above = SKY_ABOVE[channel] + (SKY_BELOW[channel] - SKY_ABOVE[channel]) * sky
        below = SNOW_FAR[channel] + (SNOW_NEAR[channel] - SNOW_FAR[channel]) * snow
        rgb[channel] = np.where(rows[:, None] < horizon_px, above, below)
    ridge_px = horizon_px - 70 - 60 * _wave(rng, columns, 900) - 25 * _wave(rng, columns, 210)
    _paint(rgb, (rows[:, None] > ridge_px) & (rows[:, None] < horizon_px), HILL)
    _plant_trees(rng, rgb, horizon_px)
    for lip_px in lips_px:
        _raise_kicker(rgb, lip_px, ground_px)
    texture = _texture(rng, height_px) * (0.4 + 0.6 * snow)
    tiles = [_as_planes(rgb[:, :, left : left + TILE_PX], texture) for left in range(0, width_px, TILE_PX)]
    return Park(*(np.concatenate(plane, axis=1) for plane in zip(*tiles, strict=True)))


def _as_planes(rgb: np.ndarray, texture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Y, U and V of one tile; the whole park at once as floats would take more than a gigabyte."""
    _, height_px, width_px = rgb.shape
    planes = to_yuv(np.clip(rgb + texture[:, :width_px], 8, 247))
    halves = planes[1:].reshape(2, height_px // 2, 2, width_px // 2, 2).mean(axis=(2, 4)).astype(np.uint8)
    return planes[0].astype(np.uint8), halves[0], halves[1]


def _wave(rng: np.random.Generator, columns: np.ndarray, period_px: float) -> np.ndarray:
    phases, shares = rng.uniform(0, 6.3, 3), np.array([1.0, 1.63, 2.71])
    return np.sin(2 * np.pi * columns[:, None] * shares / period_px + phases).mean(axis=1)


def _paint(rgb: np.ndarray, where: np.ndarray, colour: np.ndarray) -> None:
    for channel in range(3):
        rgb[channel][where] = colour[channel]


def _plant_trees(rng: np.random.Generator, rgb: np.ndarray, horizon_px: int) -> None:
    width_px = rgb.shape[2]
    for left_px in range(0, width_px - 120, 46):
        height, half = int(rng.integers(60, 150)), int(rng.integers(18, 34))
        middle, foot = left_px + int(rng.integers(34, 86)), horizon_px + int(rng.integers(4, 26))
        y, x = np.mgrid[foot - height : foot, middle - half : middle + half]
        branches = 0.82 + 0.18 * np.cos((y - foot) / 5.0)
        inside = np.abs(x - middle) < half * (y - foot + height) / height * branches
        shade = TREE * rng.uniform(0.75, 1.3)
        _paint(rgb[:, foot - height : foot, middle - half : middle + half], inside, shade)


def _raise_kicker(rgb: np.ndarray, lip_px: int, ground_px: int) -> None:
    """Draw a ramp of packed snow with a blue edge, as parks mark them."""
    x = np.arange(lip_px - KICKER_LENGTH_PX, lip_px + 60)
    rise = np.where(x <= lip_px, ramp_height_px(x - lip_px), KICKER_HEIGHT_PX * (1 - (x - lip_px) / 60))
    region = rgb[:, :, x[0] : x[-1] + 1]
    rows = np.arange(rgb.shape[1])[:, None]
    body = (rows > ground_px - rise) & (rows < ground_px + 14)
    _paint(region, body, np.array([196, 208, 226.0]))
    _paint(region, body & (rows < ground_px - rise + 7), np.array([58, 112, 214.0]))


def ramp_height_px(from_lip_px: np.ndarray | float) -> np.ndarray | float:
    """Return the height of the ramp at this distance from its lip (negative is before)."""
    share = np.clip(1 + np.asarray(from_lip_px) / KICKER_LENGTH_PX, 0, 1)
    return KICKER_HEIGHT_PX * share**2


def _texture(rng: np.random.Generator, height_px: int) -> np.ndarray:
    """Return snow's roughness in grey levels; it repeats from left to right without a seam."""
    rough = np.zeros((height_px, TILE_PX), np.float32)
    for size_px in (2, 6, 16):
        noise = rng.normal(0, 1, (height_px, TILE_PX)).astype(np.float32)
        rough += ndimage.gaussian_filter(noise, size_px, mode=("nearest", "wrap"), truncate=3) * size_px * 9
    return rough
