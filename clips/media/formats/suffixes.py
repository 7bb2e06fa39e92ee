"""Maps the file name endings of clips to their formats and media types."""

from pathlib import PurePath

#: Ending → media type. What MP4 cannot hold becomes MOV, and what MOV cannot hold either becomes MKV.
MEDIA_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "mkv": "video/x-matroska"}
#: Of what the archive keeps beside clips.
SESSION_FILE_TYPE = "application/json"
#: Of nearly all clips, and of every preview and share video.
USUAL = "mp4"


def ending_of(name: str) -> str:
    """Return the ending of a clip's name or path without its dot; the default one for any other name."""
    ending = PurePath(name).suffix.removeprefix(".")
    return ending if ending in MEDIA_TYPES else USUAL


def without_ending(name: str) -> str:
    """Return a clip's name without its ending; any other name unchanged."""
    for ending in MEDIA_TYPES:
        if name.endswith(f".{ending}"):
            return name.removesuffix(f".{ending}")
    return name


def with_ending(name: str, ending: str) -> str:
    """Return a clip's name with another ending."""
    return f"{without_ending(name)}.{ending}"


def media_type_of(name: str) -> str:
    """Return the media type of a video, or of what is written beside videos, by the ending of its name."""
    if name.lower().endswith(".json"):
        return SESSION_FILE_TYPE
    return MEDIA_TYPES[ending_of(name.lower())]
