"""Sound of the pieces of a video: on one grid of AAC frames, which no piece begins anew."""

from collections import deque
from fractions import Fraction
from math import ceil, floor
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from clips.media.render.preview_sound import RATE_HZ, layout_of, resampler_for
from clips.media.timestamps import AnyPacket, pts_of, time_base_of

SOUND_BITS_PER_SECOND = 64_000
_AAC_SAMPLES = 1024
#: An encoder's first frames of sound lack what was before; they are made of sound before the piece and left out.
_WARM_UP_FRAMES = 3
#: It gives a frame back when it has seen the next two.
_AHEAD_SAMPLES = 3 * _AAC_SAMPLES
_JITTER_SAMPLES = RATE_HZ // 20


class PieceSound:
    """Brings sound onto the grid of AAC frames that all pieces share, and encodes it without a break."""

    def __init__(self, heard: Any, start_s: Fraction) -> None:
        self.layout = layout_of(heard)
        self._resampler = resampler_for(heard)
        self._heard = heard
        first_frame = max(0, floor(start_s * RATE_HZ / _AAC_SAMPLES) - _WARM_UP_FRAMES)
        self._at = first_frame * _AAC_SAMPLES
        self._expected: int | None = None
        self._left = np.zeros((1 if self.layout == "mono" else 2, 0), dtype=np.float32)
        self._encoder: AudioCodecContext = av.CodecContext.create("aac", "w")
        self._encoder.sample_rate, self._encoder.layout = RATE_HZ, self.layout
        self._encoder.format, self._encoder.bit_rate = "fltp", SOUND_BITS_PER_SECOND
        self._encoder.time_base = Fraction(1, RATE_HZ)
        self._packets: deque[AnyPacket] = deque()
        self._from = ceil(start_s * RATE_HZ)

    @property
    def _taken_to(self) -> int:
        return self._at + self._left.shape[1]

    def add(self, frame: AudioFrame, zero_s: Fraction) -> None:
        """Take decoded sound; what lies before the run is left out, gaps become silence."""
        try:
            pieces = self._resampler.resample(frame)
        except ValueError:  # the camera changed its sound in the middle; the picture matters more
            return
        for piece in pieces:
            begin = round((pts_of(piece) * time_base_of(piece) - zero_s) * RATE_HZ)
            if self._expected is not None and abs(begin - self._expected) <= _JITTER_SAMPLES:
                begin = self._expected
            samples = piece.to_ndarray()
            self._expected = begin + samples.shape[1]
            self._silence_until(begin)
            self._append(samples[:, max(0, self._taken_to - begin) :])

    def has_until(self, end_s: Fraction) -> bool:
        """Return whether there is enough to encode all that begins before a time."""
        return self._taken_to >= end_s * RATE_HZ + _AHEAD_SAMPLES

    def until(self, end_s: Fraction) -> list[AnyPacket]:
        """Return the packets not returned yet that begin before a time; where sound is missing, it is silent."""
        self._silence_until(ceil(end_s * RATE_HZ) + _AHEAD_SAMPLES)
        found = []
        while self._packets and pts_of(self._packets[0]) < end_s * RATE_HZ:
            packet = self._packets.popleft()
            if pts_of(packet) >= self._from:
                found.append(packet)
        return found

    def _silence_until(self, at: int) -> None:
        if at > self._taken_to:
            self._append(np.zeros((self._left.shape[0], at - self._taken_to), dtype=np.float32))

    def _append(self, samples: np.ndarray) -> None:
        self._left = np.concatenate([self._left, samples.astype(np.float32, copy=False)], axis=1)
        while self._left.shape[1] >= _AAC_SAMPLES:
            block = np.ascontiguousarray(self._left[:, :_AAC_SAMPLES])
            self._left = self._left[:, _AAC_SAMPLES:]
            frame = AudioFrame.from_ndarray(block, format="fltp", layout=self.layout)
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._at, Fraction(1, RATE_HZ)
            self._at += _AAC_SAMPLES
            self._packets.extend(self._encoder.encode(frame))
