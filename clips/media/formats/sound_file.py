"""Opens files of sound alone, such as music, as carefully as camera files."""

from pathlib import Path

import av
import av.error
from av.container import InputContainer

from clips.media import MediaError
from clips.media.formats.opening import MAX_STREAMS, PROTOCOLS

FORMATS = "mp3,wav,flac,ogg,mov,aac,aiff"
#: What file names may end in.
ENDINGS = ("mp3", "wav", "flac", "ogg", "oga", "opus", "m4a", "aac", "aif", "aiff")
_UNREADABLE = "This music cannot be read. Use an MP3, M4A, WAV, FLAC or Ogg file."


def open_sound(path: str | Path) -> InputContainer:
    """Open a file of sound; MediaError if it is none that we know. To be used as a context manager."""
    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS, "max_streams": str(MAX_STREAMS)}
    try:
        container = av.open(f"file:{path}", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(_UNREADABLE) from error
    if not any(stream.codec_context is not None for stream in container.streams.audio):
        container.close()
        raise MediaError(_UNREADABLE)
    return container
