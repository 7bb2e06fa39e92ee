"""Makes the time-line of an edit or of clips for a video editor: which files it links, and which frames of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.archive.item import clip_folder_parts
from clips.media.pictures.named_frames import frame_on_screen
from clips.models import ArchiveCopy, CopyState, FinalClip, HandleCut, OriginalFile, Reel
from clips.models.clip import FinalClipQuerySet
from clips.models.reel import MAX_CLIPS
from clips.reels import handles
from clips.reels.contents import Entry, current_clips, entries_of, entries_of_clips
from clips.reels.handover_angles import LinkedFile, Tricks, with_angles
from clips.reels.timeline.model import (
    USUAL_RATE,
    USUAL_SIZE_PX,
    Cut,
    Marker,
    Media,
    Timeline,
    TimelineError,
    rate_that_suits,
    size_that_suits,
)

#: Of a ZIP: the clips beside the project file.
ZIP_FOLDER = "Media"
#: Where the cameras' files are looked for that no archive has.
CARD_FOLDER = "Originals"
#: What GoPro calls a moment that somebody marked while filming.
HILIGHT = "HiLight"


class Linked(TextChoices):
    """Files that a project links, by where they lie."""

    ZIP = "zip", _("Clips, in a ZIP with the project file")
    ARCHIVE = "archive", _("Clips in the archive folder")
    ORIGINALS = "originals", _("Original videos")


@dataclass(frozen=True)
class Handover:
    """A time-line, the clips of the edit that are not in it, each with the reason, and those cut with handles.

    ``angles`` are the lineages of clips whose files are linked because several cameras filmed the same.
    """

    timeline: Timeline
    left_out: tuple[str, ...]
    cuts: dict[UUID, HandleCut]
    angles: frozenset[UUID] = frozenset()


def hand_over(
    reel: Reel, linked: Linked, rate: Fraction | None = None, *, handle_ms: int = 0, has_angles: bool = False
) -> Handover:
    """Return the time-line of an edit, at the rate of most of its clips or at ``rate``.

    ``handle_ms`` links the clips as they are cut with handles of that length; those that are not, as they are.
    ``has_angles`` has other cameras of the same moments beside them.

    Raises
    ------
    TimelineError
        If none of its clips can be in it.
    """
    return _handed_over(reel.name, entries_of(reel), linked, rate, handle_ms, has_angles=has_angles)


def hand_over_clips(name: str, clips: FinalClipQuerySet, linked: Linked, rate: Fraction | None = None) -> Handover:
    """Return a time-line of clips, each whole, in their order.

    Raises
    ------
    TimelineError
        If none of them can be in it, or they are too many.
    """
    chosen = list(clips.values_list("lineage", flat=True)[: MAX_CLIPS + 1])
    if len(chosen) > MAX_CLIPS:
        raise TimelineError(_t("A project has at most %(n)d clips.") % {"n": MAX_CLIPS})
    there = current_clips(chosen)
    entries = entries_of_clips(there[lineage] for lineage in chosen if lineage in there)
    if not entries:
        raise TimelineError(_t("These clips are not in the library any more."))
    return _handed_over(name, entries, linked, rate)


def _handed_over(
    name: str,
    entries: list[Entry],
    linked: Linked,
    rate: Fraction | None,
    handle_ms: int = 0,
    *,
    has_angles: bool = False,
) -> Handover:
    shown = [(entry, entry.clip) for entry in entries if entry.clip]
    tricks = Tricks.of(clip for _entry, clip in shown) if has_angles else Tricks()
    files = _Files.of([*(clip for _entry, clip in shown), *tricks.all_clips], linked, handle_ms)
    cuts, clips, left_out = [], [], []
    for entry, clip in shown:
        if file := files.file_of(clip):
            cuts.append(_cut(entry, clip, file, files.video_of(clip)))
            clips.append(clip)
        else:
            left_out.append(f"{clip.filename}: {files.why_lacking(clip)}")
    if not cuts:
        raise TimelineError(left_out[0] if left_out else _t("There are no clips in this edit."))
    width_px, height_px = size_that_suits(tuple(cuts))
    rate = rate or rate_that_suits(tuple(cuts))
    timeline = Timeline(
        name, rate, width_px, height_px, tuple(with_angles(cuts, clips, tricks, files.file_of, rate))
    )  # fmt: skip
    linked_media = set(timeline.media)
    angles = {clip.lineage for clip in tricks.all_clips if (file := files.file_of(clip)) and file.media in linked_media}
    return Handover(timeline, tuple(left_out), files.with_handles, frozenset(angles))


@dataclass(frozen=True)
class _Files:
    """The files that are linked for clips."""

    linked: Linked
    facts: dict[UUID, "_Facts"]
    with_handles: dict[UUID, HandleCut]

    @classmethod
    def of(cls, clips: list[FinalClip], linked: Linked, handle_ms: int) -> "_Files":
        with_handles = handles.cuts_of(clips, handle_ms) if handle_ms else {}
        return cls(linked, _facts_of(clip.original_file_id for clip in clips), with_handles)

    def why_lacking(self, clip: FinalClip) -> str:
        """Return why nothing can be linked for a clip; empty where something can."""
        if clip.original_file.rate is None:
            return _t("its frame rate isn’t known")
        return "" if self.linked == Linked.ORIGINALS or clip.stored_path else _t("not cut yet")

    def video_of(self, clip: FinalClip) -> "_Video":
        """Return the video of a clip that lacks nothing."""
        original = clip.original_file
        return _Video(original, original.rate or USUAL_RATE, self.facts[original.pk])

    def file_of(self, clip: FinalClip) -> LinkedFile | None:
        if self.why_lacking(clip):
            return None
        video = self.video_of(clip)
        begins_with, media = _linked_file(clip, self.linked, video, self.with_handles.get(clip.pk))
        return LinkedFile(media, begins_with, video.facts.first_frame_ms)


@dataclass(frozen=True)
class _Facts:
    """Facts of a video from its probe and the archive."""

    first_frame_ms: int
    sound_rate_hz: int
    timecode_frame: int | None
    hilights_ms: tuple[int, ...]
    archived_as: str


def _facts_of(originals: Iterable[UUID]) -> dict[UUID, _Facts]:
    ids = set(originals)
    copies = ArchiveCopy.objects.filter(original_file__in=ids, state=CopyState.VERIFIED)
    archived = dict(copies.order_by("backend").values_list("original_file", "path"))
    wanted = ("start_ms", "audio_rate_hz", "timecode_frame", "hilights_ms")
    rows = OriginalFile.objects.filter(pk__in=ids).values("pk", *(f"probe__{name}" for name in wanted))
    return {row["pk"]: _facts(row, archived.get(row["pk"], "")) for row in rows}


def _facts(row: dict[str, Any], archived_as: str) -> _Facts:
    return _Facts(
        first_frame_ms=row["probe__start_ms"] or 0,
        sound_rate_hz=row["probe__audio_rate_hz"] or 48_000,
        timecode_frame=row["probe__timecode_frame"],
        hilights_ms=tuple(row["probe__hilights_ms"] or ()),
        archived_as=archived_as,
    )


@dataclass(frozen=True)
class _Video:
    """A video whose rate is known, and what of its frames can be said without its bytes."""

    row: OriginalFile
    rate: Fraction
    facts: _Facts

    def frame(self, at_ms: int) -> int:
        return frame_on_screen(at_ms, self.rate, self.facts.first_frame_ms)

    def media(self, path: str, first_frame: int, n_frames: int) -> Media:
        """Describe a file with a stretch of its frames; a clip takes its timecode over."""
        sides = (self.row.width_px or USUAL_SIZE_PX[0], self.row.height_px or USUAL_SIZE_PX[1])
        width_px, height_px = sides[::-1] if self.row.rotation_deg % 180 else sides
        timecode_frame = self.facts.timecode_frame
        return Media(
            path, self.rate, n_frames, width_px, height_px, bool(self.row.has_audio), self.facts.sound_rate_hz,
            0 if timecode_frame is None else timecode_frame + first_frame,
        )  # fmt: skip


def _cut(entry: Entry, clip: FinalClip, file: LinkedFile, video: _Video) -> Cut:
    """Return what an entry shows, in the frames of the file that is linked."""
    file_first, media = file.begins_with, file.media
    first = video.frame(entry.start_ms)
    last = min(video.frame(entry.end_ms), file_first + media.n_frames - 1)
    hilights = (video.frame(at_ms) for at_ms in video.facts.hilights_ms)
    rider, trick = str(clip.person or ""), str(clip.trick or "")
    return Cut(
        media=media,
        name=" · ".join(word for word in (rider, trick) if word) or media.name,
        first_frame=first - file_first,
        n_frames=max(1, last - first + 1),
        speed_percent=entry.row.speed,
        has_sound=entry.row.has_sound,
        title=entry.row.title,
        rider=rider,
        trick=trick,
        session=video.row.shoot.name,
        markers=tuple(Marker(frame - file_first, HILIGHT) for frame in hilights if first <= frame <= last),
    )


def _linked_file(clip: FinalClip, linked: Linked, video: _Video, wider: HandleCut | None) -> tuple[int, Media]:
    """Return the file that a cut of a clip is taken from, and which frame of the video it begins with."""
    if linked == Linked.ORIGINALS:
        length_ms = (video.row.duration_ms or 0) - video.facts.first_frame_ms
        path = video.facts.archived_as or f"{CARD_FOLDER}/{video.row.original_filename}"
        return 0, video.media(path, 0, max(1, round(length_ms * video.rate / 1000)))
    path = "/".join([*clip_folder_parts(clip), clip.filename])
    if linked == Linked.ZIP:
        path = f"{ZIP_FOLDER}/{path}"
    if wider and wider.n_frames:
        first = video.frame(wider.start_ms)
        return first, video.media(path, first, wider.n_frames)
    first, last = video.frame(clip.start_ms), video.frame(clip.end_ms)
    return first, video.media(path, first, last - first + 1)
