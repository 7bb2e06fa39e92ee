"""Chooses where a second look pays, once nobody waits: where most missed tricks are to be expected for its cost.

The first look answers within a minute and leaves nine tenths of a large file unseen. Most of those that it misses are
half heard or half seen, so three quarters of the second budget go where a trick has some chance, most chance for a
CPU-second first. What neither sound nor glances tell of can be anywhere: the rest goes to the middle of the longest
stretches that are still unseen.
"""

import heapq
from itertools import groupby

import numpy as np
from scipy import ndimage

from detection.decode.packets import Packets
from detection.decode.piece import Piece
from detection.sampling import cpu_s, joined
from detection.signals import STEP_S

#: Seen to both sides of what may be a trick: pop, flight and landing of the longest labelled one.
CLOSER_S = 1.0
#: Of the budget so much goes where a trick has some chance.
LIKELY_SHARE = 0.75
#: What has a higher score is shown already: looking there adds no more than where it is only about to be shown.
SURE = 0.5
#: In a long unseen stretch so much is looked at in its middle.
STRETCH_S = 4.0
#: Work is kept in blocks of about so many CPU-seconds and no more of the file than this; with two decoders an
#: interruption costs a few seconds of work.
BLOCK_CPU_S, BLOCK_S = 4.0, 5.0


def choose_closer_looks(packets: Packets, score: np.ndarray, *, look_cpu_s: float) -> list[Piece]:
    """Return the pieces worth a second look, in order of time.

    Parameters
    ----------
    packets : Packets
    score : np.ndarray [shape=(n,), float]
        Of each ``STEP_S`` from 0, 0 to 1, as far as sound and glances tell.
    look_cpu_s : float
        What may be spent, in CPU-seconds.
    """
    gain, cost = _gain(packets, score), _cost_cpu_s(packets)
    order = np.argsort(-gain / cost, kind="stable")
    order = order[gain[order] > 0]
    likely = order[np.cumsum(cost[order]) <= LIKELY_SHARE * look_cpu_s]
    chosen = np.zeros(len(cost), bool)
    chosen[likely] = True
    _add_unseen(chosen, packets.group_start_s, cost, look_cpu_s - float(cost[likely].sum()))
    return joined(packets, {int(group): int(packets.group_end[group]) for group in np.flatnonzero(chosen)})


def _gain(packets: Packets, score: np.ndarray) -> np.ndarray:
    """Return for each group of pictures how many tricks a look at it may add, up to a common factor."""
    reach = 2 * round(CLOSER_S / STEP_S) + 1
    near = ndimage.maximum_filter1d(np.minimum(score, SURE), reach, mode="nearest")
    total = np.concatenate([[0.0], np.cumsum(near)])
    edges = np.append(np.round(packets.group_start_s / STEP_S), len(near)).astype(int)
    edges = np.clip(edges, 0, len(near))
    return np.maximum(total[edges[1:]] - total[edges[:-1]], 0.0)


def _cost_cpu_s(packets: Packets) -> np.ndarray:
    groups = zip(packets.group_start.tolist(), packets.group_end.tolist(), strict=True)
    return np.maximum([cpu_s(packets, Piece(first, end)) for first, end in groups], 1e-9)


def _add_unseen(chosen: np.ndarray, start_s: np.ndarray, cost_cpu_s: np.ndarray, left_cpu_s: float) -> None:
    """Choose the middles of the longest stretches that are not chosen, as long as the budget lasts."""
    ends_s = np.append(start_s[1:], start_s[-1] + (start_s[-1] - start_s[0]) / max(1, len(start_s) - 1))
    unseen: list[tuple[float, int, int]] = []

    def push(first: int, end: int) -> None:
        if end > first:
            heapq.heappush(unseen, (float(start_s[first] - ends_s[end - 1]), first, end))

    for is_chosen, run in groupby(range(len(chosen)), key=lambda group: bool(chosen[group])):
        groups = list(run)
        if not is_chosen:
            push(groups[0], groups[-1] + 1)
    while unseen:
        _, first, end = heapq.heappop(unseen)
        middle_s = (start_s[first] + ends_s[end - 1]) / 2
        inside = (ends_s[first:end] > middle_s - STRETCH_S / 2) & (start_s[first:end] < middle_s + STRETCH_S / 2)
        at = first + np.flatnonzero(inside)
        if len(at) == 0 or cost_cpu_s[at].sum() > left_cpu_s:
            continue
        left_cpu_s -= float(cost_cpu_s[at].sum())
        chosen[at] = True
        push(first, int(at[0]))
        push(int(at[-1]) + 1, end)


def blocks_of(packets: Packets, pieces: list[Piece]) -> list[tuple[Piece, bool]]:
    """Return pieces cut into blocks that are measured and kept one by one, each with whether it begins a piece."""
    blocks: list[tuple[Piece, bool]] = []
    for piece in pieces:
        inside = (packets.group_start > piece.first) & (packets.group_start < piece.end)
        first, begins = piece.first, True
        for edge in [*packets.group_start[inside].tolist(), piece.end]:
            is_long = packets.pts_s[edge - 1] - packets.pts_s[first] >= BLOCK_S
            if edge == piece.end or is_long or cpu_s(packets, Piece(first, edge)) >= BLOCK_CPU_S:
                blocks.append((Piece(first, edge), begins))
                first, begins = edge, False
    return blocks
