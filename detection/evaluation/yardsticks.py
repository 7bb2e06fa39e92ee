"""Reads a file the two ways that the detector's cost is compared with: decoding every frame, and demuxing alone."""

import resource
from collections.abc import Callable
from typing import Any

import numpy as np

from clips.media.formats.opening import open_media, picture_stream
from clips.media.sandbox import runner
from detection.decode.pictures import SmallGrey
from detection.scoring.peaks import peaks_apart

#: The yardstick's own choice: a peak is this many times the median difference, and 2 s from the next.
TIMES_USUAL, DISTANCE_S = 3.0, 2.0


def every_frame(path: str, progress: Callable[[float], None]) -> dict[str, Any]:
    """Decode every frame and take the peaks of the frame difference, as most detectors do."""
    differences, before, small = [], None, None
    with open_media(path) as container:
        stream = picture_stream(container)
        stream.thread_type = "AUTO"
        n_frames = stream.frames or 1
        for frame in container.decode(stream):
            small = small or SmallGrey(frame)
            after = small(frame).astype(np.int16)
            differences.append(0.0 if before is None else float(np.abs(after - before).mean()))
            before = after
            progress(min(1.0, len(differences) / n_frames))
        rate_hz = float(stream.average_rate or 30)
    curve = np.array(differences)
    peaks = peaks_apart(curve, distance=round(DISTANCE_S * rate_hz), floor=TIMES_USUAL * float(np.median(curve)))
    return _spent(len(curve) / rate_hz) | {"peaks": len(peaks)}


def demux_only(path: str, progress: Callable[[float], None]) -> dict[str, Any]:
    """Read every packet and decode none."""
    end_s = 0.0
    with open_media(path) as container:
        stream = picture_stream(container)
        for packet in container.demux():
            if packet.stream is stream and packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                progress(0.0)
    return _spent(end_s)


def _spent(duration_s: float) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "duration_ms": max(1, round(1000 * duration_s)),
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
        "peak_memory_mb": round(runner.peak_bytes() / 1024**2),
    }
