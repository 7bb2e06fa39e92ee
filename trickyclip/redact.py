"""Secrets that stand in addresses and headers, taken out of whatever is logged or sent to somebody. Knows no Django."""

import re

GONE = "…"
#: Quotes and backslashes end a secret, so that a line of JSON stays one.
_REST = r"[^\s\"'\\<>,;)]+"
_PATTERNS = (
    # A tus address lets write an upload; a share or invite link lets anybody in.
    (re.compile(r"(/upload/tus/|/s/|/join/)[^\s/?\"'\\<>]+"), rf"\1{GONE}"),
    (re.compile(rf"(?i)\b((?:bearer|basic)\s+){_REST}"), rf"\1{GONE}"),
    (re.compile(r"\btc_[A-Za-z0-9_-]{8,}"), f"tc_{GONE}"),
    (re.compile(rf"(/api/webhooks/|hooks\.slack\.com/services/){_REST}"), rf"\1{GONE}"),
    # user:password@ in the address of a database, a broker or a mail server
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@\"']*:)[^\s/@\"']+@"), rf"\1{GONE}@"),
    (
        re.compile(
            r"(?i)([?&](?:code|state|token|access_token|refresh_token|secret|client_secret|key|password|upload_id)=)"
            r"[^&\s\"'\\<>]+"
        ),
        rf"\1{GONE}",
    ),
)


def redact(text: str) -> str:
    """Return a text without the secrets in it."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
