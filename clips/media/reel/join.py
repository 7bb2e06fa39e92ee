"""Joins the segments of a reel by copying their pictures, and mixes their sound with music."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from clips.media import MediaError
from clips.media.output import whole_or_not_at_all
from clips.media.reel import loudness
from clips.media.reel.beats import beats_s, ending_on_beats, impacts_s
from clips.media.reel.pcm import decoded_file
from clips.media.reel.plan import SOUND_RATE_HZ, Layout, Plan, fade_between, from_json, lay_out
from clips.media.timestamps import AnyPacket

Report = Callable[[float], None]

#: Beside music the clips are heard, but not louder than it.
_MUSIC_LUFS, _CLIPS_LUFS = -16.0, -20.0
#: How far music steps back for a landing, from when to when, and within what time.
_DUCKED_DB, _DUCKED_BEFORE_S, _DUCKED_AFTER_S, _RAMP_S = 10.0, 0.15, 0.45, 0.15
_MUSIC_ENDS_S = 1.5
_BIT_RATE = 192_000
_AAC_SAMPLES = 1024
_INCOMPLETE = "A part of this render is incomplete. Please render it again."


def snap_to_beats(plan: dict[str, Any], lengths: list[int], music_path: str) -> list[int]:
    """Return clips' lengths in pictures, shortened so that cuts lie on the music's beats; MediaError as below."""
    asked = from_json(plan)
    whole = lay_out(asked, lengths)
    most = asked.frame.samples_before(whole.n_pictures)
    beats = beats_s(decoded_file(music_path, most).mean(axis=0))
    overlaps = [fade_between(asked, lengths, number) for number in range(len(lengths))]
    begins_at = whole.items[0].at if whole.items else 0
    kept = {number - 1 for number, item in enumerate(asked.items) if item.goes_on}
    return ending_on_beats(
        lengths, beats.tolist(), rate_hz=asked.frame.rate_hz, begins_at=begins_at, overlaps=overlaps, kept=kept
    )


def join(
    plan: dict[str, Any],
    lengths: list[int],
    segment_paths: list[str],
    sound_paths: list[str],
    out: str,
    music_path: str | None = None,
    tags: dict[str, str] | None = None,
    progress: Report | None = None,
) -> dict[str, Any]:
    """Write the reel: one MP4 that plays from its first bytes on, at -14 LUFS with a true peak of -1 dB at most.

    Parameters
    ----------
    plan : dict
        As ``plan.as_json`` returns it.
    lengths : list of int
        Of its items, in pictures.
    segment_paths, sound_paths : list of str
        What ``make_segment`` wrote, in order.
    out : str
        The MP4 to write, whole or not at all.
    music_path : str, optional
        Played from the reel's start; it steps back where a clip's sound has an impact.
    tags : dict, optional
        Written into the file.
    progress : callable, optional
        Is told 0 to 1.

    Returns
    -------
    dict
        ``pictures``, ``duration_ms``, ``size_bytes``, ``lufs``, ``peak_db``.

    Raises
    ------
    MediaError
        If segments are missing pictures or do not go together, or the music cannot be read.
    """
    asked = from_json(plan)
    layout = lay_out(asked, lengths)
    sound = _mixed(asked, layout, sound_paths, music_path)
    if progress:
        progress(0.5)
    with whole_or_not_at_all(Path(out)) as part:
        options = {"movflags": "+faststart+use_metadata_tags"}
        with av.open(str(part), "w", format="mp4", container_options=options) as target:
            target.metadata.update(tags or {})
            _write(target, asked, layout, segment_paths, sound, progress)
        size_bytes = part.stat().st_size
    found = loudness.measured(sound)
    return {
        "pictures": layout.n_pictures,
        "duration_ms": round(layout.n_pictures / asked.frame.rate_hz * 1000),
        "size_bytes": size_bytes,
        "lufs": round(found.lufs, 2),
        "peak_db": round(found.peak_db, 2),
    }


def _write(
    target: OutputContainer,
    plan: Plan,
    layout: Layout,
    segment_paths: list[str],
    sound: np.ndarray,
    progress: Report | None,
) -> None:
    """Copy the pictures of all segments, each at its place in the reel, and encode the sound beside them."""
    tick_s = 1 / plan.frame.rate_hz
    with av.open(f"file:{segment_paths[0]}") as first:
        pictures = target.add_stream_from_template(first.streams.video[0])
        extradata = first.streams.video[0].codec_context.extradata
    pictures.time_base = tick_s
    heard: AudioStream = target.add_stream("aac", rate=SOUND_RATE_HZ, layout="stereo")
    heard.bit_rate = _BIT_RATE
    sounds = _sound_packets(heard, sound)
    for path, segment in zip(segment_paths, layout.segments, strict=True):
        n_here = 0
        with av.open(f"file:{path}") as source:
            for packet in _packets_of(source, extradata):
                packet.stream, packet.time_base = pictures, tick_s
                packet.pts = packet.dts = segment.at + n_here
                packet.duration = 1
                target.mux(packet)
                n_here += 1
        if n_here != segment.n_pictures:
            raise MediaError(_INCOMPLETE)
        _mux_until(target, sounds, float((segment.at + n_here) * tick_s))
        if progress:
            progress(0.5 + 0.5 * (segment.at + n_here) / layout.n_pictures)
    _mux_until(target, sounds, float("inf"))


def _packets_of(source: InputContainer, extradata: bytes | None) -> Iterator[AnyPacket]:
    stream = source.streams.video[0]
    if stream.codec_context.extradata != extradata:
        raise MediaError("The parts of this render do not go together. Please render it again.")
    yield from (packet for packet in source.demux(stream) if packet.size)


def _sound_packets(heard: AudioStream, sound: np.ndarray) -> Iterator[AnyPacket]:
    """Yield packets from time 0 on: what an encoder puts before it needs an edit list, which not all players read."""
    for begin in range(0, sound.shape[1], _AAC_SAMPLES):
        piece = np.ascontiguousarray(sound[:, begin : begin + _AAC_SAMPLES])
        frame = AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE_HZ, begin, Fraction(1, SOUND_RATE_HZ)
        yield from (packet for packet in heard.encode(frame) if packet.pts is not None and packet.pts >= 0)
    yield from (packet for packet in heard.encode(None) if packet.pts is not None and packet.pts >= 0)


def _mux_until(target: OutputContainer, packets: Iterator[AnyPacket], until_s: float) -> None:
    for packet in packets:
        is_behind = packet.pts is not None and packet.time_base and packet.pts * packet.time_base >= until_s
        target.mux(packet)
        if is_behind:
            return


def _mixed(plan: Plan, layout: Layout, sound_paths: list[str], music_path: str | None) -> np.ndarray:
    """Return the sound of the whole reel, as loud as it should be."""
    n_samples = plan.frame.samples_before(layout.n_pictures)
    clips = np.concatenate([np.load(path) for path in sound_paths], axis=1)
    if clips.shape[1] != n_samples:
        raise MediaError(_INCOMPLETE)
    if not music_path:
        return loudness.normalised(clips)
    music = np.zeros((2, n_samples), dtype=np.float32)
    found = decoded_file(music_path, n_samples)
    music[:, : found.shape[1]] = found
    _fade_out(music, found.shape[1])
    music = _as_loud(music, _MUSIC_LUFS) * _ducked(plan, layout, clips, n_samples)
    return loudness.normalised(_as_loud(clips, _CLIPS_LUFS) + music)


def _as_loud(samples: np.ndarray, lufs: float) -> np.ndarray:
    found = loudness.measured(samples).lufs
    if found <= loudness.SILENCE_LUFS:
        return samples
    gain_db = min(loudness.MOST_GAIN_DB, lufs - found)
    return samples * np.float32(10 ** (gain_db / 20))


def _ducked(plan: Plan, layout: Layout, clips: np.ndarray, n_samples: int) -> np.ndarray:
    """Return the gain of the music [shape=(n,), float32]: lower around the impacts of each clip."""
    gain_db = np.zeros(n_samples, dtype=np.float32)
    for placed in layout.items:
        begin = plan.frame.samples_before(placed.at)
        end = plan.frame.samples_before(placed.at + placed.n_pictures)
        for at_s in impacts_s(clips[:, begin:end].mean(axis=0)):
            _duck(gain_db, begin / SOUND_RATE_HZ + at_s)
    return np.power(np.float32(10), gain_db / 20)


def _duck(gain_db: np.ndarray, at_s: float) -> None:
    outline_s = [-_DUCKED_BEFORE_S - _RAMP_S, -_DUCKED_BEFORE_S, _DUCKED_AFTER_S, _DUCKED_AFTER_S + 2 * _RAMP_S]
    first = max(0, round((at_s + outline_s[0]) * SOUND_RATE_HZ))
    last = min(len(gain_db), round((at_s + outline_s[-1]) * SOUND_RATE_HZ))
    times_s = np.arange(first, last) / SOUND_RATE_HZ - at_s
    lower = np.interp(times_s, outline_s, [0.0, -_DUCKED_DB, -_DUCKED_DB, 0.0])
    gain_db[first:last] = np.minimum(gain_db[first:last], lower)


def _fade_out(samples: np.ndarray, n_heard: int) -> None:
    n_fading = min(n_heard, round(_MUSIC_ENDS_S * SOUND_RATE_HZ))
    samples[:, n_heard - n_fading : n_heard] *= np.linspace(1, 0, n_fading, dtype=np.float32)
