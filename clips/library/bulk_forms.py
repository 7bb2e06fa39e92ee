"""Forms for changes of many clips at once."""

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from clips.library.angles import with_beside
from clips.library.bulk import TagChange
from clips.library.selection import SelectionForm
from clips.library.session_forms import SessionTargetForm
from clips.models import ClipCategory
from clips.models.clip import MAX_PEOPLE
from clips.sorting.forms import MAX_NAME, cleaned_names
from people.models import Member, Person
from people.naming.spelling import clean_name
from tricks.models import Trick


class BulkTagsForm(SelectionForm):
    """The tags to give to the selected clips; what is left empty stays as it is."""

    people = forms.CharField(label=_("Riders"), required=False, max_length=MAX_PEOPLE * MAX_NAME)
    adds = forms.BooleanField(required=False)
    no_people = forms.BooleanField(label=_("No rider"), required=False)
    trick = forms.CharField(label=_("Trick"), required=False, max_length=MAX_NAME)
    no_trick = forms.BooleanField(label=_("No trick"), required=False)
    category = forms.ChoiceField(
        label=_("Category"),
        required=False,
        choices=[("", _("unchanged")), *ClipCategory.choices],
        widget=forms.RadioSelect,
        initial="",
    )

    #: Else the clips of the same tricks from other cameras get the same tags.
    only_selected = forms.BooleanField(required=False)

    def clean_people(self) -> list[str]:
        return cleaned_names(self.cleaned_data["people"])

    def clean_trick(self) -> str:
        return clean_name(self.cleaned_data["trick"])

    def clean(self) -> dict:
        cleaned = super().clean()
        changes = ("people", "no_people", "trick", "no_trick", "category")
        if not self.errors and not any(cleaned.get(name) for name in changes):
            raise forms.ValidationError(_("Choose a rider, a trick or a category."))
        if not self.errors and cleaned["no_people"] and (cleaned["people"] or cleaned["adds"]):
            raise forms.ValidationError(_("Choose riders or “No rider”, not both."))
        if not self.errors and cleaned["no_trick"] and cleaned["trick"]:
            raise forms.ValidationError(_("Choose a trick or “No trick”, not both."))
        return cleaned

    def clips(self, member: Member) -> set[UUID]:
        """Return the ids of the clips to tag; call it on a valid form."""
        chosen = self.selection().clips(member).values_list("pk", flat=True)
        return set(chosen) if self.cleaned_data["only_selected"] else with_beside(chosen)

    def change(self) -> TagChange:
        """Return the change; unknown riders and tricks are added."""
        return self._change(Person.objects.find_or_add, Trick.objects.find_or_add)

    def change_to_plan(self) -> TagChange:
        """Return the change with unsaved rows in place of unknown riders and tricks, for a look ahead."""
        return self._change(
            lambda name: Person.objects.named(name).first() or Person(display_name=name),
            lambda name: Trick.objects.named(name).first() or Trick(name=name),
        )

    def _change(self, person_called, trick_called) -> TagChange:
        asked = self.cleaned_data
        people = tuple(person_called(name) for name in asked["people"])
        return TagChange(
            sets_people=asked["no_people"] or (bool(people) and not asked["adds"]),
            people=() if asked["adds"] else people,
            added=people if asked["adds"] else (),
            sets_trick=asked["no_trick"] or bool(asked["trick"]),
            trick=trick_called(asked["trick"]) if asked["trick"] else None,
            category=asked["category"] or None,
        )


class ClipsMoveForm(SelectionForm, SessionTargetForm):
    """The selected clips, and the session that their videos move to."""


class KeyForm(forms.Form):
    """The idempotency key that a page makes for each change."""

    key = forms.UUIDField()
