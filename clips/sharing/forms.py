"""Forms for a share copy of a clip, and for a share link."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clips.models import OriginalFile, ShareSound
from clips.sharing import links

SPEEDS = {1: _("as filmed"), 2: _("half as fast"), 4: _("a quarter as fast"), 8: _("an eighth as fast")}
#: Days that a link works; 0: without end.
LINK_DAYS = {7: _("7 days"), 30: _("30 days"), 0: _("without end")}


class CopyForm(forms.Form):
    slow_down = forms.TypedChoiceField(label=_("Speed"), coerce=int, initial=1, widget=forms.RadioSelect)
    sound = forms.ChoiceField(
        label=_("Sound in slow motion"), choices=ShareSound, initial=ShareSound.STRETCH, required=False
    )

    def __init__(self, *args, original: OriginalFile, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slow_down"].choices = [(times, SPEEDS[times]) for times in links.slow_downs(original)]

    def clean_sound(self) -> str:
        return self.cleaned_data["sound"] or ShareSound.STRETCH


class LinkForm(forms.Form):
    days = forms.TypedChoiceField(label=_("Works for"), coerce=int, choices=list(LINK_DAYS.items()), initial=30)
