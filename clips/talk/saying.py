"""Says something to a clip or an edit: gives reactions, writes comments, lets those of guests through, deletes them."""

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from clips.models import Comment, CommentState, GuestComments, Reaction, Speaker, Subject
from clips.talk import guests
from people.audit import Action, note
from people.models import Member


class TalkError(Exception):
    """What somebody wants to say cannot be taken as it is. The text is one sentence."""


class NotYoursError(Exception):
    """Somebody may not delete a comment, or let it through. The text is one sentence."""


@transaction.atomic
def react(subject: Subject, kind: str, speaker: Speaker, *, wanted: bool | None = None, sender: str = "") -> bool:
    """Give a reaction or take it away; return whether the speaker has given it now.

    Parameters
    ----------
    wanted : bool, optional
        Whether it shall be given; by default it is, unless it was already.

    Raises
    ------
    clips.talk.guests.TooManyError
        If a guest gave too many.
    """
    if wanted is not True and (Reaction.objects.take_away(subject, kind, speaker) or wanted is False):
        return False
    if speaker.link:
        guests.check_reactions(speaker.link, sender)
    Reaction.objects.give(subject, kind, speaker, sender)
    return True


@transaction.atomic
def say(
    subject: Subject, text: str, speaker: Speaker, *, key: uuid.UUID, name: str = "", sender: str = ""
) -> tuple[Comment, bool]:
    """Write a comment; return it, and whether it is new: the same key again writes no other.

    A guest's waits, if the link says so, until a curator or who made the link lets it through.

    Raises
    ------
    TalkError
        If the key stands for another comment.
    clips.talk.guests.TooManyError
        If a guest wrote too many.
    """
    if speaker.link:
        guests.hold(speaker.link)  # of two requests with one key the second finds the comment of the first
    elif speaker.member:
        Member.objects.select_for_update(no_key=True, of=("self",)).get(pk=speaker.member.pk)
    if earlier := Comment.objects.filter(pk=key).first():
        if (earlier.text, earlier.lineage, earlier.reel_id) != (text, subject.lineage, subject.reel_id):
            raise TalkError(_("This comment was sent before. Reload the page."))
        return earlier, False
    if speaker.link is None and speaker.member:
        who = {"member": speaker.member, "name": speaker.member.username}
    else:
        link = guests.check_comments(speaker.link, sender)
        waits = link.guest_comments == GuestComments.WAIT
        who = {"is_guest": True, "guest": speaker.guest, "link": link, "name": name, "sender": sender}
        who["state"] = CommentState.WAITING if waits else CommentState.SHOWN
    return Comment.objects.create(pk=key, text=text, **who, **subject.columns), True


@transaction.atomic
def let_through(comment: Comment, member: Member) -> bool:
    """Show a guest's comment to everybody; False if it was shown or deleted meanwhile."""
    if not comment.may_be_let_through_by(member):
        raise NotYoursError(_("Only curators and who made the link let comments through."))
    was_waiting = comment.let_through()
    if was_waiting:
        note(Action.LET_THROUGH, comment, **_whereabouts(comment))
    return was_waiting


@transaction.atomic
def delete(comment: Comment, speaker: Speaker) -> None:
    """Delete a comment for good; the audit trail keeps which member did, and not what it said."""
    if not comment.may_be_deleted_by(speaker):
        raise NotYoursError(_("Only its author and curators can delete a comment."))
    was_there = Comment.objects.filter(pk=comment.pk).delete()[0]
    if was_there and speaker.member:  # of a guest the trail would keep the address
        note(Action.DELETED, comment, **_whereabouts(comment))


def _whereabouts(comment: Comment) -> dict[str, object]:
    """Return what the audit trail keeps of a comment beside its time: what it was about, and whose it was."""
    return {
        "clip": comment.lineage,
        "edit": comment.reel_id,
        "of": "guest" if comment.is_guest else comment.member_id,
        "link": comment.link_id,
    }
