"""Checks a cut without the cutter's code: with FFmpeg's decoders, and marks in frames and sound."""

import hashlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import av.logging
import numpy as np
from scipy.signal import correlate

from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import SOUND_RATE_HZ, frame_number, sound


def seen(
    path: str | Path, reads: Callable[[np.ndarray], int] = frame_number
) -> tuple[list[int], list[Fraction], list[str]]:
    """Return the numbers of the shown frames, their times in seconds, and the decoder's errors."""
    numbers, times_s = [], []
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture(local=False) as complaints, av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            for frame in container.decode(stream):
                numbers.append(reads(luma_of(frame)))
                times_s.append(frame.pts * frame.time_base)
                if frame.is_corrupt:
                    complaints.append((0, "frame", f"{numbers[-1]} is corrupt"))
    finally:
        av.logging.set_level(None)
    return numbers, times_s, [f"{who}: {what}" for _, who, what in complaints if "swscaler" not in who]


def heard(path: str | Path, track: int = 0) -> tuple[int, np.ndarray]:
    """Return a track's sound from timestamp 0 on: its first sample's position, and the samples."""
    pieces: list[tuple[int, np.ndarray]] = []
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        for frame in container.decode(stream):
            at = round(frame.pts * stream.time_base * SOUND_RATE_HZ)
            piece = frame.to_ndarray()[0].astype(float)
            pieces.append((max(0, at), piece[max(0, -at) :]))
    pieces = [(at, piece) for at, piece in pieces if len(piece)]
    begin = pieces[0][0]
    samples = np.zeros(max(at + len(piece) for at, piece in pieces) - begin)
    for at, piece in pieces:
        samples[at - begin : at - begin + len(piece)] = piece
    return begin, samples


def lag_s(path: str | Path, start_s: Fraction, *, length_s: float, seed: int = 0, track: int = 0) -> float:
    """Return how late a clip's sound is, for a clip that begins ``start_s`` into a made-up recording."""
    begin, samples = heard(path, track)
    reach = SOUND_RATE_HZ // 10  # farther off than this is not found, and then the peak is none
    recorded = np.pad(sound(length_s, seed=seed), SOUND_RATE_HZ)
    at = round(start_s * SOUND_RATE_HZ) + begin + SOUND_RATE_HZ
    around = recorded[at - reach : at + len(samples) + reach]
    agreement = correlate(around, samples, mode="valid", method="fft")
    peak = int(np.argmax(agreement))
    assert agreement[peak] > 0.3 * np.dot(samples, samples), "the sound is not that of the recording"
    return (reach - peak) / SOUND_RATE_HZ


def packet_hashes(path: str | Path, kind: str, track: int = 0) -> list[str]:
    """Return a hash of each packet of a track, in decoding order."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][track]
        return [hashlib.sha256(bytes(p)).hexdigest() for p in container.demux(stream) if p.size]


def is_run_of(part: list[str], whole: list[str]) -> bool:
    """Return whether ``part`` occurs in ``whole`` without a gap."""
    begin = whole.index(part[0])
    return whole[begin : begin + len(part)] == part
