"""Finds where the riders of a film's clips are, in the file of each that is read fastest."""

from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from clips.jobs.worker import Claim
from clips.media.sandbox import runner
from clips.models import FinalClip, Preview
from clips.reels import rendering
from clips.storage.files import MissingFileError, local_file

#: Seconds of a file, and where across the picture the rider is then, as `clips.media.reel.plan.Item.path` has it.
RiderPath = list[list[float]]


@dataclass(frozen=True)
class Look:
    """A part of a file in which a clip's rider is looked for; its time 0 is ``begins_ms`` of the clip's own file."""

    source: str
    start_ms: int
    end_ms: int | None
    begins_ms: Fraction = Fraction(0)

    @property
    def asked(self) -> dict[str, Any]:
        return {"source": self.source, "start_ms": self.start_ms, "end_ms": self.end_ms}

    def in_clip(self, path: RiderPath) -> RiderPath:
        """Return a path that was found there in seconds of the clip's file."""
        return [[round(at_s + float(self.begins_ms) / 1000, 3), middle] for at_s, middle in path]


def paths_of(
    items: list[dict[str, Any]], clips: list[FinalClip], work: Claim, limits: runner.Limits
) -> list[RiderPath]:
    """Return the path of the rider of each item of a plan, empty where none was found; one child reads all of them.

    ``clips`` are what the items show, whose files they have as their source. Where somebody moved the crop of one, its
    rider is not looked for.
    """
    finder = rendering.rider_finder()
    if finder is None or all(item.get("places") for item in items):
        return [[] for _item in items]
    with ExitStack() as stack:
        looks = [
            None if item.get("places") else _in_preview(item, clip, stack) or _in_clip(item)
            for item, clip in zip(items, clips, strict=True)
        ]
        asked = {"clips": [look.asked for look in looks if look]}
        found: list[RiderPath] = runner.run(finder, asked, limits=limits, on_tick=lambda _done: work.report(None))
    paths = iter(found)
    return [look.in_clip(next(paths)) if look else [] for look in looks]


def _in_clip(item: dict[str, Any]) -> Look:
    return Look(item["source"], item["start_ms"] or 0, item["end_ms"])


def _in_preview(item: dict[str, Any], clip: FinalClip, stack: ExitStack) -> Look | None:
    """Return the place of an item in its moment's preview, which is decoded in a fraction of the time.

    None where there is no preview of all of it, or one in slow motion, in which riders hardly move.
    """
    preview = Preview.objects.filter(segment=clip.candidate_segment_id, slow_down=1).first()
    if preview is None:
        return None
    begins_ms = preview.start_ms - clip.start_ms + rendering.lead_ms(clip)
    start_ms = item["start_ms"] or 0
    end_ms = clip.end_ms - clip.start_ms if item["end_ms"] is None else item["end_ms"]
    if begins_ms > start_ms or preview.end_ms - preview.start_ms + begins_ms < end_ms:
        return None
    try:
        path = stack.enter_context(local_file(preview.stored_path))
    except MissingFileError:
        return None
    return Look(str(path), round(start_ms - begins_ms), round(end_ms - begins_ms), begins_ms)
