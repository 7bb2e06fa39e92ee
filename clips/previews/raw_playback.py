"""Chooses how a browser plays a whole video: as it is, as the camera's small copy, or as pieces made on demand."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from django.urls import reverse

from clips.models import OriginalFile
from clips.previews.playback import HEARD_CODECS, HEARD_PCM, PLAYABLE_CODECS, PLAYABLE_PIXELS

#: Cameras write MP4 and QuickTime under these endings; browsers play no other container that cameras write.
DIRECT_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".lrv", ".lrf", ".insv", ".360"})
#: What is sent as it is must fit through a crew's line; cameras write 45 to 130 Mbit/s of H.264, editors 200 and more.
MOST_BITS_PER_SECOND = 140_000_000
#: A browser decodes each frame, also those that no screen shows: 4K at 60 of H.264, or 1080p at 240.
MOST_PIXELS_PER_SECOND = 3840 * 2160 * 61
#: A browser counts from timestamp 0, as rows do; it does not wait for a picture that comes much later.
LATEST_START_MS = 1_000


class Way(StrEnum):
    """Ways in which a browser gets a video."""

    #: By ranges of the camera's file.
    ORIGINAL = "original"
    #: By ranges of the small copy that the camera wrote beside it.
    SMALL_COPY = "small-copy"
    #: As pieces of a low rate that a worker makes around where somebody looks.
    PIECES = "pieces"
    #: As a small video of keyframes, which is left of it since it was trimmed.
    GLANCE = "glance"
    #: It was removed from this disk, and so was its small copy, or there is none.
    REMOVED = "removed"
    #: It was not read yet, or cannot be.
    UNREAD = "unread"


@dataclass(frozen=True)
class RawSource:
    """Source of a video for a player; ``url`` is empty where it has none, ``plays`` is the row that is sent."""

    way: Way
    url: str = ""
    plays: OriginalFile | None = None

    @property
    def is_whole(self) -> bool:
        """Return whether a plain video element plays it."""
        return self.way in {Way.ORIGINAL, Way.SMALL_COPY, Way.GLANCE}


def raw_source(original: OriginalFile) -> RawSource:
    """Return how browsers play a video; costs a query for its small copy where it does not play as it is."""
    if original.duration_ms is None:
        return RawSource(Way.UNREAD if original.evicted_at is None else Way.REMOVED)
    if original.evicted_at is None and plays_directly(original):
        return RawSource(Way.ORIGINAL, _address(original), original)
    copy = original.low_res_source()
    if copy is not None and copy.bin_entry_id is None and copy.evicted_at is None and plays_directly(copy):
        return RawSource(Way.SMALL_COPY, _address(copy), copy)
    if original.trimmed_at is not None and original.kept_parts.videos().exists():
        return RawSource(Way.GLANCE, reverse("clips:raw_glance", args=[original.pk]))
    if original.evicted_at is not None:
        return RawSource(Way.REMOVED)
    return RawSource(Way.PIECES)


def plays_directly(original: OriginalFile) -> bool:
    """Return whether browsers play a file as the camera wrote it, as far as was read from it."""
    facts = original.probe
    return (
        original.codec in PLAYABLE_CODECS
        and facts.get("pix_fmt") in PLAYABLE_PIXELS
        and PurePath(original.original_filename).suffix.lower() in DIRECT_SUFFIXES
        and not facts.get("flip")  # a mirror image is shown as it was coded
        and (facts.get("start_ms") or 0) <= LATEST_START_MS
        and _is_heard(facts.get("audio_codec"))
        and not _is_too_much(original)
    )


def _is_heard(sound: str | None) -> bool:
    return not sound or sound in HEARD_CODECS or sound.startswith(HEARD_PCM)


def _is_too_much(original: OriginalFile) -> bool:
    if not (original.duration_ms and original.width_px and original.height_px):
        return True
    bits_per_second = 8_000 * original.size_bytes / original.duration_ms
    pixels_per_second = original.width_px * original.height_px * (original.rate or 60)
    return bits_per_second > MOST_BITS_PER_SECOND or pixels_per_second > MOST_PIXELS_PER_SECOND


def _address(original: OriginalFile) -> str:
    return reverse("clips:raw_file", args=[original.pk])
