"""Formats a notice for each kind of channel. What people typed is never interpreted as markup."""

import hashlib
import hmac
import json
import time
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from clips.models import Notice
from people.site_settings.registry import EMAIL_FROM, SITE_URL

#: Discord refuses longer ones; the others are no worse for it.
MOST_CHARS = 1900


def address_of(notice: Notice) -> str:
    """Return the address that a notice links to; empty if the site does not know its own address."""
    return f"{SITE_URL.value().rstrip('/')}{notice.path}" if SITE_URL.value() and notice.path else ""


def discord(notice: Notice) -> dict:
    # Without leave to mention anybody: a session called @everyone must not wake the crew.
    return {
        "content": _whole(f"**{_plain(notice.title)}**", _plain(notice.text), notice),
        "allowed_mentions": {"parse": []},
    }


def slack(notice: Notice) -> dict:
    return {"text": _whole(f"*{_escaped(notice.title)}*", _escaped(notice.text), notice)}


def signed_json(notice: Notice, secret: str) -> tuple[bytes, dict[str, str]]:
    """Return the body of a webhook and its headers.

    ``X-TrickyClip-Signature`` is ``t=<seconds since 1970>,v1=<hex>``, an HMAC-SHA256 over ``<t>.<body>`` with the
    channel's secret: who receives it can tell who sent it, and an old one that is sent once more.
    """
    said = {
        "id": str(notice.pk), "kind": notice.kind, "title": notice.title, "text": notice.text,
        "url": address_of(notice), "at": notice.created_at.isoformat(),
    }  # fmt: skip
    body = json.dumps(said, ensure_ascii=False).encode()
    headers = {"Idempotency-Key": str(notice.pk)}
    if secret:
        headers["X-TrickyClip-Signature"] = signature(body, secret, at_s=int(time.time()))
    return body, headers


def signature(body: bytes, secret: str, *, at_s: int) -> str:
    return f"t={at_s},v1={hmac.new(secret.encode(), f'{at_s}.'.encode() + body, hashlib.sha256).hexdigest()}"


def email(notice: Notice, to: list[str]) -> EmailMessage:
    """Return the message; a repeated delivery has the same Message-ID, by which mail programs show it once."""
    message = EmailMessage()
    message["Subject"] = " ".join(f"TrickyClip: {notice.title}".split())
    message["From"], message["To"] = EMAIL_FROM.value(), ", ".join(to)
    message["Date"] = formatdate(notice.created_at.timestamp())
    host = make_msgid(domain=EMAIL_FROM.value().rpartition("@")[2] or "localhost").rpartition("@")[2]
    message["Message-ID"] = f"<{notice.pk}@{host}"
    message["Auto-Submitted"] = "auto-generated"  # so that no holiday notice answers it
    message.set_content("\n\n".join(filter(None, [notice.text or notice.title, address_of(notice)])) + "\n")
    return message


def _whole(title: str, text: str, notice: Notice) -> str:
    address = address_of(notice)
    said = "\n".join(filter(None, [title, text]))
    return said[: MOST_CHARS - len(address)] + (f"\n{address}" if address else "")


def _plain(text: str) -> str:
    """Remove Discord's markup characters, so that a name cannot look like a link or a heading."""
    return "".join(f"\\{sign}" if sign in "\\*_~`|>[]#" else sign for sign in text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
