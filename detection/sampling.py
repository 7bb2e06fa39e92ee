"""Chooses which stretches of a take to look at, within a budget of computing time.

Decoding is the main cost: a second of 1080p60 at 40 Mbit/s takes half a CPU-second. So every group of pictures first
gets a glance: its keyframe and the picture a thirtieth of a second later, which is enough to see whether something
moves against the background (area under the curve .88 to .92 with a glance each half second, and .92 also at 40 Mbit/s,
where packet sizes say nothing). There is no time for all of them. Some are spread evenly, as an unbiased sample of the
take; most go where the sound, which costs next to nothing, has pairs of impacts. The rest of the budget goes to the
best moments found by glances and sound.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from detection.decode.packets import LOOK_CPU_S, Packets
from detection.decode.piece import INTERVAL_SLACK, PICTURE_RATE_HZ, Piece
from detection.scoring.peaks import peaks_apart
from detection.scoring.short_files import SHORT_S
from detection.signals import STEP_S

#: How much may be spent: CPU-seconds for the pictures of one second of video, and the share of it for glances, at most.
#: With sound, reading and start 1080p60 of 40 Mbit/s then takes 0.17 by default, which is 12 × real time on two cores.
#: What costs less than this altogether is looked at throughout.
#: "closer" is for the second look, when nobody waits: all of 1080p60 in any codec, half of 4K60 HEVC of 82 Mbit/s.
EFFORTS = {"quick": (0.045, 1.0), "default": (0.135, 0.5), "closer": (1.2, 0.25), "thorough": (float("inf"), 0.0)}
#: The share for glances where no sound tells where to look; with .5 the muted takes, at the cost of 40 Mbit/s, rank as
#: well (AP .70 and .71) with half a false moment a minute more.
DEAF_SHARE = 0.7
#: Of the glances so many are spread evenly where there is sound. On the labelled takes, at the cost of 40 Mbit/s and
#: within the default budget, AP is .84 from .25 to .35, .81 at .5 and .78 with all of them even; the quick effort gains
#: more (.67, .63 and .56).
EVEN_SHARE = 0.3
#: A glance shows what happens this near to it.
GLANCE_REACH_S = 0.25
#: A clip shorter than this has the budget of one that long: there is little to learn from two glances, and somebody
#: made it of one moment.
LEAST_S = 20.0
#: What may be spent by default on each second of a file of one trick: all of 1080p60 of 40 Mbit/s is looked at. By the
#: usual budget the trick was shown in .86 of such files of 6 s and .76 of those of 8 s.
SHORT_CPU_S = 0.65
#: Where less than this share is left for looks there are none at all: a few would make the rest seem dull.
LEAST_LOOKS = 0.25
#: The default budget as a share of what looking at everything in 1080p60 of 40 Mbit/s costs: with the effort "sparse" a
#: small file is looked at no closer than such a large one, to measure what that loses.
SPARSE_SHARE = 0.22
#: A glance compares two pictures that are this far apart, or a little more where the camera takes them no closer.
GLANCE_S = 1 / 30
#: Glances closer together than this tell the same twice.
GLANCE_EVERY_S = 0.4
#: The second picture is among the first so many packets of its group, also with reordered pictures.
GLANCE_PACKETS = 16
#: Where keyframes are further apart, most of what would be decoded is only the way to what one wants to see.
LONGEST_GROUP_S = 3.0
#: Seen before and after a moment that is looked at: the rise and fall of an arc with what smooths them.
LOOK_S = 0.35
#: Moments closer together are one look.
LOOK_DISTANCE_S = 0.5


@dataclass(frozen=True)
class Plan:
    """The glances to take, and the budget for looking closer.

    Attributes
    ----------
    glances : list of Piece
        In order of time; empty where everything is looked at.
    even : list of bool
        Whether each was chosen to be even, or for what is heard there.
    look_cpu_s : float
        Budget for looks; infinite where everything is looked at.
    """

    glances: list[Piece]
    even: list[bool]
    look_cpu_s: float

    @property
    def is_everything(self) -> bool:
        return self.look_cpu_s == float("inf")


def make_plan(
    packets: Packets,
    duration_s: float,
    *,
    effort: str = "default",
    stretch: float = 1.0,
    heard: np.ndarray | None = None,
) -> Plan:
    """Plan how to look at a take.

    Parameters
    ----------
    packets : Packets
    duration_s : float
        As it passed for the camera.
    effort : str
        One of ``EFFORTS``, or "sparse".
    stretch : float
        How many times longer it takes to play; the budget counts what is played.
    heard : np.ndarray [shape=(n,), float], optional
        How clearly two impacts are heard about each ``STEP_S``; None without sound.
    """
    n_pictures = min(len(packets.pts_s), PICTURE_RATE_HZ * duration_s)
    everything_cpu_s = packets.decode_cpu_s + LOOK_CPU_S * n_pictures
    allowed_cpu_s, glance_share = _budget(effort, duration_s, stretch, everything_cpu_s)
    n_groups = len(packets.group_start)
    if everything_cpu_s <= allowed_cpu_s or duration_s > LONGEST_GROUP_S * n_groups:
        return Plan([], [], float("inf"))
    groups = np.arange(0, n_groups, max(1, int(np.ceil(GLANCE_EVERY_S / (duration_s / n_groups)))))
    pieces = [_glance(packets, int(group)) for group in groups]
    cost_cpu_s = np.array([packets.cpu_between_s(piece.first, piece.end) + 2 * LOOK_CPU_S for piece in pieces])
    share = glance_share if heard is not None else max(glance_share, DEAF_SHARE)
    even, asked = _even_and_asked(packets.group_start_s[groups], heard, share * allowed_cpu_s / cost_cpu_s.mean())
    within = np.cumsum(cost_cpu_s[[*even, *asked]]) <= share * allowed_cpu_s
    within[:1] = True  # of nothing at all one learns nothing
    chosen = sorted(np.array([*even, *asked])[within].tolist())
    left_cpu_s = max(0.0, allowed_cpu_s - float(cost_cpu_s[chosen].sum()))
    return Plan(
        [pieces[i] for i in chosen],
        [i in set(even) for i in chosen],
        left_cpu_s if left_cpu_s > LEAST_LOOKS * allowed_cpu_s else 0.0,
    )


def _budget(effort: str, duration_s: float, stretch: float, everything_cpu_s: float) -> tuple[float, float]:
    """Return what may be spent on pictures, in CPU-seconds, and the share of it for glances."""
    is_default = effort in ("default", "sparse")
    budget, glance_share = EFFORTS["default" if is_default else effort]
    is_short = is_default and duration_s <= SHORT_S
    if effort == "sparse":
        return (1.0 if is_short else SPARSE_SHARE) * everything_cpu_s, glance_share
    least_cpu_s = SHORT_CPU_S * duration_s * stretch if is_short else 0.0
    return max(least_cpu_s, budget * max(duration_s * stretch, LEAST_S)), glance_share


def _even_and_asked(start_s: np.ndarray, heard: np.ndarray | None, n_most: float) -> tuple[list[int], list[int]]:
    """Return the glances to take evenly, and the others to take for their sound, the clearest first."""
    n_all = len(start_s)
    n_wanted = max(1, min(n_all, int(n_most)))
    if heard is None:
        return (np.arange(n_wanted) * n_all // n_wanted).tolist(), []
    about = ndimage.maximum_filter1d(heard, 2 * round(GLANCE_REACH_S / STEP_S) + 1, mode="nearest")
    clear = about[np.clip(np.round(start_s / STEP_S).astype(int), 0, len(about) - 1)]
    n_even = max(int(np.ceil(EVEN_SHARE * n_wanted)), n_wanted - int((clear > 0).sum()))
    even = (np.arange(n_even) * n_all // n_even).tolist()
    others = np.setdiff1d(np.argsort(-clear, kind="stable"), even, assume_unique=True)
    return even, others[: n_wanted - n_even].tolist()


def cpu_s(packets: Packets, piece: Piece) -> float:
    """Return the likely cost of decoding and measuring a piece, in CPU-seconds."""
    return _look_cpu_s(packets, piece.first, piece.end)


def _glance(packets: Packets, group: int) -> Piece:
    """Return the packets needed to see the keyframe of a group and a picture ``GLANCE_S`` later."""
    start = int(packets.group_start[group])
    after_s = packets.pts_s[start : start + GLANCE_PACKETS] - packets.pts_s[start]
    late = after_s >= INTERVAL_SLACK * GLANCE_S
    if not late.any():
        return Piece(start, start + len(after_s))
    return Piece(start, start + int(np.flatnonzero(after_s == after_s[late].min())[0]) + 1)


def choose_looks(packets: Packets, curve: np.ndarray, *, look_cpu_s: float) -> list[Piece]:
    """Return the pieces worth looking at, in order of time.

    Parameters
    ----------
    packets : Packets
    curve : np.ndarray [shape=(n,), float]
        How promising each ``STEP_S`` from 0 is; 0 is not at all.
    look_cpu_s : float
        What may be spent, in CPU-seconds. The most promising moments are taken until it is used up.
    """
    ends: dict[int, int] = {}  # group: index behind its last packet that is wanted
    for step in peaks_apart(curve, distance=round(LOOK_DISTANCE_S / STEP_S), floor=np.nextafter(0, 1)):
        wanted = _around(packets, step * STEP_S)
        added_cpu_s = sum(_look_cpu_s(packets, ends.get(group, start), end) for group, start, end in wanted)
        if added_cpu_s > look_cpu_s:
            break
        look_cpu_s -= added_cpu_s
        ends |= {group: max(end, ends.get(group, 0)) for group, _, end in wanted}
    return joined(packets, ends)


def _around(packets: Packets, middle_s: float) -> list[tuple[int, int, int]]:
    """Return group, first and end of the packets that show ``LOOK_S`` to both sides of a moment."""
    groups = range(packets.group_at(middle_s - LOOK_S), packets.group_at(middle_s + LOOK_S) + 1)
    return [(g, int(packets.group_start[g]), packets.end_for(g, middle_s + LOOK_S)) for g in groups]


def _look_cpu_s(packets: Packets, first: int, end: int) -> float:
    if end <= first:
        return 0.0
    shown_s = max(0.0, float(np.ptp(packets.pts_s[first:end])))
    return packets.cpu_between_s(first, end) + LOOK_CPU_S * min(end - first, 1 + shown_s * PICTURE_RATE_HZ)


def joined(packets: Packets, ends: dict[int, int]) -> list[Piece]:
    """Return the wanted parts of groups as pieces; a group that is wanted to its end continues into the next."""
    pieces: list[Piece] = []
    for group in sorted(ends):
        first, end = int(packets.group_start[group]), ends[group]
        if pieces and pieces[-1].end == first:
            pieces[-1] = Piece(pieces[-1].first, end)
        else:
            pieces.append(Piece(first, end))
    return pieces
