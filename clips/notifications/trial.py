"""Sends a test notice to a channel at once, and says what came of it."""

from django.utils import timezone
from django.utils.translation import gettext as _

from clips.models import Notice, NoticeChannel, NoticeKind
from clips.notifications.delivery import Delivery, Outcome, deliver
from people.models import Member


def send_trial(channel: NoticeChannel, member: Member) -> Delivery:
    """Send a test notice in the name of a member, and return the answer."""
    words = {"title": _("Test notice"), "text": _("Sent by %(name)s.") % {"name": member}, "path": "/"}
    now = timezone.now()
    return deliver(Notice(kind=NoticeKind.DAILY, subject="trial", channel=channel, created_at=now, **words))


def has_arrived(delivery: Delivery) -> bool:
    return delivery.outcome == Outcome.ARRIVED


def said_of_trial(delivery: Delivery) -> str:
    """Return the sentence about a test notice."""
    said = _("Delivered. %(says)s") if has_arrived(delivery) else _("Not delivered, as far as known. %(says)s")
    return said % {"says": delivery.says}
