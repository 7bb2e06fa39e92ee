"""Template filter that tells whether a member's role allows something."""

from django import template

from people.models import Member, Role

register = template.Library()


@register.filter
def may(user: Member, role: str) -> bool:
    """Return whether to offer what needs ``role``; the view itself decides whether it is allowed."""
    return user.is_authenticated and user.may(Role(role))
