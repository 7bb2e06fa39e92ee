"""Builds and parses the file names and folders of clips in the archive. Knows no Django."""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from clips.media.formats.suffixes import MEDIA_TYPES
from people.naming.spelling import clean_name

ROOT = "TrickyClip Archive"
#: Beside the years of the clips.
ORIGINALS = "Originals"
MAX_FOLDER_BYTES = 120
#: Beside the folders of each session's riders, and in the root: all that the rows say of it.
SESSION_FILE = "trickyclip.json"
#: Refused or given a meaning by Windows, macOS, Drive's search or a shell.
_FILE_NAME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)__(?P<session>.+?)__(?!_)(?P<person>.+?)__(?!_)(?P<trick>.+?)__(?!_)(?P<camera>.+?)"
    rf"__(?P<fps>.*?)__v(?P<number>\d+)(?: \(TrickyClip\))?\.(?P<ending>{'|'.join(MEDIA_TYPES)})"
)
_ORIGINAL_NAME = re.compile(r"(?P<name>.+)__(?P<digits>[0-9a-f]{8})(?P<suffix>\.[A-Za-z0-9]{1,8})?")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_SESSION_FILE = re.compile(r"trickyclip( [A-Za-z0-9_-]+)?\.json")
#: What a name may have where it joins letters or pictures, and a folder never has.
_UNSEEN = re.compile("[\u200c\u200d\ufe0f]")


def file_stem(*, date: dt.date, session: str, person: str, trick: str, camera_id: str, fps_label: str) -> str:
    """Return a clip's name up to the version: ``2024-12-01__BackyardRails__Miller_Downey__KFED__CAM_GOPRO11__240FPS``.

    All but the date are slugs; ``person`` and ``trick`` are ``UNKNOWN`` where the clip has none.
    """
    return "__".join([date.isoformat(), session, person, trick, camera_id, fps_label])


@dataclass(frozen=True)
class Named:
    """The facts in a file's name and folders; ``person`` and ``trick`` are as ``file_stem`` writes them."""

    date: dt.date
    session_name: str
    person: str
    trick: str
    camera_id: str
    fps_label: str
    stem: str
    number: int
    ending: str


def read_names(folders: tuple[str, ...], filename: str) -> Named | None:
    """Parse the names made by ``file_stem`` and ``folder_parts``; None for a name that is not ours.

    Folders count for more where they are ours, because they follow what people are called by now.
    """
    found = _FILE_NAME.fullmatch(filename)
    try:
        date = dt.date.fromisoformat(found["date"]) if found else None
    except ValueError:
        date = None
    if date is None:
        return None
    said = found.groupdict()
    in_place = len(folders) == 5 and folders[2].startswith(f"{said['date']} - ")
    session_name = folders[2].partition(" - ")[2] if in_place else said["session"]
    person, trick = folders[3:] if in_place else (said["person"], said["trick"])
    stem = filename.rpartition("__")[0]
    return Named(
        date, session_name, person, trick, said["camera"], said["fps"], stem, int(said["number"]), said["ending"]
    )


def folder_parts(*, date: dt.date, session_name: str, person: str, trick: str) -> tuple[str, ...]:
    """Return the folders from the archive's root down: year, session with its date, person, trick."""
    return (*session_folder_parts(date=date, session_name=session_name), person, trick)


def session_folder_parts(*, date: dt.date, session_name: str) -> tuple[str, ...]:
    """Return the folders of a session, from the archive's root down."""
    return (ROOT, f"{date:%Y}", f"{date.isoformat()} - {folder_name(session_name)}")


def original_folder_parts(*, date: dt.date, session_name: str) -> tuple[str, ...]:
    """Return the folders of a session's camera files, from the archive's root down."""
    return (ROOT, ORIGINALS, f"{date:%Y}", f"{date.isoformat()} - {folder_name(session_name)}")


def original_name(filename: str, sha256: str) -> str:
    """Return a camera file's own name, made safe, with the first digits of its checksum.

    Two cameras of one crew both count from GX010001 on, and the same one does again after its card was formatted.
    """
    name = PurePosixPath(filename.replace("\\", "/"))
    suffix = name.suffix if _SUFFIX.fullmatch(name.suffix) else ""
    return f"{folder_name(name.name.removesuffix(suffix))}__{sha256[:8]}{suffix}"


def read_original_name(filename: str) -> tuple[str, str] | None:
    """Parse a name made by ``original_name``: the camera's own name and the first digits of the checksum."""
    found = _ORIGINAL_NAME.fullmatch(filename)
    return (found["name"] + (found["suffix"] or ""), found["digits"]) if found else None


def session_file_name(slug: str = "") -> str:
    """Return the name of the file that says all of a session; with its slug where another one has the usual name."""
    return f"trickyclip {slug}.json" if slug else SESSION_FILE


def is_session_file(filename: str) -> bool:
    """Return whether a file has a name as ``session_file_name`` gives it."""
    return bool(_SESSION_FILE.fullmatch(filename))


def folder_name(name: str) -> str:
    """Return typed text as one folder name that every file system accepts: readable, and never a path."""
    name = _UNSAFE.sub(" ", _UNSEEN.sub("", clean_name(name)))
    name = " ".join(unicodedata.normalize("NFC", name).split()).strip(". ")
    while len(name.encode()) > MAX_FOLDER_BYTES:
        name = name[:-1].rstrip(". ")
    return name or "Session"
