"""Runs the detector, explains, evaluates and fits from the command line, in the workers' confined child.

Run it as ``python -m detection``.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from clips.media import MediaError
from clips.media.sandbox import runner
from detection.evaluation import made_crew, made_moments, plot, report, sync_report
from detection.evaluation.evaluate import LabelError
from detection.evaluation.recorded import COVERAGES
from detection.evaluation.report import LIMITS, Watching
from detection.scoring import chance

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
    "hits_near_joins": "hit@join",
    "false_near_joins": "false@join",
    "join_chance": "chance",
    "hits_on_distractors": "hit@loud",
    "false_on_distractors": "false@loud",
    "start_error_ms": "start ms",
    "end_error_ms": "end ms",
    "seen": "seen",
    "cpu_s_per_s": "CPU-s/s",
    "times_real_time": "x real t.",
    "peak_memory_mb": "MB",
}
#: The same for the table of kinds; each figure stands with its interval.
KIND_COLUMNS = {
    "recall": "recall",
    "f1": "F1",
    "ap": "AP",
    "false_per_min": "false/min",
    "best": "best is trick",
    "extra": "extra a file",
}

#: The same for crews: with the layers that are accepted, and with all of them.
CREW_COLUMNS = {
    "decisions": "decisions",
    "made": "made",
    "accepted": "accepted",
    "ap": "AP",
    "f1": "F1",
    "ap_forced": "AP, all",
    "f1_forced": "F1, all",
}

#: The same for moments that a second camera's microphone may hear.
ANGLE_COLUMNS = {
    "ap": "AP",
    "f1": "F1",
    "false_per_min": "false/min",
    "heard": "hits heard",
    "heard_false": "false heard",
    "least": "least weight",
    "most": "most",
}

#: The tables of suggestions: of each kind, and what they save.
SUGGESTION_COLUMNS = {
    "kinds": {"chosen": "chosen", "line": "in use", "precision": "precis.", "coverage": "coverage", "shown": "shown"},
    "keys": {"before": "keys", "after": "with them"},
}

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (MediaError, runner.KilledError, runner.UnconfinedError, LabelError, plot.PlotError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        _tick(None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m detection", description="Find trick moments in a video.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = _command(commands, "propose", "print the moments of one file, best first", _propose)
    command.add_argument("file", type=Path, metavar="FILE")
    _add_effort(command)
    command.add_argument("--all", action="store_true", help="also list moments hidden at the default sensitivity")
    command = _command(commands, "explain", "draw the signals, the score and the moments of one file", _explain)
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--plot", type=Path, required=True, metavar="OUT.png", help="picture file to write")
    command.add_argument("--labels", type=Path, metavar="FILE.json", help="draw the labelled tricks as well")
    _add_effort(command)
    command = _command(commands, "evaluate", "compare detected moments with labelled takes, cross-validated", _evaluate)
    _add_labelled(command)
    _add_effort(command)
    command.add_argument("--muted", action="store_true", help="without the sound")
    command.add_argument("--blanked", action="store_true", help="without the pictures around the joins")
    command.add_argument(
        "--coverage",
        choices=COVERAGES,
        default="",
        help="as of a camera's file of 40 Mbit/s, of a 4K file at the first or the second look, or all",
    )
    command.add_argument(
        "--kinds", action="store_true", help="whole takes, short files and takes without a trick, at each coverage"
    )
    command.add_argument(
        "--angles", action="store_true", help="what it would add to hear each moment by a second camera as well"
    )
    command = _command(commands, "crew", "show what a crew's decisions change, on labelled takes", _crew)
    command.add_argument("--simulate", action="store_true", required=True, help="with crews made of the labelled takes")
    _add_labelled(command)
    command = _command(
        commands, "suggestions", "show what suggestions are worth when sorting, on made-up crews", _suggestions
    )
    command.add_argument("--simulate", action="store_true", required=True, help="with crews that are made up")
    command.add_argument("--standing", action="store_true", help="as if each camera stood, which tells all colours")
    command = _command(commands, "sync", "find how two recordings of the same lie in time, by their sound", _sync)
    command.add_argument("files", type=Path, nargs="*", metavar="FILE", help="two videos")
    command.add_argument("--evaluate", action="store_true", help="measure on pairs made of the videos in --footage")
    command.add_argument("--footage", type=Path, nargs="+", default=[], metavar="DIR", help="folders with the videos")
    command.add_argument(
        "--labels", type=Path, nargs="+", default=[], metavar="DIR", help="instead: pairs by the labelled tricks alone"
    )
    command.add_argument("--pairs", type=int, default=2, metavar="N", help="pairs of each kind (default: 2)")
    command = _command(commands, "fit", "fit the weights of the score on labelled takes", _fit)
    _add_labelled(command)
    command.add_argument("--out", type=Path, default=chance.WEIGHTS_FILE, metavar="FILE", help="the program's own file")
    return parser


def _command(commands: "Commands", name: str, says: str, run: object) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=says)
    command.set_defaults(run=run)
    if name != "explain":
        command.add_argument("--json", action="store_true", help="as JSON")
    return command


def _add_effort(command: argparse.ArgumentParser) -> None:
    effort = command.add_mutually_exclusive_group()
    for name, says in {
        "quick": "sound and a few pictures only, more than twice as fast",
        "thorough": "every picture of every moment, however long it takes",
        "closer": "as the second look does when nobody waits",
        "sparse": "spend no more effort than on 1080p60 at 40 Mbit/s, for measurements",
    }.items():
        effort.add_argument(f"--{name}", dest="effort", action="store_const", const=name, default="default", help=says)


def _add_labelled(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--footage", type=Path, nargs="+", required=True, metavar="DIR", help="folders with the videos"
    )
    command.add_argument(
        "--labels", type=Path, nargs="+", required=True, metavar="DIR", help="for each folder, one JSON file per video"
    )


def _propose(options: argparse.Namespace) -> int:
    arguments = {"path": str(options.file.absolute()), "effort": options.effort}
    candidates = runner.run("detection.propose:propose", arguments, limits=LIMITS, on_tick=_tick)["candidates"]
    _tick(None)
    if not options.all:
        candidates = [candidate for candidate in candidates if candidate["shown"]]
    if options.json:
        print(json.dumps(candidates, indent=1))
        return 0
    for candidate in candidates:
        span = f"{_clock(candidate['start_ms'])} - {_clock(candidate['end_ms'])}"
        print(f"{span}  {candidate['score']:.2f} {'' if candidate['shown'] else '(hidden) '} {candidate['why']}")
    if not candidates:
        print("No moments found in this video.")
    return 0


def _tick(done: float | None) -> None:
    if sys.stderr.isatty():
        print("\r    \r" if done is None else f"\r{done:4.0%}", end="", file=sys.stderr, flush=True)


def _clock(time_ms: int) -> str:
    minutes, rest_ms = divmod(time_ms, 60_000)
    return f"{minutes:3d}:{rest_ms / 1000:06.3f}"


def _explain(options: argparse.Namespace) -> int:
    found = report.watched(options.file, {}, Watching(options.effort), _tick)
    label = json.loads(options.labels.read_text()) if options.labels else None
    plot.draw(found, label, title=options.file.name, out=options.plot)
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    if options.angles:
        _print_agreement(report.evaluate_agreement(options.footage, options.labels, _tick), options.json)
        return 0
    if options.kinds:
        tables = report.evaluate_kinds(options.footage, options.labels, _tick, muted=options.muted)
        if options.json:
            print(json.dumps(tables, indent=1))
        else:
            _print_kinds(tables)
        return 0
    how = Watching(options.effort, muted=options.muted, blanked=options.blanked, coverage=options.coverage)
    rows = report.evaluate(options.footage, options.labels, how, _tick)
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        _print_table(rows)
    return 0


def _crew(options: argparse.Namespace) -> int:
    rows = report.simulate_crews(options.footage, options.labels, _tick)
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    print(f"{'crews':<18}", *(f"{head:>10}" for head in CREW_COLUMNS.values()))
    for row in rows:
        print(f"{row['crews']:<18}", *(f"{_figure(row[column]):>10}" for column in CREW_COLUMNS))
    return 0


def _suggestions(options: argparse.Namespace) -> int:
    found = made_crew.evaluate(standing=options.standing)
    if options.json:
        print(json.dumps(found, indent=1))
        return 0
    for name, columns in SUGGESTION_COLUMNS.items():
        print(f"{'':<22}", *(f"{head:>10}" for head in columns.values()))
        for row in found[name]:
            title = row["kind"] if name == "kinds" else f"{row['crews']}, {row['session']}"
            print(f"{title:<22}", *(f"{_figure(row[column]):>10}" for column in columns))
    print(f"{found['cards']} cards of crews that were left out; all of them made up")
    return 0


def _sync(options: argparse.Namespace) -> int:
    if options.evaluate and options.labels:
        rows = made_moments.evaluate(options.labels, n_each=options.pairs)
        _print_moments_report(rows, options.json)
        return 0
    if options.evaluate:
        _print_sync_report(sync_report.evaluate(options.footage, n_each=options.pairs, on_tick=_tick), options.json)
        return 0
    if len(options.files) != 2:
        print("Name two videos, or --evaluate.", file=sys.stderr)
        return 2
    take, other_take = ([{"path": str(file.absolute())}] for file in options.files)
    arguments = {"take": take, "other_take": other_take}
    found = runner.run("detection.sync.files:compare", arguments, limits=LIMITS)
    if options.json:
        print(json.dumps(found, indent=1))
        return 0
    match = found["match"]
    if match is None:
        print("The two have too little sound to compare.")
        return 0
    drift = "unknown" if match["drift_ppm"] is None else f"{match['drift_ppm']:+.1f} ppm"
    print(f"offset      {match['offset_s']:+.4f} s")
    print(f"drift       {drift}")
    print(f"confidence  {match['confidence']:.2f} ({'sure' if match['is_sure'] else 'unsure'})")
    print(f"agreement   {match['support_s']:.0f} s of {match['shared_s']:.0f} s")
    return 0


def _print_sync_report(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    columns = [name for name in figures["pairs"][0] if name not in ("kind", "overlap_s", "condition")]
    print(" " * 38, *(f"{name:>20}" for name in columns))
    for row in figures["pairs"]:
        overlap = f" {row['overlap_s']:.0f} s" if row["overlap_s"] else ""
        name = f"{row['kind']}{overlap}, {row['condition']}"
        print(f"{name:<38}", *(f"{_figure(row[column]):>20}" for column in columns))
    print("a day:", ", ".join(f"{name} {_figure(value)}" for name, value in figures["day"].items()))


def _print_moments_report(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    columns = ("pairs", "proposed", "wrong", "recall", "error_ms_p95")
    print(" " * 38, *(f"{name:>14}" for name in columns))
    for row in rows:
        name = f"{row['kind']} {row['overlap_s']:.0f} s, {row['search']} search"
        print(f"{name:<38}", *(f"{_figure(row[column]):>14}" for column in columns))


def _print_agreement(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    print(f"{'second microphone':<20}{'added to the score':<20}", *(f"{head:>12}" for head in ANGLE_COLUMNS.values()))
    for row in rows:
        figures = (f"{_figure(row[column]):>12}" for column in ANGLE_COLUMNS)
        print(f"{row['condition']:<20}{row['way']:<20}", *figures)


def _fit(options: argparse.Namespace) -> int:
    made = report.fit_weights(options.footage, options.labels, options.out, _tick)
    if options.json:
        print(json.dumps(made, indent=1))
    else:
        print(", ".join(f"{name} {weight}" for name, weight in made["weights"].items()), f"and bias {made['bias']}")
    return 0


def _print_table(rows: dict[str, dict[str, Any]]) -> None:
    width = max(len(name) for name in rows)
    print(" " * width, *(f"{head:>10}" for head in COLUMNS.values()))
    for name, row in rows.items():
        print(f"{name:<{width}}", *(f"{_figure(row.get(column)):>10}" for column in COLUMNS))


def _print_kinds(tables: dict[str, list[dict[str, Any]]]) -> None:
    print(f"{'kind':<36}{'seen as':>11}{'files':>6}{'tricks':>7}", *(f"{head:>16}" for head in KIND_COLUMNS.values()))
    for row in tables["kinds"]:
        name = f"{row['kind']:<36}{row['coverage']:>11}{row['files']:>6}{row['tricks']:>7}"
        print(name, *(f"{_interval(row.get(column)):>16}" for column in KIND_COLUMNS))
    print("\nchance told     seen as   sport  moments    told    true")
    for row in tables["calibration"]:
        name = f"{row['from']:.1f} to {row['to']:.1f} {row['coverage']:>12}{row['sport']:>8}{row['moments']:>9}"
        print(name, *(f"{_figure(row[column]):>7}" for column in ("score", "hits")))


def _interval(figure: Sequence[float | None] | None) -> str:
    if figure is None or figure[0] is None:
        return "-"
    value, low, high = (float(one or 0) for one in figure)
    return f"{value:.2f} ({low:.2f}-{high:.2f})"


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else (f"{value:.0f}" if value >= 100 else f"{value:.3f}")


if __name__ == "__main__":
    sys.exit(main())
