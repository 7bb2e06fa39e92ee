"""Reports in plain sentences which parts of a file the search could not read, so that they do not count as empty."""

from collections.abc import Sequence

import numpy as np

from clips.media.formats.opening import clock
from detection.decode.packets import Packets
from detection.decode.piece import Piece
from detection.decode.read import Scan

#: A picture this near to one that was decoded counts as read: many are passed over on purpose.
NEAR_S = 0.5
#: Less than this share is the odd damaged packet.
LEAST_SHARE = 0.05
#: Containers round how long they are, and sound may end later than the picture.
TAIL_S = 2.0


class Unread:
    """Counts the pictures and sounds to read in one file, and those that could not be read."""

    def __init__(self) -> None:
        self._n_pictures = self._n_missing = 0
        self._sentences: list[str] = []

    def note_scan(self, scan: Scan, *, is_heard: bool) -> None:
        """Record how reading the packets and the sound ended.

        Parameters
        ----------
        scan : Scan
            Read to its end.
        is_heard : bool
            Whether any sound came out of it.
        """
        if scan.broke_off and scan.declared_end_s - scan.end_s > TAIL_S:
            self._sentences.append(f"The search could not read this file past {clock(round(1000 * scan.end_s))}.")
        if scan.is_deaf or (scan.n_unheard and not is_heard):
            self._sentences.append("The sound could not be read. Moments were found from the picture alone.")
        elif scan.n_unheard > LEAST_SHARE * scan.n_sounds:
            self._sentences.append(_part("sound", scan.n_unheard / scan.n_sounds))

    def note_pictures(self, packets: Packets, piece: Piece, times_s: Sequence[np.ndarray]) -> None:
        """Record the times of the decoded pictures of a piece."""
        wanted_s = packets.pts_s[piece.first : piece.end]
        self._n_pictures += len(wanted_s)
        seen_s = np.sort(np.concatenate([*times_s, [-np.inf, np.inf]]))
        after = np.searchsorted(seen_s, wanted_s)
        nearest_s = np.minimum(seen_s[after] - wanted_s, wanted_s - seen_s[np.maximum(after - 1, 0)])
        self._n_missing += int((nearest_s > NEAR_S).sum())

    @property
    def counts(self) -> tuple[int, int]:
        """Return the number of wanted pictures, and of those that could not be read."""
        return self._n_pictures, self._n_missing

    def add_counts(self, n_pictures: int, n_missing: int) -> None:
        """Add pictures that were counted before."""
        self._n_pictures += n_pictures
        self._n_missing += n_missing

    @property
    def most_pictures(self) -> bool:
        """Return whether fewer than half of the wanted pictures could be read."""
        return 2 * self._n_missing > self._n_pictures

    def forget_pictures(self) -> None:
        """Start counting anew: what seeking did not find may be found by reading on."""
        self._n_pictures = self._n_missing = 0

    def sentences(self) -> list[str]:
        """Return the warnings for people who look for a moment; [] if everything was read."""
        share = self._n_missing / max(1, self._n_pictures)
        return self._sentences + ([_part("pictures", share)] if share >= LEAST_SHARE else [])


def _part(what: str, share: float) -> str:
    return f"{max(1, round(100 * share))} % of the {what} could not be read. Moments there may be missing."
