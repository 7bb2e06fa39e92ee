"""Forms of the bin: what is thrown away, and where videos move first."""

from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.models import Shoot

MOST_SESSIONS = 100


class IdsField(forms.Field):
    """Ids of rows, each in a field of this name."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: list[str]) -> list[UUID]:
        try:
            return [UUID(one) for one in value or []]
        except ValueError:
            raise forms.ValidationError(_t("This is not a valid row id.")) from None


class ThrowForm(forms.Form):
    clips = IdsField(required=False)
    videos = IdsField(required=False)
    shoots = IdsField(required=False)
    reels = IdsField(required=False)
    with_clips = forms.BooleanField(required=False)
    reason = forms.CharField(label=_("Why (optional)"), max_length=200, required=False)
    key = forms.UUIDField(required=False)


class MoveForm(forms.Form):
    """The session that videos move to."""

    to = forms.ModelChoiceField(Shoot.objects.none(), label=_("Move to"), empty_label=None)

    def __init__(self, *args, shoot: Shoot, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        others = Shoot.objects.in_use().exclude(pk=shoot.pk)
        self.fields["to"].queryset = others if self.is_bound else others[:MOST_SESSIONS]
        self.fields["to"].label_from_instance = lambda other: f"{other.date} {other.name}"


def next_address(request: HttpRequest, default: str = "clips:bin") -> str:
    """Return the address of this site that a form asked to continue with."""
    asked = request.POST.get("next", "")
    is_here = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()})
    if not is_here or not asked.startswith("/"):  # anything else would be taken for the name of a page
        return reverse(default)
    return urlsplit(asked)._replace(fragment="").geturl()  # the same page with a mark only would not be loaded anew
