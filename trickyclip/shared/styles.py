"""Joins the site's style sheets into one, so that a page's first picture waits for one answer and not for 17."""

import re
from functools import cache

from django.conf import settings

#: In this order a later rule counts for more.
SHEETS = (
    "base", "layout", "components", "toasts", "previews", "library", "selection", "sessions", "watch", "bin", "reels",
    "talk", "season", "web", "sorting", "phone", "sharing", "ingest", "people", "api",
)  # fmt: skip


def version() -> str:
    """Return the word in the addresses of static files, which changes with each of them."""
    return str(settings.STATIC_URL).strip("/").rpartition("/")[2]


@cache
def joined() -> bytes:
    """Return all sheets as one; what they name beside their folder keeps its address."""
    texts = [(settings.BASE_DIR / "static" / "css" / f"{name}.css").read_text() for name in SHEETS]
    return re.sub(r'url\("\.\./', f'url("{settings.STATIC_URL}', "\n".join(texts)).encode()
