"""Template filter of the messages that offer an undo."""

from django import template
from django.contrib.messages.storage.base import Message

from trickyclip.shared.undo_offer import address_of

register = template.Library()


@register.filter
def undo_address(message: Message) -> str:
    """Return where a message's undo is posted to; empty if it offers none."""
    return address_of(message.extra_tags)
