"""Forms of the sort page."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from clips.models import ClipCategory
from clips.models.clip import MAX_PEOPLE, MAX_STARS
from clips.previews.forms import SpanForm
from clips.sorting.decisions import Choice
from clips.sorting.queue_filter import BEST_FIRST, ORDERS, Table
from people.models import Person
from people.naming.spelling import clean_name, name_key
from tricks.models import Trick

MAX_NAME = 100
MAX_IDS = 100
MAX_ID_CHARS = 37  # with the space behind it


class IdsField(forms.CharField):
    """Ids separated by spaces."""

    def __init__(self, **options) -> None:
        super().__init__(max_length=MAX_IDS * MAX_ID_CHARS, **options)

    def to_python(self, value: str | None) -> list[uuid.UUID]:
        try:
            ids = [uuid.UUID(part) for part in (value or "").split()]
        except ValueError as error:
            raise forms.ValidationError(_("Invalid IDs.")) from error
        if len(ids) > MAX_IDS:
            raise forms.ValidationError(_("Too many IDs."))
        return ids


class TableForm(forms.Form):
    """The moments that a page sorts, and their order."""

    session = forms.UUIDField(required=False)
    camera = forms.CharField(required=False, max_length=60)
    person = forms.UUIDField(required=False)
    order = forms.ChoiceField(required=False, choices=list(ORDERS.items()))
    finish = forms.BooleanField(required=False)

    def table(self) -> Table:
        return Table(
            **{name: self.cleaned_data.get(name) or None for name in ("session", "camera", "person")}
            | {
                "order": self.cleaned_data.get("order") or BEST_FIRST,
                "finish": bool(self.cleaned_data.get("finish")),
            }
        )


class HandForm(TableForm):
    """One open page: its lease, and the cards it shows."""

    lease = forms.UUIDField()
    have = IdsField(required=False)
    file = forms.UUIDField(required=False)
    #: The lease of the page that was open here before, and what pages of before decided that is still on its way to us.
    left = forms.UUIDField(required=False)
    waiting = IdsField(required=False)
    #: Of a page that is gone: nobody would see the hand, and nobody else could have its cards.
    no_hand = forms.BooleanField(required=False)
    #: The moment for which the page was opened.
    moment = forms.UUIDField(required=False)

    @property
    def page(self) -> dict:
        """The fields that decide how the answer is rendered; without a valid lease there is no hand to render."""
        return {
            "table": self.table(),
            "file": self.cleaned_data.get("file") or None,
            "lease": self.cleaned_data.get("lease"),
            "have": self.cleaned_data.get("have") or [],
            "without": self.cleaned_data.get("waiting") or [],
        }


class UndoForm(HandForm):
    key = forms.UUIDField()
    decision = forms.UUIDField(required=False)


class DecisionForm(HandForm):
    key = forms.UUIDField()
    segment = forms.UUIDField()
    #: The other angles that its card shows.
    angles = IdsField(required=False)


class SplitForm(DecisionForm):
    at_ms = forms.IntegerField(min_value=0, max_value=2**53)


def cleaned_names(typed: str) -> list[str]:
    """Return the names of riders in a text, once each; ValidationError if there are too many, or one is too long."""
    names = filter(None, map(clean_name, typed.split(",")))
    names = list({name_key(name): name for name in names}.values())
    if len(names) > MAX_PEOPLE or any(len(name) > MAX_NAME for name in names):
        raise forms.ValidationError(_("Names have at most 100 characters, clips at most 12 riders."))
    return names


class TagsForm(forms.Form):
    """The span, people, trick and category that make a clip of a moment."""

    start_ms = forms.IntegerField(max_value=2**53)
    end_ms = forms.IntegerField(max_value=2**53)
    category = forms.ChoiceField(choices=ClipCategory.choices)
    people = forms.CharField(required=False, max_length=MAX_PEOPLE * MAX_NAME)
    trick = forms.CharField(required=False, max_length=MAX_NAME)

    def clean_people(self) -> list[str]:
        return cleaned_names(self.cleaned_data["people"])

    def clean_trick(self) -> str:
        return clean_name(self.cleaned_data["trick"])

    def choice(self) -> Choice:
        """Return the choice to keep; unknown people and tricks are added."""
        asked = self.cleaned_data
        person, *also = [Person.objects.find_or_add(name) for name in asked["people"]] or [None]
        return Choice(
            start_ms=asked["start_ms"],
            end_ms=asked["end_ms"],
            category=asked["category"],
            person=person,
            trick=Trick.objects.find_or_add(asked["trick"]) if asked["trick"] else None,
            also=also,
        )


class KeepForm(DecisionForm, TagsForm):
    stars = forms.IntegerField(required=False, min_value=0, max_value=MAX_STARS)
    #: Of several angles those to keep; all of them without it.
    only = IdsField(required=False)


class AddForm(DecisionForm, SpanForm):
    """A new moment in the video of ``segment``."""


class ReleaseForm(forms.Form):
    lease = forms.UUIDField()
    #: What was decided and has not arrived yet: it stays held until it does.
    waiting = IdsField(required=False)
