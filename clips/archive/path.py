"""What a clip is called and where in the archive it lies. Knows no Django, so that names can be made anywhere."""

import datetime as dt
import re
import unicodedata

ROOT = "TrickyClip Archive"
MAX_FOLDER_BYTES = 120
#: Refused or given a meaning by Windows, macOS, Drive's search or a shell.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


def file_stem(*, date: dt.date, session: str, person: str, trick: str, camera_id: str, fps_label: str) -> str:
    """Return a clip's name up to the version: ``2024-12-01__BackyardRails__Miller_Downey__KFED__CAM_GOPRO11__240FPS``.

    All but the date are slugs; ``person`` and ``trick`` are the clip's category where it has none.
    """
    return "__".join([date.isoformat(), session, person, trick, camera_id, fps_label])


def folder_parts(*, date: dt.date, session_name: str, person: str, trick: str) -> tuple[str, ...]:
    """Return the folders from the archive's root down: year, session with its date, person, trick."""
    return (ROOT, f"{date:%Y}", f"{date.isoformat()} - {folder_name(session_name)}", person, trick)


def folder_name(name: str) -> str:
    """Return what people typed as one folder name that every file system takes: still readable, never a path."""
    name = _UNSAFE.sub(" ", unicodedata.normalize("NFC", name))
    name = " ".join(name.split()).strip(". ")
    while len(name.encode()) > MAX_FOLDER_BYTES:
        name = name[:-1].rstrip(". ")
    return name or "Session"
