"""``python -m clips.media``: probe, cut and preview from a command line, in the same confined child as the workers."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from clips.media import MediaError
from clips.media.sandbox import run


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a fault of the file is one sentence on stderr and exit status 1."""
    asked = _parser().parse_args(arguments)
    try:
        asked.command(asked)
    except MediaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m clips.media", description="Read and cut camera files.")
    commands = parser.add_subparsers(required=True)
    probe = commands.add_parser("probe", help="say what a file is")
    probe.add_argument("file", type=Path)
    probe.add_argument("--json", action="store_true", help="as JSON, for programs")
    probe.set_defaults(command=_probe)
    cut = commands.add_parser("cut", help="copy a part, frame for frame, without encoding it again")
    cut.add_argument("file", type=Path)
    cut.add_argument("--start-ms", type=int, required=True, help="a time at which the first frame is on screen")
    cut.add_argument("--end-ms", type=int, required=True, help="a time at which the last frame is on screen")
    cut.add_argument("out", type=Path)
    cut.set_defaults(command=_cut)
    preview = commands.add_parser("preview", help="make a small copy of a part that a browser plays and seeks at once")
    preview.add_argument("file", type=Path)
    preview.add_argument("--start-ms", type=int, required=True, help="a time at which the first frame is on screen")
    preview.add_argument("--end-ms", type=int, required=True, help="a time at which the last frame is on screen")
    preview.add_argument("out", type=Path)
    preview.set_defaults(command=_preview)
    return parser


def _probe(asked: argparse.Namespace) -> None:
    found = run("clips.media.probe:probe", {"path": str(asked.file.resolve())})
    _show(found, as_json=asked.json)


def _cut(asked: argparse.Namespace) -> None:
    _show(run("clips.media.cut:cut", _span(asked)), as_json=True)


def _preview(asked: argparse.Namespace) -> None:
    _show(run("clips.media.preview:make_preview", _span(asked)), as_json=True)


def _span(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what is asked for as arguments of a function that writes a part of a file."""
    if not asked.out.absolute().parent.is_dir():
        raise MediaError(f"There is no folder {asked.out.absolute().parent} to write to.")
    paths = {"source": str(asked.file.resolve()), "out": str(asked.out.absolute())}
    return paths | {"start_ms": asked.start_ms, "end_ms": asked.end_ms}


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:22}{'' if value is None else value}")


if __name__ == "__main__":
    sys.exit(main())
