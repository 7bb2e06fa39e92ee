"""Makes a copy of a part of a camera file that plays the same in any browser, messenger or old player.

All frames of the part are re-encoded, each at its own time, upright, in 8-bit BT.709. A player needs no special
features: no frame refers to a later one, so the first is at 0 without an edit list, and the sound's encoder delay is
not in the file. Slow motion is written into the times, since players know no other.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from clips.media import MediaError
from clips.media.decode import Film, decoded, open_film
from clips.media.output import whole_or_not_at_all
from clips.media.pictures.fields import picture_rate
from clips.media.pictures.frame_times import Span
from clips.media.render.deinterlace import deinterlaced
from clips.media.render.orientation import Upright
from clips.media.render.preview_sound import Sound, layout_of, resampler_for
from clips.media.render.still import NO_PICTURE, keyframe_before
from clips.media.timestamps import AnyPacket, pts_of, time_base_of

#: 1920 × 1080 of what was filmed wide: every phone decodes that, and messengers bring larger pictures down themselves.
SHORTER_PX = 1080
MAX_SLOW_DOWN = 16
SOUNDS = ("stretch", "drop")
#: From "veryfast" on more work does not make it smaller: a second of a phone's 1080p30 takes 0.9, 1.2, 1.7 and 2.3
#: CPU-seconds and 18, 15, 10 and 10 Mbit/s with "ultrafast", "superfast", "veryfast" and "faster", at 44 to 45 dB. At
#: most 12 Mbit/s keep six seconds below 10 MB, which messengers take. No frame looks ahead, so no time needs an edit
#: list; that costs a sixth of the size.
_ENCODING = {"preset": "veryfast", "crf": "20", "profile": "high", "bf": "0", "maxrate": "12M", "bufsize": "12M"}
_SOUND_BIT_RATE = 160_000
#: A keyframe at least this often, for seeking.
_GOP_S = 1


def make_share_copy(
    source: str,
    out: str,
    start_ms: int,
    end_ms: int,
    slow_down: int = 1,
    sound: str = "stretch",
    tags: dict[str, str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Write an MP4 of the frames from the one on screen at ``start_ms`` to the one at ``end_ms``, both included.

    Parameters
    ----------
    source : str
        A camera file.
    out : str
        The MP4 to write, whole or not at all: H.264 High, 8 bits, at most 1080 pixels on the shorter side and never
        larger than the source, with AAC where there is sound. Its first frame has PTS 0.
    start_ms, end_ms : int
        Milliseconds of the source.
    slow_down : int
        How many seconds of the copy are one of the source, 1 to 16; every frame is kept.
    sound : str
        What becomes of the sound of a slowed copy: "stretch" slows it, too, at its own pitch, "drop" leaves it out.
    tags : dict, optional
        Written into the file; nothing that the camera wrote is, least of all where it was.
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    dict
        ``frames``, ``duration_ms``, ``width_px``, ``height_px``, ``size_bytes``.

    Raises
    ------
    MediaError
        If there is nothing to be seen there, or the wish is not one of these.
    """
    if not 1 <= slow_down <= MAX_SLOW_DOWN:
        raise MediaError(f"A copy can be slowed down 1 to {MAX_SLOW_DOWN} times.")
    if sound not in SOUNDS:
        raise MediaError(f"The sound of a copy can be one of these: {', '.join(SOUNDS)}.")
    with open_film(source) as film:
        span = film.span(start_ms, end_ms)
        sample = keyframe_before(film.container, film.stream, span.first.pts)
        upright = Upright(sample, film.stream.sample_aspect_ratio, shorter_px=SHORTER_PX, scaler="bicubic")
        options = {"movflags": "+faststart+use_metadata_tags"}
        with whole_or_not_at_all(Path(out)) as part:
            with av.open(str(part), "w", format="mp4", container_options=options) as target:
                target.metadata.update(tags or {})
                track = _picture_track(target, film.stream, upright, upright(sample), slow_down)
                is_dropped = slow_down > 1 and sound == "drop"
                source_heard = None if is_dropped else film.heard
                heard = _sound_track(target, source_heard, span, slow_down) if source_heard else None
                n_frames = _encode(film, span, upright, target, track, heard, slow_down, progress)
            size_bytes = part.stat().st_size
    return {
        "frames": n_frames,
        "duration_ms": round((span.end_s - span.start_s) * slow_down * 1000),
        "width_px": upright.width_px,
        "height_px": upright.height_px,
        "size_bytes": size_bytes,
    }


def _encode(
    film: Film,
    span: Span,
    upright: Upright,
    target: OutputContainer,
    track: VideoStream,
    heard: Sound | None,
    slow_down: int,
    progress: Callable[[float], None] | None,
) -> int:
    """Decode the span and write it; return its number of frames."""
    resampler = resampler_for(film.heard) if heard and film.heard else None
    n_frames, newest = 0, span.first.pts - 1
    for frame in deinterlaced(decoded(film, span)):
        if isinstance(frame, AudioFrame):
            if heard and resampler:
                _hear(heard, resampler, frame)
        elif newest < pts_of(frame) <= span.last.pts:
            newest, n_frames = pts_of(frame), n_frames + 1
            picture = upright(frame)
            picture.pts = (newest - span.first.pts) * slow_down
            picture.duration = (span.last.end_pts - span.last.pts) * slow_down  # counts for the last one only
            picture.pict_type = PictureType.NONE  # else a keyframe of the source would become one here
            target.mux(track.encode(picture))
            if progress:
                progress((newest - span.first.pts) / (span.last.end_pts - span.first.pts))
    if not n_frames:
        raise MediaError(NO_PICTURE)
    target.mux(track.encode(None))
    if heard:
        heard.close()
    return n_frames


def _hear(heard: Sound, resampler: av.AudioResampler, frame: AudioFrame) -> None:
    try:
        pieces = resampler.resample(frame)
    except ValueError:  # the camera changed its sound in the middle; the picture matters more
        return
    for piece in pieces:
        heard.add(piece)


def _picture_track(
    target: OutputContainer, stream: VideoStream, upright: Upright, sample: VideoFrame, slow_down: int
) -> VideoStream:
    rate = Fraction(picture_rate(stream) or 30) / slow_down
    track = target.add_stream("libx264", rate=rate, options=_ENCODING | {"g": str(max(1, round(rate * _GOP_S)))})
    track.width, track.height, track.pix_fmt = upright.width_px, upright.height_px, "yuv420p"
    context = track.codec_context
    context.time_base = time_base_of(stream)
    context.color_range, context.colorspace = sample.color_range, sample.colorspace
    context.color_primaries, context.color_trc = sample.color_primaries, sample.color_trc
    return track


def _sound_track(target: OutputContainer, source: AudioStream, span: Span, slow_down: int) -> Sound:
    return Sound(_WithoutPriming(target), layout_of(source), span, slow_down, bit_rate=_SOUND_BIT_RATE)


class _WithoutPriming:
    """An output that leaves out what a sound encoder puts before time 0.

    Players are to skip it, by an edit list that not all of them read; without it the first 21 ms fade in instead.
    """

    def __init__(self, target: OutputContainer) -> None:
        self._target = target

    def add_stream(self, *args: Any, **kwargs: Any) -> Any:
        return self._target.add_stream(*args, **kwargs)

    def mux(self, packets: list[AnyPacket]) -> None:
        self._target.mux([packet for packet in packets if packet.pts is not None and packet.pts >= 0])
