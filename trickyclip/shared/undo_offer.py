"""Offers to undo what was just done: a message with a button, on whatever page comes next. Key Z presses it."""

from django.contrib import messages
from django.http import HttpRequest

UNDO = "undo"


def offer_undo(request: HttpRequest, sentence: str, address: str) -> None:
    """Say what was done; a POST to ``address`` undoes it and returns to the address in its field ``next``."""
    messages.success(request, sentence, extra_tags=f"{UNDO} {address}")


def address_of(tags: str | None) -> str:
    """Return the address of a message's undo, from its extra tags; empty if it offers none."""
    kind, _space, address = (tags or "").partition(" ")
    return address if kind == UNDO else ""
