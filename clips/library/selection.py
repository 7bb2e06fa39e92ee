"""Reads which clips somebody chose: single ones by their ids, or all that match a query except for some."""

import uuid
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from clips.library.filters import ClipFilter
from clips.models import FinalClip
from clips.models.clip import FinalClipQuerySet
from people.models import Member

#: Chosen one by one. Whoever wants more chooses all that match.
MAX_IDS = 5000
ID_CHARS = 37  # with the comma behind it


@dataclass(frozen=True)
class Selection:
    """The chosen clips of a library page; ``all_of`` is the query whose clips are all chosen, but for ``without``."""

    ids: tuple[uuid.UUID, ...] = ()
    all_of: str | None = None
    without: tuple[uuid.UUID, ...] = ()

    def clips(self, member: Member) -> FinalClipQuerySet:
        """Return the clips chosen by ``member`` that are current, in the order of the library."""
        if self.all_of is None:
            return ClipFilter(QueryDict(), queryset=FinalClip.objects.filter(pk__in=self.ids)).qs
        return ClipFilter(QueryDict(self.all_of), FinalClip.objects.current(), member=member).qs.exclude(
            pk__in=self.without
        )


class IdListField(forms.CharField):
    """Ids separated by commas, in one field: a form may have a thousand fields only."""

    def __init__(self, **options) -> None:
        super().__init__(required=False, max_length=MAX_IDS * ID_CHARS, **options)
        self.error_messages["max_length"] = _("Select at most 5,000 clips one by one, or all that match.")

    def to_python(self, value: str | None) -> tuple[uuid.UUID, ...]:
        try:
            return tuple(uuid.UUID(part) for part in filter(None, (value or "").split(",")))
        except ValueError as error:
            raise forms.ValidationError(_("Invalid IDs.")) from error

    def run_validators(self, value: tuple[uuid.UUID, ...]) -> None:
        if len(value) > MAX_IDS:
            raise forms.ValidationError(self.error_messages["max_length"])


class SelectionForm(forms.Form):
    """Form with the selection of a page; ``query`` counts only where ``all`` is set."""

    clips = IdListField()
    all = forms.BooleanField(required=False)
    query = forms.CharField(required=False, max_length=4000)
    without = IdListField()

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("all"):
            if not ClipFilter(QueryDict(cleaned.get("query", "")), queryset=FinalClip.objects.none()).is_valid():
                raise forms.ValidationError(_("These filters are not valid. Reload the page."))
        elif not self.errors and not cleaned.get("clips"):
            raise forms.ValidationError(_("Select at least one clip."))
        return cleaned

    def selection(self) -> Selection:
        """Return what was chosen; call it on a valid form."""
        asked = self.cleaned_data
        if asked["all"]:
            return Selection(all_of=asked["query"], without=asked["without"])
        return Selection(ids=asked["clips"])
