"""Says which pieces of a video are wanted, for those who ask and for the one who makes them.

Apart from the maker, whose libraries of video nobody who only asks needs in memory.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from clips.media.output import whole_or_not_at_all

#: All but the last piece of a video are as long as this: short, so that the first is there soon.
PIECE_MS = 1_000
#: Beside the pieces: which are wanted, as ``Wanted`` has it.
WANTED = "wanted.json"


@dataclass(frozen=True)
class Wanted:
    """Pieces to make: those that somebody waits for, then those that will be asked for next."""

    urgent: tuple[int, ...] = ()
    ahead: tuple[int, ...] = ()
    has_ended: bool = False

    def leaves(self, number: int) -> bool:
        """Return whether a piece that is being made gives way to one that somebody waits for."""
        return self.has_ended or (bool(self.urgent) and number not in self.urgent)

    def write(self, folder: Path) -> None:
        """Tell the maker of pieces in a folder; it reads the whole of it or what was there before."""
        told = json.dumps({"urgent": self.urgent, "ahead": self.ahead, "has_ended": self.has_ended})
        with whole_or_not_at_all(folder / WANTED) as path:
            path.write_text(told)

    @classmethod
    def read(cls, folder: Path) -> "Wanted":
        told = json.loads((folder / WANTED).read_text())
        return cls(tuple(told["urgent"]), tuple(told["ahead"]), told["has_ended"])
