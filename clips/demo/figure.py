"""Draws people as jointed limbs: a rider on a board and a walker. Arrays in, arrays out."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

#: Scale of the drawing: 1.7 m are 238 px.
PX_PER_M = 140
#: The canvas of one figure; its feet stand in the middle of the lower edge, this far above it.
CANVAS_WIDTH_PX, CANVAS_HEIGHT_PX, BELOW_FEET_PX = 300, 340, 50
#: Poses are drawn in so many steps, so that each is drawn once and used again.
CROUCH_STEPS, SPIN_STEPS, STRIDE_STEPS = 6, 24, 12

JACKET, TROUSERS, SKIN, HELMET, BOARD = (232, 92, 48), (38, 50, 78), (214, 160, 126), (250, 196, 60), (30, 200, 190)
COAT, JEANS, CAP = (70, 92, 76), (58, 60, 70), (120, 40, 52)

Point = tuple[float, float]


@dataclass(frozen=True)
class Limb:
    """A straight stroke with round ends, in metres from the feet's middle, y upwards."""

    start: Point
    end: Point
    radius: float
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class Sprite:
    """A figure ready to be drawn over a picture.

    Attributes
    ----------
    planes : np.ndarray [shape=(3, height, width), float32]
        Y, U and V.
    cover : np.ndarray [shape=(height, width), float32]
        0 where the background shows, 1 where the figure does.
    """

    planes: np.ndarray
    cover: np.ndarray


def rider(*, crouch: float, turn: float) -> Sprite:
    """Return the rider; ``crouch`` from 0 (upright) to 1 (knees to the chest), ``turn`` in whole turns."""
    return _rider(round(crouch * CROUCH_STEPS), round(turn * SPIN_STEPS) % SPIN_STEPS)


@lru_cache
def _rider(crouch_step: int, turn_step: int) -> Sprite:
    crouch, angle = crouch_step / CROUCH_STEPS, 2 * math.pi * turn_step / SPIN_STEPS
    hips, lean = 0.88 - 0.34 * crouch, 0.06 + 0.16 * crouch
    neck = hips + 0.52 - 0.06 * crouch
    limbs = [
        Limb((-0.74, 0.12), (-0.58, 0.05), 0.04, BOARD),
        Limb((-0.58, 0.05), (0.58, 0.05), 0.045, BOARD),
        Limb((0.58, 0.05), (0.74, 0.12), 0.04, BOARD),
        Limb((-0.27, 0.12), (-0.34 - 0.1 * crouch, hips * 0.55), 0.085, TROUSERS),
        Limb((-0.34 - 0.1 * crouch, hips * 0.55), (-0.02, hips), 0.095, TROUSERS),
        Limb((0.27, 0.12), (0.33 + 0.12 * crouch, hips * 0.57), 0.085, TROUSERS),
        Limb((0.33 + 0.12 * crouch, hips * 0.57), (0.02, hips), 0.095, TROUSERS),
        Limb((0.0, hips), (lean, neck), 0.15, JACKET),
        Limb((lean, neck), (lean - 0.34, neck - 0.2 + 0.12 * crouch), 0.06, JACKET),
        Limb((lean - 0.34, neck - 0.2 + 0.12 * crouch), (lean - 0.56, neck - 0.14 - 0.3 * crouch), 0.05, JACKET),
        Limb((lean, neck), (lean + 0.34, neck - 0.22), 0.06, JACKET),
        Limb((lean + 0.34, neck - 0.22), (lean + 0.56, neck - 0.12 - 0.25 * crouch), 0.05, JACKET),
        Limb((lean + 0.05, neck + 0.2), (lean + 0.09, neck + 0.2), 0.1, SKIN),
        Limb((lean + 0.02, neck + 0.24), (lean + 0.04, neck + 0.26), 0.125, HELMET),
    ]
    # Seen from the side, whoever turns about the upright axis gets narrow and wide again.
    across = math.cos(angle)
    across = math.copysign(max(0.22, abs(across)), across)
    return _draw([_squeezed(limb, across) for limb in limbs])


def walker(*, stride: float) -> Sprite:
    """Return a walking person; ``stride`` in whole double steps."""
    return _walker(round(stride * STRIDE_STEPS) % STRIDE_STEPS)


@lru_cache
def _walker(step: int) -> Sprite:
    swing = 0.3 * math.sin(2 * math.pi * step / STRIDE_STEPS)
    limbs = [
        Limb((swing, 0.07), (swing * 0.6, 0.45), 0.075, JEANS),
        Limb((swing * 0.6, 0.45), (0, 0.85), 0.09, JEANS),
        Limb((-swing, 0.07), (-swing * 0.4, 0.45), 0.075, JEANS),
        Limb((-swing * 0.4, 0.45), (0, 0.85), 0.09, JEANS),
        Limb((0, 0.85), (0.02, 1.36), 0.16, COAT),
        Limb((0.02, 1.36), (-swing * 0.8, 0.95), 0.06, COAT),
        Limb((0.02, 1.36), (swing * 0.8, 0.95), 0.06, COAT),
        Limb((0.02, 1.56), (0.03, 1.58), 0.11, SKIN),
        Limb((0.0, 1.64), (0.02, 1.64), 0.105, CAP),
    ]
    return _draw(limbs)


def _squeezed(limb: Limb, across: float) -> Limb:
    (x0, y0), (x1, y1) = limb.start, limb.end
    return Limb((x0 * across, y0), (x1 * across, y1), limb.radius, limb.colour)


def _draw(limbs: list[Limb]) -> Sprite:
    y, x = np.mgrid[:CANVAS_HEIGHT_PX, :CANVAS_WIDTH_PX].astype(np.float32)
    x = (x - CANVAS_WIDTH_PX / 2) / PX_PER_M
    y = (CANVAS_HEIGHT_PX - BELOW_FEET_PX - y) / PX_PER_M
    colours = np.zeros((3, CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX), np.float32)
    cover = np.zeros((CANVAS_HEIGHT_PX, CANVAS_WIDTH_PX), np.float32)
    for limb in limbs:
        distance = _distance(x, y, limb) - limb.radius
        inside = np.clip(0.5 - distance * PX_PER_M, 0, 1)
        light = np.clip(0.82 - 2.2 * distance, 0.6, 1.15)  # rounder than a flat stroke: bright along its middle
        for channel, value in enumerate(limb.colour):
            colours[channel] += inside * (np.minimum(value * light, 255) - colours[channel])
        cover = np.maximum(cover, inside)
    return Sprite(planes=to_yuv(colours), cover=cover)


def _distance(x: np.ndarray, y: np.ndarray, limb: Limb) -> np.ndarray:
    (x0, y0), (x1, y1) = limb.start, limb.end
    along_x, along_y = x1 - x0, y1 - y0
    share = np.clip(((x - x0) * along_x + (y - y0) * along_y) / (along_x**2 + along_y**2 + 1e-9), 0, 1)
    return np.hypot(x - x0 - share * along_x, y - y0 - share * along_y)


def to_yuv(rgb: np.ndarray) -> np.ndarray:
    """Return Y, U and V (BT.709, video range) of red, green and blue from 0 to 255; [shape=(3, height, width)]."""
    red, green, blue = rgb / 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    u, v = (blue - luma) / 1.8556, (red - luma) / 1.5748
    return np.stack([16 + 219 * luma, 128 + 224 * u, 128 + 224 * v]).astype(np.float32)
