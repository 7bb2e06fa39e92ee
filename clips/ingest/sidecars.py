"""Lists the sidecar files beside videos that are not imported, and the device or program each belongs to.

They are not imported, not moved, and not reported. Any other file is imported, and recognised by its bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Owner:
    """The device or program that writes these files, by patterns of their names in lower case (``fnmatch``)."""

    who: str
    what: str
    files: tuple[str, ...] = ()
    #: Folders with all that is in them.
    folders: tuple[str, ...] = ()


OWNERS = (
    Owner(_("systems"), _("hidden files"), files=(".*", "~*", "*~"), folders=(".*", "~*")),
    Owner(
        _("browsers, Syncthing, editors"), _("unfinished files"),
        files=(
            "*.tmp", "*.part", "*.partial", "*.crdownload", "*.opdownload", "*.download", "*.filepart", "*.aria2",
            "*.!sync", "*.!ut", "*.swp", "*.bts",
        ),
        folders=("*.download",),
    ),
    Owner(
        "Windows", _("system files"),
        files=("*.ini", "*.db", "*.lnk", "*.url", "pagefile.sys", "hiberfil.sys"),
        folders=("system volume information", "$recycle.bin", "recycler", "found.[0-9][0-9][0-9]"),
    ),
    Owner(
        "macOS", _("system files"),
        files=("icon\r", "*.webloc"), folders=("__macosx", "network trash folder", "temporary items"),
    ),
    Owner("Linux", _("system files"), folders=("lost+found",)),
    Owner("Android", _("system files"), folders=("lost.dir",)),
    Owner(
        "Synology, QNAP", _("system files"), files=("*@synoeastream", "*@synoresource"),
        folders=("@eadir", "@tmp", "@recycle", "#recycle", "#snapshot", "@recently-snapshot"),
    ),
    Owner("Apple", _("edits and placeholders"), files=("*.aae", "*.icloud", "*.xmp")),
    Owner(
        _("cameras"), _("photos"),
        files=(
            "*.jpg", "*.jpeg", "*.heic", "*.heif", "*.hif", "*.dng", "*.gpr", "*.insp", "*.arw", "*.cr2", "*.cr3",
            "*.crw", "*.nef", "*.nrw", "*.raf", "*.orf", "*.rw2", "*.pef", "*.srw",
        ),
    ),
    Owner("GoPro", _("thumbnails, sound, notes"), files=("*.thm", "*.wav", "*.sav", "version.txt")),
    Owner("DJI", _("subtitles, screen pictures"), files=("*.srt", "*.scr")),
    Owner("Insta360", _("lists of files"), files=("fileinfo_list.list", "*.insdata")),
    Owner(
        "Sony, Panasonic, Canon", _("notes beside videos"),
        files=(
            "*.xml", "*.bim", "*.bdm", "*.mpl", "*.cpi", "*.bin", "*.bnp", "*.int", "*.inp", "*.mif", "*.cif", "*.tdt",
            "*.tid", "*.ppn", "*.smi", "*.ctg", "*.log", "autprint.mrk",
        ),
        folders=("thmbnl", "avf_info"),
    ),
)  # fmt: skip


def owner_of(name: str) -> Owner | None:
    """Return the owner of a file that is ignored; None for one that is imported."""
    return _first(name, "files")


def owner_of_folder(name: str) -> Owner | None:
    """Return the owner of a folder that is ignored with everything in it; None for one that is searched."""
    return _first(name, "folders")


def is_left_alone(folders: Iterable[str], name: str) -> bool:
    """Return whether a file is ignored, by its own name or by a folder above it within the search."""
    return owner_of(name) is not None or any(map(owner_of_folder, folders))


def for_browsers() -> dict[str, list[tuple[str, str]]]:
    """Return the patterns of ignored files and folders for the upload page, each with the files' owner."""
    return {
        kind: [(pattern, f"{owner.who}: {owner.what}") for owner in OWNERS for pattern in getattr(owner, kind)]
        for kind in ("files", "folders")
    }


def _first(name: str, kind: str) -> Owner | None:
    lower = name.lower()
    return next((one for one in OWNERS if any(fnmatchcase(lower, each) for each in getattr(one, kind))), None)
