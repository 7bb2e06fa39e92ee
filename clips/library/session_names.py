"""Base of all forms that rename a session."""

from django.utils.translation import gettext as _t

from people.rename_form import RenameForm


class SessionNameForm(RenameForm):
    """A rename that may keep the short name in clips' file names; the folder always has the full name."""

    named_by = ("name", "date")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.old_date = self.instance.date
        self.fields["keep_slug"].label = _t("Keep “%(slug)s” in file names") % {"slug": self.old_slug}

    @property
    def renames_files(self) -> bool:
        return super().renames_files or self.cleaned_data["date"] != self.old_date

    def name_in_files(self) -> str:
        return f"{self.cleaned_data['date']}__{self.cleaned_data['slug']}"
