"""Tests the benchmark of media tools: what it measures, and beside which yardstick."""

import json
import subprocess
import sys

import pytest

from bench import media
from clips.media.sandbox import runner
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.slow  # each measurement starts a process
OURS = ["clip, original", "clip, share", "preview", "decoding alone", "filmstrip", "waveform"]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("bench") / "film.mp4", frames=45, bframes=2, gop=15)


def measured(film, monkeypatch, *, ffmpeg: str | None) -> dict:
    monkeypatch.setattr(media.shutil, "which", lambda name: ffmpeg)
    monkeypatch.setattr(media, "PLACES", (0.5,))
    return media.bench(film)


def test_without_an_ffmpeg_the_yardstick_is_made_here(film, monkeypatch):
    found = measured(film, monkeypatch, ffmpeg=None)
    assert [row["name"] for row in found["rows"]] == [*OURS, "full re-encode"]
    assert all(row["cpu_s"] > 0 and row["start_cpu_s"] > 0 and row["peak_bytes"] > 10**7 for row in found["rows"])
    assert set(found["ratios"]) == {
        "preview / decoding alone",
        "clip, original / full re-encode",
        "clip, share / full re-encode",
    }
    table = media.as_table(found)
    assert all(f"\n{name}" in table for name in OURS)
    assert "No ffmpeg is installed" in table


def test_with_an_ffmpeg_it_cuts_the_same_spans(film, monkeypatch, tmp_path):
    """The binary is one made here, which notes what it was asked for and spends some time."""
    program, asked = tmp_path / "ffmpeg", tmp_path / "asked"
    program.write_text(f'#!/bin/sh\necho "$@" >> {asked}\ni=0; while [ $i -lt 20000 ]; do i=$((i+1)); done\n')
    program.chmod(0o755)
    found = measured(film, monkeypatch, ffmpeg=str(program))
    assert [row["name"] for row in found["rows"]] == [*OURS, "ffmpeg, -c copy", "full re-encode"]
    assert {"clip, original / ffmpeg, -c copy", "clip, original / full re-encode"} <= set(found["ratios"])
    copy, encode = asked.read_text().splitlines()
    assert "-c copy" in copy
    assert "libx264 -preset veryfast -crf 18" in encode


def test_what_cannot_be_done_is_said_in_its_row(monkeypatch, tmp_path):
    film = make_video(tmp_path / "film.ts", frames=30)
    found = measured(film, monkeypatch, ffmpeg="/bin/false")
    faults = {row["name"]: row["fault"] for row in found["rows"] if "fault" in row}
    assert faults["ffmpeg, -c copy"] == "The installed ffmpeg could not do this."
    assert all(fault in media.as_table(found) for fault in faults.values())


def test_what_is_measured_is_what_the_system_counts(film):
    """The child's own count against that of its parent, who is told by the kernel."""
    code = (
        "import resource; from clips.media.sandbox import runner; told = []\n"
        f"runner.run('bench.media:decode_alone', {{'source': {str(film)!r}, 'start_ms': 0, 'end_ms': 1400}},"
        " on_usage=told.append)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(told[0].start_cpu_s + told[0].cpu_s, used.ru_utime + used.ru_stime)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=runner.PROJECT_ROOT, capture_output=True, text=True)
    told_s, counted_s = map(float, done.stdout.split())
    assert 0.5 * counted_s < told_s <= counted_s


def test_the_command_line_prints_json(film):
    done = subprocess.run(
        [sys.executable, "-m", "bench.media", str(film), "--json"],
        cwd=runner.PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(done.stdout)["rows"]][: len(OURS)] == OURS
