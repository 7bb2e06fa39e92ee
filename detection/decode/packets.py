"""Lists the coded pictures of a file: where decoding can begin, and how much it would cost.

Arrays in, arrays out. Packet sizes are no sign of a trick here: on the labelled takes, which were squeezed to 0.5
Mbit/s, they rank well (area under the curve .74 to .89), but one of them re-encoded to 40 Mbit/s, as a camera writes
it, gives .35: noise and rate control fill the packets. Sizes do tell the cost of decoding beforehand.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from detection.signals import SignalError

#: CPU-seconds to decode one picture without its loop filter, measured with H.264: 8.7 ms for a 1080p picture of 84 KB,
#: 24 ms for one of 310 KB.
PIXEL_CPU_S, BYTE_CPU_S = 1.7e-9, 6.6e-8
#: How much dearer other codecs are, from 1080p60: HEVC with 8 bits 1.5 ×, with 10 bits 1.85 ×.
CODEC_FACTOR = {"h264": 1.0, "mjpeg": 1.0, "mpeg4": 0.7, "vp9": 1.2, "hevc": 1.7}
OTHER_CODEC_FACTOR = 1.7
#: CPU-seconds to shrink a decoded picture and to measure its motion.
LOOK_CPU_S = 2.0e-3


@dataclass(frozen=True)
class Packets:
    """The coded pictures of one file, in decoding order.

    Attributes
    ----------
    pts_s : np.ndarray [shape=(n,), float64]
        When each is on screen, in seconds of the file's own clock.
    size_bytes : np.ndarray [shape=(n,), int64]
    is_key : np.ndarray [shape=(n,), bool]
        Whether decoding can begin with it.
    pixels : int
        Of one picture.
    codec : str
        FFmpeg's name of it.
    """

    pts_s: np.ndarray
    size_bytes: np.ndarray
    is_key: np.ndarray
    pixels: int
    codec: str

    def __post_init__(self) -> None:
        if not len(self.pts_s) == len(self.size_bytes) == len(self.is_key) > 0:
            raise SignalError("want as many times as sizes and keyframe flags, and at least one")

    @cached_property
    def group_start(self) -> np.ndarray:
        """Index of the first packet of each group that decodes by itself [shape=(n_groups,), int]."""
        keys = np.flatnonzero(self.is_key)
        return keys if len(keys) else np.array([0])

    @cached_property
    def group_end(self) -> np.ndarray:
        """Index behind the last packet of each group [shape=(n_groups,), int]."""
        return np.append(self.group_start[1:], len(self.pts_s))

    @cached_property
    def group_start_s(self) -> np.ndarray:
        """Display time of the keyframe of each group [shape=(n_groups,), float]."""
        return self.pts_s[self.group_start]

    @cached_property
    def cpu_s(self) -> np.ndarray:
        """Likely cost of decoding each picture, in CPU-seconds [shape=(n,), float]."""
        factor = CODEC_FACTOR.get(self.codec, OTHER_CODEC_FACTOR)
        return factor * (PIXEL_CPU_S * self.pixels + BYTE_CPU_S * self.size_bytes)

    @cached_property
    def _cpu_total_s(self) -> np.ndarray:
        return np.concatenate([[0.0], np.cumsum(self.cpu_s)])

    @property
    def decode_cpu_s(self) -> float:
        """Likely cost of decoding everything, in CPU-seconds."""
        return float(self._cpu_total_s[-1])

    def cpu_between_s(self, first: int, end: int) -> float:
        """Return the likely cost of decoding packets ``first`` to ``end`` - 1, in CPU-seconds."""
        return float(self._cpu_total_s[end] - self._cpu_total_s[first])

    def end_for(self, group: int, until_s: float) -> int:
        """Return the index behind the last packet of a group needed to see all that is shown before a time.

        A picture between two others is coded after the later one, so this is more than those with an earlier time.
        """
        start, end = self.group_start[group], self.group_end[group]
        early = np.flatnonzero(self.pts_s[start:end] < until_s)
        return int(start + early[-1]) + 1 if len(early) else int(start) + 1

    def group_at(self, time_s: float) -> int:
        """Return the group that is on screen at a time; the first group for a time before it."""
        return max(0, int(np.searchsorted(self.group_start_s, time_s, side="right")) - 1)
