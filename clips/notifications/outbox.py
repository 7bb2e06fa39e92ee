"""Sends the notices in the outbox: one sender per notice, retried after failures, and never twice."""

import logging

from django.utils.translation import gettext as _

from clips.models import ChannelKind, Notice, NoticeState
from clips.notifications.delivery import Outcome, deliver

logger = logging.getLogger(__name__)

#: One round of the sender; what is left goes with the next.
AT_ONCE = 20


def send_due() -> int:
    """Send what is due; return how many arrived."""
    settle_expired()
    due = Notice.objects.due().order_by("run_after").values_list("pk", flat=True)
    return sum(send(pk) for pk in list(due[:AT_ONCE]))


def send(notice_id) -> bool:
    """Send one notice unless somebody else does; return whether it arrived."""
    notice = Notice.objects.claim(notice_id)
    if notice is None:
        return False
    delivery = deliver(notice)
    if delivery.outcome == Outcome.ARRIVED:
        return notice.end(NoticeState.SENT, delivery.says)
    if delivery.outcome == Outcome.UNKNOWN:
        notice.end(NoticeState.UNKNOWN, delivery.says)
    elif delivery.outcome == Outcome.REFUSED or not notice.try_again(delivery.says, after_s=delivery.after_s):
        notice.end(NoticeState.FAILED, delivery.says)
        logger.warning("A notice could not be sent to %s: %s", notice.channel, delivery.says)
    return False


def settle_expired() -> None:
    """Handle notices whose sender died midway. They may have arrived, so only those with an id are sent again."""
    for notice in Notice.objects.expired():
        says = _("The sender stopped while sending this.")
        if notice.channel.kind != ChannelKind.WEBHOOK:
            notice.end(NoticeState.UNKNOWN, says)
        elif not notice.try_again(says):
            notice.end(NoticeState.FAILED, says)
