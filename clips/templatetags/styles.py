"""Template tag that links the site's style sheets."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from trickyclip.shared import styles

register = template.Library()
LINK = '<link rel="stylesheet" href="{}">'


@register.simple_tag
def stylesheets() -> SafeString:
    """Return the link to all sheets as one; while somebody changes them, a link to each."""
    if settings.DEBUG:
        return format_html_join("\n  ", LINK, [(static(f"css/{name}.css"),) for name in styles.SHEETS])
    return format_html(LINK, reverse("stylesheet", args=[styles.version()]))
