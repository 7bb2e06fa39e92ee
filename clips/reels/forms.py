"""Forms of an edit: its name, what is changed in it, and which clips join it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clips.library.bulk_forms import KeyForm
from clips.library.selection import SelectionForm
from clips.library.session_forms import ClockField
from clips.models.reel import MAX_CLIPS, MAX_TITLE, SPEEDS

MAX_NAME = 80


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=MAX_NAME)


class AddForm(SelectionForm, KeyForm):
    """The selected clips, and the edit that they join: one of that name, or a new one."""

    name = forms.CharField(
        label=_("Edit"), max_length=MAX_NAME, error_messages={"required": _("Enter the name of an edit.")}
    )


class MakeForm(SelectionForm, KeyForm):
    """All clips of a session or a search, of which an edit is made; its name may follow later."""

    name = forms.CharField(max_length=MAX_NAME, required=False)
    session = forms.UUIDField(required=False)


class HandForm(KeyForm):
    """Who changes an edit: the key of the request, and the lease of the page."""

    lease = forms.UUIDField()


class LeaseForm(forms.Form):
    lease = forms.UUIDField()


class MoveForm(forms.Form):
    position = forms.IntegerField(min_value=1, max_value=MAX_CLIPS)


class TrimForm(forms.Form):
    """The part of a clip that is shown."""

    start_ms = ClockField(label=_("From"))
    end_ms = ClockField(label=_("To"))


class SpeedForm(forms.Form):
    speed = forms.TypedChoiceField(coerce=int, choices=[(speed, speed) for speed in SPEEDS])


class TitleForm(forms.Form):
    title = forms.CharField(max_length=MAX_TITLE, required=False)


class SoundForm(forms.Form):
    has_sound = forms.BooleanField(required=False)
