from django import template

from people.models import Member, Role

register = template.Library()


@register.filter
def may(user: Member, role: str) -> bool:
    """Whether to offer what ``role`` is needed for; the view itself decides whether it may be done."""
    return user.is_authenticated and user.may(Role(role))
