"""``python -m detection``: propose and evaluate from a command line, in the same confined child as the workers."""

import argparse
import json
import resource
import sys
from pathlib import Path

from clips.media import MediaError, sandbox
from detection.evaluate import LabelError, evaluate_take, load_labels, mean_of, pooled_of

#: A person waits at the keyboard and stops it with Ctrl-C; this only ends what hangs. Memory is limited as everywhere.
LIMITS = sandbox.Limits(cpu_s=48 * 3600, wall_s=48 * 3600)

#: The columns of the table that a person reads, with their heads.
COLUMNS = {
    "tricks": "tricks",
    "shown": "shown",
    "recall": "recall",
    "precision": "precis.",
    "f1": "F1",
    "ap": "AP",
    "recall_at_k": "rec@K",
    "false_per_min": "false/min",
    "recall_all": "rec.all",
    "false_per_min_all": "f/min all",
    "hits_near_joins": "hits@join",
    "false_near_joins": "false@join",
    "join_chance": "chance",
    "start_error_ms": "start ms",
    "end_error_ms": "end ms",
    "cpu_s_per_s": "CPU-s/s",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (MediaError, LabelError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m detection", description="Find trick moments in a video.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("propose", help="print the moments of one file, best first")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.add_argument("--all", action="store_true", help="also what the default sensitivity does not show")
    command.set_defaults(run=_propose)
    command = commands.add_parser("evaluate", help="compare proposals with labelled takes")
    command.add_argument("--footage", type=Path, required=True, metavar="DIR", help="where the videos are")
    command.add_argument("--labels", type=Path, required=True, metavar="DIR", help="one JSON file per video")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(run=_evaluate)
    return parser


def _propose(options: argparse.Namespace) -> int:
    candidates = _analyse(options.file)["candidates"]
    if not options.all:
        candidates = [candidate for candidate in candidates if candidate["shown"]]
    if options.json:
        print(json.dumps(candidates, indent=1))
        return 0
    for candidate in candidates:
        span = f"{_clock(candidate['start_ms'])} - {_clock(candidate['end_ms'])}"
        print(f"{span}  {candidate['score']:.2f} {'' if candidate['shown'] else '(hidden) '} {candidate['why']}")
    if not candidates:
        print("No moment stands out in this video.")
    return 0


def _analyse(path: Path) -> dict:
    try:
        return sandbox.run("detection.propose:propose", {"path": str(path.absolute())}, limits=LIMITS, on_tick=_tick)
    finally:
        _tick(None)


def _tick(done: float | None) -> None:
    if sys.stderr.isatty():
        print("\r    \r" if done is None else f"\r{done:4.0%}", end="", file=sys.stderr, flush=True)


def _clock(time_ms: int) -> str:
    minutes, rest_ms = divmod(time_ms, 60_000)
    return f"{minutes:3d}:{rest_ms / 1000:06.3f}"


def _evaluate(options: argparse.Namespace) -> int:
    labels = load_labels(options.labels)
    candidates, results = {}, {}
    for name, label in labels.items():
        cpu_s = _cpu_s()
        proposed = _analyse(options.footage / label.get("file", f"{name}.mp4"))
        candidates[name] = proposed["candidates"]
        results[name] = evaluate_take(label, candidates[name])
        results[name]["cpu_s_per_s"] = (_cpu_s() - cpu_s) / (proposed["duration_ms"] / 1000)
    rows = results | {"mean": mean_of(list(results.values())), "pooled": pooled_of(labels, candidates)}
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        _print_table(rows)
    return 0


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _print_table(rows: dict[str, dict]) -> None:
    width = max(len(name) for name in rows)
    print(" " * width, *(f"{head:>10}" for head in COLUMNS.values()))
    for name, row in rows.items():
        print(f"{name:<{width}}", *(f"{_figure(row.get(column)):>10}" for column in COLUMNS))


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else (f"{value:.0f}" if value >= 100 else f"{value:.3f}")


if __name__ == "__main__":
    sys.exit(main())
