"""Identifies the camera that recorded a file from what the file says; it never guesses from size or rate."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from anyascii import anyascii

from clips.media.cameras import clock

CAM_UNKNOWN = "CAM_UNKNOWN"
#: What an id looks like; it is a part of file names.
CAMERA_ID = re.compile(r"CAM(_[A-Z0-9]+)+")
_MAX_ID_LENGTH = 32
_MAX_TEXT_LENGTH = 80
_MAX_SERIAL_LENGTH = 40

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
#: DJI's action cameras name themselves as what wrote the file ("DJI OsmoAction5 Pro"), others in their tracks' names
#: ("DJI.AVC"), as Insta360's do ("INS.HVC").
_ENCODER_TAGS = ("encoder", "encoder-eng")
_DJI_ENCODER = re.compile(r"DJI[ .]?(?P<model>.*)")
_HANDLER = re.compile(r"(?P<maker>DJI|INS)\.")
_HANDLER_MAKERS = {"DJI": "DJI", "INS": "Insta360"}
#: "OsmoAction5Pro" is said "Osmo Action 5 Pro"; "FC220" is one word.
_WORD_ENDS = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=\d)(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Camera:
    """A camera as its file names it; None for what the file does not name."""

    make: str | None
    model: str | None
    serial: str | None = None

    @property
    def id(self) -> str:
        """The name used in file names: "CAM_GOPRO11", "CAM_IPHONE_XR" or "CAM_UNKNOWN"."""
        if self.make == "GoPro":
            return _gopro_id(self.model)
        model = self.model or ""
        make = self.make or ""
        if make == "Apple" and model:  # an iPhone is known by its own name
            make = ""
        if (make and model.lower().split()[:1] == make.lower().split()[:1]) or model.lower().startswith(make.lower()):
            make = ""  # "NIKON Z 30" of the "NIKON CORPORATION"
        return _as_id(f"{make} {model}")

    @property
    def marks_local_time_as_utc(self) -> bool:
        """Return whether the camera writes local time into a field meant for UTC."""
        return clock.shows_local_time(self.make, self.model)


def identify(tags: Mapping[str, str], handlers: list[str], boxed: Camera) -> Camera:
    """Return the camera that a file's tags and boxes name.

    Parameters
    ----------
    tags : mapping of str to str
        The container's metadata as FFmpeg gives it; ``firmware`` is the ``FIRM`` box of a GoPro.
    handlers : list of str
        The handler name of each track ("GoPro AVC").
    boxed : Camera
        What the maker's own boxes say (``clips.media.cameras.vendor_metadata``, ``clips.media.cameras.gopro``).
    """
    firmware = tags.get("firmware", "")
    if boxed.make == "GoPro" or _GOPRO_FIRMWARE.match(firmware) or any("GoPro" in handler for handler in handlers):
        model = boxed.model or GOPRO_MODELS.get(firmware[:6]) or _first(tags, _MODEL_TAGS)  # the last: in a cut of one
        return _shortened("GoPro", model, boxed.serial)
    make = boxed.make or _first(tags, _MAKE_TAGS)
    model = boxed.model or _first(tags, _MODEL_TAGS)
    for written_by in filter(None, (tags.get(name) for name in _ENCODER_TAGS)):
        if make in (None, "DJI") and (dji := _DJI_ENCODER.match(written_by)):
            make, model = "DJI", model or dji["model"]
    named = next(filter(None, map(_HANDLER.search, handlers)), None)
    make = make or (_HANDLER_MAKERS[named["maker"]] if named else None)
    if make == "DJI" and model:
        model = _WORD_ENDS.sub(" ", model)
    if not make and not model and "com.android.version" in tags:
        make = "Android"  # all that such a phone says of itself
    return _shortened(make, model, boxed.serial)


def fps_label(rate: Fraction) -> str:
    """Return the rate as riders say it: "60FPS" for 60000/1001 and "240FPS" for 239.76."""
    return f"{max(1, floor(rate + Fraction(1, 2)))}FPS"


def _shortened(make: str | None, model: str | None, serial: str | None) -> Camera:
    """Return maker and model short and printable enough for a row; a damaged file may hold anything."""
    texts = ((make, _MAX_TEXT_LENGTH), (model, _MAX_TEXT_LENGTH), (serial, _MAX_SERIAL_LENGTH))
    return Camera(*("".join(filter(str.isprintable, text or "")).strip()[:length] or None for text, length in texts))


def _first(tags: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := tags.get(name, "").strip("\0 "))), None)


def _gopro_id(model: str | None) -> str:
    """Return "CAM_GOPRO11" for "HERO11 Black". Black is the plain model; every other one is named."""
    kind = re.sub(r"\bBlack\b", "", model or "")
    numbered = re.sub(r"^\s*HERO\s?(?=\d)", "", kind, flags=re.IGNORECASE)
    return _as_id(f"GOPRO{numbered}" if numbered != kind else f"GOPRO {kind}")


def _as_id(name: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", anyascii(name).upper())
    return f"CAM_{'_'.join(words)}"[:_MAX_ID_LENGTH].rstrip("_") if words else CAM_UNKNOWN
