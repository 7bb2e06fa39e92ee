"""Decides who may throw what away: sorters what they kept or uploaded themselves, curators anything."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from clips.models import BinEntry, FinalClip, OriginalFile, Reel, Shoot
from people.models import Member, Role


class BinError(Exception):
    """It cannot be thrown away or restored. The text is one sentence."""


class NotAllowedError(BinError):
    """The member may not do this. The text is one sentence."""


def own(member: Member, rows: QuerySet) -> QuerySet:
    """Return those of these clips, videos, sessions or edits that a member may throw away."""
    if member.may(Role.CURATOR):
        return rows
    if not member.may(Role.SORTER):
        return rows.none()
    return rows.filter(_own(member, rows.model))


def may_throw_away(member: Member, thing: FinalClip | OriginalFile | Shoot | Reel) -> bool:
    """Return whether a member may throw one clip, video, session or edit away."""
    if member.may(Role.CURATOR):
        return True  # of the row that is at hand, no query need ask
    return own(member, type(thing).objects.filter(pk=thing.pk)).exists()


def may_restore(member: Member, entry: BinEntry) -> bool:
    """Return whether a member may restore an entry: their own, and curators any."""
    return member.may(Role.CURATOR) or (member.may(Role.SORTER) and entry.thrown_by_id == member.pk)


def may_delete_now(member: Member) -> bool:
    """Return whether a member may empty the bin before its time."""
    return member.may(Role.CURATOR)


def check(
    member: Member,
    *,
    shoots: Collection[UUID],
    videos: Collection[UUID],
    clips: Collection[UUID],
    reels: Collection[UUID] = (),
) -> None:
    """Raise NotAllowedError unless a member may throw all of these away; ``clips`` with their earlier versions."""
    if member.may(Role.CURATOR):
        return
    if not member.may(Role.SORTER):
        raise NotAllowedError(_("Your role does not allow this. Ask an admin of your crew."))
    current = FinalClip.objects.current().filter(pk__in=clips)
    if current.exclude(_own(member, FinalClip)).exists():
        raise NotAllowedError(_("Some of these clips were kept by others. Ask a curator."))
    if OriginalFile.objects.filter(pk__in=videos).exclude(uploader=member).exists():
        raise NotAllowedError(_("Some of these videos were uploaded by others. Ask a curator."))
    if Shoot.objects.filter(pk__in=shoots).exclude(_own(member, Shoot)).exists():
        raise NotAllowedError(_("Others uploaded to this session. Ask a curator."))
    if Reel.objects.filter(pk__in=reels).exclude(made_by=member).exists():
        raise NotAllowedError(_("Somebody else made this edit. Ask a curator."))


def check_restore(member: Member, entry: BinEntry) -> None:
    """Raise NotAllowedError unless a member may restore an entry."""
    if not may_restore(member, entry):
        raise NotAllowedError(_("Only who threw it away and curators can restore this."))


def _own(member: Member, model: type) -> Q:
    """Return the condition that a row is a sorter's own; a session is if all in it is, or if it is empty."""
    match model.__name__:
        case "FinalClip":
            return Q(created_by=member)
        case "OriginalFile":
            return Q(uploader=member)
        case "Reel":
            return Q(made_by=member)
    others = OriginalFile.objects.filter(shoot=OuterRef("pk")).exclude(uploader=member)
    clips = FinalClip.objects.current().filter(original_file__shoot=OuterRef("pk")).exclude(created_by=member)
    return ~Exists(others) & ~Exists(clips)
