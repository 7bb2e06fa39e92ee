"""Delivers one notice to its channel, and returns the result in one sentence."""

import json
import smtplib
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import gettext as _

from clips.models import ChannelKind, Notice
from clips.notifications import message
from clips.notifications.connection import Answer, NoAnswerError, NotSentError, RefusedAddressError, post
from clips.notifications.mail_server import mail_server
from people.sealed import SealedError

#: A receiver may ask for hours; more than a day is a way of saying no.
LONGEST_RETRY_AFTER_S = 86_400
JSON = "application/json"


class Outcome(Enum):
    ARRIVED = "arrived"
    #: It did not arrive; trying again may help.
    LATER = "later"
    #: Nobody knows whether it arrived.
    UNKNOWN = "unknown"
    #: It did not arrive, and trying again does not help.
    REFUSED = "refused"


@dataclass(frozen=True)
class Delivery:
    outcome: Outcome
    says: str
    #: How long the receiver wants to be left alone.
    after_s: float = 0


def deliver(notice: Notice) -> Delivery:
    """Try once, for a quarter of a minute at most."""
    channel = notice.channel
    try:
        if channel.kind == ChannelKind.EMAIL:
            return _mail(notice, channel.target)
        return _answered(_post(notice))
    except SealedError:
        says = _("SECRET_KEY has changed, so the channel's address cannot be read. Enter it again in the admin.")
        return Delivery(Outcome.REFUSED, says)
    except RefusedAddressError as error:
        return Delivery(Outcome.REFUSED, str(error))
    except NotSentError as error:
        return Delivery(Outcome.LATER, str(error))
    except NoAnswerError as error:
        # Whoever gets signed JSON is told the same id again, and can tell; in a chat it would stand there twice.
        is_known_by_id = channel.kind == ChannelKind.WEBHOOK
        return Delivery(Outcome.LATER if is_known_by_id else Outcome.UNKNOWN, str(error))


def _post(notice: Notice) -> Answer:
    channel, headers = notice.channel, {"Content-Type": JSON, "User-Agent": "TrickyClip"}
    if channel.kind == ChannelKind.WEBHOOK:
        body, more = message.signed_json(notice, channel.secret)
        headers |= more
    else:
        write = message.discord if channel.kind == ChannelKind.DISCORD else message.slack
        body = json.dumps(write(notice), ensure_ascii=False).encode()
    return post(channel.target, body, headers, private=settings.NOTICE_PRIVATE_ADDRESSES)


def _answered(answer: Answer) -> Delivery:
    told = {"status": answer.status, "text": " ".join(answer.text.split())[:120] or "–"}
    says = _("The answer was %(status)d: %(text)s") % told
    if 200 <= answer.status < 300:
        return Delivery(Outcome.ARRIVED, says)
    if answer.status in {408, 425, 429} or answer.status >= 500:
        return Delivery(Outcome.LATER, says, _retry_after_s(answer))
    if 300 <= answer.status < 400:
        says = _("The address redirects to another one (%(status)d), which is not followed. Enter the final address.")
        return Delivery(Outcome.REFUSED, says % told)
    return Delivery(Outcome.REFUSED, says)


def _retry_after_s(answer: Answer) -> float:
    try:
        return min(LONGEST_RETRY_AFTER_S, max(0.0, float(answer.headers.get("retry-after", 0))))
    except ValueError:
        return 0.0  # a date; the usual wait does


def _mail(notice: Notice, target: str) -> Delivery:
    server, is_open = mail_server(), False
    if server is None:
        return Delivery(Outcome.REFUSED, _("No mail server is set. Set server and sender under Manage, Settings."))
    mail = message.email(notice, [address.strip() for address in target.split(",")])
    try:
        server.open()
        is_open = True
        refused = server.connection.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        status = max(code for code, _why in error.recipients.values())
        return _mail_refused(status, _("it accepts mail for none of the addresses"))
    except smtplib.SMTPResponseException as error:
        why = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return _mail_refused(error.smtp_code, str(why))
    except (OSError, smtplib.SMTPException) as error:  # cut off, or too slow
        says = _("The mail server did not answer: %(why)s") % {"why": str(error)[:120]}
        return Delivery(Outcome.UNKNOWN if is_open else Outcome.LATER, says)
    finally:
        _close(server)
    says = _("The mail server refused %(n)d of the addresses.") % {"n": len(refused)} if refused else _("Taken.")
    return Delivery(Outcome.ARRIVED, says)


def _mail_refused(status: int, why: str) -> Delivery:
    says = _("The mail server said %(status)d: %(why)s") % {"status": status, "why": why[:120]}
    return Delivery(Outcome.REFUSED if status >= 500 else Outcome.LATER, says)


def _close(server: EmailBackend) -> None:
    """End the connection to the mail server; its answer to that does not matter any more."""
    with suppress(OSError, smtplib.SMTPException):
        server.close()
