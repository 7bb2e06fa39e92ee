"""Makes frames of grey arrays and reads them back, each in the thread that asks.

FFmpeg's scaler otherwise starts threads for every single frame, which costs ten times the work on a small picture.
"""

import av
import numpy as np


def frame_of(luma: np.ndarray, pix_fmt: str = "yuv420p") -> av.VideoFrame:
    """Return a frame of grey levels [shape=(height, width), uint8], ready for an encoder."""
    return av.VideoFrame.from_ndarray(luma, format="gray").reformat(format=pix_fmt, threads=1)


def luma_of(frame: av.VideoFrame) -> np.ndarray:
    """Return the grey levels of a decoded frame [shape=(height, width), uint8]."""
    return frame.to_ndarray(format="gray", threads=1)
