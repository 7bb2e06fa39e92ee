"""Forms of the page on which Google Drive is connected."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clips.archive.drive import key_file
from clips.archive.drive.key_file import KeyFileError, OAuthClient, ServiceAccount


class KeyFileForm(forms.Form):
    """A JSON file of the Google Cloud console, chosen or pasted."""

    file = forms.FileField(
        label=_("File"), required=False, widget=forms.FileInput(attrs={"accept": ".json,application/json"})
    )
    text = forms.CharField(
        label=_("Or its content"), required=False, max_length=key_file.MAX_CHARS, strip=True,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip

    found: OAuthClient | ServiceAccount

    def clean(self) -> dict:
        data = super().clean()
        if self.errors:
            return data
        try:
            self.found = key_file.read(self._chosen() or data.get("text", ""))
        except KeyFileError as error:
            raise forms.ValidationError(str(error)) from error
        return data

    def _chosen(self) -> str:
        file = self.cleaned_data.get("file")
        return file.read(4 * key_file.MAX_CHARS).decode("utf-8-sig", errors="replace") if file else ""


class FolderForm(forms.Form):
    """A folder that is there, or the name of one to make."""

    #: Of a folder or a shared drive; empty is the top of My Drive.
    folder = forms.RegexField(r"^[\w-]{1,100}$", max_length=100, required=False)
    name = forms.CharField(label=_("Name of a new folder"), max_length=100, required=False)
