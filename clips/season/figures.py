"""What the pages of a rider and of a trick have alike: name, number of clips, a plot, best clips, and tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clips.models import FinalClip
from clips.season.plots import Bars, bars
from clips.season.seasons import Season
from clips.season.table import Table, clips_at


@dataclass(frozen=True, kw_only=True)
class Figures:
    name: str
    n_clips: int
    #: Where its clips are, and where curators look after its name.
    clips_url: str
    curated_url: str
    #: The table that the page begins with, and the plot beside it.
    main: Table
    plot: Bars
    best: list[FinalClip]
    picture: FinalClip | None

    @property
    def tables(self) -> list[Table]:
        return [self.main]


def landed_and_crashed(of_season: Mapping[Season, tuple[int, int]], **asked: object) -> Bars:
    """Return the plot of how often something was landed and crashed in each season; ``asked`` finds its clips."""
    rows = []
    for season, numbers in sorted(of_season.items()):
        url = clips_at(**asked, date_from=season.first_day, date_to=season.last_day)
        rows.append((season.short, numbers, url))
    return bars(rows, (("landed", _("Landed")), ("crash", _("Crashes"))))
