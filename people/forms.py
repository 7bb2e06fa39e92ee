from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.utils.translation import gettext_lazy as _

from people.models import ApiToken, Member


class NewPasswordForm(SetPasswordMixin, forms.Form):
    """A password typed twice, for the member of a reset link."""

    password1, password2 = SetPasswordMixin.create_password_fields(_("Password"), _("Password again"))

    def __init__(self, *args, member: Member, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def clean(self) -> dict:
        self.validate_passwords()
        self.validate_password_for_user(self.member)
        return super().clean()

    def save(self) -> Member:
        """Of a member who is there already write the password alone: they may be removed at this moment."""
        is_new = self.member._state.adding
        self.set_password_and_save(self.member, commit=False).save(update_fields=None if is_new else ["password"])
        return self.member


class JoinForm(NewPasswordForm):
    """A name and a password, for somebody who was invited."""

    username = forms.SlugField(
        label=_("User name"),
        max_length=40,
        help_text=_("Letters, digits, “_” and “-”."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    field_order = ["username"]

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if Member.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("This user name is taken."))
        self.member.username = username
        return username


class TokenForm(forms.ModelForm):
    class Meta:
        model = ApiToken
        fields = ["name"]
        widgets = {"name": forms.TextInput(attrs={"placeholder": _("Upload script on my laptop")})}
