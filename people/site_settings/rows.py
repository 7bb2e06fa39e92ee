"""What the page shows of each setting, and what its form sends back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError

from people.models import SiteSetting
from people.sealed import SealedError
from people.site_settings.changing import Change
from people.site_settings.registry import Section, Setting, of_section


@dataclass
class Row:
    """One setting on the page: its value, where that comes from, and what somebody typed."""

    setting: Setting[Any]
    stored: SiteSetting | None
    #: What was typed and could not be saved; None on a fresh page.
    typed: str | None = None
    error: str = ""

    @property
    def is_fixed(self) -> bool:
        return self.setting.is_from_environment

    @cached_property
    def is_unreadable(self) -> bool:
        """Whether the stored value cannot be read, for it was sealed with another SECRET_KEY."""
        try:
            if self.stored:
                self.setting.read(self.stored.value)
        except (ValidationError, SealedError):
            return True
        return False

    @cached_property
    def value(self) -> Any:
        """The value that counts, read from the rows themselves: a snapshot could be seconds old."""
        if self.is_fixed:
            return self.setting.value()
        if self.stored is None or self.is_unreadable:
            return self.setting.default
        return self.setting.read(self.stored.value)

    @property
    def text(self) -> str:
        """The value as it is typed; never a secret's."""
        return "" if self.setting.is_secret else self.setting.kind.text(self.value)

    @property
    def in_the_box(self) -> str:
        return self.text if self.typed is None or self.setting.is_secret else self.typed

    @property
    def shown(self) -> str:
        return self.setting.kind.shown(self.value)

    @property
    def default(self) -> str:
        return self.setting.kind.shown(self.setting.default)

    @property
    def version(self) -> str:
        return self.stored.version if self.stored else ""


def sections() -> dict[Section, list[Row]]:
    """Return the sections of the page with their rows, in one query."""
    stored = {row.key: row for row in SiteSetting.objects.select_related("changed_by")}
    return {
        section: [Row(setting, stored.get(setting.name)) for setting in of_section(section)]
        for section in Section
        if section is not Section.DRIVE
    }


def read_form(rows: list[Row], form: Mapping[str, str]) -> list[Change]:
    """Return the changes that a form makes; rows keep what was typed, and the sentence of what is wrong with it.

    A box that was left as it was is no change, even if somebody else changed the setting since.
    """
    changes = []
    for row in (row for row in rows if not row.is_fixed):
        name = row.setting.name
        typed = form.get(name)
        if typed is None or typed.strip() == form.get(f"{name}-was", ""):
            continue
        row.typed = typed
        try:
            value = row.setting.kind.parse(typed)
        except ValidationError as error:
            row.error = " ".join(error.messages)
            continue
        changes.append(Change(row.setting, value, form.get(f"{name}-seen", "")))
    return changes
