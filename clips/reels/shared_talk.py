"""What the page of a link shows of reactions and comments: those on its edit and on the clips that it shows."""

from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from clips.models import CollectionLink, GuestComments, Speaker, Subject
from clips.reels import sharing
from clips.reels.contents import Entry
from clips.talk import thread
from clips.talk.forms import new_key


def thread_of(link: CollectionLink, secret: str, speaker: Speaker, entries: list[Entry]) -> thread.Thread:
    """Return what the page of a link shows of its edit and its clips, in a fixed number of queries."""
    of_clip = {entry.clip.lineage: entry.clip for entry in entries if entry.clip}
    whole = [Subject(reel_id=link.reel_id)] if link.reel_id else []
    subjects = [*whole, *(Subject(lineage=lineage) for lineage in of_clip)]
    first = subjects[0] if subjects else Subject()
    rows = [one.comment for one in thread.said_about(*subjects, speaker=speaker)]
    return thread.Thread(
        taps=thread.taps(first, speaker, reverse("clips:shared_many_react", args=[secret]), about=first.lineage),
        said=[
            thread.seen_by(
                row, speaker, is_public=speaker.member is None, clip=of_clip.get(row.lineage),
                delete_url=reverse("clips:shared_many_comment_delete", args=[secret, row.pk]),
            )
            for row in rows
        ],
        comment_url=reverse("clips:shared_many_comment", args=[secret]),
        key=new_key(),
        is_guest=speaker.member is None,
        waits=speaker.member is None and link.guest_comments == GuestComments.WAIT,
        clips=list(of_clip.values()),
        has_whole=bool(link.reel_id),
        reactions_url="" if link.reel_id else reactions_url(secret),
    )  # fmt: skip


def reactions_to(link: CollectionLink, secret: str, subject: Subject, speaker: Speaker) -> thread.Thread:
    """Return the reactions to one thing alone."""
    url = reverse("clips:shared_many_react", args=[secret])
    return thread.Thread(
        taps=thread.taps(subject, speaker, url, about=subject.lineage),
        said=[],
        comment_url="",
        key=new_key(),
        reactions_url="" if link.reel_id else reactions_url(secret),
    )


def reactions_url(secret: str) -> str:
    """Return where the reactions to a clip are asked for, but for its lineage at the end."""
    return f"{reverse('clips:shared_many', args=[secret])}/reactions/"


def subject_of(link: CollectionLink, lineage: UUID | None) -> Subject:
    """Return what is talked about: one of the clips of a link, or its edit."""
    if lineage is None and link.reel_id:
        return Subject(reel_id=link.reel_id)
    if lineage is None or not sharing.clips_shown(link).filter(lineage=lineage).exists():
        raise Http404(_("This clip was removed."))
    return Subject(lineage=lineage)
