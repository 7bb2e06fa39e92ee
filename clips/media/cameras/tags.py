"""Adapts a file's tags to a clip that begins later in it."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction

#: FFmpeg writes these itself, or they are no longer true of a part.
_DROPPED = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration"})
_CREATION = "creation_time"
#: Apple's has the offset of the place in it, and stays when a phone exports a copy later.
_TIMES = (_CREATION, "com.apple.quicktime.creationdate")


def of_part(tags: Mapping[str, str], start_s: Fraction, recorded_at: str | None) -> dict[str, str]:
    """Return the tags of a clip that begins ``start_s`` after the start of the tagged file.

    Parameters
    ----------
    tags : mapping of str to str
        As FFmpeg gives them.
    start_s : Fraction
        Seconds.
    recorded_at : str or None
        ISO 8601: when the recording truly began, where the camera's clock was wrong.
    """
    kept = {name: value for name, value in tags.items() if name not in _DROPPED}
    for name in _TIMES:
        if name in kept:
            kept[name] = _later(_corrected(kept[name], recorded_at), start_s)
    return kept


def creation_time(recorded_at: str, start_s: Fraction) -> dict[str, str]:
    """Return the creation time tag for a clip of a file that has none."""
    moment = datetime.fromisoformat(recorded_at)
    moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return {_CREATION: _later(moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), start_s)}


def _corrected(moment: str, recorded_at: str | None) -> str:
    """Write ``recorded_at`` in the form of ``moment``: with its offset and the same precision."""
    if recorded_at is None:
        return moment
    with contextlib.suppress(ValueError):
        said, true = datetime.fromisoformat(moment), datetime.fromisoformat(recorded_at)
        true = true.replace(tzinfo=true.tzinfo or UTC).astimezone(said.tzinfo or UTC)
        return _written_like(moment, true)
    return moment


def _later(moment: str, by_s: Fraction) -> str:
    try:
        moved = datetime.fromisoformat(moment) + timedelta(microseconds=round(by_s * 1_000_000))
    except (ValueError, OverflowError):
        return moment  # not a time that we can read; what the camera wrote is better than nothing
    return _written_like(moment, moved)


def _written_like(example: str, moment: datetime) -> str:
    text = moment.isoformat(timespec="microseconds" if "." in example else "seconds")
    return text.replace("+00:00", "Z") if example.endswith("Z") else text
