"""Reads the signals of one file: all that is cheap, a glance everywhere, and a closer look where that is promising."""

import resource
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from clips.media import MediaError
from clips.media.formats.opening import open_media
from clips.media.sandbox.runner import peak_bytes
from detection.closer_looks import blocks_of, choose_closer_looks
from detection.decode.packets import Packets
from detection.decode.pictures import PictureChunk, PicturePool, PictureReader
from detection.decode.piece import Piece
from detection.decode.read import Scan, SensorPayload
from detection.kept import Kept
from detection.sampling import Plan, choose_looks, cpu_s, make_plan
from detection.scoring import score
from detection.signals import Signals
from detection.take import Take

#: Shares of the whole work, roughly, that go to reading and hearing and to the scoring at the end.
SCAN_SHARE, SCORE_SHARE = 0.12, 0.02
#: Glances are kept so many at a time.
GLANCES_KEPT = 100


@dataclass
class Watched:
    """The signals of a file, its length, the wall time of each part in seconds, and the sentences on unread parts."""

    signals: Signals
    duration_s: float
    timings: dict[str, float]
    unread: list[str]


class Pool(Protocol):
    """Hands out the pictures of pieces of a file, in the order of the pieces."""

    def read(self, pieces: list[Piece], *, most: int | None = None) -> Iterable[tuple[Piece, list[PictureChunk]]]: ...


class Progress:
    """Turns CPU-seconds of work into a fraction of all work; never decreases."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._reached = self._done_cpu_s = 0.0
        self.to_do_cpu_s = 1.0

    def scanned(self, fraction: float) -> None:
        """Report the fraction of the file that is read; the cost of the pictures is unknown before its end."""
        self._reach(SCAN_SHARE * fraction)

    def worked(self, cpu_s: float) -> None:
        """Add to the work on pictures that is done."""
        self._done_cpu_s += cpu_s
        self._reach(SCAN_SHARE + (1 - SCAN_SHARE - SCORE_SHARE) * self._done_cpu_s / max(self.to_do_cpu_s, 1e-6))

    def left(self, cpu_s: float) -> None:
        """Set the remaining work on pictures, once that is known better than from the budget."""
        self.to_do_cpu_s = self._done_cpu_s + cpu_s

    def _reach(self, fraction: float) -> None:
        self._reached = min(max(self._reached, fraction), 1 - SCORE_SHARE)
        self._report(self._reached)


@dataclass(frozen=True)
class How:
    """The options for watching a file.

    Attributes
    ----------
    effort : str
        One of `detection.sampling.EFFORTS`, or "sparse".
    stretch : float
        How many times longer the file plays than it was filmed: 8 for 240 pictures a second that play at 30.
    muted : bool
        Do not listen; to measure what the pictures alone are worth.
    blanked_s : tuple of (float, float)
        Stretches in which pictures are taken as grey, to measure what joins are worth.
    hilights_s : tuple of float
        When the rider or filmer pressed the button that marks a moment.
    usual : Usual
        What is known beforehand of takes like this one.
    folder : Path, optional
        Keeps what is measured of pictures, for whoever comes after an interruption.
    version : str
        Of the program; what another one measured is not taken over.

    All times are those of the camera: divided by the stretch.
    """

    effort: str = "default"
    stretch: float = 1.0
    muted: bool = False
    blanked_s: tuple[tuple[float, float], ...] = ()
    hilights_s: tuple[float, ...] = ()
    usual: score.Usual = field(default_factory=score.Usual.pooled)
    folder: Path | None = None
    version: str = ""

    @property
    def is_closer(self) -> bool:
        """Whether this is the second look: in blocks, which can be kept."""
        return self.effort == "closer"


def watch(path: str | Path, report: Callable[[float], None], how: How) -> Watched:
    """Return the signals of a file.

    Parameters
    ----------
    path : str or Path
    report : callable
        Called with the fraction that is done, several times a second.
    how : How

    Raises
    ------
    MediaError
        If the file cannot be opened or no picture in it can be read.
    """
    started_s = time.perf_counter()
    take, progress = Take(blanked_s=how.blanked_s), Progress(report)
    packets, duration_s = _scan(path, take, progress, how)
    scanned_s = time.perf_counter()
    plan = make_plan(packets, duration_s, effort=how.effort, stretch=how.stretch, heard=take.pairs_heard_db(duration_s))
    progress.to_do_cpu_s = plan.look_cpu_s + sum(cpu_s(packets, piece) for piece in plan.glances)
    if how.is_closer or not plan.is_everything:
        with PicturePool(path, packets, stretch=how.stretch) as pool:
            glance_and_look(pool, packets, plan, take, progress, duration_s, how)
    is_vain = take.n_pictures == 0 or take.unread.most_pictures
    if (plan.is_everything and not how.is_closer) or is_vain:  # a container in which nothing can be found still plays
        _look_at_everything(path, packets, take, progress, how)
    if not take.saw_a_picture:
        raise MediaError("The picture in this file cannot be read.")
    pictures_s = time.perf_counter() - scanned_s
    timings = {
        "scan_s": scanned_s - started_s - take.sound_s,
        "sound_s": take.sound_s,
        "decode_s": pictures_s - take.motion_s,
        "motion_s": take.motion_s,
    }
    timings = {name: round(value, 3) for name, value in timings.items()}
    return Watched(take.signals(duration_s), duration_s, timings, take.unread.sentences())


def _scan(path: str | Path, take: Take, progress: Progress, how: How) -> tuple[Packets, float]:
    with open_media(path) as container:
        scan = Scan(container, stretch=how.stretch)
        for part in scan.chunks(progress.scanned):
            if isinstance(part, SensorPayload):
                take.add_sensors(part)
            elif not how.muted:
                take.add_sound(part)
        take.unread.note_scan(scan, is_heard=take.heard_a_sound)
        return scan.packets(), scan.end_s


def glance_and_look(
    pool: Pool, packets: Packets, plan: Plan, take: Take, progress: Progress, duration_s: float, how: How
) -> None:
    """Take the glances of a plan, and spend what is left of its budget on the most promising moments."""
    _glance(pool, packets, plan, take, progress, how)
    looks = _looks(packets, plan, take, duration_s, how)
    progress.left(sum(cpu_s(packets, piece) for piece in looks))
    blocks = blocks_of(packets, looks) if how.is_closer else [(piece, True) for piece in looks]
    kept = Kept(how.folder, "look", [how.version, how.stretch, [[piece.first, piece.end] for piece, _ in blocks]])
    n_known = 0
    for (piece, begins), record in zip(blocks, map(kept.read, range(len(blocks))), strict=True):
        if record is None:
            break
        if begins:
            take.begin_piece()
        take.restore(record)
        progress.worked(cpu_s(packets, piece))
        n_known += 1
    rest = blocks[n_known:]
    for number, (piece, chunks) in enumerate(pool.read([piece for piece, _ in rest]), start=n_known):
        if blocks[number][1]:
            take.begin_piece()
        before = take.known()
        for chunk in chunks:
            take.add_pictures(chunk)
        take.unread.note_pictures(packets, piece, [chunk.times_s for chunk in chunks])
        kept.write(number, take.since(before))
        progress.worked(cpu_s(packets, piece))


def _glance(pool: Pool, packets: Packets, plan: Plan, take: Take, progress: Progress, how: How) -> None:
    glances = [[piece.first, piece.end] for piece in plan.glances]
    kept = Kept(how.folder, "glance", [how.version, how.stretch, glances, plan.even])
    n_known = 0
    while n_known < len(glances) and (record := kept.read(n_known)) is not None:
        take.restore(record)
        done = plan.glances[n_known : n_known + GLANCES_KEPT]
        progress.worked(sum(cpu_s(packets, piece) for piece in done))
        n_known += len(done)
    first, before = n_known, take.known()
    read = zip(plan.even[n_known:], pool.read(plan.glances[n_known:], most=2), strict=True)
    for number, (even, (piece, chunks)) in enumerate(read, start=n_known + 1):
        if chunks:
            take.add_glance(chunks[0], even=even)
        take.unread.note_pictures(packets, piece, [chunk.times_s for chunk in chunks])
        if number - first == GLANCES_KEPT or number == len(glances):
            kept.write(first, take.since(before))
            first, before = number, take.known()
        progress.worked(cpu_s(packets, piece))


def _looks(packets: Packets, plan: Plan, take: Take, duration_s: float, how: How) -> list[Piece]:
    """Return where to look closer, by what sound and glances promise."""
    if plan.is_everything:
        return [Piece(0, len(packets.pts_s))]
    signals = take.signals(duration_s)
    z_scores = score.z_scores_of(signals, how.usual)
    evidence = score.evidence_of(signals, z_scores, how.hilights_s)
    if how.is_closer:
        curve = score.score_curve(z_scores, score.Weights.shipped(), evidence)
        return choose_closer_looks(packets, curve, look_cpu_s=plan.look_cpu_s)
    return choose_looks(packets, score.promise_of(z_scores) + evidence, look_cpu_s=plan.look_cpu_s)


def _look_at_everything(path: str | Path, packets: Packets, take: Take, progress: Progress, how: How) -> None:
    progress.to_do_cpu_s = max(float(np.ptp(packets.pts_s)), 1e-3)  # here time is measure enough
    shown_s, whole, times_s = float(packets.pts_s.min()), Piece(0, len(packets.pts_s)), []
    take.unread.forget_pictures()
    with PictureReader(path, packets, stretch=how.stretch, n_threads=0) as reader:
        take.begin_piece()
        for chunk in reader.read(whole):
            take.add_pictures(chunk)
            times_s.append(chunk.times_s)
            progress.worked(chunk.times_s[-1] - shown_s)
            shown_s = chunk.times_s[-1]
    take.unread.note_pictures(packets, whole, times_s)


def signals_of(
    path: str,
    progress: Callable[[float], None],
    effort: str = "default",
    muted: bool = False,
    blanked_ms: Sequence[tuple[float, float]] = (),
) -> dict[str, Any]:
    """Return the signals of a file and the time they took; for a child process that does nothing else.

    Returns
    -------
    dict
        JSON-able: ``signals``, ``duration_ms``, ``timings``, and of this whole process ``cpu_s``, which is CPU-seconds
        with its start, and ``peak_memory_mb``.
    """
    blanked_s = tuple((start_ms / 1000, end_ms / 1000) for start_ms, end_ms in blanked_ms)
    found = watch(path, progress, How(effort=effort, muted=muted, blanked_s=blanked_s))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "signals": found.signals.to_json(),
        "duration_ms": max(1, round(1000 * found.duration_s)),
        "timings": found.timings,
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
        "peak_memory_mb": round(peak_bytes() / 1024**2),
    }
