"""Gathers the sound of a stretch of a clip as samples."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from clips.media import MediaError
from clips.media.decode import frames_of
from clips.media.formats.sound_file import open_sound
from clips.media.reel.plan import SOUND_RATE_HZ
from clips.media.render.preview_sound import Sound, layout_of, resampler_for

#: At both ends of a clip's sound, so that a cut does not click.
_SOFT_SAMPLES = SOUND_RATE_HZ // 200


@dataclass(frozen=True)
class Wanted:
    """From when to when sound is wanted, in seconds of the source."""

    start_s: Fraction
    end_s: Fraction


class Pcm:
    """Samples of a stretch, slowed with its pictures at their own pitch; sample 0 is heard at ``wanted.start_s``."""

    def __init__(self, heard: AudioStream, wanted: Wanted, slow_down: int) -> None:
        self._kept = _Kept(1 if layout_of(heard) == "mono" else 2)
        self._sound = Sound(self._kept, layout_of(heard), wanted, slow_down)
        self._resampler = resampler_for(heard)

    def add(self, frame: AudioFrame) -> None:
        try:
            pieces = self._resampler.resample(frame)
        except ValueError:  # the camera changed its sound in the middle; the picture matters more
            return
        for piece in pieces:
            self._sound.add(piece)

    def samples(self, n_samples: int) -> np.ndarray:
        """Return stereo [shape=(2, n_samples), float32], with silence for what is missing and soft ends."""
        self._sound.close()
        found = self._kept.samples()[:, :n_samples]
        whole = np.zeros((2, n_samples), dtype=np.float32)
        whole[:, : found.shape[1]] = found  # one channel is heard on both sides
        return softened(whole)


def softened(samples: np.ndarray) -> np.ndarray:
    """Return sound that fades in and out within a moment that nobody hears."""
    n_soft = min(_SOFT_SAMPLES, samples.shape[1] // 2)
    if n_soft:
        ramp = np.linspace(0, 1, n_soft, dtype=np.float32)
        samples[:, :n_soft] *= ramp
        samples[:, samples.shape[1] - n_soft :] *= ramp[::-1]
    return samples


class _Kept:
    """Stands in for a file and its track of sound: what would be encoded is kept instead."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.bit_rate = 0
        self._pieces: list[np.ndarray] = []

    def add_stream(self, *_args: Any, **_options: Any) -> "_Kept":
        return self

    def encode(self, frame: AudioFrame | None) -> list[Any]:
        if frame is not None:
            self._pieces.append(frame.to_ndarray())
        return []

    def mux(self, _packets: list[Any]) -> None:
        return None

    def samples(self) -> np.ndarray:
        return np.concatenate(self._pieces, axis=1) if self._pieces else np.zeros((self.channels, 0), np.float32)


def decoded_file(path: str | Path, most_samples: int) -> np.ndarray:
    """Return the sound of a music file in stereo [shape=(2, n), float32], at most so many samples.

    A damaged packet is left out; MediaError where nothing can be heard.
    """
    pieces, n_samples = [], 0
    with open_sound(path) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE_HZ)
        for packet in container.demux(container.streams.audio[0]):
            for frame in frames_of(packet):
                for piece in resampler.resample(frame):
                    pieces.append(piece.to_ndarray())
                    n_samples += piece.samples
            if n_samples >= most_samples:
                break
    if not pieces:
        raise MediaError("Nothing can be heard in this music file.")
    return np.concatenate(pieces, axis=1)[:, :most_samples]
