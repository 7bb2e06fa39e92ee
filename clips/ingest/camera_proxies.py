"""Pairs a camera's low-resolution proxies and second lenses with their recording, by file name.

A GoPro writes GL010123.LRV beside GX010123.MP4, a DJI drone DJI_0001.LRF beside DJI_0001.MP4, a Sony SUB/C0001S03.MP4
beside C0001.MP4, an Insta360 LRV_20240301_101500_01_007.mp4 beside VID_20240301_101500_00_007.mp4. An Insta360 with two
lenses writes VID_…_10_007.insv beside VID_…_00_007.insv. One recording has one set of moments, so these files are not
searched.
"""

import re
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePath

from clips.media.cameras import copy_suffixes, gopro
from clips.models import CandidateSegment, Job, JobKind, OriginalFile, SegmentStatus, Shoot
from clips.previews import requests

#: The copy ends with another frame, or another packet of sound.
SAME_LENGTH_MS = 200
#: Cameras open the two files one after the other.
SAME_MOMENT = timedelta(seconds=2)
#: "00" is the only or first lens, "10" the second; small copies have a 1 behind these.
_INSTA360 = re.compile(r"(?:PRO_)?(?P<kind>VID|LRV)_(?P<moment>\d{8}_\d{6})_(?P<lens>\d\d)_(?P<number>\d+)")
_SECOND_LENS = "10"
#: The same for the database.
SECOND_LENS_NAME = r"^(PRO_)?VID_\d{8}_\d{6}_10_\d+"
#: Sony's proxies end with the number of the stream that they are.
_SONY_PROXY = re.compile(r"(?P<clip>.+)S\d\d")
_DJI_SUFFIX = ".LRF"
_VIDEO_SUFFIXES = frozenset({".MP4", ".MOV", ".MXF"})


class Role(Enum):
    """The part of a recording that a file is."""

    MAIN = "main file"
    COPY = "a small copy"
    LENS = "a second lens"


def pair(original: OriginalFile) -> bool:
    """Pair a file that was just read with its main file, or its proxies with it; return whether it belongs to another.

    Whichever is read last finds the other. Call it in the transaction that writes down what was read. A copy is not
    analysed; what was found in one before its file came goes, unless somebody has looked at it.
    """
    names = _named(original.original_filename)
    if original.low_res_of_id or not names or original.duration_ms is None:
        return bool(original.low_res_of_id)
    # Two that are read at the same time must not miss each other.
    Shoot.objects.select_for_update(no_key=True).get(pk=original.shoot_id)
    length_ms = (max(0, original.duration_ms - SAME_LENGTH_MS), original.duration_ms + SAME_LENGTH_MS)
    others = OriginalFile.objects.in_use().filter(
        shoot=original.shoot_id, low_res_of=None, duration_ms__range=length_ms
    )
    others = list(others.exclude(pk=original.pk).order_by("created_at"))
    for key, role in names.items():
        for other in others:
            other_role = _named(other.original_filename).get(key, role)
            if Role.MAIN not in {role, other_role} or role == other_role:
                continue
            main, joined = (other, original) if other_role == Role.MAIN else (original, other)
            if not _is_same_recording(main, joined, other_role if joined is other else role):
                continue
            _join(joined, main)
            if joined is original:
                return True
    return False


def is_second_lens(filename: str) -> bool:
    """Return whether a name is that of a second lens, which shows another picture."""
    return Role.LENS in _named(filename).values()


def _named(filename: str) -> dict[str, Role]:
    """Return the part of the name that files of one recording share, and the possible roles of this one; mostly one."""
    name = PurePath(filename.upper())
    if recording := gopro.recording(filename):
        role = Role.COPY if recording.is_low_res else Role.MAIN
        return {f"GoPro {recording.number} {recording.chapter}": role}
    if found := _INSTA360.match(name.stem):
        role = Role.COPY if found["kind"] == "LRV" else Role.LENS if found["lens"] == _SECOND_LENS else Role.MAIN
        return {f"Insta360 {found['moment']} {found['number']}": role}
    stem, _ending = copy_suffixes.split(name.stem)
    if name.suffix == _DJI_SUFFIX:
        return {f"named {stem}": Role.COPY}
    if name.suffix not in _VIDEO_SUFFIXES:
        return {}
    proxy = _SONY_PROXY.fullmatch(stem)
    return ({f"named {proxy['clip']}": Role.COPY} if proxy else {}) | {f"named {stem}": Role.MAIN}


def _is_same_recording(main: OriginalFile, other: OriginalFile, role: Role) -> bool:
    # As the files say it: a clock's offset may be known of one camera id alone.
    began = [file.probe.get("recorded_at") for file in (main, other)]
    if None in began:
        if began != [None, None]:
            return False
    else:
        first, second = (datetime.fromisoformat(moment) for moment in began)
        if abs(first - second) > SAME_MOMENT:
            return False
    # A lens has the size of the other one. An Insta360's small copy shows both of its lenses, and is named for sure.
    if role == Role.LENS:
        return (main.width_px, main.height_px) == (other.width_px, other.height_px)
    is_insta360 = _INSTA360.match(other.original_filename.upper()) is not None
    return is_insta360 or (other.width_px <= main.width_px and main.has_shape_of(other))


def _join(copy: OriginalFile, original: OriginalFile) -> None:
    """Mark a file as part of another, stop its analysis, and delete its untouched moments."""
    OriginalFile.objects.filter(pk=copy.pk).update(low_res_of=original)
    # Its row before the segments, as the analysis itself locks them.
    Job.objects.filter(kind__in=[JobKind.DETECT, JobKind.LOOK], original_file=copy).cancel_all()
    CandidateSegment.objects.filter(original_file=copy).lock_in_order()
    proposed = CandidateSegment.objects.filter(original_file=copy, status=SegmentStatus.UNREVIEWED).exclude(run=None)
    untouched = CandidateSegment.objects.filter(pk__in=proposed.values("pk"), decisions=None, clips=None, children=None)
    requests.drop_files(list(untouched.values_list("pk", flat=True)))
    untouched.delete()
