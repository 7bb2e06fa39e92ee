"""Throws clips, videos, sessions and edits away, and brings them back.

What is in the bin is out of use at once: no page, search, job or share link shows it. Its files stay until the bin is
emptied (``clips.library.emptying``), so a restore changes rows only, with one UPDATE for each kind of row.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.archive.relocation import copies_follow
from clips.jobs import pipeline
from clips.library import bin_rights
from clips.library.bin_rights import BinError
from clips.models import (
    ArchiveCopy,
    BinEntry,
    BinKind,
    CandidateSegment,
    CopyState,
    FinalClip,
    Job,
    JobKind,
    KeptPart,
    OriginalFile,
    Preview,
    Reel,
    ReelClip,
    SharedCopy,
    Shoot,
    Upload,
    WaitsFor,
)
from clips.sorting.angle_groups import regroup_soon
from people.audit import Action, note
from people.models import Member

Rows = Iterable[Model | uuid.UUID] | QuerySet


@dataclass
class Pile:
    """The rows of one throw, locked; clips with all their versions, videos with their small copies."""

    shoots: list[uuid.UUID] = field(default_factory=list)
    videos: list[uuid.UUID] = field(default_factory=list)
    clips: list[uuid.UUID] = field(default_factory=list)
    reels: list[uuid.UUID] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.shoots or self.videos or self.clips or self.reels)

    @property
    def kind(self) -> BinKind:
        if self.shoots:
            return BinKind.SESSION
        if self.reels and not (self.videos or self.clips):
            return BinKind.EDIT
        return BinKind.VIDEO if self.videos else BinKind.CLIPS


@transaction.atomic
def throw_away(
    member: Member,
    *,
    clips: Rows = (),
    videos: Rows = (),
    shoots: Rows = (),
    reels: Rows = (),
    reason: str = "",
    key: uuid.UUID | None = None,
    with_clips: bool = False,
) -> BinEntry:
    """Move rows to the bin in one step; the same key again answers with the first one's entry.

    Parameters
    ----------
    clips, videos, shoots, reels : rows, their ids, or query sets
        A session takes all of its videos and clips along, an edit none. What is in the bin already is left out.
    with_clips : bool
        Whether the clips of the videos go, too; otherwise they stay in the library.

    Raises
    ------
    BinError
        If nothing is left to throw away, a video is still on its way into a session, or the key was used otherwise.
    NotAllowedError
        If the member may not throw away all of it.
    """
    fields = {"thrown_by": member, "thrown_by_name": member.username, "reason": reason.strip()[:200]}
    entry, is_new = BinEntry.objects.get_or_create(pk=key or uuid.uuid4(), defaults={"kind": BinKind.CLIPS, **fields})
    if not is_new:
        if entry.thrown_by_id != member.pk:
            raise BinError(_("This key was used for something else."))
        return entry
    pile = _hold(_ids(clips), _ids(videos), _ids(shoots), with_clips=with_clips)
    pile.reels = [reel.pk for reel in Reel.objects.in_use().filter(pk__in=_ids(reels)).hold()]
    if not pile:
        raise BinError(_("This is in the bin already."))
    bin_rights.check(member, shoots=pile.shoots, videos=pile.videos, clips=pile.clips, reels=pile.reels)
    described = _describe(pile)
    BinEntry.objects.filter(pk=entry.pk).update(kind=pile.kind, **described)
    _put_in(entry, pile)
    regroup_soon(*_shoots_of(pile))
    entry.refresh_from_db()
    note(Action.BINNED, entry, actor=member, kind=entry.kind, n_clips=entry.n_clips, n_videos=entry.n_videos)
    return entry


@transaction.atomic
def restore(entry: BinEntry, member: Member) -> bool:
    """Bring all of an entry back into use; False if it was restored before.

    Raises
    ------
    BinError
        If its files are being deleted, or what it belongs to is in the bin itself.
    NotAllowedError
        If the member neither threw it away nor curates.
    """
    bin_rights.check_restore(member, entry)
    entry = BinEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if entry.restored_at:
        return False
    if entry.emptying_at:
        raise BinError(_("This was deleted for good."))
    _check_places(entry)
    pile = Pile(*(list(rows.values_list("pk", flat=True)) for rows in (entry.shoots, entry.files, entry.clips)))
    for rows in (entry.shoots, entry.files, entry.clips, entry.reels):
        rows.all().hold()
    entry.shoots.update(bin_entry=None)
    entry.reels.update(bin_entry=None)
    entry.files.update(bin_entry=None)
    entry.clips.update(is_current=F("was_current"), was_current=False, removed_at=None, bin_entry=None)
    entry.note_restored(member)
    _go_on(pile)
    regroup_soon(*_shoots_of(pile))
    # A rider or trick that was renamed meanwhile renamed them, and left their copies where they were.
    renamed = FinalClip.objects.current().filter(pk__in=pile.clips, updated_at__gt=entry.thrown_at)
    copies_follow(renamed.order_by().values_list("pk", flat=True))
    note(Action.RESTORED, entry, actor=member, kind=entry.kind)
    return True


def _shoots_of(pile: Pile) -> set[uuid.UUID]:
    """Return the sessions whose moments are grouped with those of videos that go, or come back."""
    return set(OriginalFile.objects.filter(pk__in=pile.videos).order_by().values_list("shoot", flat=True))


def _ids(rows: Rows) -> list[uuid.UUID]:
    if isinstance(rows, QuerySet):
        return list(rows.order_by().values_list("pk", flat=True))
    return [row.pk if isinstance(row, Model) else row for row in rows]


def _hold(clips: list, videos: list, shoots: list, *, with_clips: bool) -> Pile:
    """Lock what goes, from the outside in: sessions, videos, clips."""
    held = [shoot.pk for shoot in Shoot.objects.in_use().filter(pk__in=shoots).hold()]
    if Upload.objects.unfinished().filter(shoot__in=held).exists():
        raise BinError(_("A video is still being uploaded to this session. Wait until it is here."))
    chosen = Q(shoot__in=held) | Q(pk__in=videos) | Q(low_res_of__in=videos)
    files = OriginalFile.objects.in_use().filter(chosen).hold() if held or videos else []
    of_files = Q(original_file__shoot__in=held)
    if with_clips:
        of_files |= Q(original_file__in=files)
    current = FinalClip.objects.current().filter(of_files | Q(pk__in=clips))
    lineages = list(current.order_by().values_list("lineage", flat=True))
    lineages += FinalClip.objects.filter(pk__in=clips, is_current=False).order_by().values_list("lineage", flat=True)
    alive = FinalClip.objects.current().filter(lineage__in=lineages).order_by().values_list("lineage", flat=True)
    return Pile(held, files, _hold_versions(list(alive)))


def _hold_versions(lineages: list[uuid.UUID]) -> list[uuid.UUID]:
    """Lock all versions of these clips, also one that somebody was just making."""
    rows = FinalClip.objects.filter(lineage__in=lineages, bin_entry=None)
    held = rows.hold() if lineages else []
    while held and rows.exclude(pk__in=held).exists():
        held = rows.hold()
    return held


def _describe(pile: Pile) -> dict[str, Any]:
    """Return what the entry says of its contents, as they are now."""
    files = OriginalFile.objects.filter(pk__in=pile.videos)
    clips = FinalClip.objects.filter(pk__in=pile.clips)
    main = files.filter(low_res_of=None)
    sizes = [
        files.on_disk().aggregate(n=Sum("size_bytes"))["n"],
        KeptPart.objects.filter(original_file__in=pile.videos).aggregate(n=Sum("size_bytes"))["n"],
        clips.aggregate(n=Sum("size_bytes"))["n"],
        SharedCopy.objects.filter(clip__in=pile.clips).aggregate(n=Sum("size_bytes"))["n"],
        Preview.objects.filter(segment__original_file__in=pile.videos).aggregate(n=Sum("size_bytes"))["n"],
    ]
    there = ArchiveCopy.objects.filter(state__in=[CopyState.SENDING, CopyState.VERIFIED]).exclude(remote_id="")
    n_clips = clips.current().count() + ReelClip.objects.filter(reel__in=pile.reels).count()
    n_videos = main.count()
    return {
        "title": _title(pile, n_clips, n_videos)[:300],
        "n_clips": n_clips,
        "n_videos": n_videos,
        "n_moments": CandidateSegment.objects.filter(original_file__in=pile.videos).shown().count(),
        "n_archived": there.filter(Q(clip__in=pile.clips) | Q(original_file__in=pile.videos)).count(),
        "size_bytes": sum(size or 0 for size in sizes),
    }


def _title(pile: Pile, n_clips: int, n_videos: int) -> str:
    """Return what pages call an entry: the name of the one thing in it, or how many there are."""
    if pile.shoots:
        shoots = list(Shoot.objects.filter(pk__in=pile.shoots)[:2])
        if len(pile.shoots) == 1:
            return shoots[0].name
        return _("%(n)d sessions") % {"n": len(pile.shoots)}
    if pile.videos:
        video = OriginalFile.objects.filter(pk__in=pile.videos).order_by("low_res_of", "pk").first()
        return str(video) if n_videos <= 1 else _("%(n)d videos") % {"n": n_videos}
    if pile.reels and not pile.clips:
        names = Reel.objects.filter(pk__in=pile.reels).values_list("name", flat=True)
        return names[0] if len(pile.reels) == 1 else _("%(n)d edits") % {"n": len(pile.reels)}
    if n_clips != 1:
        return ngettext("%(n)d clip", "%(n)d clips", n_clips) % {"n": n_clips}
    clip = FinalClip.objects.current().filter(pk__in=pile.clips).select_related("person", "trick").get()
    return " ".join(str(name) for name in (clip.person, clip.trick) if name) or clip.filename


def _put_in(entry: BinEntry, pile: Pile) -> None:
    Shoot.objects.filter(pk__in=pile.shoots).update(bin_entry=entry)
    Reel.objects.filter(pk__in=pile.reels).update(bin_entry=entry, **Reel.objects.unleased())
    OriginalFile.objects.filter(pk__in=pile.videos).update(bin_entry=entry)
    CandidateSegment.objects.filter(original_file__in=pile.videos).leave_hands()
    gone = {"was_current": F("is_current"), "is_current": False, "removed_at": timezone.now()}
    FinalClip.objects.filter(pk__in=pile.clips).update(**gone, bin_entry=entry)
    _jobs_of(pile).wait_in_bin()


def _jobs_of(pile: Pile) -> QuerySet:
    of_videos = Q(original_file__in=pile.videos) | Q(segment__original_file__in=pile.videos)
    wanted = (of_videos if pile.videos else Q(pk=None)) | (Q(clip__in=pile.clips) if pile.clips else Q(pk=None))
    return Job.objects.filter(wanted)


def _check_places(entry: BinEntry) -> None:
    """Raise BinError where what the rows belong to is in the bin itself, or where their name was given again."""
    others = BinEntry.objects.exclude(pk=entry.pk)
    if entry.files.filter(shoot__bin_entry__in=others).exists():
        raise BinError(_("Its session is in the bin. Restore that first."))
    if entry.clips.filter(original_file__shoot__bin_entry__in=others).exists():
        raise BinError(_("Its session is in the bin. Restore that first."))
    for shoot in entry.shoots.all():
        if Shoot.objects.in_use().filter(date=shoot.date, name_key=shoot.name_key).exists():
            says = _("%(date)s has a session called %(name)s again. Rename that one first.")
            raise BinError(says % {"date": shoot.date, "name": shoot.name})
    for reel in entry.reels.all():
        if Reel.objects.named(reel.name).exists():
            raise BinError(_("There is an edit called %(name)s again. Rename that one first.") % {"name": reel.name})


def _go_on(pile: Pile) -> None:
    """Resume the jobs that waited, and start those that clips lost on their way into the bin."""
    again = _jobs_of(pile).let_go_on(WaitsFor.BIN)
    transaction.on_commit(lambda: [pipeline.publish(job) for job in again])
    busy = Job.objects.active().filter(clip__in=pile.clips, kind__in=[JobKind.RENDER, JobKind.ARCHIVE]).values("clip")
    idle = FinalClip.objects.current().filter(pk__in=pile.clips).exclude(pk__in=busy)
    for clip in idle.filter(stored_path=""):
        pipeline.start(JobKind.RENDER, clip)
    for clip in idle.exclude(stored_path="").filter(copies=None):
        pipeline.start(JobKind.ARCHIVE, clip)
