"""Forms for a session and its moments."""

import uuid

from django import forms
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.archive.renaming import follow
from clips.library.session_names import SessionNameForm
from clips.models import CandidateSegment, FinalClip, OriginalFile, Shoot
from clips.models.clock import read_clock
from clips.sorting.decisions import TrimError, check_moment
from people.naming.fields import called
from people.naming.spelling import clean_name


class ClockField(forms.CharField):
    """A place in a video, as 1:02.5; cleaned to whole milliseconds."""

    default_error_messages = {"required": _("Enter a time like 1:02.5.")}
    widget = forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "placeholder": "1:02.5"})

    def __init__(self, **kwargs) -> None:
        super().__init__(max_length=20, **kwargs)

    def clean(self, value: str) -> int:
        text = super().clean(value)
        try:
            return read_clock(text)
        except ValueError:
            raise forms.ValidationError(_t("Enter a time like 1:02.5.")) from None


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
            raise forms.ValidationError(_t("This video is still being read. Try again when its length is known."))
        if "start_ms" in cleaned and "end_ms" in cleaned:
            try:
                check_moment(self.original, cleaned["start_ms"], cleaned["end_ms"])
            except TrimError as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned


class SessionForm(SessionNameForm):
    """A session's name and date; its clips follow both."""

    class Meta:
        model = Shoot
        fields = ["name", "date"]
        widgets = {"date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.n_clips = FinalClip.objects.current().filter(original_file__shoot=self.instance).count()
        if not self.n_clips:
            del self.fields["keep_slug"]

    def clean_name(self) -> str:
        if not (name := clean_name(self.cleaned_data["name"])):
            raise forms.ValidationError(_t("Enter a name."))
        return name

    def clean(self) -> dict:
        cleaned = super().clean()
        name, date, slug = (cleaned.get(field) for field in ("name", "date", "slug"))
        others = Shoot.objects.in_use().exclude(pk=self.instance.pk).filter(date=date)
        if name and date and others.filter(called(name) | Q(slug__iexact=slug)).exists():
            raise forms.ValidationError(_t("A session with this name already exists on this day."))
        return cleaned

    @property
    def says_now(self) -> str:
        return self.says(self.n_clips)

    @transaction.atomic
    def save(self) -> Shoot:
        """Save the names, and have the clips follow."""
        shoot = self.instance
        shoot.slug = self.cleaned_data["slug"]
        shoot.save(update_fields=["name", "date", "slug"])
        if self.is_rename:
            follow(shoot)
        return shoot


class SessionTargetForm(forms.Form):
    """The session that videos move to: one that is there, or a new one."""

    target = forms.ModelChoiceField(
        Shoot.objects.none(), label=_("Move to"), required=False, empty_label=_("a new session")
    )
    name = forms.CharField(label=_("Name of the new session"), required=False, max_length=100)
    date = forms.DateField(
        label=_("Date"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, *args, shoot: Shoot | None, **kwargs) -> None:
        super().__init__(*args, auto_id="move_%s", **kwargs)
        self.shoot = shoot
        sessions = Shoot.objects.in_use()
        self.fields["target"].queryset = sessions.exclude(pk=shoot.pk) if shoot else sessions
        if shoot:
            self.initial["date"] = shoot.date

    def clean(self) -> dict:
        cleaned = super().clean()
        if not cleaned.get("target") and not (clean_name(cleaned.get("name") or "") and cleaned.get("date")):
            raise forms.ValidationError(_t("Choose a session, or write the name and date of a new one."))
        return cleaned

    def moves_to(self) -> Shoot:
        """Return the session to move to; a new one gets the sensitivity and time zone of the old one."""
        asked = self.cleaned_data
        return asked["target"] or Shoot.objects.like(self.shoot, asked["name"], asked["date"])


class MoveVideosForm(SessionTargetForm):
    """Videos of one session, and the session they move to."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    videos = forms.MultipleChoiceField(
        label=_("Videos"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one video.")},
    )

    def __init__(self, *args, shoot: Shoot, videos: list[OriginalFile] | None = None, **kwargs) -> None:
        super().__init__(*args, shoot=shoot, **kwargs)
        self.initial["key"] = uuid.uuid4()
        if videos is None:  # else those of one page
            videos = list(shoot.files.in_use().filter(low_res_of=None).only("original_filename"))
        self.fields["videos"].choices = [(str(video.pk), str(video)) for video in videos]


class CoverForm(forms.Form):
    """A moment of a session whose picture stands for it."""

    moment = forms.ModelChoiceField(CandidateSegment.objects.none())

    def __init__(self, *args, shoot: Shoot, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        pictured = CandidateSegment.objects.in_use().exclude(poster_path="")
        self.fields["moment"].queryset = pictured.filter(original_file__shoot=shoot)


class SensitivityForm(forms.ModelForm):
    class Meta:
        model = Shoot
        fields = ["sensitivity"]

    def clean_sensitivity(self) -> int:
        sensitivity = self.cleaned_data["sensitivity"]
        if sensitivity > 100:
            raise forms.ValidationError(_t("Choose a sensitivity from 0 to 100."))
        return sensitivity

    def save(self) -> Shoot:
        """Save the one number directly: ``Shoot.save`` would announce a possible rename."""
        Shoot.objects.filter(pk=self.instance.pk).update(sensitivity=self.instance.sensitivity)
        return self.instance
