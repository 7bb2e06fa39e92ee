"""Forms for a share video of a clip, and for a share link."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clips.models import OriginalFile, ShareSound
from clips.sharing import links

SPEEDS = {1: _("original speed"), 2: _("half speed"), 4: _("quarter speed"), 8: _("eighth speed")}
#: Days that a link works; 0: never expires.
LINK_DAYS = {7: _("Expires in 7 days"), 30: _("Expires in 30 days"), 0: _("Never expires")}


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
    days = forms.TypedChoiceField(label=_("Expires"), coerce=int, choices=list(LINK_DAYS.items()), initial=30)
