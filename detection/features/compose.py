"""Builds motion signals on a uniform time grid, masking cuts, flashes and camera bumps."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from detection.decode.pictures import PictureChunk
from detection.decode.piece import PICTURE_RATE_HZ
from detection.features.disturbances import (
    FLASH_LEVELS,
    find_bumps,
    find_covers,
    find_cuts,
    find_flashes,
    find_handling,
    groups,
    is_flung,
)
from detection.features.motion import arc_strength, pair_motion
from detection.signals import STEP_S, Disturbance, Signals

#: Rise and fall of an arc, each. Between 0.2 and 0.25 s the labelled takes rank alike (AP .80 and .81), below and
#: above worse; for jumps of 1.4 s, too, whose lip and landing are the sharpest parts.
ARC_HALF_S = 0.2
#: Speeds are averaged over this long, about two pictures to each side.
SMOOTH_S = 0.15
#: Pictures further apart than this do not show one motion.
LONGEST_PAIR_S = 0.25
#: A fade reaches this far from the pictures in its middle.
FADE_HALF_S = 0.15
#: Disturbed pairs closer together than this are one disturbance.
ONE_DISTURBANCE_S = 0.25
#: A flash of so many grey levels, and a leap of so many px, is as strong as any.
STRONG_LEVELS, STRONG_PX = 60.0, 20.0
#: Incoherence where nothing was seen at all: less than of any two pictures, so that it stands out from nothing.
UNKNOWN = -1.0


@dataclass(frozen=True)
class Pairs:
    """Consecutive pairs of pictures, one row per pair; speeds as if they were 1/30 s apart.

    Attributes
    ----------
    rows : np.ndarray [shape=(n, len(COLUMNS) + n_strips), float]
        ``COLUMNS``, and behind them the strips of `detection.features.motion.strip_speed`.
    """

    rows: np.ndarray

    COLUMNS = (
        "time_s", "coherence", "likeness", "residual", "moving", "shift_down", "shift_right", "brighter", "contrast",
    )  # fmt: skip

    def __getitem__(self, name: str) -> np.ndarray:
        return self.rows[:, self.COLUMNS.index(name)]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def strips(self) -> np.ndarray:
        return self.rows[:, len(self.COLUMNS) :]

    @property
    def shift_px(self) -> np.ndarray:
        return np.column_stack([self["shift_down"], self["shift_right"]])

    def only(self, chosen: np.ndarray) -> "Pairs":
        return Pairs(self.rows[chosen])


def measured(chunk: PictureChunk) -> np.ndarray:
    """Return the rows of `Pairs` for consecutive pictures, at least two; as float32, for there are many."""
    motion = pair_motion(chunk.luma)
    apart_s = np.diff(chunk.times_s)
    to_speed = 1 / PICTURE_RATE_HZ / np.maximum(apart_s, 1e-3)[:, None]
    seen = [chunk.times_s[1:], motion.coherence, motion.likeness, motion.residual]
    moved = np.column_stack([motion.moving, motion.shift_px]) * to_speed
    light = [motion.brighter, motion.contrast]
    return np.column_stack([*seen, moved, *light, motion.down * to_speed])[apart_s <= LONGEST_PAIR_S]


def compose(glanced: Pairs, even: np.ndarray, pieces: list[Pairs], fades_s: np.ndarray, grid_s: np.ndarray) -> Signals:
    """Return the motion signals of a take.

    Parameters
    ----------
    glanced : Pairs
        One of each glance, in order of time.
    even : np.ndarray [shape=(len(glanced),), bool]
        Which of them favour no part of the take.
    pieces : list of Pairs
        Looks, in order of time, none of them empty.
    fades_s : np.ndarray [shape=(m,), float]
        Rising times of pictures in the middle of a fade.
    grid_s : np.ndarray [shape=(n,), float]
        Every ``STEP_S`` of the take from 0.
    """
    every = Pairs(np.concatenate([pairs.rows[:, : len(Pairs.COLUMNS)] for pairs in (glanced, *pieces)]))
    every = every.only(every["time_s"].argsort(kind="stable"))
    handling_s = find_handling(every["time_s"], is_flung(every.shift_px, every["coherence"]), float(grid_s[-1]))
    found = [Disturbance("bump", start_s, end_s, 1.0) for start_s, end_s in handling_s]
    usual_contrast = float(np.median(every["contrast"])) if len(every) else 0.0
    upsets = [_upsets(pairs, usual_contrast, fades_s, found) for pairs in pieces]
    for pairs, upset in zip(pieces, upsets, strict=True):
        found += upset.named(pairs)
    disturbed = _upsets(glanced, usual_contrast, fades_s, found, alone=True)
    found += disturbed.named(glanced)
    undisturbed = ~disturbed.any
    result = _glance_signals(glanced.only(undisturbed), grid_s)
    result.glanced = 1 - glanced.only(undisturbed & even)["likeness"]
    for pairs, upset in zip(pieces, upsets, strict=True):
        _look(result, pairs, upset.any, grid_s)
    result.disturbances = sorted(found, key=lambda one: (one.start_s, one.end_s, one.kind))
    return result


@dataclass(frozen=True)
class _Upsets:
    """The pairs that show a disturbance, each [shape=(n,), bool]; ``known`` lie in one that was found before."""

    cut: np.ndarray
    flash: np.ndarray
    bump: np.ndarray
    known: np.ndarray

    @property
    def any(self) -> np.ndarray:
        return self.cut | self.flash | self.bump | self.known

    def named(self, pairs: Pairs) -> list[Disturbance]:
        """Return the disturbances that were not known before."""
        times_s = pairs["time_s"]
        chosen = np.flatnonzero((self.cut | self.flash | self.bump) & ~self.known)
        return [self._named(pairs, group) for group in groups(times_s, chosen, ONE_DISTURBANCE_S)]

    def _named(self, pairs: Pairs, group: np.ndarray) -> Disturbance:
        start_s, end_s = float(pairs["time_s"][group[0]]), float(pairs["time_s"][group[-1]])
        if self.bump[group].any():
            flung_px = float(np.hypot(*pairs.shift_px[group].T).max())
            return Disturbance("bump", start_s, end_s, min(1.0, flung_px / STRONG_PX))
        brighter = pairs["brighter"][group]
        goes_back = brighter.max() > FLASH_LEVELS and brighter.min() < -FLASH_LEVELS
        if self.flash[group].any() and (goes_back or not self.cut[group].any()):
            return Disturbance("flash", start_s, end_s, min(1.0, float(np.abs(brighter).max()) / STRONG_LEVELS))
        return Disturbance("cut", start_s, end_s, 1.0)


def _upsets(
    pairs: Pairs, usual_contrast: float, fades_s: np.ndarray, known: list[Disturbance], *, alone: bool = False
) -> _Upsets:
    """Return the disturbances among some pairs, given the take's usual values and its known disturbances.

    Pairs that stand ``alone`` have no neighbours against which a cut or the swing of a knock would show.
    """
    times_s = pairs["time_s"]
    covered = find_covers(pairs["contrast"], usual_contrast)
    bumped = np.zeros(len(pairs), bool)
    for first, end in () if alone else find_bumps(times_s, pairs.shift_px, pairs["coherence"], pairs["likeness"]):
        bumped[max(0, first - 1) : end + 1] = True  # blurred before, still trembling after
    in_known = [(times_s >= one.start_s) & (times_s <= one.end_s) for one in known]
    return _Upsets(
        cut=_near(times_s, fades_s) | (find_cuts(pairs["coherence"], pairs["residual"]) if not alone else False),
        flash=find_flashes(pairs["brighter"]),
        bump=bumped | covered,
        known=np.any(in_known, axis=0) if in_known else np.zeros(len(pairs), bool),
    )


def _glance_signals(glanced: Pairs, grid_s: np.ndarray) -> Signals:
    curves = {name: np.zeros(len(grid_s)) for name in ("arc", "moving")}
    curves["incoherence"] = np.full(len(grid_s), UNKNOWN)
    if len(glanced):
        curves["incoherence"] = np.interp(grid_s, glanced["time_s"], 1 - glanced["likeness"])
        curves["moving"] = np.interp(grid_s, glanced["time_s"], glanced["moving"])
    return Signals(curves, np.zeros(len(grid_s), bool), np.zeros(0))


def _look(result: Signals, pairs: Pairs, upset: np.ndarray, grid_s: np.ndarray) -> None:
    """Overwrite the values of glances with those of a closer look at the same time."""
    times_s = pairs["time_s"]
    first, end = np.searchsorted(grid_s, [times_s[0] - STEP_S, times_s[-1] + STEP_S])
    own_s, at = grid_s[first:end], slice(first, end)
    if len(own_s) == 0:
        return
    result.seen[at] = True
    kept = pairs.only(~upset)
    if len(kept):
        for name, values in (("incoherence", 1 - kept["likeness"]), ("moving", kept["moving"])):
            result.curves[name][at] = _smooth(np.interp(own_s, kept["time_s"], values), SMOOTH_S)
    strips = np.where(upset[:, None], 0.0, pairs.strips)  # what a join does is no motion of the rider
    down = np.column_stack([np.interp(own_s, times_s, strip) for strip in strips.T])
    result.curves["arc"][at] = arc_strength(down, half_steps=round(ARC_HALF_S / STEP_S))


def _smooth(values: np.ndarray, width_s: float) -> np.ndarray:
    return ndimage.gaussian_filter1d(values, width_s / STEP_S, mode="nearest")


def _near(times_s: np.ndarray, fades_s: np.ndarray) -> np.ndarray:
    """Return which of the (rising) times are within ``FADE_HALF_S`` of one of the (rising) fades."""
    if len(fades_s) == 0:
        return np.zeros(len(times_s), bool)
    following = np.clip(np.searchsorted(fades_s, times_s), 0, len(fades_s) - 1)
    distance_s = np.abs(fades_s[following] - times_s)
    return np.minimum(distance_s, np.abs(times_s - fades_s[np.maximum(following - 1, 0)])) <= FADE_HALF_S
