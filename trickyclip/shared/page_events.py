"""Tells a page, with an answer that HTMX swaps in, what has changed beside it."""

from typing import TypeVar

from django.http import HttpResponse
from django_htmx.http import trigger_client_event

Response = TypeVar("Response", bound=HttpResponse)


def announce(response: Response, *events: str) -> Response:
    """Return the answer, which makes the page fire ``events`` once it is swapped in.

    Not at its arrival, HTMX's default: then they fire on what sent the request, and nobody hears them where another
    answer has meanwhile taken its place (a toast that asks for its own progress while its Undo is pressed).
    """
    for event in events:
        trigger_client_event(response, event, after="swap")
    return response
