"""Makes the idempotency keys of forms that change many rows at once."""

import uuid

from django import template

register = template.Library()


@register.simple_tag
def new_key() -> str:
    """Return a key for one form: sent twice, it changes once."""
    return str(uuid.uuid4())
