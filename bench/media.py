"""Measures the cost of clips, previews and the filmstrip on one file, beside other ways to make the clips.

It reports CPU-seconds of each process instead of wall time, because other work runs on the same machine. Our operations
run in the confined child as always; the start of that child (Python and its libraries) is reported on its own, since it
does not grow with the file.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from statistics import fmean
from typing import Any

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.formats.opening import clock, open_media, picture_stream, zero_s
from clips.media.pictures.frame_times import frame_at
from clips.media.sandbox import landlock, runner
from clips.media.sandbox.runner import Limits, Usage

CLIP_MS = 6000
#: Where the clips begin, as parts of what is left when one clip is taken away: not at the file's edges.
PLACES = (0.1, 0.5, 0.9)
LIMITS = Limits(cpu_s=4 * 3600, wall_s=8 * 3600.0)
_REENCODING = {"preset": "veryfast", "crf": "18"}
_COPY, _REENCODE, _DECODE, _PREVIEW = "ffmpeg, -c copy", "full re-encode", "decoding alone", "preview"


def bench(path: Path) -> dict[str, Any]:
    """Measure all operations on one file.

    Parameters
    ----------
    path : Path
        A camera file; what is made of it is thrown away.

    Returns
    -------
    dict
        JSON-able: ``file``, ``duration_ms``, ``picture``, ``clip_ms``, ``starts_ms``, ``landlock`` (its version, 0 for
        none), ``ffmpeg`` (the binary, or None), ``rows`` (each with ``name``, ``of``, ``cpu_s``, ``start_cpu_s``,
        ``peak_bytes``, or with ``fault``, a sentence) and ``ratios`` (name → number).

    Raises
    ------
    MediaError
        If the file cannot be read.
    """
    source = str(path.resolve())
    facts = runner.run("clips.media.probe:probe", {"path": source}, limits=LIMITS)
    length_ms = min(CLIP_MS, facts["duration_ms"])
    starts_ms = sorted({round((facts["duration_ms"] - length_ms) * place) for place in PLACES})
    ffmpeg = shutil.which("ffmpeg")
    with tempfile.TemporaryDirectory(prefix="trickyclip-bench-") as folder:
        out = f"{folder}/out.mp4"
        spans = [
            {"source": source, "out": out, "start_ms": start_ms, "end_ms": start_ms + length_ms - 1}
            for start_ms in starts_ms
        ]
        rows = [*_rows(spans, {"source": source, "out": f"{folder}/strip.jpg"}, ffmpeg, facts["duration_ms"])]
    return {
        "file": path.name,
        "duration_ms": facts["duration_ms"],
        "picture": f"{facts['codec']} {facts['width']} × {facts['height']} {facts['fps_label']}",
        "clip_ms": length_ms,
        "starts_ms": starts_ms,
        "landlock": landlock.version(),
        "ffmpeg": ffmpeg,
        "rows": rows,
        "ratios": _ratios({row["name"]: row for row in rows}),
    }


def as_table(found: dict[str, Any]) -> str:
    """Return the result of ``bench`` as lines of text."""
    begins = ", ".join(clock(start_ms) for start_ms in found["starts_ms"])
    lines = [
        f"{found['file']}: {found['picture']}, {clock(found['duration_ms'])}",
        f"clips of {found['clip_ms'] / 1000:g} s from {begins}; CPU-seconds, mean of {len(found['starts_ms'])}",
        "",
        f"{'':24}{'of':20}{'CPU-s':>9}{'start':>9}{'peak MB':>9}",
    ]
    for row in found["rows"]:
        if "fault" in row:
            lines.append(f"{row['name']:24}{row['of']:20}{row['fault']}")
            continue
        start = "" if row["start_cpu_s"] is None else f"{row['start_cpu_s']:.3f}"
        lines.append(f"{row['name']:24}{row['of']:20}{row['cpu_s']:9.3f}{start:>9}{row['peak_bytes'] / 1e6:9.0f}")
    lines += ["", *(f"{name:44}{value:9.3f}" for name, value in found["ratios"].items()), ""]
    if not found["ffmpeg"]:
        lines.append("No ffmpeg is installed, so -c copy is left out and the full re-encode is made through PyAV.")
    kept = f"by Landlock {found['landlock']}" if found["landlock"] else "by nothing but FFmpeg's lists"
    lines.append(f"The reader is confined to the file {kept}.")
    return "\n".join(lines)


def decode_alone(source: str, start_ms: int, end_ms: int, out: str | None = None) -> int:
    """Decode the frames of a span and nothing else; return how many. ``out`` is not written."""
    with open_media(source) as container:
        return sum(1 for _ in _decoded(container, picture_stream(container), start_ms, end_ms))


def encode_again(source: str, out: str, start_ms: int, end_ms: int) -> int:
    """Decode a span and re-encode its picture at full size; return the number of frames."""
    n_frames = 0
    with open_media(source) as container, av.open(out, "w", format="mp4") as target:
        stream = picture_stream(container)
        track = target.add_stream("libx264", rate=stream.average_rate or 30, options=dict(_REENCODING))
        track.width, track.height, track.pix_fmt = stream.width, stream.height, "yuv420p"
        track.codec_context.time_base = stream.time_base
        for frame in _decoded(container, stream, start_ms, end_ms):
            small = frame.reformat(format="yuv420p")
            small.pict_type, small.pts, small.time_base = 0, frame.pts, stream.time_base
            target.mux(track.encode(small))
            n_frames += 1
        target.mux(track.encode(None))
    return n_frames


def _decoded(container: InputContainer, stream: VideoStream, start_ms: int, end_ms: int) -> Iterator[VideoFrame]:
    stream.thread_type = "AUTO"
    zero = Fraction(zero_s(container)).limit_denominator(av.time_base)
    first = frame_at(container, stream, Fraction(start_ms, 1000) + zero)
    last = frame_at(container, stream, Fraction(end_ms, 1000) + zero)
    container.seek(first.seek_to, stream=stream)
    frames = (frame for packet in _up_to(last.pts, container, stream) for frame in stream.codec_context.decode(packet))
    yield from (frame for frame in frames if frame.pts is not None and first.pts <= frame.pts <= last.pts)


def _up_to(pts: int, container: InputContainer, stream: VideoStream) -> Iterator[av.Packet | None]:
    """Yield the packets needed to show frames up to ``pts``, then None to flush the decoder."""
    for packet in container.demux(stream):
        if packet.size == 0 or (packet.dts is not None and packet.dts > pts):
            break
        yield packet
    yield None


def _rows(spans: list[dict], strip: dict, ffmpeg: str | None, duration_ms: int) -> Iterator[dict[str, Any]]:
    per_clip = f"a clip of {spans[0]['end_ms'] - spans[0]['start_ms'] + 1} ms"
    per_file = f"all of {clock(duration_ms)}"
    yield _row("clip, original", per_clip, [lambda s=s: _child("clips.media.cut.clip:cut", s) for s in spans])
    yield _row(
        "clip, share", per_clip, [lambda s=s: _child("clips.media.render.share_copy:make_share_copy", s) for s in spans]
    )
    yield _row(_PREVIEW, per_clip, [lambda s=s: _child("clips.media.render.preview:make_preview", s) for s in spans])
    yield _row(_DECODE, per_clip, [lambda s=s: _child("bench.media:decode_alone", s) for s in spans])
    yield _row("filmstrip", per_file, [lambda: _child("clips.media.render.filmstrip:make_filmstrip", strip)])
    sound = {"source": strip["source"]}
    yield _row("waveform", per_file, [lambda: _child("clips.media.render.waveform:waveform", sound)])
    if ffmpeg:
        copy, encode = ["-c", "copy"], ["-c:v", "libx264", *_as_options(_REENCODING), "-c:a", "aac"]
        yield _row(_COPY, per_clip, [lambda s=s: _program(ffmpeg, s, copy) for s in spans])
        yield _row(_REENCODE, per_clip, [lambda s=s: _program(ffmpeg, s, encode) for s in spans])
    else:
        yield _row(_REENCODE, per_clip, [lambda s=s: _child("bench.media:encode_again", s) for s in spans])


def _row(name: str, of: str, measure: list[Callable[[], Usage]]) -> dict[str, Any]:
    try:
        used = [each() for each in measure]
    except MediaError as fault:
        return {"name": name, "of": of, "fault": str(fault)}
    starts = [each.start_cpu_s for each in used if each.start_cpu_s is not None]
    return {
        "name": name,
        "of": of,
        "cpu_s": fmean(each.cpu_s for each in used),
        "start_cpu_s": fmean(starts) if starts else None,
        "peak_bytes": max(each.peak_bytes for each in used),
    }


def _child(function: str, arguments: dict[str, Any]) -> Usage:
    told: list[Usage] = []
    runner.run(function, arguments, limits=LIMITS, on_usage=told.append)
    return told[0]


def _program(ffmpeg: str, span: dict[str, Any], how: list[str]) -> Usage:
    """Make the same clip with the ffmpeg binary; its own start counts."""
    begin, length = (f"{ms / 1000:.3f}" for ms in (span["start_ms"], span["end_ms"] - span["start_ms"] + 1))
    command = [ffmpeg, "-nostdin", "-v", "error", "-y", "-ss", begin, "-i", span["source"], "-t", length]
    command += ["-map", "0:v:0", "-map", "0:a?", *how, span["out"]]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603 - found on the path, asked for by name
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise MediaError("The installed ffmpeg could not do this.")
    return Usage(start_cpu_s=None, cpu_s=used.ru_utime + used.ru_stime, peak_bytes=used.ru_maxrss * 1024)


def _as_options(options: dict[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in (f"-{name}", value)]


def _ratios(rows: dict[str, dict[str, Any]]) -> dict[str, float]:
    wanted = [
        (_PREVIEW, _DECODE),
        ("clip, original", _COPY),
        ("clip, original", _REENCODE),
        ("clip, share", _REENCODE),
    ]
    cost_s = {name: row["cpu_s"] for name, row in rows.items() if row.get("cpu_s")}
    return {f"{a} / {b}": cost_s[a] / cost_s[b] for a, b in wanted if a in cost_s and b in cost_s}


def main(arguments: list[str] | None = None) -> int:
    """Measure one file and print a table. An error is one sentence on stderr and exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.media", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    options = parser.parse_args(arguments)
    try:
        found = bench(options.file)
    except (MediaError, runner.KilledError, runner.UnconfinedError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(found, indent=2) if options.json else as_table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
