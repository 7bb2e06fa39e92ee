"""Removes secrets in addresses and headers from whatever is logged or sent. Knows no Django.

It also removes paths of this machine, which do not concern everybody.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

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
#: A path between quotes may have spaces in it; a bare one ends at the first. Neither is a part of a web address.
_QUOTED_PATH = re.compile(r"""(['"“])/(?:[^'"”/]+/)+([^'"”/]*)(?=['"”])""")
_BARE_PATH = re.compile(r"""(?<![\w.:/>-])/(?:[^\s/'"“”<>|()]+/)+([^\s/'"“”<>|(),;:]*)""")


def without_paths(text: str, roots: Iterable[str] = ()) -> str:
    """Return a text with bare file names instead of paths; below ``roots``, with the path relative to them."""
    for root in roots:
        text = text.replace(f"{root}/", "").replace(root, PurePosixPath(root).name)
    text = _QUOTED_PATH.sub(r"\1\2", text)
    return _BARE_PATH.sub(lambda found: found[1] or PurePosixPath(found[0]).name, text)


def redact(text: str) -> str:
    """Return a text without its secrets."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
