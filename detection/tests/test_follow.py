"""Tests where the rider is found: in made-up pictures, and in labelled ones of real takes."""

import json
from pathlib import Path

import numpy as np
import pytest

from detection import follow

LABELS = json.loads((Path(__file__).parent / "rider_boxes.json").read_text())
UPRIGHT = 81 / 256


def take(places: np.ndarray, *, pans_px: float = 0.0) -> np.ndarray:
    """Return pictures of a textured ground that pans, before which a textured block goes where it is told (0 to 1)."""
    rng = np.random.default_rng(4)
    ground = np.kron(rng.integers(60, 190, (18, 60)), np.ones((3, 3)))
    block = np.kron(rng.integers(0, 255, (6, 3)), np.ones((4, 4)))
    pictures = []
    for number, place in enumerate(places):
        left = round(number * pans_px)
        picture = ground[:54, left : left + 96].copy()
        at = round(place * 96 - 6)
        picture[20:44, at : at + 12] = block
        pictures.append(picture)
    return np.stack(pictures).astype(np.uint8)


@pytest.mark.parametrize("pans_px", [0.0, 0.8])
def test_the_track_is_where_something_moves_against_the_background(pans_px):
    places = np.linspace(0.3, 0.7, 45)
    times_s, movers = np.arange(45) / 15, follow.silhouettes(take(places, pans_px=pans_px))
    found = follow.track(movers, times_s)
    assert found is not None
    assert np.abs(follow.middles(movers, found, times_s) - places).max() < 0.12


def test_where_nothing_moves_nobody_is_followed():
    movers = follow.silhouettes(take(np.full(30, 0.3)))
    assert follow.track(movers, np.arange(30) / 15) is None


def test_the_path_stands_still_in_its_dead_zone_and_is_smooth():
    times_s = np.arange(60) / 15
    wobble = 0.5 + 0.004 * np.sin(times_s * 9)
    assert np.ptp(follow.steadied(wobble, times_s)) < 1e-3
    leap = np.where(times_s < 2, 0.2, 0.8)
    path = follow.steadied(leap, times_s)
    assert abs(path[0] - 0.2) < 0.03
    assert abs(path[-1] - 0.8) < 0.03
    assert np.abs(np.diff(path, n=3)).max() < 0.05


@pytest.mark.slow
def test_labelled_riders_are_inside_more_often_than_in_the_middle(footage):
    inside = in_middle = n_all = 0
    spans = [
        {"start_ms": round(clip["boxes"][0][0] * 1000), "end_ms": round(clip["boxes"][-1][0] * 1000)} for clip in LABELS
    ]
    asked = [{"source": str(footage / clip["file"])} | span for clip, span in zip(LABELS, spans, strict=True)]
    for clip, path in zip(LABELS, follow.rider_paths(asked), strict=True):
        n_inside, n = follow.share_inside(path, clip["boxes"], shape=UPRIGHT)
        inside, n_all = inside + n_inside, n_all + n
        in_middle += follow.share_inside([], clip["boxes"], shape=UPRIGHT)[0]
    assert inside / n_all > 0.93
    assert in_middle / n_all < 0.5
