"""Finds what was proposed twice."""

import itertools

from detection.scoring.same_moment import is_same_moment


def doubles(candidates: list[dict]) -> list[tuple]:
    """Return the pairs of spans, in milliseconds, that a person would take for one moment."""
    spans_ms = [(c["start_ms"], c["end_ms"]) for c in candidates]
    return [pair for pair in itertools.combinations(spans_ms, 2) if is_same_moment(*pair)]
