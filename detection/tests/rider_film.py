"""Makes pictures and sound of a rider in a colour who crosses the picture, flies and rolls on, or does not."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from detection.suggestions.measure import RATE_HZ

RED, BLUE = (220, 30, 40), (30, 60, 210)
SIZE_PX, FPS, LENGTH_S = (160, 90), 30, 4


def pictures(colour, *, n: int = 12, pan_px: int = 0) -> np.ndarray:
    """Return a rider of a colour who crosses a still picture of grey noise, or one that pans."""
    rng = np.random.default_rng(3)
    width, height = SIZE_PX
    ground = rng.integers(40, 200, (height, 4 * width, 1)).repeat(3, axis=2).astype(np.uint8)
    made = np.stack([ground[:, pan_px * number : pan_px * number + width] for number in range(n)])
    for number in range(n):
        left = 8 + number * (width - 30) // n
        made[number, 40:70, left : left + 10] = colour
    return made


def rolling(*, after: float) -> np.ndarray:
    """Return rolling until 1.5 s, a flight of half a second, and rolling as loud as ``after`` times that."""
    rng = np.random.default_rng(4)
    level = np.full(LENGTH_S * RATE_HZ, 0.001)
    level[: round(1.5 * RATE_HZ)] = 0.02
    level[2 * RATE_HZ :] = 0.02 * after
    return level * rng.normal(0, 1, len(level))


def film(path: Path, colour, *, after: float) -> Path:
    """Write a small video with sound, as a preview is: the rider crosses from 1 to 3 seconds."""
    n = LENGTH_S * FPS
    still = pictures(colour, n=1)[0].copy()
    still[40:70, 8:18] = 120
    moving = pictures(colour, n=2 * FPS)
    with av.open(str(path), "w", format="mp4") as target:
        track = target.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "18"})
        track.width, track.height, track.pix_fmt = *SIZE_PX, "yuv420p"
        sound = target.add_stream("aac", rate=RATE_HZ, layout="mono")
        for number in range(n):
            place = number - FPS
            picture = moving[place] if 0 <= place < len(moving) else still
            target.mux(track.encode(VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        target.mux(track.encode(None))
        frame = AudioFrame.from_ndarray(rolling(after=after).astype(np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
        target.mux([*sound.encode(frame), *sound.encode(None)])
    return path
