"""Measures of a moment what riders and crashes are told by: the colours of what moves, and the sound after the landing.

Read from the moment's preview, which is small and has both, in the workers' confined child. Nothing of it is more than
a few numbers. What each tells: `detection.suggestions.clothing` and `detection.suggestions.crash`.
"""

from collections.abc import Sequence
from typing import Any

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame

from clips.media import MediaError
from clips.media.formats.opening import open_media, picture_stream
from clips.media.timestamps import pts_of, time_base_of

#: Pictures are looked at this wide, one each so many seconds, from before the take-off until after the landing.
WIDTH_PX, EACH_S, AROUND_S = 160, 0.1, 0.8
#: What differs from the usual picture by so many levels moves.
MOVES = 30
#: Less of the picture is noise; more is a camera that moves, of which nothing is told.
LEAST_SHARE, MOST_SHARE = 0.0008, 0.25
#: Colours from this saturation and brightness on have a hue; bins of hues, each dark and bright, and of greys.
LEAST_SATURATION, LEAST_BRIGHTNESS, N_HUES, GREYS = 0.25, 0.16, 12, (0.25, 0.65)
RATE_HZ = 16_000
#: Rolling is heard in this stretch before the take-off, and after the landing, in seconds; the impacts are outside.
FROM_S, TO_S, FRAME_S = 0.2, 1.0, 0.02
#: Quieter frames are digital silence.
SILENT = 1e-9


def traits_of(moments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the traits of moments, from their previews.

    Parameters
    ----------
    moments : sequence of dict
        ``path`` of the preview, and ``take_off_s`` and ``landing_s`` in it; ``slow_down``, how many of its seconds are
        one of the camera.

    Returns
    -------
    list of dict
        For each ``colours`` (shares that add up to 1) and ``after_db``, where they can be told; empty where the
        preview cannot be read.
    """
    found = []
    for moment in moments:
        try:
            found.append(_traits(**moment))
        except (MediaError, av.error.FFmpegError):
            found.append({})
    return found


def colours_of(pictures: np.ndarray) -> list[float] | None:
    """Return the colours of what moves before a camera that stands.

    Parameters
    ----------
    pictures : np.ndarray [shape=(n, height, width, 3), uint8]
        In RGB, from the take-off to the landing and a little around.

    Returns
    -------
    list of float, optional
        Shares of ``2 * N_HUES`` colours and of greys; None where nothing moves, or everything.

    Notes
    -----
    The median over time is the background: Lo and Velastin 2001, "Automatic congestion detection system".
    """
    if len(pictures) < 5:
        return None
    usual = np.median(pictures, axis=0)
    moves = np.abs(pictures - usual).max(axis=3) > MOVES
    if not LEAST_SHARE <= moves.mean() <= MOST_SHARE:
        return None
    pixels = pictures[moves].astype(float) / 255
    bins = np.bincount(_bins(pixels), minlength=2 * N_HUES + len(GREYS) + 1).astype(float)
    hues = bins[: 2 * N_HUES].reshape(2, N_HUES)
    # A hue at the border of two bins belongs to both.
    bins[: 2 * N_HUES] = (0.5 * hues + 0.25 * (np.roll(hues, 1, 1) + np.roll(hues, -1, 1))).ravel()
    return [round(float(share), 3) for share in bins / bins.sum()]


def _bins(pixels: np.ndarray) -> np.ndarray:
    bright, low = pixels.max(axis=1), pixels.min(axis=1)
    range_ = np.maximum(bright - low, 1e-9)
    red, green, blue = pixels.T
    hue = np.where(
        bright == red, (green - blue) / range_ % 6,
        np.where(bright == green, (blue - red) / range_ + 2, (red - green) / range_ + 4),
    )  # fmt: skip
    has_hue = (range_ >= LEAST_SATURATION * bright) & (bright >= LEAST_BRIGHTNESS)
    coloured = (hue / 6 * N_HUES).astype(int) % N_HUES + N_HUES * (bright > 0.5)
    return np.where(has_hue, coloured, 2 * N_HUES + np.digitize(bright, GREYS))


def after_db(samples: np.ndarray, *, take_off_s: float, landing_s: float) -> float | None:
    """Return how much louder it is after a landing than before the take-off, in decibels.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float]
        At ``RATE_HZ``.
    take_off_s, landing_s : float
        From the first sample on.

    Returns
    -------
    float, optional
        The difference of the usual loudness of short frames; None where the sound does not reach so far, or is silent.
    """
    before = _level_db(samples, take_off_s - TO_S, take_off_s - FROM_S)
    after = _level_db(samples, landing_s + FROM_S, landing_s + TO_S)
    return None if before is None or after is None else round(after - before, 1)


def _level_db(samples: np.ndarray, start_s: float, end_s: float) -> float | None:
    size = round(FRAME_S * RATE_HZ)
    part = samples[max(0, round(start_s * RATE_HZ)) : max(0, round(end_s * RATE_HZ))]
    n_frames = len(part) // size
    if n_frames * FRAME_S < (end_s - start_s) / 2:
        return None
    power = float(np.median((part[: n_frames * size].reshape(n_frames, size) ** 2).mean(axis=1)))
    return None if power < SILENT else float(10 * np.log10(power))


def _traits(path: str, take_off_s: float, landing_s: float, slow_down: float = 1.0) -> dict[str, Any]:
    pictures: list[np.ndarray] = []
    sounds: list[tuple[float, np.ndarray]] = []
    around_s = AROUND_S * slow_down
    next_s = take_off_s - around_s
    with open_media(path) as container:
        stream = picture_stream(container)
        stream.thread_type = "AUTO"
        heard = next(iter(container.streams.audio), None) if slow_down == 1 else None
        resampler = AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        for frame in container.decode(*filter(None, [stream, heard])):
            if not isinstance(frame, AudioFrame | VideoFrame):
                continue
            at_s = float(pts_of(frame) * (frame.time_base or time_base_of(stream)))
            if isinstance(frame, AudioFrame):
                sounds += [(at_s, piece.to_ndarray()[0]) for piece in resampler.resample(frame)]
            elif next_s <= at_s <= landing_s + around_s:
                next_s = at_s + EACH_S * slow_down
                pictures.append(_small(frame))
    traits: dict[str, Any] = {}
    if pictures and (colours := colours_of(np.stack(pictures))):
        traits["colours"] = colours
    if sounds:
        start_s = sounds[0][0]
        samples = np.concatenate([one for _, one in sounds])
        louder = after_db(samples, take_off_s=take_off_s - start_s, landing_s=landing_s - start_s)
        if louder is not None:
            traits["after_db"] = louder
    return traits


def _small(frame: VideoFrame) -> np.ndarray:
    height_px = max(2, round(WIDTH_PX * frame.height / frame.width / 2) * 2)
    return frame.reformat(width=WIDTH_PX, height=height_px, format="rgb24").to_ndarray()
