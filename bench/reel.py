"""Measures what rendering files into one film costs: CPU-seconds of all children, joins and loudness.

Pictures of a file are shown from its start, as many seconds as are asked for, one file after the other.
"""

import argparse
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from clips.media.reel.plan import Card, Frame, Item, Plan, as_json, lay_out
from clips.media.sandbox import runner
from clips.media.sandbox.runner import Limits, Usage

FONTS = Path(__file__).resolve().parents[1] / "static" / "fonts"
LIMITS = Limits(memory_bytes=5 * 1024**3, cpu_s=4 * 3600, wall_s=8 * 3600.0)


def bench(plan: Plan, folder: Path, music: Path | None = None, *, follows: bool = False) -> dict[str, Any]:
    """Render a film as the site does; return ``cpu_s``, ``start_cpu_s``, ``peak_bytes`` and what ``join`` returns."""
    told: dict[str, Any] = as_json(plan)
    used: list[Usage] = []

    def run(function: str, **asked: Any) -> Any:
        return runner.run(function, asked, limits=LIMITS, on_usage=used.append)

    if follows:
        clips = [
            {"source": _preview(item, folder / f"preview-{number}.mp4"), "start_ms": 0, "end_ms": item["end_ms"]}
            for number, item in enumerate(told["items"])
        ]
        for item, path in zip(told["items"], run("detection.follow:rider_paths", clips=clips), strict=True):
            item["path"] = path
    lengths = run("clips.media.reel.segment:survey", items=told["items"], rate_hz=told["frame"]["rate_hz"])
    if music:
        lengths = run("clips.media.reel.join:snap_to_beats", plan=told, lengths=lengths, music_path=str(music))
    paths = [folder / f"{segment.number}.mp4" for segment in lay_out(plan, lengths).segments]
    for number, path in enumerate(paths):
        asked = {"plan": told, "lengths": lengths, "number": number, "out": str(path), "fonts_path": str(FONTS)}
        run("clips.media.reel.segment:make_segment", **asked)
    asked = {"plan": told, "lengths": lengths, "segment_paths": [str(path) for path in paths]}
    asked |= {"sound_paths": [str(path.with_suffix(".npy")) for path in paths], "out": str(folder / "film.mp4")}
    made = run("clips.media.reel.join:join", **asked | ({"music_path": str(music)} if music else {}))
    return made | _sums(used)


def _preview(item: dict[str, Any], out: Path) -> str:
    """Make the preview in which a rider is looked for; moments have one before they are sorted, so it costs nothing."""
    asked = {"source": item["source"], "out": str(out), "start_ms": 0, "end_ms": item["end_ms"]}
    runner.run("clips.media.render.preview:make_preview", asked, limits=LIMITS)
    return str(out)


def _sums(used: list[Usage]) -> dict[str, float]:
    return {
        "cpu_s": round(sum(usage.cpu_s for usage in used), 1),
        "start_cpu_s": round(sum(usage.start_cpu_s or 0 for usage in used), 1),
        "peak_bytes": max(usage.peak_bytes for usage in used),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reel", description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--rate", type=Fraction, default=Fraction(30))
    parser.add_argument("--seconds", type=float, default=10.0, help="of each file")
    parser.add_argument("--faded", action="store_true")
    parser.add_argument("--follow", action="store_true", help="the rider, in an upright film")
    parser.add_argument("--music", type=Path)
    parser.add_argument("--out", type=Path, help="keep the film here")
    asked = parser.parse_args(arguments)
    width_px, height_px = (int(side) for side in asked.size.split("x"))
    end_ms = round(asked.seconds * 1000) - 1
    items = tuple(Item(str(file.resolve()), end_ms=end_ms, names=("Miller Downey", "KFED")) for file in asked.files)
    plan = Plan(Frame(width_px, height_px, asked.rate), items, asked.faded, Card("Film"), Card("Riders"))
    with tempfile.TemporaryDirectory() as folder:
        music = asked.music.resolve() if asked.music else None
        made = bench(plan, Path(folder), music, follows=asked.follow)
        if asked.out:
            asked.out.write_bytes((Path(folder) / "film.mp4").read_bytes())
    for name, value in made.items():
        sys.stdout.write(f"{name}: {value}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
