"""Lists the formats in which a time-line is handed to an editor."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clips.reels.timeline import edl, fcp7, fcpxml, otio, table
from clips.reels.timeline.model import Timeline


@dataclass(frozen=True)
class Format:
    """A kind of project file: what people call it, how its name ends, what writes it, and whether it holds angles."""

    label: str | Promise
    ending: str
    media_type: str
    write: Callable[[Timeline], bytes]
    has_angles: bool = False


FORMATS = {
    "fcpxml": Format(_("Resolve, Final Cut Pro (FCPXML)"), "fcpxml", "application/xml", fcpxml.write, True),
    "xmeml": Format(_("Premiere Pro (XML)"), "xml", "application/xml", fcp7.write),
    "otio": Format(_("OpenTimelineIO"), "otio", "application/json", otio.write),
    "edl": Format(_("EDL: one rate, no titles"), "edl", "text/plain; charset=utf-8", edl.write),
    "csv": Format(_("Table (CSV)"), "csv", "text/csv; charset=utf-8", table.write),
}
