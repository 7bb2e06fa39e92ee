"""Opens an uploaded file. All code that reads one goes through here."""

from functools import partial
from pathlib import Path
from typing import cast

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.formats import appended, sniff
from clips.media.formats.appended import FirstFile
from clips.media.formats.joined_stream import JoinedContainer
from clips.media.mp4 import edit_lists, index_limits
from clips.media.mp4.boxes import top_level
from clips.media.pictures.avi_times import ReorderedContainer
from clips.media.timestamps import time_base_of

#: What a camera writes. A playlist that names other files or hosts is none of these, whatever its name.
FORMATS = "mov,matroska,avi,mpegts"
#: FFmpeg may read the one named file, or a part of it, and nothing else: no network, no second file.
PROTOCOLS = "file"
MAX_STREAMS = index_limits.MAX_TRACKS
#: 8K and the square 5.3K of action cameras fit; a frame of this size is 100 MB in 8-bit 4:2:0.
MAX_PIXELS = 8192 * 8192
MAX_DURATION_S = 24 * 3600
#: An index may promise a few frames more than were written when the camera was switched off.
TAIL_SLACK_S = 0.2
_BOXES_BEFORE_INDEX = frozenset({b"ftyp", b"wide", b"mdat", b"free", b"skip"})
_NO_PICTURE = "This file contains no video."
TOO_LONG = "This file claims to be longer than a day."
_INDEX_CUT_OFF = "This file is incomplete: it was cut off within its index. Please upload it again."
_TOO_MUCH_TO_OPEN = f"This file needs more memory than allowed, or claims to have more than {MAX_STREAMS} tracks."


def open_media(path: str | Path) -> InputContainer:
    """Open a camera file for reading.

    Parameters
    ----------
    path : str or Path
        A local file.

    Returns
    -------
    InputContainer
        To be used as a context manager.

    Raises
    ------
    MediaError
        If the file is empty, is no video file that we know, cannot be read, or claims to be absurdly large.
    """
    path = Path(path)
    head, more, further = _looked_over(path)
    open_part = partial(_open_part, more=more)
    try:
        # The prefix keeps a name with a colon in it from being taken for a protocol.
        if further:
            container = cast(InputContainer, FirstFile(str(path), further, open_part))
        else:
            container = _opened(f"file:{path}", PROTOCOLS, more)
    except MemoryError as error:  # what FFmpeg says of too many tracks, too
        raise MediaError(_TOO_MUCH_TO_OPEN) from error
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(_why_unreadable(path, head)) from error
    try:
        container = _on_one_clock(container, path)
        _check_size(container)
        if not container.streams.video and _is_index_cut_off(path):
            raise MediaError(_INDEX_CUT_OFF)
        if not container.streams:
            raise MediaError(_NO_PICTURE)
    except MediaError:
        container.close()
        raise
    return container


def _looked_over(path: Path) -> tuple[bytes, dict[str, str], list[int]]:
    """Return the file's first bytes, options for FFmpeg, and the offsets of appended files; MediaError if bad."""
    if not path.is_file():
        raise MediaError("The file no longer exists.")
    with path.open("rb") as file:
        head = file.read(sniff.HEAD_BYTES)
        if not head:
            raise MediaError("The file is empty.")
        sniff.refuse_what_is_no_video(head)
        further = index_limits.refuse_absurd(file) or appended.begins(file)
        more = {"advanced_editlist": "0"} if edit_lists.tell_no_lengths(file) else {}
    return head, more, further


def _opened(address: str, protocols: str, more: dict[str, str]) -> InputContainer:
    options = {
        "protocol_whitelist": protocols,
        "format_whitelist": FORMATS,
        "max_streams": str(MAX_STREAMS),
        "max_pixels": str(MAX_PIXELS),
        **more,
    }
    container = av.open(address, options=options, metadata_errors="replace")
    for stream in container.streams.video:
        if stream.codec_context is not None:
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # a later frame may be larger than the first
    return container


def _on_one_clock(container: InputContainer, path: Path) -> InputContainer:
    """Return a container whose packet times are true and grow through the whole file."""
    if is_transport_stream(container):
        from clips.media.formats import transport_stream  # with NumPy: a third of the start of whatever opens one file

        if begins := transport_stream.joints(path):
            container.close()
            joined = JoinedContainer(str(path), begins, path.stat().st_size, partial(_open_part, more={}))
            return cast(InputContainer, joined)
    pictures = [stream for stream in container.streams.video if stream.codec_context is not None]
    if "avi" in container.format.name and pictures and ReorderedContainer.is_needed(pictures[0]):
        return cast(InputContainer, ReorderedContainer(container, pictures[0]))
    return container


def _open_part(path: str, begin: int, end: int, more: dict[str, str]) -> InputContainer:
    """Open a range of bytes of a file as a file of its own."""
    try:
        return _opened(f"subfile,,start,{begin},end,{end},,:file:{path}", f"subfile,{PROTOCOLS}", more)
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(_NO_PICTURE) from error


def path_of(container: InputContainer) -> Path:
    """Return the file that a container was opened from, also if it is a part of that file."""
    return Path(container.name.partition("file:")[2])


def is_transport_stream(container: InputContainer) -> bool:
    return "mpegts" in container.format.name.split(",")


def picture_stream(container: InputContainer) -> VideoStream:
    """Return the stream with the moving picture.

    Raises
    ------
    MediaError
        If there is none; a cover picture of a sound file is none.
    """
    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic:
            return stream
    raise MediaError(_NO_PICTURE)


def zero_s(container: InputContainer) -> float:
    """Return the timestamp, in seconds, that people and rows call 0:00.

    It is timestamp 0, also where the first frame comes a little later, because the sound starts there. Only
    an MPEG transport stream counts from anywhere, so there it is the first timestamp.
    """
    if is_transport_stream(container) and container.start_time is not None:
        return container.start_time / av.time_base
    return 0.0


def end_s(stream: Stream) -> float:
    """Return where a stream of known duration ends, in seconds of its own timestamps."""
    return float(((stream.start_time or 0) + (stream.duration or 0)) * time_base_of(stream))


def declared_end_s(container: InputContainer) -> float:
    """Return where picture and sound end according to the file, in seconds of its timestamps.

    A GoPro's telemetry outlasts the picture by up to a second, so the container's own length is no measure.
    """
    if isinstance(container, JoinedContainer):
        return container.end_s
    ends_s = [end_s(s) for s in (*container.streams.video, *container.streams.audio) if s.duration]
    length_s = container.duration / av.time_base if container.duration else 0.0
    return max(ends_s, default=length_s + zero_s(container))


def clock(time_ms: int) -> str:
    """Return a time as a person reads it, as "4:07" or "1:02:03"."""
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def stops_at(usable_ms: int) -> str:
    """Return the sentence for a file of which only the beginning is usable."""
    return f"This file stops at {clock(usable_ms)}; the first {in_words(usable_ms)} can be used."


def in_words(time_ms: int) -> str:
    """Return a length as "41 seconds", "4 minutes 7 seconds" or "1 hour 2 minutes"; under a second in milliseconds."""
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    parts = (
        [(hours, "hour"), (minutes, "minute"), (seconds, "second")] if time_ms >= 1000 else [(time_ms, "millisecond")]
    )
    said = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
    return " ".join(said[:2])


def _why_unreadable(path: Path, head: bytes) -> str:
    if not sniff.looks_like_a_camera_file(head):
        return sniff.sentence_for_what_failed(head) or "This is not a video, or its format is not supported."
    with path.open("rb") as file:
        box_kinds = [box.kind for box in top_level(file)]
    if box_kinds[:1] and box_kinds[0] in _BOXES_BEFORE_INDEX and b"moov" not in box_kinds:
        return "This file is incomplete: it was cut off before its index. Please upload it again."
    if _is_index_cut_off(path):
        return _INDEX_CUT_OFF
    return "This file is damaged and cannot be read. Please upload it again."


def _is_index_cut_off(path: Path) -> bool:
    """Return whether the index of an MP4 claims to be longer than the rest of the file."""
    with path.open("rb") as file:
        size_bytes = file.seek(0, 2)
        return any(box.kind == b"moov" and box.end > size_bytes for box in top_level(file))


def _check_size(container: InputContainer) -> None:
    claimed_s = [end_s(stream) for stream in container.streams if stream.duration and stream.time_base]
    if max([(container.duration or 0) / av.time_base, *claimed_s]) > MAX_DURATION_S:
        raise MediaError(TOO_LONG)
    for stream in container.streams.video:
        if stream.codec_context is not None and stream.width * stream.height > MAX_PIXELS:
            size = f"{stream.width} by {stream.height}"
            raise MediaError(f"The picture is too large: {size}.")
