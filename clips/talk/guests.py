"""Knows guests of a share link again by a cookie of that link, and limits how much is said in a short time.

The limits are those of failed logins. An address is not kept: a mark tells it from others for a day, and goes then.
"""

import datetime as dt
import hashlib
import hmac
import uuid
from math import ceil

from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from clips.models import CollectionLink, Comment, Reaction, Speaker
from people.models import Role
from people.throttle import COOL_OFF, LIMITS, address_key

#: In that time: comments of one address, its reactions, and either of all addresses together. Of one link.
MOST_COMMENTS, MOST_REACTIONS, MOST_OF_ALL = LIMITS
KNOWN_FOR_S = 30 * 24 * 3600
SENDER_LASTS = dt.timedelta(days=1)
SALT = "guest of a link"


class TooManyError(Exception):
    """Too much was said from one address, or on one link; it can be said after so many seconds."""

    def __init__(self, after_s: int) -> None:
        super().__init__(after_s)
        self.after_s = after_s
        self.after_min = ceil(after_s / 60)


def speaker_of(request: HttpRequest, link: CollectionLink) -> Speaker:
    """Return who looks at the page of a link: a member, or a guest, who may have said something here before."""
    if request.user.is_authenticated and request.user.may(Role.VIEWER):
        return Speaker(member=request.user)
    known = request.get_signed_cookie(_cookie(link), default="", salt=SALT, max_age=KNOWN_FOR_S)
    return Speaker(guest=uuid.UUID(known) if known else None, link=link)


def introduced(speaker: Speaker) -> Speaker:
    """Return a speaker who says something now: a guest that nobody knew gets an id."""
    if speaker.member or speaker.guest:
        return speaker
    return Speaker(guest=uuid.uuid4(), link=speaker.link)


def remember(response: HttpResponseBase, request: HttpRequest, speaker: Speaker, path: str) -> None:
    """Let a guest's browser keep who they are on this link, so that what they said stays theirs."""
    if speaker.guest and speaker.link:
        response.set_signed_cookie(
            _cookie(speaker.link), str(speaker.guest), salt=SALT, max_age=KNOWN_FOR_S, path=path, httponly=True,
            samesite="Lax", secure=request.is_secure(),
        )  # fmt: skip


def sender_of(request: HttpRequest) -> str:
    """Return the mark of a request's address: another one each day, from which no address is read back."""
    said = f"{timezone.now().date()} {address_key(request)}"
    return hmac.new(settings.SECRET_KEY.encode(), said.encode(), hashlib.sha256).hexdigest()[:32]


def hold(link: CollectionLink) -> CollectionLink:
    """Lock a link until the transaction ends, so that requests at the same time are counted one after the other."""
    return CollectionLink.objects.select_for_update(no_key=True, of=("self",)).get(pk=link.pk)


def check_comments(link: CollectionLink, sender: str) -> CollectionLink:
    """Return the link, as it is now, if a guest may write a comment; TooManyError otherwise."""
    held = hold(link)
    _check(Comment.objects.filter(link=link), sender, MOST_COMMENTS)
    return held


def check_reactions(link: CollectionLink, sender: str) -> None:
    """Raise TooManyError if a guest may give no reaction now."""
    hold(link)
    _check(Reaction.objects.filter(link=link), sender, MOST_REACTIONS)


def forget_senders() -> int:
    """Forget the marks of addresses after a day; return how many there were."""
    old = {"created_at__lt": timezone.now() - SENDER_LASTS}
    rows = (Comment.objects.filter(**old), Reaction.objects.filter(**old))
    return sum(each.exclude(sender="").update(sender="") for each in rows)


def _check(rows: models.QuerySet, sender: str, most: int) -> None:
    lately = rows.filter(created_at__gt=timezone.now() - COOL_OFF)
    for said, limit in ((lately.filter(sender=sender), most), (lately, MOST_OF_ALL)):
        times = list(said.order_by("-created_at").values_list("created_at", flat=True)[:limit])
        if len(times) == limit:
            raise TooManyError(max(1, ceil((times[-1] + COOL_OFF - timezone.now()).total_seconds())))


def _cookie(link: CollectionLink) -> str:
    return f"guest-{link.pk.hex[:12]}"
