"""Which camera recorded a file, as the file itself says it; never a guess from size or rate."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from anyascii import anyascii

CAM_UNKNOWN = "CAM_UNKNOWN"
_MAX_ID_LENGTH = 32

#: Model codes that GoPro's firmware versions begin with ("H22.01.02.32.00"); from GoPro's firmware catalogue
#: and its Open GoPro documentation. A code that is not here leaves the model open.
GOPRO_MODELS = {
    "HD5.02": "HERO5 Black",
    "HD5.03": "HERO5 Session",
    "HD6.01": "HERO6 Black",
    "HD7.01": "HERO7 Black",
    "HD8.01": "HERO8 Black",
    "H19.03": "MAX",
    "HD9.01": "HERO9 Black",
    "H21.01": "HERO10 Black",
    "H22.01": "HERO11 Black",
    "H22.03": "HERO11 Black Mini",
    "H23.01": "HERO12 Black",
    "H24.01": "HERO13 Black",
    "H24.03": "HERO (2024)",
}
_GOPRO_FIRMWARE = re.compile(r"^(HD\d|H\d\d|HX\d)\.\d\d\.\d\d\.")
_MAKE_TAGS = ("com.apple.quicktime.make", "com.android.manufacturer", "make", "MAKE", "Make")
_MODEL_TAGS = ("com.apple.quicktime.model", "com.android.model", "model", "MODEL", "Model")


@dataclass(frozen=True)
class Camera:
    """A camera as its file names it; None where it does not."""

    make: str | None
    model: str | None

    @property
    def id(self) -> str:
        """Return the name used in file names, as "CAM_GOPRO11", "CAM_IPHONE_XR" or "CAM_UNKNOWN"."""
        if self.make == "GoPro":
            return _gopro_id(self.model)
        model = self.model or ""
        make = self.make or ""
        if make == "Apple" and model:  # an iPhone is known by its own name
            make = ""
        if make and model.lower().startswith(make.lower()):
            make = ""
        return _as_id(f"{make} {model}")

    @property
    def marks_local_time_as_utc(self) -> bool:
        """Tell whether it writes the wall clock of the place into a field that is meant for UTC.

        GoPro did so before the HERO11.
        """
        number = re.match(r"HERO(\d+)", self.model or "")
        return self.make == "GoPro" and (self.model == "MAX" or (number is not None and int(number[1]) < 11))


def identify(tags: Mapping[str, str], handlers: list[str], gopro_model: str | None) -> Camera:
    """Return the camera that a file's tags and boxes name.

    Parameters
    ----------
    tags : mapping of str to str
        The container's metadata as FFmpeg gives it; ``firmware`` is the ``FIRM`` box of a GoPro.
    handlers : list of str
        The handler name of each track ("GoPro AVC").
    gopro_model : str or None
        The model from the GPMF settings in ``udta`` (``MINF``), as written since the HERO6.
    """
    firmware = tags.get("firmware", "")
    is_gopro = bool(_GOPRO_FIRMWARE.match(firmware)) or any("GoPro" in handler for handler in handlers)
    if gopro_model or is_gopro:
        return Camera("GoPro", gopro_model or GOPRO_MODELS.get(firmware[:6]))
    return Camera(_first(tags, _MAKE_TAGS), _first(tags, _MODEL_TAGS))


def fps_label(rate: Fraction) -> str:
    """Return the rate as a rider says it, as "60FPS" for 60000/1001 and "240FPS" for 239.76."""
    return f"{max(1, floor(rate + Fraction(1, 2)))}FPS"


def _first(tags: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = tags.get(name, "").strip().strip("\0")
        if value:
            return value[:80]
    return None


def _gopro_id(model: str | None) -> str:
    """Return "CAM_GOPRO11" for "HERO11 Black": Black is the plain one, every other kind is named."""
    kind = re.sub(r"\bBlack\b", "", model or "")
    numbered = re.sub(r"^\s*HERO\s?(?=\d)", "", kind, flags=re.IGNORECASE)
    return _as_id(f"GOPRO{numbered}" if numbered != kind else f"GOPRO {kind}")


def _as_id(name: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", anyascii(name).upper())
    return f"CAM_{'_'.join(words)}"[:_MAX_ID_LENGTH].rstrip("_") if words else CAM_UNKNOWN
