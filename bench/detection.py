"""Measures the cost of the detector on a file beside two yardsticks: decoding every frame, and demuxing alone."""

import argparse
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from clips.media import MediaError, sandbox
from clips.media.formats.opening import open_media, picture_stream
from detection.decode.pictures import SmallGrey
from detection.evaluation.report import LIMITS, N_CORES
from detection.scoring.peaks import peaks_apart

#: The yardstick's own choice: a peak is this many times the median difference, and 2 s from the next.
TIMES_USUAL, DISTANCE_S = 3.0, 2.0
#: Every row of the table and the function behind it.
CONTENDERS = {
    "default": ("detection.analyze:signals_of", {"effort": "default"}),
    "quick": ("detection.analyze:signals_of", {"effort": "quick"}),
    "every frame": ("bench.detection:every_frame", {}),
    "demux only": ("bench.detection:demux_only", {}),
}


def measure(path: Path, on_tick: Callable[[float | None], None] = lambda _done: None) -> dict[str, dict]:
    """Return the cost of each contender on a file, each in its own child process, one after the other.

    Returns
    -------
    dict
        By contender: ``cpu_s_per_s`` (CPU-seconds per second of video, the child's start included),
        ``times_real_time`` on two cores, ``against_default`` (how many times the cost of the default) and
        ``peak_memory_mb``.

    Raises
    ------
    MediaError
        If the file cannot be read.
    """
    rows = {}
    for name, (function, arguments) in CONTENDERS.items():
        arguments = arguments | {"path": str(path.absolute())}
        found = sandbox.run(function, arguments, limits=LIMITS, on_tick=on_tick)
        cpu_s_per_s = found["cpu_s"] / (found["duration_ms"] / 1000)
        rows[name] = {
            "cpu_s_per_s": round(cpu_s_per_s, 4),
            "times_real_time": round(N_CORES / max(cpu_s_per_s, 1e-6), 1),
            "against_default": round(cpu_s_per_s / rows["default"]["cpu_s_per_s"], 3) if rows else 1.0,
            "peak_memory_mb": found["peak_memory_mb"],
        }
    return rows


def every_frame(path: str, progress: Callable[[float], None]) -> dict:
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


def demux_only(path: str, progress: Callable[[float], None]) -> dict:
    """Read every packet and decode none."""
    end_s = 0.0
    with open_media(path) as container:
        stream = picture_stream(container)
        for packet in container.demux():
            if packet.stream is stream and packet.pts is not None:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                progress(0.0)
    return _spent(end_s)


def _spent(duration_s: float) -> dict:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "duration_ms": max(1, round(1000 * duration_s)),
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
        "peak_memory_mb": round(sandbox.peak_bytes() / 1024**2),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure one file and print a table. An error is one sentence on stderr and exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    try:
        rows = measure(options.file)
    except (MediaError, sandbox.KilledError, sandbox.UnconfinedError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    print(f"{'':<12} {'CPU-s/s':>9} {'x real t.':>9} {'against':>9} {'MB':>6}")
    for name, row in rows.items():
        cells = f"{row['cpu_s_per_s']:>9.4f} {row['times_real_time']:>9.1f} {row['against_default']:>8.2f}x"
        print(f"{name:<12} {cells} {row['peak_memory_mb']:>6}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
