"""Plots all signals of a file, its score, its moments and, if given, its labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detection.propose import DEFAULT_THRESHOLD, propose_from_signals
from detection.scoring import score
from detection.signals import STEP_S, Signals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches.
WIDTH, ROW_HEIGHT = 18.0, 1.3
#: What each row shows, under its name.
ROWS = {
    "arc": "arc (px/picture)",
    "incoherence": "incoherence",
    "moving": "moving (px/picture)",
    "pair_db": "pair of impacts (dB)",
    "felt": "flight felt",
}

#: Of what was recognised as no trick, along the upper edge of the score.
COLOURS = {"cut": "0.4", "flash": "gold", "bump": "tab:red"}


class PlotError(RuntimeError):
    """The picture cannot be drawn. The text is one sentence."""


def draw(found: dict[str, Any], label: dict[str, Any] | None, *, title: str, out: Path) -> None:
    """Write a picture of the signals of one file.

    Parameters
    ----------
    found : dict
        From `detection.analyze.signals_of`.
    label : dict, optional
        One label file's content.
    title : str
    out : Path
        Its ending decides the format.

    Raises
    ------
    PlotError
        If Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # for developers only: no worker draws
    except ImportError as error:
        raise PlotError("Drawing needs Matplotlib: install requirements-dev.txt.") from error
    signals = Signals.from_json(found["signals"])
    proposed = propose_from_signals(signals, duration_ms=found["duration_ms"])
    names = [name for name in ROWS if name in signals.curves]
    figure = Figure(figsize=(WIDTH, ROW_HEIGHT * (len(names) + 2)), layout="constrained")
    *rows, last = figure.subplots(len(names) + 1, 1, sharex=True, height_ratios=[1] * len(names) + [1.6])
    time_s = np.arange(len(signals.seen)) * STEP_S
    for row, name in zip(rows, names, strict=True):
        row.plot(time_s, np.ma.masked_where(_is_unknown(name, signals), signals.curves[name]), linewidth=0.7)
        row.set_ylabel(ROWS[name], fontsize=8)
    _draw_score(last, proposed, signals, time_s)
    for row in (*rows, last):
        for trick in (label or {}).get("tricks", []):
            row.axvspan(trick["start_ms"] / 1000, trick["end_ms"] / 1000, color="tab:green", alpha=0.35, linewidth=0)
        for cut_ms in (label or {}).get("cuts_ms", []):
            row.axvline(cut_ms / 1000, color="0.6", linewidth=0.4, linestyle=":")
        row.margins(x=0)
        row.tick_params(labelsize=7)
    seen = f"{100 * proposed['seen']:.0f} % looked at (black)"
    figure.suptitle(f"{title}: {seen}; labelled tricks green; cuts, flashes, knocks above the score", fontsize=10)
    figure.savefig(out, dpi=90)


def _is_unknown(name: str, signals: Signals) -> np.ndarray:
    return ~signals.seen if name == "arc" else np.zeros(len(signals.seen), bool)


def _draw_score(row: "Axes", proposed: dict[str, Any], signals: Signals, time_s: np.ndarray) -> None:
    z_scores = score.z_scores_of(signals)
    weights = score.Weights.shipped()
    row.plot(time_s, score.score_curve(z_scores, weights, score.evidence_of(signals, z_scores)), linewidth=0.9)
    row.fill_between(time_s, 0, 0.04, where=signals.seen, color="0.3", linewidth=0)
    row.axhline(DEFAULT_THRESHOLD, color="0.5", linewidth=0.6)
    for found in signals.disturbances:
        row.axvspan(found.start_s - STEP_S, found.end_s + STEP_S, 0.95, 1, color=COLOURS[found.kind], linewidth=0)
    for candidate in proposed["candidates"]:
        colour, alpha = ("tab:orange", 0.3) if candidate["shown"] else ("0.7", 0.2)
        row.axvspan(
            candidate["start_ms"] / 1000, candidate["end_ms"] / 1000, 0, candidate["score"], color=colour, alpha=alpha
        )
    row.set_ylabel("score; above: no trick", fontsize=8)
    row.set_xlabel("seconds", fontsize=8)
    row.set_ylim(0, 1)
