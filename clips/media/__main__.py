"""Probes, cuts and previews a file from the command line, in the same confined child as the workers.

Run it as ``python -m clips.media``.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from clips.media import MediaError
from clips.media.render.webvtt import thumbnail_cues
from clips.media.sandbox.runner import KilledError, UnconfinedError, run


def main(arguments: list[str] | None = None) -> int:
    """Run one command. An error is one sentence on stderr and exit status 1."""
    asked = _parser().parse_args(arguments)
    try:
        asked.command(asked)
    except (MediaError, KilledError, UnconfinedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m clips.media", description="Read and cut camera files.")
    commands = parser.add_subparsers(required=True)
    probe = commands.add_parser("probe", help="show the facts about a file")
    probe.add_argument("file", type=Path)
    probe.add_argument("--json", action="store_true", help="as JSON, for programs")
    probe.set_defaults(command=_probe)
    cut = commands.add_parser("cut", help="copy a part, frame for frame")
    cut.add_argument("file", type=Path)
    cut.add_argument("--start-ms", type=int, required=True, help="time of the first frame")
    cut.add_argument("--end-ms", type=int, required=True, help="time of the last frame")
    cut.add_argument("out", type=Path)
    how = "original: the camera's own packets, not re-encoded; share: H.264 and AAC, plays everywhere"
    cut.add_argument("--profile", choices=("original", "share"), default="original", help=how)
    cut.add_argument("--slow-down", type=int, default=1, metavar="N", help="share only: slow down N times")
    cut.add_argument("--sound", choices=("stretch", "drop"), default="stretch", help="share only: sound of slow motion")
    cut.set_defaults(command=_cut)
    preview = commands.add_parser("preview", help="make a small preview of a part for the browser")
    preview.add_argument("file", type=Path)
    preview.add_argument("--start-ms", type=int, required=True, help="time of the first frame")
    preview.add_argument("--end-ms", type=int, required=True, help="time of the last frame")
    preview.add_argument("out", type=Path)
    preview.set_defaults(command=_preview)
    filmstrip = commands.add_parser("filmstrip", help="make a filmstrip: one JPEG of small pictures, and cues for it")
    filmstrip.add_argument("file", type=Path)
    filmstrip.add_argument("out", type=Path, help="the JPEG; its WebVTT cues are written beside it, ending in .vtt")
    filmstrip.set_defaults(command=_filmstrip)
    return parser


def _probe(asked: argparse.Namespace) -> None:
    found = run("clips.media.probe:probe", {"path": str(asked.file.resolve())})
    if asked.json:
        _show(found, as_json=True)
        return
    way = found.pop("way")
    _show(found, as_json=False)
    print(f"{'clips':22}{way['ending'].upper()}")
    for track in way["tracks"]:
        print(f"{'  track ' + str(track['index']):22}{track['kind']}, {track['codec']}: {_fate(track)}")


def _fate(track: dict[str, Any]) -> str:
    """Return in words what becomes of a track."""
    if track["fate"] == "leave":
        return "cannot be kept in clips"
    if track["fate"] == "convert":
        return f"converted to {track['into']}"
    return "copied as it is" if track["into"] == "mp4" else f"copied as it is, into {track['into'].upper()}"


def _cut(asked: argparse.Namespace) -> None:
    if asked.profile == "original":
        made = run("clips.media.cut.clip:cut", _span(asked))
        _show(made, as_json=True)
        if asked.out.suffix.lower() != f".{made['ending']}":
            print(f"This clip is a {made['ending'].upper()} file, despite its name.", file=sys.stderr)
        return
    played = {"slow_down": asked.slow_down, "sound": asked.sound}
    _show(run("clips.media.render.share_copy:make_share_copy", _span(asked) | played), as_json=True)


def _preview(asked: argparse.Namespace) -> None:
    _show(run("clips.media.render.preview:make_preview", _span(asked)), as_json=True)


def _filmstrip(asked: argparse.Namespace) -> None:
    """Write a sprite and its cues. ``duration_ms`` of the file is where the last cue ends."""
    source, out = str(asked.file.resolve()), _writable(asked.out)
    made = run("clips.media.render.filmstrip:make_filmstrip", {"source": source, "out": str(out)})
    layout = {name: made[name] for name in ("times_ms", "columns", "tile_width_px", "tile_height_px")}
    duration_ms = run("clips.media.probe:probe", {"path": source})["duration_ms"]
    cues = out.with_suffix(".vtt")
    cues.write_text(thumbnail_cues(quote(out.name), duration_ms=duration_ms, **layout))
    _show(made | {"cues": str(cues)}, as_json=True)


def _span(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the requested span as arguments for a function that writes a part of a file."""
    paths = {"source": str(asked.file.resolve()), "out": str(_writable(asked.out))}
    return paths | {"start_ms": asked.start_ms, "end_ms": asked.end_ms}


def _writable(out: Path) -> Path:
    """Return the absolute path to write to, since the child works in another folder."""
    if not out.absolute().parent.is_dir():
        raise MediaError(f"The folder {out.absolute().parent} does not exist.")
    return out.absolute()


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:22}{'' if value is None else value}")


if __name__ == "__main__":
    sys.exit(main())
