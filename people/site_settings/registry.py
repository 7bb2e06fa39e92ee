"""The settings that admins may change in the site. Readers import one and ask ``BIN_DAYS.value()``.

The environment counts for more than what an admin set, and that for more than the default. What a process needs to
start (database, ports, workers) is in trickyclip/settings.py alone. docs/SETTINGS.md lists both.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from people import sealed
from people.site_settings import snapshot
from people.site_settings.kinds import (
    Choice,
    Days,
    DriveFolder,
    Kind,
    Line,
    LongLine,
    MailAddress,
    MailServer,
    Secret,
    Size,
    Switch,
    WebAddress,
    Whole,
    Words,
    Zone,
)

T = TypeVar("T")


class Section(Enum):
    """The sections of the page, in its order; a value is the section's part of the address."""

    CREW = "crew"
    ARCHIVE = "archive"
    UPLOADS = "uploads"
    SPACE = "space"
    NOTICES = "notices"
    #: On a page of its own, which connects an account.
    DRIVE = "drive"

    @property
    def title(self) -> Words:
        return TITLES[self]


TITLES = {
    Section.CREW: _("Crew"),
    Section.ARCHIVE: _("Archive"),
    Section.UPLOADS: _("Uploads and imports"),
    Section.SPACE: _("Bin and disk"),
    Section.NOTICES: _("Notices"),
    Section.DRIVE: _("Google Drive"),
}


@dataclass(frozen=True, eq=False)
class Setting(Generic[T]):
    """One setting. ``name`` is that of the environment variable."""

    name: str
    section: Section
    kind: Kind[T]
    default: T
    title: Words
    #: What it does, in one line.
    says: Words

    def value(self) -> T:
        """Return what counts now: the environment's value, or an admin's, or the default."""
        if self.is_from_environment:
            return getattr(settings, self.name, self.default)
        text = snapshot.texts().get(self.name)
        return self.default if text is None else _opened(self, text, settings.SECRET_KEY)

    @property
    def is_from_environment(self) -> bool:
        """Whether the environment decides; so does what the process was told in any other way."""
        told = getattr(settings, self.name, self.default)
        return self.name in settings.SET_IN_ENVIRONMENT or told != self.default

    @property
    def is_secret(self) -> bool:
        return isinstance(self.kind, Secret)

    def kept(self, value: T) -> str:
        """Return a value as its row keeps it."""
        text = self.kind.text(value)
        return sealed.seal(text, self._purpose) if self.is_secret else text

    def read(self, text: str) -> T:
        """Return the value of a row. ValidationError or SealedError if it cannot be read."""
        return self.kind.parse(sealed.unseal(text, self._purpose) if self.is_secret else text)

    @property
    def _purpose(self) -> str:
        return f"setting {self.name}"


@lru_cache(maxsize=256)
def _opened(setting: Setting[Any], text: str, _secret_key: str) -> Any:
    """Return the value of a row; the default if it cannot be read, which the page then says."""
    try:
        return setting.read(text)
    except (ValidationError, sealed.SealedError):
        return setting.default


SITE_URL = Setting(
    "SITE_URL", Section.CREW, WebAddress(), "", _("Public address"),
    _("Where people reach the site; notices link to it."),
)  # fmt: skip
SITE_LANGUAGE = Setting(
    "SITE_LANGUAGE", Section.CREW, Choice(settings.LANGUAGES), "en", _("Language"),
    _("Of notices and of names that TrickyClip gives itself. Pages follow each member’s choice or browser."),
)  # fmt: skip
TIME_ZONE = Setting(
    "TIME_ZONE", Section.CREW, Zone(), "UTC", _("Time zone"),
    _("The crew’s time zone: for times on pages, and for sessions that have none of their own."),
)  # fmt: skip
SENSITIVITY = Setting(
    "SENSITIVITY", Section.CREW, Whole(0, 100), 50, _("Sensitivity of new sessions"),
    _("0 shows only the surest moments, 100 all of them. Each session can change its own."),
)  # fmt: skip
LOOK_CLOSER = Setting(
    "LOOK_CLOSER", Section.CREW, Switch(), True, _("Look closer when idle"),
    _("Search large videos a second time, more closely, while nobody uploads or sorts."),
)  # fmt: skip
INVITE_DAYS = Setting(
    "INVITE_DAYS", Section.CREW, Days(1, 365), 7, _("Invite links"), _("How long a new invite or password link works.")
)
SECOND_FACTOR_FOR_STAFF = Setting(
    "SECOND_FACTOR_FOR_STAFF", Section.CREW, Switch(), False, _("Second factor for curators and admins"),
    _("They must turn theirs on before they use those rights."),
)  # fmt: skip

ARCHIVE_BACKEND = Setting(
    "ARCHIVE_BACKEND", Section.ARCHIVE, Choice([("local", _("This server")), ("drive", _("Google Drive"))]), "local",
    _("Archive"), _("Where clips are archived."),
)  # fmt: skip
ARCHIVE_ORIGINALS = Setting(
    "ARCHIVE_ORIGINALS", Section.ARCHIVE,
    Choice([("never", _("Never")), ("after_sorting", _("When sorted")), ("at_once", _("At once"))]), "never",
    _("Archive originals"), _("Whether camera files are archived too."),
)  # fmt: skip
DRIVE_FOLDER_ID = Setting(
    "DRIVE_FOLDER_ID", Section.ARCHIVE, DriveFolder(), "", _("Archive folder on Drive"),
    _("Holds the archive; none means the top of My Drive."),
)  # fmt: skip
DRIVE_DROP_FOLDER_ID = Setting(
    "DRIVE_DROP_FOLDER_ID", Section.ARCHIVE, DriveFolder(), "", _("Drive folder to import from"),
    _("Videos put into this folder are imported; works with either archive."),
)  # fmt: skip

UPLOAD_MAX_FILE_BYTES = Setting(
    "UPLOAD_MAX_FILE_BYTES", Section.UPLOADS, Size(), 128 * 1024**3, _("Largest file"), _("Larger files are refused.")
)
UPLOAD_QUOTA_BYTES = Setting(
    "UPLOAD_QUOTA_BYTES", Section.UPLOADS, Size(none=_("no limit")), 0, _("Quota per member"),
    _("How much a member’s camera files and unfinished uploads may take; 0 sets no limit."),
)  # fmt: skip
UPLOAD_IDLE_DAYS = Setting(
    "UPLOAD_IDLE_DAYS", Section.UPLOADS, Days(), 7, _("Unfinished uploads"),
    _("They are given up after this many days without a byte."),
)  # fmt: skip
INCOMING_DONE_DAYS = Setting(
    "INCOMING_DONE_DAYS", Section.UPLOADS, Days(), 7, _("Imported files in done/"),
    _("Deleted after this many days if they are only a second name of a stored video."),
)  # fmt: skip

RECEIPT_WANTS_ARCHIVE = Setting(
    "RECEIPT_WANTS_ARCHIVE", Section.UPLOADS, Switch(), False, _("Safe to format only when archived"),
    _("A card may be formatted once each of its videos is in the archive too."),
)  # fmt: skip

BIN_DAYS = Setting(
    "BIN_DAYS", Section.SPACE, Days(), 30, _("Bin"),
    _("What has been in the bin for longer is deleted for good, here and in the archive."),
)  # fmt: skip
DISK_FLOOR_BYTES = Setting(
    "DISK_FLOOR_BYTES", Section.SPACE, Size(), 5 * 1024**3, _("Keep free on the disk"),
    _("Or a tenth of the disk, if that is less. Below it, uploads and jobs wait."),
)  # fmt: skip
CANDIDATES_MAX_BYTES = Setting(
    "CANDIDATES_MAX_BYTES", Section.SPACE, Size(), 8 * 1024**3, _("Space for previews"),
    _("Beyond it the least needed are deleted and made again on demand."),
)  # fmt: skip
SCRUB_DAYS = Setting(
    "SCRUB_DAYS", Section.SPACE, Days(0), 30, _("Read originals back"),
    _("Each night a share of them, so that all are read within so many days; 0 turns it off."),
)  # fmt: skip
SCRUB_BYTES_PER_S = Setting(
    "SCRUB_BYTES_PER_S", Section.SPACE, Size(), 20 * 1024**2, _("Speed of reading back"),
    _("Bytes a second, so that nobody waits for the disk meanwhile."),
)  # fmt: skip
SCRATCH_MAX_BYTES = Setting(
    "SCRATCH_MAX_BYTES", Section.SPACE, Size(), 20 * 1024**3, _("Local copies of files in a bucket"),
    _("How much space they may take on each machine."),
)  # fmt: skip
TRIM_ORIGINALS = Setting(
    "TRIM_ORIGINALS", Section.SPACE, Choice([("never", _("Never")), ("after_sorting", _("When sorted"))]), "never",
    _("Trim originals"), _("To kept clips and some seconds around them. Each waits a week, in which it can be undone."),
)  # fmt: skip
TRIM_AFTER_DAYS = Setting(
    "TRIM_AFTER_DAYS", Section.SPACE, Days(0), 30, _("Trim originals after"),
    _("Days after the last decision in a video."),
)  # fmt: skip
TRIM_HANDLE_S = Setting(
    "TRIM_HANDLE_S", Section.SPACE, Whole(1, 60), 5, _("Seconds around clips"),
    _("How much of a trimmed video stays before and after each clip, for new versions of it."),
)  # fmt: skip

NOTICE_HOUR = Setting(
    "NOTICE_HOUR", Section.NOTICES, Whole(0, 23), 9, _("Hour of the daily summary"),
    _("It is sent from this hour on, in the crew’s time zone."),
)  # fmt: skip
EMAIL_URL = Setting(
    "EMAIL_URL", Section.NOTICES, Secret(MailServer()), "", _("Mail server"), _("Sends the notices of mail channels.")
)
EMAIL_FROM = Setting(
    "EMAIL_FROM", Section.NOTICES, MailAddress(), "", _("Sender of mails"), _("The address that mails come from.")
)

DRIVE_OAUTH_CLIENT_ID = Setting(
    "DRIVE_OAUTH_CLIENT_ID", Section.DRIVE, Line(), "", _("OAuth client"), _("Connects a person’s account.")
)
DRIVE_OAUTH_CLIENT_SECRET = Setting(
    "DRIVE_OAUTH_CLIENT_SECRET", Section.DRIVE, Secret(), "", _("OAuth client’s secret"), _("Comes with the client.")
)
DRIVE_SERVICE_ACCOUNT_KEY = Setting(
    "DRIVE_SERVICE_ACCOUNT_KEY", Section.DRIVE, Secret(LongLine()), "", _("Service account’s key"),
    _("Connects a service account."),
)  # fmt: skip

REGISTRY: dict[str, Setting[Any]] = {
    setting.name: setting for setting in list(globals().values()) if isinstance(setting, Setting)
}


def of_section(section: Section) -> list[Setting[Any]]:
    """Return the settings of a section, in the page's order."""
    return [setting for setting in REGISTRY.values() if setting.section == section]
