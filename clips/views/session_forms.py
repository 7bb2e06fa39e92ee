"""What people type about a session and its moments."""

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.clock import read_clock
from clips.models import FinalClip, OriginalFile, Shoot
from clips.sorting import TrimError, check_trim
from trickyclip.name_fields import called
from trickyclip.spelling import clean_name


class ClockField(forms.CharField):
    """A place in a video, as 1:02.5; cleaned to whole milliseconds."""

    default_error_messages = {"required": _("Write a time like 1:02.5.")}
    widget = forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "placeholder": "1:02.5"})

    def __init__(self, **kwargs) -> None:
        super().__init__(max_length=20, **kwargs)

    def clean(self, value: str) -> int:
        text = super().clean(value)
        try:
            return read_clock(text)
        except ValueError:
            raise forms.ValidationError(_t("Write a time like 1:02.5.")) from None


class MomentForm(forms.Form):
    """A moment that the detector missed."""

    start_ms = ClockField(label=_("From"))
    end_ms = ClockField(label=_("To"))

    def __init__(self, *args, original: OriginalFile, **kwargs) -> None:
        super().__init__(*args, auto_id=f"id_%s_{original.pk}", **kwargs)
        self.original = original

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.original.duration_ms is None:
            raise forms.ValidationError(_t("This video has not been read yet; wait until its length is known."))
        if "start_ms" in cleaned and "end_ms" in cleaned:
            try:
                check_trim(self.original, cleaned["start_ms"], cleaned["end_ms"])
            except TrimError as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned


class SessionForm(forms.ModelForm):
    """A session's name and date. Clips bear slug and date in their file names, so these stay once there are clips."""

    class Meta:
        model = Shoot
        fields = ["name", "date"]
        widgets = {"date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.names_are_given = FinalClip.objects.current().filter(original_file__shoot=self.instance).exists()
        if self.names_are_given:
            self.fields["date"].disabled = True

    def clean_name(self) -> str:
        if not (name := clean_name(self.cleaned_data["name"])):
            raise forms.ValidationError(_t("Write a name."))
        return name

    def clean(self) -> dict:
        cleaned = super().clean()
        name, date = cleaned.get("name"), cleaned.get("date")
        others = Shoot.objects.exclude(pk=self.instance.pk)
        if name and date and others.filter(called(name), date=date).exists():
            raise forms.ValidationError(_t("This day has a session of this name already."))
        return cleaned

    def save(self) -> Shoot:
        """Write what may change; without clips the slug follows the name."""
        shoot = self.instance
        if not self.names_are_given:
            shoot.slug = Shoot.objects.exclude(pk=shoot.pk).slug_for(shoot.name, shoot.date)
        shoot.save(update_fields=["name", "date", "slug"])
        return shoot


class SensitivityForm(forms.ModelForm):
    class Meta:
        model = Shoot
        fields = ["sensitivity"]

    def clean_sensitivity(self) -> int:
        sensitivity = self.cleaned_data["sensitivity"]
        if sensitivity > 100:
            raise forms.ValidationError(_t("The sensitivity goes from 0 to 100."))
        return sensitivity

    def save(self) -> Shoot:
        """Write the one number past ``Shoot.save``, which tells everyone that the session's name may be another."""
        Shoot.objects.filter(pk=self.instance.pk).update(sensitivity=self.instance.sensitivity)
        return self.instance
