"""Form for a new version of a clip."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clips.library.session_forms import ClockField
from clips.models import ClipCategory
from clips.models.clock import exact_clock
from clips.sorting.decisions import Choice
from clips.sorting.forms import IdsField, TagsForm


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

    #: The clips of the same trick from other cameras that the form was shown with, and what goes to them.
    beside = IdsField(required=False)
    tags_all = forms.BooleanField(required=False)
    cut_all = forms.BooleanField(required=False)

    @classmethod
    def showing(cls, choice: Choice) -> "ClipForm":
        """Return the form filled with what was chosen so far."""
        names = [str(person) for person in (choice.person, *choice.also) if person]
        tags = {"people": ", ".join(names), "trick": str(choice.trick or ""), "category": choice.category}
        return cls(initial=tags | {"start_ms": choice.start_ms, "end_ms": choice.end_ms})

    def for_others(self) -> dict[str, Any]:
        """Return what goes to the clips of other cameras, as `clips.library.edit_all.edit` takes it."""
        asked = self.cleaned_data
        return {"tags": asked["tags_all"], "cut": asked["cut_all"], "shown": asked["beside"]}
