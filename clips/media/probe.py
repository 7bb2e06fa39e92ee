"""What a camera file says about itself, read without decoding more than its first frame."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError, camera, gopro, makers
from clips.media.camera import Camera
from clips.media.container import (
    MAX_DURATION_S,
    TAIL_SLACK_S,
    TOO_LONG,
    declared_end_s,
    end_s,
    open_media,
    picture_stream,
    stops_at,
    zero_s,
)
from clips.media.makers import Said
from clips.media.rate import capture_rate, nominal_rate, riders_rate
from clips.media.way import way_of

#: Ten seconds at 60 frames per second show whether a recording is steady.
_RATE_PACKETS = 600
#: A decoder that has shown nothing after this many packets will show nothing.
_FIRST_FRAME_PACKETS = 300
#: Matroska and AVI tell the length of the whole only, which may be the sound's.
_ROUGH_SLACK_S = 2.0
#: Cameras without a set clock write the start of their epoch: 1904 (QuickTime), 1970 (UNIX), 1980 (FAT).
_FIRST_TRUE_YEAR = 1990


def probe(path: str) -> dict[str, Any]:
    """Read what a camera file says about itself.

    Parameters
    ----------
    path : str
        A local file.

    Returns
    -------
    dict
        JSON-able. ``camera_id``, ``make``, ``model``, ``serial``; ``rate_num``, ``rate_den`` (the rate it plays at,
        as the camera was set to), ``capture_rate_num``, ``capture_rate_den`` (the rate it was recorded at, where the
        file says so, else None), ``fps_label`` (the rate riders call it by); ``hilights_ms`` (moments marked while
        filming); ``duration_ms`` (what of it can be used), ``declared_duration_ms``, ``warning``
        (one sentence where the two differ because the file was cut off, else None); ``start_ms`` (first
        frame); ``width``, ``height`` (as coded), ``rotation`` (degrees counter-clockwise from coded to
        upright), ``codec``, ``pix_fmt``; ``has_audio``, ``audio_codec``, ``audio_rate_hz``;
        ``has_gopro_telemetry``; ``recorded_at`` (ISO 8601, UTC, or None), ``utc_offset_min`` (how far the clocks of
        the place are ahead of UTC, where the file says so), ``clock_is_local`` (the camera writes local time into
        ``recorded_at``); ``way`` (``ending`` of its clips, and for each of its ``tracks`` whether it is copied,
        converted or left out; see ``clips.media.way``).

    Raises
    ------
    MediaError
        If it cannot be read, has no picture, or has one that no clip can hold.
    """
    with open_media(path) as container, Path(path).open("rb") as file:
        stream = picture_stream(container)
        tags = container.metadata
        said = makers.read(file)
        made_by = camera_of(container, file, said)
        has_telemetry = gopro.telemetry_track_id(file) is not None
        frame, times = _first_frame_and_times(container, stream)
        rate = nominal_rate(stream.base_rate, times, stream.time_base) or stream.average_rate
        if rate is None:
            raise MediaError("This file has a single picture and no moving one.")
        captured = capture_rate(said.capture_rate or tags.get("com.android.capture.fps"))
        return {
            "camera_id": made_by.id,
            "make": made_by.make,
            "model": made_by.model,
            "serial": made_by.serial,
            "fps_label": camera.fps_label(riders_rate(rate, captured)),
            "rate_num": rate.numerator,
            "rate_den": rate.denominator,
            "capture_rate_num": captured.numerator if captured else None,
            "capture_rate_den": captured.denominator if captured else None,
            **_durations(container, stream),
            "start_ms": _ms(times[0] * stream.time_base - zero_s(container)),
            "width": stream.width,
            "height": stream.height,
            "rotation": frame.rotation,
            "codec": stream.codec_context.name,
            "pix_fmt": frame.format.name,
            **_sound(container),
            "has_gopro_telemetry": has_telemetry,
            "hilights_ms": gopro.hilights_ms(file),
            **_recorded(
                said.recorded_at, tags, None if made_by.marks_local_time_as_utc else gopro.utc_offset_min(file)
            ),
            "clock_is_local": made_by.marks_local_time_as_utc,
            "way": way_of(container, stream).as_json(),
        }


def camera_of(container: InputContainer, file: BinaryIO, said: Said) -> Camera:
    """Return the camera that an open file names: in its tags, its tracks' names and its maker's boxes."""
    return camera.identify(container.metadata, _handlers(container), _boxed(file, said))


def _boxed(file: BinaryIO, said: Said) -> Camera:
    """Return the camera that boxes of its maker name, which know it better than tags do."""
    model, serial = gopro.model(file), gopro.serial(file)
    return Camera("GoPro", model, serial) if model else Camera(said.make, said.model, said.serial or serial)


def _handlers(container: InputContainer) -> list[str]:
    return [stream.metadata.get("handler_name", "") for stream in container.streams]


def _first_frame_and_times(container: InputContainer, stream: VideoStream) -> tuple[VideoFrame, list[int]]:
    """Return the first frame that shows, and the sorted PTS of the first packets."""
    frame, times = None, []
    with contextlib.suppress(av.error.FFmpegError):  # where a file was cut off; what came before is used
        for n_packets, packet in enumerate(container.demux(stream)):
            if frame is None and n_packets < _FIRST_FRAME_PACKETS:
                frame = _first(packet)
            if packet.pts is not None and packet.size and not packet.is_discard:
                times.append(packet.pts)
            if len(times) >= _RATE_PACKETS:
                break
    if frame is None or not times:
        raise MediaError("The picture in this file cannot be read; the file may be damaged.")
    return frame, sorted(times)


def _first(packet: av.Packet) -> VideoFrame | None:
    try:
        return next(iter(packet.decode()), None)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return None  # a damaged packet; a later one may do


def _durations(container: InputContainer, stream: VideoStream) -> dict[str, Any]:
    """Compare how long the file says it is with how far its picture can be read."""
    declared_ms = usable_ms = _ms(declared_end_s(container) - zero_s(container))
    warning = None
    picture_end_s = end_s(stream) if stream.duration else declared_end_s(container)
    slack_s = TAIL_SLACK_S if stream.duration else _ROUGH_SLACK_S
    last_s = _last_time_s(container, stream, from_s=picture_end_s - 2 * slack_s)
    if declared_ms <= 0 or last_s is None or last_s < picture_end_s - slack_s:
        last_s = _last_time_s(container, stream, from_s=None)
        usable_ms = _ms((last_s or 0.0) - zero_s(container))
        if usable_ms <= 0:
            raise MediaError("Nothing in this file can be read; it was cut off near its beginning.")
        if usable_ms > MAX_DURATION_S * 1000:
            raise MediaError(TOO_LONG)
        if declared_ms > 0:  # else it only does not say
            warning = stops_at(usable_ms)
    return {"duration_ms": usable_ms, "declared_duration_ms": declared_ms, "warning": warning}


def _last_time_s(container: InputContainer, stream: VideoStream, *, from_s: float | None) -> float | None:
    """Return where the last readable frame ends; looks from ``from_s`` on, or, slowly, from the beginning."""
    last = None
    with contextlib.suppress(av.error.FFmpegError):
        if from_s is None:
            container.seek(stream.start_time or 0, stream=stream)
        else:
            container.seek(round(from_s / stream.time_base), stream=stream)
        for packet in container.demux(stream):
            if packet.pts is not None and packet.size and not packet.is_corrupt:
                last = max(last or 0, packet.pts + (packet.duration or 0))
    return None if last is None else float(last * stream.time_base)


def _sound(container: InputContainer) -> dict[str, Any]:
    heard = next((s for s in container.streams.audio if s.codec_context is not None), None)
    return {
        "has_audio": heard is not None,
        "audio_codec": heard.codec_context.name if heard else None,
        "audio_rate_hz": heard.sample_rate if heard else None,
    }


def _recorded(said: str | None, tags: dict[str, str], gopro_offset_min: int | None) -> dict[str, Any]:
    """Return when recording began, in UTC, and what the clocks of the place were ahead of it, where the file says so.

    Apple's own tag stays true when a phone exports a copy later. A plain creation time is meant for UTC and tells
    nothing of the place; a GoPro's settings do.
    """
    for text in (said, tags.get("com.apple.quicktime.creationdate"), tags.get("creation_time")):
        with contextlib.suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text or "")
            is_plain = moment.tzinfo is None or text == tags.get("creation_time")
            offset_min = gopro_offset_min if is_plain else _offset_min(moment)
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
            if moment.year >= _FIRST_TRUE_YEAR:
                return {"recorded_at": moment.isoformat(), "utc_offset_min": offset_min}
    return {"recorded_at": None, "utc_offset_min": None}


def _offset_min(moment: datetime) -> int:
    return round(moment.utcoffset().total_seconds() / 60)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
