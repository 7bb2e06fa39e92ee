"""The small copies that cameras write beside their files: known by name, joined to their files, and read instead.

A GoPro writes GL010123.LRV beside GX010123.MP4, a DJI drone DJI_0001.LRF beside DJI_0001.MP4, an Insta360
LRV_20240301_101500_01_007.mp4 beside VID_20240301_101500_00_007.mp4.
"""

import re
from datetime import datetime, timedelta
from pathlib import PurePath

from clips import previews
from clips.media import gopro
from clips.models import CandidateSegment, Job, JobKind, OriginalFile, SegmentStatus, Shoot

#: The copy ends with another frame, or another packet of sound.
SAME_LENGTH_MS = 200
#: Cameras open the two files one after the other.
SAME_MOMENT = timedelta(seconds=2)
#: 432 × 240 is as near as a copy comes to 16:9.
SAME_SHAPE = 0.03
_INSTA360 = re.compile(r"(?P<kind>VID|LRV)_(?P<moment>\d{8}_\d{6})_\d\d_(?P<number>\d+)")
_DJI_SUFFIX = ".LRF"


def pair(original: OriginalFile) -> bool:
    """Join a file that was just read to its small copy, or the copy to its file; return whether it is a copy.

    Whichever is read last finds the other. Call it in the transaction that writes down what was read. A copy is not
    analysed; what was found in one before its file came goes, unless somebody has looked at it.
    """
    named = _named(original.original_filename)
    if original.low_res_of_id or named is None or original.duration_ms is None:
        return bool(original.low_res_of_id)
    # Two that are read at the same time must not miss each other.
    Shoot.objects.select_for_update(no_key=True).get(pk=original.shoot_id)
    length_ms = (max(0, original.duration_ms - SAME_LENGTH_MS), original.duration_ms + SAME_LENGTH_MS)
    others = OriginalFile.objects.filter(shoot=original.shoot_id, low_res_of=None, duration_ms__range=length_ms)
    key, is_copy = named
    wanted = (key, not is_copy)
    matches = [
        other
        for other in others.exclude(pk=original.pk).order_by("created_at")
        if _named(other.original_filename) == wanted and _is_same_recording(original, other)
    ]
    if is_copy and matches:
        _join(original, matches[0])
    elif matches:
        for copy in matches:
            _join(copy, original)
    return is_copy and bool(matches)


def low_res_source(original: OriginalFile) -> OriginalFile | None:
    """Return the camera's own small copy of a file, which may have fewer frames; None where there is none."""
    return original.low_res_copies.order_by("created_at").first()


def preview_source(original: OriginalFile) -> OriginalFile | None:
    """Return a small copy with as many frames as the file itself; whether they agree one by one is seen in reading."""
    copy = low_res_source(original)
    return copy if copy and copy.rate == original.rate else None


def _named(filename: str) -> tuple[str, bool] | None:
    """Return what copy and file have in common by their names, and whether this is the copy's; None for other names."""
    name = PurePath(filename.upper())
    if recording := gopro.recording(filename):
        return f"GoPro {recording.number} {recording.chapter}", recording.is_low_res
    if found := _INSTA360.match(name.stem):
        return f"Insta360 {found['moment']} {found['number']}", found["kind"] == "LRV"
    if name.suffix in {_DJI_SUFFIX, ".MP4", ".MOV"}:
        return f"DJI {name.stem}", name.suffix == _DJI_SUFFIX
    return None


def _is_same_recording(one: OriginalFile, other: OriginalFile) -> bool:
    shapes = [max(file.width_px, file.height_px) / min(file.width_px, file.height_px) for file in (one, other)]
    # As the files say it: a clock's offset may be known of one camera id alone.
    began = [file.probe.get("recorded_at") for file in (one, other)]
    if None in began:
        return began == [None, None] and _is_near(*shapes)
    first, second = (datetime.fromisoformat(moment) for moment in began)
    return abs(first - second) <= SAME_MOMENT and _is_near(*shapes)


def _is_near(one: float, other: float) -> bool:
    return abs(one - other) <= SAME_SHAPE * one


def _join(copy: OriginalFile, original: OriginalFile) -> None:
    """Mark a copy as one, stop its analysis, and delete what that proposed and nobody has touched."""
    OriginalFile.objects.filter(pk=copy.pk).update(low_res_of=original)
    # Its row before the segments, as the analysis itself locks them.
    Job.objects.filter(kind=JobKind.DETECT, original_file=copy).cancel_all()
    CandidateSegment.objects.filter(original_file=copy).lock_in_order()
    proposed = CandidateSegment.objects.filter(original_file=copy, status=SegmentStatus.UNREVIEWED).exclude(run=None)
    untouched = CandidateSegment.objects.filter(pk__in=proposed.values("pk"), decisions=None, clips=None, children=None)
    previews.drop_files(list(untouched.values_list("pk", flat=True)))
    untouched.delete()
