"""Makes the forms of a project for a video editor, on the pages that offer one."""

from django import template

from clips.reels.forms import HandoverForm, ProjectForm

register = template.Library()


@register.simple_tag
def handover_form() -> HandoverForm:
    """Return the empty form of an edit's project."""
    return HandoverForm(auto_id="editor-%s")


@register.simple_tag
def clips_handover_form() -> ProjectForm:
    """Return the empty form of a project of selected clips."""
    return ProjectForm(auto_id="editor-%s")
