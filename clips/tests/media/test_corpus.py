"""Runs damaged and malicious files through every operation: a sane result or one sentence, and nothing else touched."""

import functools
import json
import math
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from clips.media import MediaError
from clips.media.formats import opening, sniff
from clips.media.probe import probe
from clips.media.sandbox import runner
from clips.tests.media import hostile, hostile_mp4, hostile_others
from clips.tests.media.hostile_batch import operations
from clips.tests.media.made_up import make_cut_off_video
from clips.tests.media.watched import Watched

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who opens a file"),
]
N_MUTATIONS = 80
#: Of each of three files, with --soak.
N_SOAK_MUTATIONS = 1000
MUTATED = ("h264.mp4", "hevc.mp4", "h264.mkv")
SENTENCE = re.compile(r"[A-Z][^\n]{10,200}\.")
DAY_MS = 24 * 3600 * 1000


class Corpus:
    """A folder of uploads with secrets beside it and elsewhere, and a process that works on them."""

    def __init__(self, folder: Path) -> None:
        for name in ("whole", "uploads", "elsewhere", "out"):
            (folder / name).mkdir()
        self.whole = hostile.whole_files(folder / "whole")
        self.canary = folder / "uploads" / "secret.mp4"
        self.far_canary = folder / "elsewhere" / "secret.mp4"
        for canary in (self.canary, self.far_canary):
            canary.write_bytes(self.whole["h264.mp4"].read_bytes())
        self.watched = Watched(self.canary, self.far_canary)
        self.folder = folder
        self._batch = subprocess.Popen(
            [sys.executable, "-m", "clips.tests.media.hostile_batch"],
            cwd=runner.PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @functools.cached_property
    def absurd_mp4s(self) -> dict[str, bytes]:
        return dict(hostile_mp4.absurd_mp4s(self.whole["h264.mp4"].read_bytes()))

    @functools.cached_property
    def whole_peak_bytes(self) -> int:
        """Return the memory that probing a whole file takes."""
        outcomes = self.work_on(self.put(self.whole["h264.mp4"].read_bytes()))
        return outcomes["probe"]["usage"]["peak_bytes"]

    def close(self) -> None:
        self._batch.stdin.close()
        self._batch.stdout.close()
        self._batch.wait()
        self.watched.close()

    def put(self, data: bytes, name: str = "upload.mp4") -> Path:
        path = self.folder / "uploads" / name
        path.write_bytes(data)
        return path

    def work_on(self, source: Path, *, confined: bool = True) -> dict[str, dict]:
        request = {"source": str(source), "folder": str(self.folder / "out"), "confined": confined}
        self._batch.stdin.write(json.dumps(request) + "\n")
        self._batch.stdin.flush()
        return json.loads(self._batch.stdout.readline())

    def faults(self, cases: Iterable[tuple[str, bytes]]) -> list[str]:
        """Run all cases through all operations; return the faults, each with its case."""
        found = []
        for case, data in cases:
            outcomes = self.work_on(self.put(data))
            found += [f"{case}: {name}: {fault}" for name, each in outcomes.items() for fault in faults_of(name, each)]
            found += [f"{case}: {touch}" for touch in self.watched.touches()]
        return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Iterator[Corpus]:
    corpus = Corpus(tmp_path_factory.mktemp("corpus"))
    yield corpus
    corpus.close()


def faults_of(operation: str, outcome: dict) -> Iterator[str]:
    """Yield the faults in the outcome of an operation on one file."""
    if "error" in outcome:
        if not SENTENCE.fullmatch(outcome["error"]) or "Errno" in outcome["error"]:
            yield f"no sentence: {outcome['error']!r}"
        if outcome["left"]:
            yield f"left behind: {outcome['left']}"
    elif "result" in outcome:
        yield from SANE[operation](outcome["result"])
        if any(name.endswith(".part") for name in outcome["left"]):
            yield f"left behind: {outcome['left']}"
    else:
        yield str({key: outcome.get(key) for key in ("failure", "signal", "hung")})


def _sane_probe(found: dict) -> Iterator[str]:
    if not 0 < found["duration_ms"] <= DAY_MS:
        yield f"duration {found['duration_ms']}"
    if min(found["rate_num"], found["rate_den"]) <= 0:
        yield f"rate {found['rate_num']}/{found['rate_den']}"
    if not 0 < found["width"] * found["height"] <= opening.MAX_PIXELS or found["width"] < 0:
        yield f"size {found['width']} × {found['height']}"
    if found["warning"] is not None and not SENTENCE.fullmatch(found["warning"]):
        yield f"no sentence: {found['warning']!r}"


def _sane_clip(found: dict) -> Iterator[str]:
    if found["frames"] < 1:
        yield f"{found['frames']} frames"


def _sane_preview(found: dict) -> Iterator[str]:
    yield from _sane_clip(found)
    if found["end_ms"] <= found["start_ms"]:
        yield f"from {found['start_ms']} to {found['end_ms']}"


def _sane_detection(found: dict) -> Iterator[str]:
    if not 0 < found["duration_ms"] <= DAY_MS:
        yield f"duration {found['duration_ms']}"
    if not all(0 <= value <= 1 for value in found["curve"]["values"]):
        yield "a curve beyond 0 to 1"
    for each in found["candidates"]:
        if not (0 <= each["start_ms"] < each["end_ms"] and math.isfinite(each["score"])):
            yield f"candidate {each}"


def _sane_filmstrip(found: dict) -> Iterator[str]:
    times_ms = found["times_ms"]
    if not times_ms or times_ms != sorted(times_ms) or not 0 <= times_ms[0] <= times_ms[-1] <= DAY_MS:
        yield f"times {times_ms[:5]}"


SANE = {
    "probe": _sane_probe,
    "cut": _sane_clip,
    "share": _sane_clip,
    "preview": _sane_preview,
    "posters": lambda found: iter(()),
    "detection": _sane_detection,
    "filmstrip": _sane_filmstrip,
    "waveform": lambda found: iter(()),
}


def test_the_watch_sees_what_it_is_to_see(corpus):
    assert corpus.watched.touches() == []
    corpus.canary.read_bytes()
    socket.create_connection(("127.0.0.1", corpus.watched.port)).close()
    assert set(corpus.watched.touches()) == {"a connection", "a file was opened"}


def test_a_whole_file_passes_everything(corpus):
    outcomes = corpus.work_on(corpus.put(corpus.whole["h264.mp4"].read_bytes()))
    assert {name: each["error"] for name, each in outcomes.items() if "result" not in each} == {}
    assert [fault for name, each in outcomes.items() for fault in faults_of(name, each)] == []


@pytest.mark.parametrize(
    "name",
    ["h264.mp4", "h264-index-first.mp4", "edited.mov", "fragmented.mp4", "h264.mkv", "h264.avi", "h264.ts"],
)
def test_files_cut_off_anywhere(corpus, name):
    assert corpus.faults(hostile.cut_offs(corpus.whole[name])) == []


@pytest.mark.parametrize("name", MUTATED)
def test_files_with_flipped_bits(corpus, name):
    data = corpus.whole[name].read_bytes()
    assert corpus.faults((f"seed {seed}", hostile.mutation(data, seed)) for seed in range(N_MUTATIONS)) == []


def test_indexes_that_claim_what_cannot_be(corpus):
    assert corpus.faults(corpus.absurd_mp4s.items()) == []


def test_fragments_without_end(corpus):
    assert corpus.faults(hostile_mp4.endless_fragments(corpus.whole["fragmented.mp4"].read_bytes())) == []


def test_absurd_matroska_files(corpus):
    assert corpus.faults(hostile_others.absurd_matroskas(corpus.whole["h264.mkv"].read_bytes())) == []


def test_absurd_avi_files(corpus):
    assert corpus.faults(hostile_others.absurd_avis(corpus.whole["h264.avi"].read_bytes())) == []


def test_pictures_of_absurd_size(corpus, tmp_path):
    assert corpus.faults(hostile_others.videos_of_size(tmp_path)) == []


def test_what_is_uploaded_by_mistake(corpus):
    assert corpus.faults(hostile.other_files(corpus.whole["h264.mp4"].read_bytes())) == []


@pytest.mark.parametrize("confined", [True, False], ids=["confined", "without Landlock and seccomp"])
@pytest.mark.parametrize("where", ["beside", "elsewhere"])
def test_a_file_that_names_others_opens_none(corpus, confined, where):
    """Holds without Landlock and seccomp, too: the lists of protocols and formats suffice."""
    canary = corpus.canary if where == "beside" else corpus.far_canary
    named = [(name, data) for name, data in hostile_others.playlists(canary, corpus.watched.port)]
    renamed = [(f"{name}.{ending}", data) for name, data in named for ending in ("mp4", "mov", "mkv")]
    moved = hostile_mp4.references(corpus.whole["edited.mov"].read_bytes(), canary, corpus.watched.port)
    for name, data in [*named, *renamed, *((f"{name}.mov", data) for name, data in moved)]:
        source = corpus.put(data, name)
        outcomes = corpus.work_on(source, confined=confined)
        source.unlink()
        assert [fault for of, each in outcomes.items() for fault in faults_of(of, each)] == [], name
        if "samples" not in name:
            assert all("error" in each for each in outcomes.values()), name
        assert corpus.watched.touches() == [], name


def test_the_lists_of_formats_hold_without_a_look_at_the_first_bytes(corpus, monkeypatch):
    monkeypatch.setattr(sniff, "refuse_what_is_no_video", lambda head: None)
    for name, data in hostile_others.playlists(corpus.canary, corpus.watched.port):
        for each in (name, f"{name}.mp4"):
            source = corpus.put(data, each)
            with pytest.raises(MediaError, match=r"^This is "):
                probe(str(source))
            source.unlink()
            assert corpus.watched.touches() == [], each


def test_an_hls_playlist_is_called_one(corpus):
    playlist = next(data for name, data in hostile_others.playlists(corpus.canary, 9) if name.startswith("hls"))
    outcomes = corpus.work_on(corpus.put(playlist))
    assert {each["error"] for each in outcomes.values()} == {"This is an HLS playlist, not a video."}


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("10,000 tracks", "The index of this file claims more than 32 tracks; no camera writes that."),
        ("packed index of 1 GB, zeros", "The index of this file claims to unpack to 1,074 MB; no camera writes that."),
        ("half a million edits", "The index of this file claims 500,000 edits in one track; no camera writes that."),
        (
            "two billion samples of constant size",
            "The index of this file claims far more than the file can hold; no camera writes that.",
        ),
    ],
)
def test_an_absurd_claim_is_refused_before_memory_is_spent(corpus, case, sentence):
    outcome = corpus.work_on(corpus.put(corpus.absurd_mp4s[case]))["probe"]
    assert outcome["error"] == sentence
    assert outcome["usage"]["peak_bytes"] < corpus.whole_peak_bytes + 20 * 1024**2


def test_of_a_partly_readable_file_the_readable_part_can_be_used(tmp_path):
    source = make_cut_off_video(tmp_path)
    out = tmp_path / "out.mp4"
    found = runner.run("clips.media.probe:probe", {"path": str(source)})
    assert found["warning"] == opening.stops_at(found["duration_ms"])
    assert 0 < found["duration_ms"] < found["declared_duration_ms"]
    span = {"source": str(source), "out": str(out), "start_ms": 200, "end_ms": found["duration_ms"] - 200}
    for function in ("cut.clip:cut", "render.share_copy:make_share_copy", "render.preview:make_preview"):
        made = runner.run(f"clips.media.{function}", span)
        assert made["frames"] == pytest.approx((found["duration_ms"] - 400) * 30 / 1000, abs=2), function
    posters = runner.run(
        "clips.media.render.poster:make_posters",
        {"source": str(source), "requests": [{"at_ms": 500, "out": str(tmp_path / "a.jpg")}]},
    )
    assert posters == [str(tmp_path / "a.jpg")]
    proposed = runner.run("detection.propose:propose", {"path": str(source)})
    assert proposed["duration_ms"] >= found["duration_ms"] - 100


def test_a_sample_of_all_through_the_sandbox_itself(corpus):
    """One operation for each of some thirty files, as the workers do it."""
    absurd = corpus.absurd_mp4s
    cut_off = dict(hostile.cut_offs(corpus.whole["h264-index-first.mp4"]))
    mutated = {f"seed {n}": hostile.mutation(corpus.whole["hevc.mp4"].read_bytes(), n) for n in range(9)}
    playlists = dict(hostile_others.playlists(corpus.canary, corpus.watched.port))
    cases = [
        case for group in (absurd, cut_off, mutated, playlists) for case in list(group.items())[:: len(group) // 8]
    ]
    assert len(cases) >= 30
    for number, (name, data) in enumerate(cases):
        calls = list(operations(str(corpus.put(data)), str(corpus.folder / "out")).items())
        operation, (function, arguments) = calls[number % len(calls)]
        try:
            outcome = {"result": runner.run(function, arguments, limits=runner.Limits(cpu_s=20, wall_s=300))}
        except MediaError as fault:
            outcome = {"error": str(fault)}
        assert list(faults_of(operation, outcome | {"left": []})) == [], name
        for left in os.listdir(corpus.folder / "out"):
            os.unlink(corpus.folder / "out" / left)
    assert corpus.watched.touches() == []


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", MUTATED)
def test_thousands_of_files_with_flipped_bits(corpus, name):
    data = corpus.whole[name].read_bytes()
    seeds = range(N_MUTATIONS, N_MUTATIONS + N_SOAK_MUTATIONS)
    assert corpus.faults((f"seed {seed}", hostile.mutation(data, seed)) for seed in seeds) == []
