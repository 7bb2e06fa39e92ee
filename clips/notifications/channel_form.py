"""Form of a notice channel: whom to tell what. Addresses and secrets go in and never come out again."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.models import ChannelKind, NoticeChannel, NoticeKind
from clips.models.notice import PURPOSE
from clips.notifications.connection import RefusedAddressError, check_url
from people import sealed


class ChannelForm(forms.ModelForm):
    target = forms.CharField(
        label=_("Address"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        required=False,
        max_length=1000,
        help_text=_(
            "The webhook's address, or e-mail addresses separated by commas. Never shown again. Leave empty to keep it."
        ),
    )
    secret = forms.CharField(
        label=_("Secret"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        required=False,
        max_length=200,
        help_text=_("Signs the JSON for your own webhook, so that it can verify the sender. Leave empty to keep it."),
    )
    wants = forms.MultipleChoiceField(
        label=_("Notify about"),
        choices=NoticeKind.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=NoticeKind.values,
    )

    class Meta:
        model = NoticeChannel
        fields = ["name", "kind", "target", "secret", "wants", "is_on"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("Choose …")), *ChannelKind.choices]

    def clean(self) -> dict:
        asked = super().clean()
        kind, target = asked.get("kind"), asked.get("target", "").strip()
        if target and kind == ChannelKind.EMAIL:
            for address in target.split(","):
                self._check("target", lambda address=address: validate_email(address.strip()))
        elif target:
            self._check("target", lambda: check_url(target, private=settings.NOTICE_PRIVATE_ADDRESSES))
        elif self.instance.pk is None or "kind" in self.changed_data:
            self.add_error("target", _t("Enter an address for the notices."))
        return asked

    def _check(self, field: str, check) -> None:
        try:
            check()
        except (ValidationError, RefusedAddressError) as error:
            self.add_error(field, str(error) if isinstance(error, RefusedAddressError) else error)

    def save(self, commit: bool = True) -> NoticeChannel:
        channel, asked = self.instance, self.cleaned_data
        if target := asked["target"].strip():
            channel.sealed_target = sealed.seal(target, PURPOSE)
            channel.shown_target = shown(asked["kind"], target)
        if asked["secret"]:
            channel.sealed_secret = sealed.seal(asked["secret"], PURPOSE)
        return super().save(commit)


def shown(kind: str, target: str) -> str:
    """Return the part of an address that may be shown: with a webhook's full address anybody can post there."""
    if kind == ChannelKind.EMAIL:
        return target[:100]
    return f"{target.partition('://')[2].partition('/')[0].partition('?')[0]}/…"[:100]
