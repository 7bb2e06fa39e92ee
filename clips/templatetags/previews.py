"""Template filters for a segment's preview."""

from django import template

from clips.models import CandidateSegment
from clips.previews.requests import PreviewState, state_of

register = template.Library()


#: As people write them; all others as 1/3.
FRACTIONS = {2: "½", 4: "¼", 8: "⅛"}


@register.filter
def one_over(slow_down: int) -> str:
    """Return the speed of a slowed preview, as "¼"."""
    return FRACTIONS.get(slow_down, f"1/{slow_down}")


@register.simple_tag
def preview_state(segment: CandidateSegment) -> PreviewState:
    """Return the state of the preview; queries the database only if ``segment`` came without one."""
    return state_of(segment)
