"""Kinds of settings: how a value is read from text, checked with one clear sentence, and shown."""

import re
import zoneinfo
from collections.abc import Sequence
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

T = TypeVar("T")
Words = str | Promise

UNITS = {"B": 1, "BYTES": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
SIZE = re.compile(r"(\d{1,15}(?:[.,]\d{1,6})?)\s*([KMGT]?i?B|bytes)?", re.IGNORECASE | re.ASCII)
FOLDER_ADDRESS = re.compile(r"https://drive\.google\.com/\S*/folders/([\w-]+)\S*", re.ASCII)
FOLDER_ID = re.compile(r"[\w-]{10,100}", re.ASCII)
MAX_CHARS = 300


class Kind(Generic[T]):
    """What all kinds can do; ``widget`` names the input on the page."""

    widget = "text"
    placeholder = ""

    def parse(self, text: str) -> T:
        """Return the value of a text. ValidationError, with one sentence, if it has none."""
        raise NotImplementedError

    def text(self, value: T) -> str:
        """Return the text as it is kept and typed; ``parse`` gives the value back."""
        return str(value)

    def shown(self, value: T) -> str:
        """Return the value for people to read."""
        return self.text(value) or _("none")


class Line(Kind[str]):
    """One line of text, with a check of its own."""

    max_chars = MAX_CHARS

    def parse(self, text: str) -> str:
        text = text.strip()
        if len(text) > self.max_chars or not text.isprintable():
            raise ValidationError(_("Use one line of at most %(n)d characters.") % {"n": self.max_chars})
        return self.check(text) if text else ""

    def check(self, text: str) -> str:
        return text


class Whole(Kind[int]):
    """A whole number of days, hours or percent."""

    widget = "number"

    def __init__(self, least: int, most: int, unit: Words = "") -> None:
        self.least, self.most, self.unit = least, most, unit

    def parse(self, text: str) -> int:
        text = text.strip()
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not self.least <= int(text) <= self.most:
            told = {"least": self.least, "most": self.most}
            raise ValidationError(_("Enter a whole number from %(least)d to %(most)d.") % told)
        return int(text)

    def shown(self, value: int) -> str:
        return f"{value} {self.unit}".strip()


class Days(Whole):
    def __init__(self, least: int = 1, most: int = 3650) -> None:
        super().__init__(least, most, gettext_lazy("days"))

    def shown(self, value: int) -> str:
        return ngettext("%(n)d day", "%(n)d days", value) % {"n": value}


class Size(Kind[int]):
    """A number of bytes, typed as "5 GB". A GB has 1024³ bytes, as everywhere on the pages."""

    placeholder = "5 GB"

    def __init__(self, *, none: Words = "") -> None:
        #: What 0 means, where it means something.
        self.none = none

    def parse(self, text: str) -> int:
        found = SIZE.fullmatch(text.strip())
        if not found or (n_bytes := self._bytes(*found.groups())) > 2**60:
            raise ValidationError(_("Enter a size such as “5 GB” or “500 MB”."))
        if not n_bytes and not self.none:
            raise ValidationError(_("Enter a size above 0."))
        return n_bytes

    @staticmethod
    def _bytes(number: str, unit: str | None) -> int:
        return int(float(number.replace(",", ".")) * UNITS[(unit or "B").upper().replace("I", "")])

    def text(self, value: int) -> str:
        """Return the largest unit of which it is a whole number; bytes otherwise, so that nothing is lost."""
        unit = next((unit for unit in ("TB", "GB", "MB", "KB") if value and value % UNITS[unit] == 0), "bytes")
        return f"{value // UNITS[unit.upper()]} {unit}" if value else "0"

    def shown(self, value: int) -> str:
        return str(self.none) if not value and self.none else self.text(value)


class Choice(Kind[str]):
    """One of a few words."""

    widget = "select"

    def __init__(self, options: Sequence[tuple[str, Words]]) -> None:
        self.options = tuple(options)

    def parse(self, text: str) -> str:
        if text not in dict(self.options):
            raise ValidationError(_("Choose one of the options."))
        return text

    def shown(self, value: str) -> str:
        return str(dict(self.options).get(value, value))


class Switch(Kind[bool]):
    """On or off."""

    widget = "select"
    options = (("1", gettext_lazy("On")), ("0", gettext_lazy("Off")))

    def parse(self, text: str) -> bool:
        if text not in {"0", "1"}:
            raise ValidationError(_("Choose on or off."))
        return text == "1"

    def text(self, value: bool) -> str:
        return "1" if value else "0"

    def shown(self, value: bool) -> str:
        return _("On") if value else _("Off")


class Zone(Line):
    widget = "zone"
    placeholder = "Europe/Vienna"

    def parse(self, text: str) -> str:
        name = super().parse(text)
        if name not in zoneinfo.available_timezones():
            raise ValidationError(_("“%(name)s” is not a time zone. Example: Europe/Vienna.") % {"name": name[:50]})
        return name


class WebAddress(Line):
    placeholder = "https://clips.example.org"

    def check(self, text: str) -> str:
        says = _("Enter an address such as https://clips.example.org.")
        URLValidator(schemes=["http", "https"], message=says)(text)
        parts = urlsplit(text)
        if parts.query or parts.fragment or parts.username or parts.password:
            raise ValidationError(says)
        return text.rstrip("/")


class MailAddress(Line):
    placeholder = "clips@example.org"

    def check(self, text: str) -> str:
        try:
            validate_email(text)
        except ValidationError:
            raise ValidationError(_("Enter an e-mail address such as clips@example.org.")) from None
        return text


class MailServer(Line):
    """The address of a mail server, with name and password."""

    placeholder = "smtp+tls://user:password@mail.example.org:587"

    def check(self, text: str) -> str:
        says = ValidationError(_("Enter an address such as smtp+tls://user:password@mail.example.org:587."))
        try:
            parts = urlsplit(text)
            has_port = parts.port is None or parts.port > 0
            environ.Env.email_url_config(text)
        except (ValueError, KeyError, environ.ImproperlyConfigured):
            raise says from None
        if parts.scheme not in {"smtp", "smtps", "smtp+tls", "smtp+ssl"} or not parts.hostname or not has_port:
            raise says
        return text


class DriveFolder(Line):
    """The id of a folder on Google Drive; its whole address will do."""

    placeholder = "https://drive.google.com/drive/folders/…"

    def check(self, text: str) -> str:
        found = FOLDER_ADDRESS.fullmatch(text)
        folder_id = found.group(1) if found else text
        if not FOLDER_ID.fullmatch(folder_id):
            raise ValidationError(_("Paste the address of the folder as your browser shows it."))
        return folder_id


class LongLine(Line):
    """A key file whose line breaks were removed."""

    max_chars = 20_000


class Secret(Line):
    """A text that is sealed in the database and never shown again."""

    widget = "secret"

    def __init__(self, kind: Line | None = None) -> None:
        self.kind = kind or Line()
        self.placeholder = self.kind.placeholder

    def parse(self, text: str) -> str:
        return self.kind.parse(text)

    def shown(self, value: str) -> str:
        return _("set") if value else _("none")
