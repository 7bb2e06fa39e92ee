"""What a page needs to know of a segment's preview."""

from django import template

from clips.models import CandidateSegment
from clips.previews import PreviewState, state_of

register = template.Library()


@register.simple_tag
def preview_state(segment: CandidateSegment) -> PreviewState:
    """Return whether the preview is there; asks the database only where ``segment`` came without one."""
    return state_of(segment)
