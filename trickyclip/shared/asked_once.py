"""Tells a request that is sent again from another one that uses its idempotency key."""

import hashlib
import json
from collections.abc import Mapping

from django.http import HttpRequest, QueryDict

#: What differs between two requests for the same thing, or tells nothing about it.
LEFT_OUT = frozenset({"key", "csrfmiddlewaretoken"})


def mark_of(request: HttpRequest, body: Mapping | None = None) -> str:
    """Return the checksum of what a request asks for: its address and its body; ``body`` is one that was JSON."""
    sent = request.POST if body is None else body
    fields = sent.lists() if isinstance(sent, QueryDict) else sent.items()
    asked = {name: value for name, value in fields if name not in LEFT_OUT}
    return hashlib.sha256(json.dumps([request.path, asked], sort_keys=True, default=str).encode()).hexdigest()
