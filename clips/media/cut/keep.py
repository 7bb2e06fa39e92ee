"""Measures which bytes of a camera file its kept spans need, and proves that clips cut from these alone are the same.

A trimmed video keeps bytes at their places and not clips: a clip that is cut from a clip has its sound, its times and
its metadata rounded twice, and is another file than the one that was cut before.
"""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.cut.clip import cut, find_span
from clips.media.cut.kept_file import Range, merged, total_bytes, unpack, without
from clips.media.formats.opening import open_media, picture_stream
from clips.media.mp4 import edit_lists
from clips.media.mp4.boxes import top_level
from clips.media.pictures.frame_times import Span
from clips.media.timestamps import time_base_of

#: FFmpeg reads the beginning to learn what each track holds: 5 MB, or 5 seconds where that is less.
_OPENING_BYTES, _OPENING_S = 6 * 1024**2, 6
#: A cut reads from this much before its keyframe, see ``packet_selection``; other tracks lead by two packets.
_LEAD_S, _LEAD_BESIDE_S = Fraction(3, 10), 1
#: Decoders read some pictures ahead, in several threads.
_BEHIND_S = 1
#: Telemetry stays as a whole, unless it is a maker's own debugging that takes more of the file than this.
_MOST_TELEMETRY = Fraction(3, 100)
#: Samples that lie so close are kept with what is between them: a range costs as much in the list.
_GAP_BYTES = 64
_BLOCK_BYTES = 1024**2
NO_INDEX = "Only MP4 and QuickTime files with one index can be trimmed."
IN_PIECES = "This video was joined from several pieces, so it cannot be trimmed."
NOT_THE_SAME = "Clips cut from what would be left differ from those cut from the whole video, so it is not trimmed."


@dataclass(frozen=True)
class _Track:
    """The samples of one track in the order in which they are decoded."""

    stream: Stream
    times: list[int]
    ranges: list[Range]
    keyframes: list[int]

    def between(self, from_s: Fraction, to_s: Fraction) -> list[Range]:
        """Return the samples from the keyframe at or before one time to another time."""
        tick_s = time_base_of(self.stream)
        at = bisect_right(self.times, floor(from_s / tick_s))
        key = bisect_right(self.keyframes, max(0, at - 1))
        first = self.keyframes[key - 1] if key else 0
        return self.ranges[first : bisect_right(self.times, floor(to_s / tick_s))]

    def opening(self) -> list[Range]:
        """Return the samples that FFmpeg may read when it opens the file."""
        found, n_bytes = [], 0
        for time, one in zip(self.times, self.ranges, strict=True):
            if (time - self.times[0]) * time_base_of(self.stream) > _OPENING_S or n_bytes > _OPENING_BYTES:
                break
            found.append(one)
            n_bytes += one[1]
        return found


def measure(source: str, spans_ms: list[list[int]]) -> dict[str, Any]:
    """Return which bytes of a file are needed to cut any clip within some spans.

    Parameters
    ----------
    source : str
        A camera file.
    spans_ms : list of [int, int]
        Where each span begins and ends, as clips count.

    Returns
    -------
    dict
        ``frame``: ranges of bytes, as offset and length, that every span needs: all that is no picture and no sound.
        ``spans``: for each span its own ranges beside these.

    Raises
    ------
    MediaError
        If clips of such a file cannot be cut from a part of its bytes.
    """
    with open_media(source) as container:
        picture = _trimmable(container)
        tracks = [track for stream in container.streams if (track := _track(stream))]
        head = _beside_media(Path(source))
        telemetry = [track for track in tracks if track.stream.type not in {"video", "audio"}]
        size_bytes = Path(source).stat().st_size
        if sum(total_bytes(track.ranges) for track in telemetry) > size_bytes * _MOST_TELEMETRY:
            telemetry = []
        frame = [*head, *(one for track in telemetry for one in track.ranges)]
        frame = merged([*frame, *(one for track in tracks for one in track.opening())], gap=_GAP_BYTES)
        spans = []
        for start_ms, end_ms in spans_ms:
            span = find_span(container, picture, Fraction(0), start_ms, end_ms)
            needed = [one for track in tracks for one in _needed(track, picture, span)]
            spans.append(without(merged(needed, gap=_GAP_BYTES), frame))
    return {"frame": frame, "spans": spans}


def prove(source: str, frame_path: str, parts: list[dict[str, Any]], folder: str) -> int:
    """Cut clips from a video and from what is kept of it, and compare them byte by byte; return how many.

    Parameters
    ----------
    source : str
        The whole file.
    frame_path : str
        Its packed frame.
    parts : list of dict
        For each span ``path`` of its packed file, and ``clips_ms``: where clips to compare begin and end.
    folder : str
        For files in between.

    Raises
    ------
    MediaError
        If one differs, or cannot be cut.
    """
    left, first, second = (Path(folder) / name for name in ("left", "first", "second"))
    n_same = 0
    for part in parts:
        unpack([Path(frame_path), Path(part["path"])], left)
        for start_ms, end_ms in part["clips_ms"]:
            facts = [cut(str(whole), str(out), start_ms, end_ms) for whole, out in ((source, first), (left, second))]
            if facts[0] != facts[1] or not _are_same(first, second):
                raise MediaError(NOT_THE_SAME)
            n_same += 1
        for path in (left, first, second):
            path.unlink(missing_ok=True)
    return n_same


def _trimmable(container: InputContainer) -> VideoStream:
    """Return the picture of a file whose index says where each sample lies; MediaError for others."""
    if type(container) is not InputContainer or "mov" not in container.format.name:
        raise MediaError(NO_INDEX)
    picture = picture_stream(container)
    if len(edit_lists.pieces(container, picture)) > 1:
        raise MediaError(IN_PIECES)
    return picture


def _track(stream: Stream) -> _Track | None:
    entries = list(stream.index_entries)
    if not entries or stream.time_base is None:
        return None
    times = [entry.timestamp for entry in entries]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise MediaError(IN_PIECES)
    keyframes = [place for place, entry in enumerate(entries) if entry.is_keyframe]
    return _Track(stream, times, [(entry.pos, entry.size) for entry in entries], keyframes)


def _beside_media(path: Path) -> list[Range]:
    """Return all of an MP4 but what its ``mdat`` boxes hold; MediaError for one in fragments."""
    found: list[Range] = []
    with path.open("rb") as file:
        size_bytes, start = file.seek(0, 2), 0
        for box in top_level(file):
            if box.kind == b"moof":
                raise MediaError(NO_INDEX)
            end = box.body if box.kind == b"mdat" else min(box.end, size_bytes)
            found.append((start, end - start))
            start = box.end
        if start < size_bytes:
            found.append((start, size_bytes - start))
    return found


def _needed(track: _Track, picture: VideoStream, span: Span) -> list[Range]:
    until_s = span.end_s + _BEHIND_S
    if track.stream.type == "video":
        begins_s = min(span.first.seek_to, span.first.keyframe_pts) * span.time_base
        return track.between(begins_s - _LEAD_S, until_s)
    return track.between(min(span.start_s, span.first.keyframe_pts * span.time_base) - _LEAD_BESIDE_S, until_s)


def _are_same(first: Path, second: Path) -> bool:
    with first.open("rb") as one, second.open("rb") as other:
        while (block := one.read(_BLOCK_BYTES)) == other.read(_BLOCK_BYTES):
            if not block:
                return True
    return False
