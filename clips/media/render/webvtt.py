"""Writes WebVTT cues that map each stretch of a video to its picture in a sprite."""

from collections.abc import Sequence
from itertools import pairwise


def thumbnail_cues(
    sprite_url: str,
    times_ms: Sequence[int],
    *,
    columns: int,
    tile_width_px: int,
    tile_height_px: int,
    duration_ms: int,
) -> str:
    """Return a WebVTT file with one cue for each picture of a sprite, from its time to the next one's.

    Parameters
    ----------
    sprite_url : str
        Of the sprite; players resolve it against the address of this file.
    times_ms : sequence of int
        When each picture was on screen, ascending. The first one's cue begins at 0:00 all the same.
    columns, tile_width_px, tile_height_px : int
        How the sprite is laid out, row by row.
    duration_ms : int
        Where the last cue ends.

    Notes
    -----
    The payload is the address with a spatial fragment of W3C Media Fragments URI 1.0, 4.2.2 (``#xywh=``, pixels), the
    convention of JW Player that Plyr, Shaka, Vidstack and Video.js's plug-ins read too.
    """
    bounds_ms = [0, *times_ms[1:], max(duration_ms, times_ms[-1] + 1)]
    blocks = ["WEBVTT"]
    for number, (begin_ms, end_ms) in enumerate(pairwise(bounds_ms)):
        row, column = divmod(number, columns)
        place = f"{column * tile_width_px},{row * tile_height_px},{tile_width_px},{tile_height_px}"
        blocks.append(f"{_timestamp(begin_ms)} --> {_timestamp(end_ms)}\n{sprite_url}#xywh={place}")
    return "\n\n".join(blocks) + "\n"


def _timestamp(time_ms: int) -> str:
    minutes, rest_ms = divmod(time_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest_ms // 1000:02}.{rest_ms % 1000:03}"
