"""Measures loudness (ITU-R BS.1770, EBU R 128) and brings sound to a loudness without a peak above a limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from scipy import ndimage, signal

from clips.media.reel.plan import SOUND_RATE_HZ

#: What the services that people upload to play at.
TARGET_LUFS = -14.0
MOST_PEAK_DB = -1.0
#: What is as quiet as this is silence, and stays it.
SILENCE_LUFS = -70.0
#: Wind must not become a storm.
MOST_GAIN_DB = 24.0
#: AAC moves peaks a little; the limiter aims below the limit.
_ROOM_DB = 0.5
_OVERSAMPLED = 4
_LOOK_AHEAD = SOUND_RATE_HZ // 200
_BLOCK = SOUND_RATE_HZ * 10
_PUSHED = SOUND_RATE_HZ // 10
#: What limiting takes away is given back in as many rounds.
_ROUNDS = 3


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness, and the true peak against full scale."""

    lufs: float
    peak_db: float


def measured(samples: np.ndarray) -> Loudness:
    """Measure stereo sound [shape=(2, n), float32] at 48 kHz; silence is -70 LUFS."""
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=SOUND_RATE_HZ, format="fltp", layout="stereo", time_base=Fraction(1, SOUND_RATE_HZ)
    )
    graph.link_nodes(source, graph.add("ebur128", "metadata=1:peak=true"), graph.add("abuffersink")).configure()
    said: dict[str, str] = {}
    for begin in range(0, samples.shape[1], _PUSHED):
        piece = np.ascontiguousarray(samples[:, begin : begin + _PUSHED], dtype=np.float32)
        frame = AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE_HZ, begin, Fraction(1, SOUND_RATE_HZ)
        graph.push(frame)
        for metadata in _all_of(graph):
            said = metadata or said
    peak = max(float(said.get("lavfi.r128.true_peak", 0)), 1e-6)
    return Loudness(max(SILENCE_LUFS, float(said.get("lavfi.r128.I", SILENCE_LUFS))), 20 * float(np.log10(peak)))


def _all_of(graph: Graph) -> Iterator[dict[str, str]]:
    while True:
        try:
            yield dict(graph.pull().metadata)
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def normalised(samples: np.ndarray, *, target_lufs: float = TARGET_LUFS, peak_db: float = MOST_PEAK_DB) -> np.ndarray:
    """Return stereo sound as loud as ``target_lufs``, limited to a true peak.

    Sound whose peaks stand very far out of the rest stays a little below: the limiter takes from them each time.
    """
    loudness = measured(samples)
    if loudness.lufs <= SILENCE_LUFS:
        return samples
    gain_db = min(MOST_GAIN_DB, target_lufs - loudness.lufs)
    for _ in range(_ROUNDS):
        louder = limited(samples * np.float32(10 ** (gain_db / 20)), peak_db=peak_db - _ROOM_DB)
        missing_db = target_lufs - measured(louder).lufs
        if abs(missing_db) < 0.1 or gain_db + missing_db > MOST_GAIN_DB:
            break
        gain_db += missing_db
    return louder


def limited(samples: np.ndarray, *, peak_db: float) -> np.ndarray:
    """Return stereo sound whose true peak is at most ``peak_db``; what is below stays as it is.

    The gain falls 5 ms before a peak and rises as slowly after it: the least gain that any sample around needs,
    smoothed over as many samples as were looked at, is never more than the peak itself needs.
    """
    most = 10 ** (peak_db / 20)
    quiet = np.empty_like(samples)
    for begin in range(0, samples.shape[1], _BLOCK):
        first = max(0, begin - 4 * _LOOK_AHEAD)
        part = samples[:, first : begin + _BLOCK + 4 * _LOOK_AHEAD]
        needed = np.minimum(1.0, most / np.maximum(_peaks(part), 1e-9))
        least = ndimage.minimum_filter1d(needed, 2 * _LOOK_AHEAD + 1, mode="nearest")
        gain = ndimage.uniform_filter1d(least, 2 * _LOOK_AHEAD + 1, mode="nearest")
        kept = slice(begin - first, begin - first + min(_BLOCK, samples.shape[1] - begin))
        quiet[:, begin : begin + _BLOCK] = (part * gain)[:, kept]
    return quiet


def _peaks(samples: np.ndarray) -> np.ndarray:
    """Return the largest value at and between samples of both channels [shape=(n,)], as BS.1770's annex 2 has it."""
    finer = np.abs(signal.resample_poly(samples, _OVERSAMPLED, 1, axis=1)).max(axis=0)
    between = finer.reshape(-1, _OVERSAMPLED).max(axis=1)
    peaks: np.ndarray = np.maximum(between, np.roll(between, 1))
    return peaks
