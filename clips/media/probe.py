"""Reads the facts about a camera file without decoding more than its first frame."""

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.cameras import gopro, vendor_metadata
from clips.media.cameras import model as camera
from clips.media.cameras.model import Camera
from clips.media.cameras.recording_time import recorded
from clips.media.cameras.statement import Said
from clips.media.formats.joined_stream import JoinedContainer
from clips.media.formats.length import last_frame_end_s, measured_end_s, picture_end_s
from clips.media.formats.opening import (
    MAX_DURATION_S,
    TAIL_SLACK_S,
    TOO_LONG,
    declared_end_s,
    in_words,
    open_media,
    picture_stream,
    stops_at,
    zero_s,
)
from clips.media.mp4 import timecode
from clips.media.pictures.coded import CodedPictures
from clips.media.pictures.display_matrix import orientation
from clips.media.pictures.fields import picture_rate, whole_pictures
from clips.media.pictures.rate import capture_rate, nominal_rate, riders_rate
from clips.media.timestamps import AnyPacket, time_base_of
from clips.media.way import way_of

#: Ten seconds at 60 frames per second show whether a recording is steady.
_RATE_PACKETS = 600
#: A decoder that has shown nothing after this many packets will show nothing.
_FIRST_FRAME_PACKETS = 300
#: Matroska and AVI tell the length of the whole only, which may be the sound's.
_ROUGH_SLACK_S = 2.0


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
        filming); ``timecode_frame`` (the number of its first frame by its timecode, at its own rate, or None);
        ``duration_ms`` (what of it can be used), ``declared_duration_ms``, ``warning``
        (one sentence where the two differ because the file was cut off, else None); ``start_ms`` (first
        frame); ``width``, ``height`` (as coded), ``rotation`` (degrees counter-clockwise from coded to
        upright), ``flip`` (whether it is mirrored left to right before that), ``codec``, ``pix_fmt``; ``has_audio``,
        ``audio_codec``, ``audio_rate_hz``;
        ``has_gopro_telemetry``; ``recorded_at`` (ISO 8601, UTC, or None), ``utc_offset_min`` (how far the clocks of
        the place are ahead of UTC, where the file says so), ``clock_is_local`` (the wall clock's time stands in
        ``recorded_at`` as if it were UTC), ``clock_shows`` (what the camera's clock showed, where that cannot be);
        ``way`` (``ending`` of its clips, and for each of its ``tracks`` whether it is copied, converted or left out;
        see ``clips.media.way``).

    Raises
    ------
    MediaError
        If it cannot be read, has no picture, or has one that no clip can hold.
    """
    with open_media(path) as container, Path(path).open("rb") as file:
        stream = picture_stream(container)
        tags = container.metadata
        said = vendor_metadata.read(file)
        made_by = camera_of(container, file, said)
        has_telemetry = gopro.telemetry_track_id(file) is not None
        frame, times = _first_frame_and_times(container, stream)
        # FFmpeg's grid may be that of fields, of which two make a picture.
        in_fields = frame.interlaced_frame or CodedPictures(stream).may_have_fields
        stated = None if in_fields else stream.base_rate
        rate = nominal_rate(stated, times, time_base_of(stream)) or picture_rate(stream)
        if rate is None:
            raise MediaError("This file has a still picture but no video.")
        held = orientation(frame)
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
            "start_ms": _ms(times[0] * time_base_of(stream) - zero_s(container)),
            "width": stream.width,
            "height": stream.height,
            "rotation": held.rotation,
            "flip": held.is_mirrored,
            "codec": stream.codec_context.name,
            "pix_fmt": frame.format.name,
            **_sound(container),
            "has_gopro_telemetry": has_telemetry,
            "hilights_ms": gopro.hilights_ms(file),
            "timecode_frame": _timecode_frame(file, rate),
            **recorded(said, tags, made_by, gopro.utc_offset_min(file)),
            "way": way_of(container, stream).as_json(),
        }


def camera_of(container: InputContainer, file: BinaryIO, said: Said) -> Camera:
    """Return the camera that an open file names in its tags, track names and maker's boxes."""
    return camera.identify(container.metadata, _handlers(container), _boxed(file, said))


def _timecode_frame(file: BinaryIO, rate: Fraction) -> int | None:
    """Return what the timecode says of the first frame, counted from 00:00:00:00 at the video's rate."""
    said = timecode.read(file)
    return round(said.count * rate / said.rate) if said else None


def _boxed(file: BinaryIO, said: Said) -> Camera:
    """Return the camera named in its maker's boxes, which are more exact than tags."""
    model, serial = gopro.model(file), gopro.serial(file)
    return Camera("GoPro", model, serial) if model else Camera(said.make, said.model, said.serial or serial)


def _handlers(container: InputContainer) -> list[str]:
    return [stream.metadata.get("handler_name", "") for stream in container.streams]


def _first_frame_and_times(container: InputContainer, stream: VideoStream) -> tuple[VideoFrame, list[int]]:
    """Return the first frame that shows, and the sorted PTS of the first packets."""
    frame, times = None, []
    with contextlib.suppress(av.error.FFmpegError):  # where a file was cut off; what came before is used
        for n_packets, packet in enumerate(whole_pictures(container.demux(stream), stream)):
            if frame is None and n_packets < _FIRST_FRAME_PACKETS:
                frame = _first(packet)
            if packet.pts is not None and packet.size and not packet.is_discard:
                times.append(packet.pts)
            if len(times) >= _RATE_PACKETS:
                break
    if frame is None or not times:
        raise MediaError("The picture in this file cannot be read; the file may be damaged.")
    return frame, sorted(times)


def _first(packet: AnyPacket) -> VideoFrame | None:
    try:
        return next(iter(packet.decode()), None)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return None  # a damaged packet; a later one may do


def _durations(container: InputContainer, stream: VideoStream) -> dict[str, Any]:
    """Compare the file's stated duration with how far its picture can be read."""
    zero, declared_s = zero_s(container), declared_end_s(container)
    own_end_s = picture_end_s(container, stream)
    expected_s = declared_s if own_end_s is None else own_end_s
    slack_s = _ROUGH_SLACK_S if own_end_s is None else TAIL_SLACK_S
    usable_s, warning = declared_s, None
    if declared_s <= zero:  # it does not say
        usable_s = measured_end_s(container, stream) or zero
    else:
        last_s = last_frame_end_s(container, stream, from_s=expected_s - 2 * slack_s)
        if last_s is None or last_s < expected_s - slack_s:
            usable_s = last_frame_end_s(container, stream) or zero
            warning = stops_at(_ms(usable_s - zero))
        elif last_s > declared_s + _ROUGH_SLACK_S:
            usable_s = last_s
    if _ms(usable_s - zero) <= 0:
        raise MediaError("This file cannot be read: it was cut off near its beginning.")
    if usable_s - zero > MAX_DURATION_S:
        raise MediaError(TOO_LONG)
    return {
        "duration_ms": _ms(usable_s - zero),
        "declared_duration_ms": _ms(declared_s - zero),
        "warning": " ".join(filter(None, [warning, _lost(container)])) or None,
    }


def _lost(container: InputContainer) -> str | None:
    """Name the recordings of a joined file that cannot be used."""
    lost_s = getattr(container, "lost_s", None)
    if not lost_s:
        return None
    n_used = len(container.recordings) if isinstance(container, JoinedContainer) else 1
    which, length = ", ".join(map(str, lost_s)), in_words(round(sum(lost_s.values()) * 1000))
    of_these = f"of these, number {which} ({length}) cannot be used."
    return f"This file was joined from {n_used + len(lost_s)} recordings; {of_these}"


def _sound(container: InputContainer) -> dict[str, Any]:
    heard = next((s for s in container.streams.audio if s.codec_context is not None), None)
    return {
        "has_audio": heard is not None,
        "audio_codec": heard.codec_context.name if heard else None,
        "audio_rate_hz": heard.sample_rate if heard else None,
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
