"""Makes the form of a project for a video editor, on the pages that offer one."""

from django import template

from clips.reels.forms import HandoverForm

register = template.Library()


@register.simple_tag
def handover_form() -> HandoverForm:
    """Return the empty form."""
    return HandoverForm(auto_id="editor-%s")
