"""What a page needs to know of a segment's preview."""

from django import template

from clips.models import CandidateSegment
from clips.previews.requests import PreviewState, state_of

register = template.Library()


#: As people write them; all others as 1/3.
FRACTIONS = {2: "½", 4: "¼", 8: "⅛"}


@register.filter
def one_over(slow_down: int) -> str:
    """Return how fast a slowed preview is, as "¼"."""
    return FRACTIONS.get(slow_down, f"1/{slow_down}")


@register.simple_tag
def preview_state(segment: CandidateSegment) -> PreviewState:
    """Return whether the preview is there; asks the database only where ``segment`` came without one."""
    return state_of(segment)
