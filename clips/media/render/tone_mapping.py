"""Maps HDR and wide-gamut pictures to BT.709 with a colour lookup table for each source.

The steps are the published ones: PQ and HLG to the light of a display (ITU-R BT.2100), highlights rolled off by the
curve of BT.2390 so that the reference white of 203 cd/m² (BT.2408) stays near white, primaries by matrix, colours
outside BT.709 drawn towards grey of the same luminance, and BT.1886's gamma. FFmpeg's scaler can do it by itself since
7.1, but at twelve times the cost, and it takes PQ for as bright as 10,000 cd/m², which leaves snow grey.
"""

from fractions import Fraction
from functools import cache

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc

REFERENCE_WHITE_NITS = 203
#: What phones and cameras grade for; what is brighter is white.
PEAK_NITS = 1000
#: Steps along each edge are this number squared: 49 err by a third of a grey level on average, 64 take three times as
#: long to make (0.3 s).
HALD_LEVEL = 7
_GAMMA = 2.4
#: Luminance of red, green and blue.
_BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593])
_BT709_LUMA = np.array([0.2126, 0.7152, 0.0722])
#: From linear light of other primaries to linear light of BT.709 (ITU-R BT.2087; the second from SMPTE RP 431-2's P3
#: with D65 as white).
_BT2020_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
_P3_TO_BT709 = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
_TO_BT709: dict[int, np.ndarray] = {ColorPrimaries.BT2020: _BT2020_TO_BT709, ColorPrimaries.SMPTE432: _P3_TO_BT709}
#: SMPTE ST 2084.
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
#: ARIB STD-B67.
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


@cache
def hald_picture(primaries: int, transfer: int) -> VideoFrame:
    """Return the table for FFmpeg's filter ``haldclut``, 16 bits deep.

    Parameters
    ----------
    primaries, transfer : int
        As in the frame: "ColourPrimaries" and "TransferCharacteristics" of ITU-T H.273.
    """
    steps = np.linspace(0, 1, HALD_LEVEL**2, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")  # red changes fastest
    colours = to_bt709(np.stack([red, green, blue], axis=-1).reshape(-1, 3), primaries, transfer)
    side = HALD_LEVEL**3
    # The filter takes the planes of a planar table, green first, for red, green and blue (FFmpeg 8.1).
    table = np.round(colours[:, [2, 0, 1]] * 65535).astype(np.uint16).reshape(side, side, 3)
    frame = VideoFrame.from_ndarray(table, format="rgb48le")
    frame.pts, frame.time_base = 0, Fraction(1, av.time_base)
    return frame


def to_bt709(colours: np.ndarray, primaries: int, transfer: int) -> np.ndarray:
    """Return colours as BT.709 values.

    Parameters
    ----------
    colours : np.ndarray [shape=(n, 3), float]
        Red, green and blue as they are encoded, 0 to 1.
    primaries, transfer : int
        As for ``hald_picture``.

    Returns
    -------
    np.ndarray [shape=(n, 3), float]
        Gamma-encoded, 0 to 1.
    """
    if transfer == ColorTrc.SMPTE2084:
        light = _rolled_off(_pq_to_nits(colours))
    elif transfer == ColorTrc.ARIB_STD_B67:
        light = _rolled_off(_hlg_to_nits(colours))
    else:
        light = np.power(colours, _GAMMA)
    light = light @ _TO_BT709.get(primaries, np.eye(3)).T
    return np.power(_into_gamut(light), 1 / _GAMMA)


def _pq_to_nits(signal: np.ndarray) -> np.ndarray:
    root = np.power(signal, 1 / _M2)
    return 10_000 * np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1)


def _nits_to_pq(nits: np.ndarray | float) -> np.ndarray:
    root = np.power(np.asarray(nits) / 10_000, _M1)
    return np.power((_C1 + _C2 * root) / (1 + _C3 * root), _M2)


def _hlg_to_nits(signal: np.ndarray) -> np.ndarray:
    """Return the light of a display of 1000 cd/m², with its system gamma of 1.2."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12)
    luma = np.maximum(scene @ _BT2020_LUMA, 1e-12)[:, None]
    return PEAK_NITS * np.power(luma, 0.2) * scene


def _rolled_off(nits: np.ndarray) -> np.ndarray:
    """Return light in units of reference white with its peak brought down to 1 (BT.2390, section 5.4).

    The curve is told the largest of the three and the others follow, so that a colour keeps its hue.
    """
    largest = np.maximum(nits.max(axis=1, keepdims=True), 1e-6)
    peak = _nits_to_pq(PEAK_NITS)
    white = _nits_to_pq(REFERENCE_WHITE_NITS) / peak
    knee = 1.5 * white - 0.5
    level = np.minimum(_nits_to_pq(largest) / peak, 1)
    t = np.maximum(level - knee, 0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * white
    target = _pq_to_nits(np.where(level < knee, level, bent) * peak)
    return nits * (target / largest) / REFERENCE_WHITE_NITS


def _into_gamut(light: np.ndarray) -> np.ndarray:
    """Draw colours outside 0 to 1 towards grey of their own luminance, just as far as needed."""
    grey = np.clip(light @ _BT709_LUMA, 0, 1)[:, None]
    away = light - grey
    room = np.where(away > 0, 1 - grey, grey)
    share = np.min(np.divide(room, np.abs(away), out=np.ones_like(light), where=np.abs(away) > room), axis=1)
    return np.clip(grey + away * share[:, None], 0, 1)
