"""Forms for logging in, joining, and a member's own account."""

from datetime import datetime, timedelta

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordMixin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models import ApiToken, Member, Role, Scope

#: The least role for which a scope means more than the one before it.
NEEDED_FOR = {Scope.SORT: Role.SORTER, Scope.ADMIN: Role.CURATOR}


#: What the settings' validators ask for, in one sentence where Django has a list of four.
PASSWORD_HELP = _("At least 10 characters. Not only digits, not your username, not a common password.")


class LoginForm(AuthenticationForm):
    error_messages = {**AuthenticationForm.error_messages, "invalid_login": _("Wrong username or password.")}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Username")


class NewPasswordMixin(SetPasswordMixin):
    """Shows a password's faults below the first box, and only a mismatch below the second."""

    MISMATCH = {"password_mismatch": _("The passwords do not match.")}

    def validate_password_for_user(self, user: Member, password_field_name: str = "password2") -> None:  # noqa: S107
        super().validate_password_for_user(user, password_field_name.replace("password2", "password1"))


class ChangePasswordForm(NewPasswordMixin, PasswordChangeForm):
    """The form on the account page. It does not take the focus, since the page has other forms."""

    error_messages = PasswordChangeForm.error_messages | NewPasswordMixin.MISMATCH

    def __init__(self, *args, request: HttpRequest, **kwargs) -> None:
        super().__init__(request.user, *args, **kwargs)
        self.request = request
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["old_password"].label = _("Current password")
        _word(self, "new_password1", "new_password2", _("New password"), _("Confirm new password"))

    def clean_old_password(self) -> str:
        password = self.cleaned_data["old_password"]
        if not _is_own(self.request, password):
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password


class LeaveForm(forms.Form):
    """Asks for the password of whoever wants to be erased."""

    password = forms.CharField(
        label=_("Your password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args, request: HttpRequest, **kwargs) -> None:
        super().__init__(*args, auto_id="leave_%s", **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not _is_own(self.request, password):
            raise forms.ValidationError(_("This is not your password."))
        return password


class NewPasswordForm(NewPasswordMixin, forms.Form):
    """A password typed twice, for the member of a reset link."""

    error_messages = NewPasswordMixin.MISMATCH

    password1, password2 = SetPasswordMixin.create_password_fields()

    def __init__(self, *args, member: Member, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        _word(self, "password1", "password2", _("Password"), _("Confirm password"))

    def clean(self) -> dict:
        self.validate_passwords()
        self.validate_password_for_user(self.member)
        return super().clean()

    def save(self) -> Member:
        """Save only the password of an existing member, who may be removed at this moment."""
        is_new = self.member._state.adding
        self.set_password_and_save(self.member, commit=False).save(update_fields=None if is_new else ["password"])
        return self.member


class JoinForm(NewPasswordForm):
    """A name and a password, for an invited person."""

    username = forms.SlugField(
        label=_("Username"),
        max_length=40,
        help_text=_("Letters, digits, “_” and “-”."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    field_order = ["username"]

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if Member.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("This username is taken."))
        self.member.username = username
        return username


class TokenForm(forms.ModelForm):
    """A new API token; only scopes that its member has are offered."""

    days = forms.TypedChoiceField(
        label=_("Expires"),
        choices=[(30, _("In 30 days")), (90, _("In 90 days")), (365, _("In a year")), ("", _("Never"))],
        coerce=int,
        empty_value=None,
        required=False,
        initial=365,
    )

    class Meta:
        model = ApiToken
        fields = ["name", "scope"]
        labels = {"name": _("Name"), "scope": _("Access")}
        widgets = {"name": forms.TextInput(attrs={"placeholder": _("Upload script on my laptop")})}

    def __init__(self, *args, member: Member, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        # Of two scopes that come to the same for this member the wider one says nothing more.
        offered = [Scope.READ, *(scope for scope in (Scope.SORT, Scope.ADMIN) if member.may(NEEDED_FOR[scope]))]
        self.fields["scope"].choices = [(scope.value, scope.label) for scope in offered]
        self.initial.setdefault("scope", offered[min(1, len(offered) - 1)])

    def ends_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class CodeForm(forms.Form):
    """A code from the app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autocapitalize": "none", "autofocus": True}
        ),
    )


class PasswordForm(forms.Form):
    """Asks for the password again, so that nobody at an open laptop can do this."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args, request: HttpRequest, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not _is_own(self.request, password):
            raise forms.ValidationError(_("Wrong password."))
        return password


def _is_own(request: HttpRequest, password: str) -> bool:
    """Check a member's own password as a login does, so that wrong guesses count like those of the login page."""
    return authenticate(request, username=request.user.username, password=password) == request.user


def _word(form: forms.Form, once: str, again: str, label: str, label_again: str) -> None:
    """Label the two fields of a new password, with one sentence of help between them."""
    form.fields[once].label, form.fields[once].help_text = label, PASSWORD_HELP
    form.fields[again].label, form.fields[again].help_text = label_again, ""
