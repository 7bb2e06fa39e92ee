"""Form for a new version of a clip."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clips.library.session_forms import ClockField
from clips.models import ClipCategory
from clips.models.clock import exact_clock
from clips.sorting.decisions import Choice
from clips.sorting.forms import TagsForm


class ExactClockField(ClockField):
    """A place in a video, shown to the millisecond."""

    def prepare_value(self, value: int | str) -> str:
        return exact_clock(value) if isinstance(value, int) else value


class ClipForm(TagsForm):
    """The tags of the sort card, with times as people write them.

    Whether the span is a part of the file is for ``clips.library.new_version`` to say, for pages and API alike.
    """

    start_ms = ExactClockField(label=_("From"))
    end_ms = ExactClockField(label=_("To"))
    category = forms.ChoiceField(label=_("Category"), choices=ClipCategory.choices, widget=forms.RadioSelect)

    @classmethod
    def showing(cls, choice: Choice) -> "ClipForm":
        """Return the form filled with what was chosen so far."""
        names = [str(person) for person in (choice.person, *choice.also) if person]
        tags = {"people": ", ".join(names), "trick": str(choice.trick or ""), "category": choice.category}
        return cls(initial=tags | {"start_ms": choice.start_ms, "end_ms": choice.end_ms})
