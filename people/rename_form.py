"""Form part for a rename: it explains the effect, and lets file names keep the old name."""

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext


class RenameForm(forms.ModelForm):
    """A form for a rider, a trick or a session, whose names are in file names of clips.

    The slug follows the name, unless it is kept or another one is typed. A form that adds a row shows no ``keep_slug``.
    """

    #: The fields that make the slug, in the order in which ``slug_for`` takes them.
    named_by: tuple[str, ...] = ()

    keep_slug = forms.BooleanField(required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.old_slug = self.instance.slug
        self.old_names = (str(self.instance), self.old_slug)
        self.fields["keep_slug"].label = _t("Keep “%(slug)s” in file names and folders") % {"slug": self.old_slug}

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.instance._state.adding:
            if "slug" not in self.fields and not self.errors:
                cleaned["slug"] = type(self.instance).objects.slug_for(*(cleaned[name] for name in self.named_by))
            return cleaned
        if self.errors:
            return cleaned
        if "slug" not in self.changed_data:
            cleaned["slug"] = self._slug_after(cleaned)
        elif cleaned.get("keep_slug"):
            self.add_error("keep_slug", _t("Keep “%(slug)s”, or type another one.") % {"slug": self.old_slug})
        return cleaned

    def _slug_after(self, cleaned: dict) -> str:
        if cleaned.get("keep_slug") or not self.is_rename:
            return self.old_slug
        others = type(self.instance).objects.exclude(pk=self.instance.pk)
        return others.slug_for(*(cleaned[name] for name in self.named_by))

    @property
    def is_rename(self) -> bool:
        """Return whether a name in it differs from before."""
        return any(name in self.changed_data for name in (*self.named_by, "slug"))

    @property
    def renames_files(self) -> bool:
        """Return whether the file names of clips change; for a valid form."""
        return self.cleaned_data["slug"] != self.old_slug

    def name_in_files(self) -> str:
        """Return the name for file names; for a valid form."""
        return self.cleaned_data["slug"]

    def says(self, n_clips: int) -> str:
        """Return in one sentence what saving this form does to the clips with that name."""
        if not n_clips:
            return _t("No clips use this name yet.")
        if self.is_bound and self.is_valid() and self.is_rename:
            return self._says_what_follows(n_clips)
        return ngettext(
            "%(n)s clip: its folder and file name will change with the name. Links and versions stay.",
            "%(n)s clips: their folders and file names will change with the name. Links and versions stay.",
            n_clips,
        ) % {"n": n_clips}

    def _says_what_follows(self, n_clips: int) -> str:
        if self.renames_files:
            text = ngettext(
                "%(n)s clip: its folder and file name will change to %(name)s. Links and versions stay.",
                "%(n)s clips: their folders and file names will change to %(name)s. Links and versions stay.",
                n_clips,
            )
        else:
            text = ngettext(
                "%(n)s clip: its file name keeps %(name)s. Pages and search use the new name.",
                "%(n)s clips: their file names keep %(name)s. Pages and search use the new name.",
                n_clips,
            )
        return text % {"n": n_clips, "name": self.name_in_files()}


def said_of_renaming(n_clips: int) -> str:
    """Return the sentence about clips whose files are now being renamed."""
    return ngettext(
        "%(n)s clip is being renamed in the background.", "%(n)s clips are being renamed in the background.", n_clips
    ) % {"n": n_clips}
