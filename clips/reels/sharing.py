"""Links to edits, sessions and selected clips: what such a link shows now, and what of it plays already."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.media.formats.suffixes import MEDIA_TYPES, ending_of
from clips.models import (
    CollectionLink,
    FinalClip,
    GuestComments,
    Job,
    JobKind,
    JobState,
    Reel,
    ReelClip,
    ReelRender,
    Shoot,
)
from clips.models.clip import FinalClipQuerySet
from clips.models.collection_link import MAX_LINEAGES
from clips.previews.playback import Source, copy_at_speed, is_playable, lacks_copy
from clips.reels import rendering
from clips.reels.contents import Entry, current_clips, entries_of, entries_of_clips
from clips.sharing import links
from clips.sharing.links import NotSharableError
from people.audit import Action, note
from people.models import Member

#: Copies that opening a page asks for.
COPIES_AT_ONCE = 24


@dataclass(frozen=True)
class Wish:
    """What somebody chose for a link."""

    days: int = 0
    password: str = ""
    may_download: bool = True
    title: str = ""
    guest_comments: GuestComments = GuestComments.OFF


@dataclass(frozen=True)
class SharedFile:
    """The file of a clip that every browser plays."""

    stored_path: str
    media_type: str
    save_as: str


def make_link(member: Member, wish: Wish, *, of: Reel | Shoot | Iterable[UUID]) -> tuple[CollectionLink, str]:
    """Make a link to an edit, a session or lineages of clips; return it and its secret, shown only here.

    Raises
    ------
    NotSharableError
        If there is nothing to show, or too much.
    """
    shows: dict[str, object] = {"title": wish.title, "guest_comments": wish.guest_comments}
    match of:
        case Reel():
            shows["reel"] = of
        case Shoot():
            shows["shoot"] = of
        case _:
            shows["lineages"] = list(dict.fromkeys(of))
            if not shows["lineages"]:
                raise NotSharableError(_("These clips are not in the library any more."))
            if len(shows["lineages"]) > MAX_LINEAGES:
                raise NotSharableError(_("A link shows at most %(n)d clips.") % {"n": MAX_LINEAGES})
    ends_at = timezone.now() + timedelta(days=wish.days) if wish.days else None
    with transaction.atomic():
        link, secret = CollectionLink.objects.issue(
            member=member, ends_at=ends_at, password=wish.password, may_download=wish.may_download, **shows
        )
        note(Action.SHARED, link.reel or link.shoot or link, link=link.pk, ends=ends_at)
    want_copies([entry.clip for entry in entries_shown(link)])
    return link, secret


def end_link(link: CollectionLink) -> None:
    """Revoke a link; one that expired already stays expired."""
    with transaction.atomic():
        link.end()
        note(Action.UNSHARED, link.reel or link.shoot or link, link=link.pk)


def clips_shown(link: CollectionLink) -> FinalClipQuerySet:
    """Return the clips that a link shows now, in no order."""
    current = FinalClip.objects.current()
    if link.shoot_id:
        return current.filter(original_file__shoot=link.shoot_id)
    if link.reel_id:
        return current.filter(lineage__in=ReelClip.objects.filter(reel=link.reel_id).values("lineage"))
    return current.filter(lineage__in=link.lineages)


def entries_shown(link: CollectionLink) -> list[Entry]:
    """Return what a link shows now, in its order; clips in the bin are left out."""
    if link.reel:
        return [entry for entry in entries_of(link.reel) if entry.clip]
    lineages = link.lineages
    if link.shoot_id:
        by_time = F("original_file__recorded_at").asc(nulls_last=True)
        lineages = list(clips_shown(link).order_by(by_time, "start_ms", "pk").values_list("lineage", flat=True))
    clips = current_clips(lineages)
    return entries_of_clips(clips[lineage] for lineage in lineages if lineage in clips)


def public_entries(link: CollectionLink, secret: str) -> list[Entry]:
    """Return what a link shows with the addresses under which it plays; no source while it does not."""
    return [replace(entry, source=_public_source(entry, secret)) for entry in entries_shown(link)]


def file_of(clip: FinalClip) -> SharedFile | None:
    """Return the file of a clip that every browser plays: the clip itself, or its share video; None if neither is."""
    if clip.stored_path and is_playable(clip):
        return SharedFile(clip.stored_path, MEDIA_TYPES[ending_of(clip.filename)], clip.filename)
    copy = copy_at_speed(clip)
    return SharedFile(copy.stored_path, "video/mp4", copy.save_as) if copy and copy.stored_path else None


def films_of(link: CollectionLink) -> list[ReelRender]:
    """Return the finished films of the edit that a link shows."""
    return rendering.ready_renders(link.reel) if link.reel else []


def want_copies(clips: Iterable[FinalClip | None]) -> None:
    """Request share videos of clips that browsers do not play, a few at a time."""
    lacking = [clip for clip in clips if clip and lacks_copy(clip)]
    jobs = Job.objects.filter(clip__in=lacking, kind=JobKind.SHARE)
    asked = set(jobs.exclude(state=JobState.DONE).values_list("clip", flat=True))
    for clip in [clip for clip in lacking if clip.pk not in asked][:COPIES_AT_ONCE]:
        links.want_playable(clip, priority=links.ASKED)


def failed_copies(clips: Iterable[FinalClip | None]) -> set[UUID]:
    """Return those of these clips whose share video failed or was cancelled, and is not being made again."""
    jobs = Job.objects.filter(clip__in=[clip for clip in clips if clip], kind=JobKind.SHARE)
    newest = jobs.order_by("clip_id", "-created_at").distinct("clip_id").values_list("clip", "state")
    return {clip for clip, state in newest if state in {JobState.FAILED, JobState.CANCELLED}}


def _public_source(entry: Entry, secret: str) -> Source | None:
    clip = entry.clip
    if clip is None or file_of(clip) is None:
        return None
    address = reverse("clips:shared_many_clip", args=[secret, clip.lineage])
    return Source(address, clip.start_ms, 0, clip.duration_ms / 1000, False)
