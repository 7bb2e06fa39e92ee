"""Measures the cost of the detector on a file beside two yardsticks: decoding every frame, and demuxing alone."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from clips.media import MediaError
from clips.media.sandbox import runner
from detection.evaluation.report import LIMITS, N_CORES

#: Every row of the table and the function behind it.
CONTENDERS = {
    "default": ("detection.analyze:signals_of", {"effort": "default"}),
    "quick": ("detection.analyze:signals_of", {"effort": "quick"}),
    "every frame": ("detection.evaluation.yardsticks:every_frame", {}),
    "demux only": ("detection.evaluation.yardsticks:demux_only", {}),
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
        found = runner.run(function, arguments, limits=LIMITS, on_tick=on_tick)
        cpu_s_per_s = found["cpu_s"] / (found["duration_ms"] / 1000)
        rows[name] = {
            "cpu_s_per_s": round(cpu_s_per_s, 4),
            "times_real_time": round(N_CORES / max(cpu_s_per_s, 1e-6), 1),
            "against_default": round(cpu_s_per_s / rows["default"]["cpu_s_per_s"], 3) if rows else 1.0,
            "peak_memory_mb": found["peak_memory_mb"],
        }
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Measure one file and print a table. An error is one sentence on stderr and exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    try:
        rows = measure(options.file)
    except (MediaError, runner.KilledError, runner.UnconfinedError) as error:
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
