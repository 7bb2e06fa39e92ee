"""A template filter that says a row's sentence in the reader's language."""

from django import template

from trickyclip.shared.retold import retold

register = template.Library()
register.filter("said", retold)
