"""Writes OpenTimelineIO's own format with its library, which holds every rate exactly."""

from fractions import Fraction

import opentimelineio as oti
from opentimelineio.opentime import RationalTime, TimeRange

from clips.reels.timeline.model import Cut, Timeline


def write(timeline: Timeline) -> bytes:
    """Return the project file: a track of pictures and one of sound, linked clip by clip."""
    written = oti.schema.Timeline(timeline.name, global_start_time=RationalTime(0, float(timeline.rate)))
    pictures = oti.schema.Track("Video", kind=oti.schema.TrackKind.Video)
    sound = oti.schema.Track("Audio", kind=oti.schema.TrackKind.Audio)
    for placed in timeline.placed:
        cut, rate = placed.cut, timeline.rate
        pictures.append(_clip(cut, placed.n_frames, rate))
        sound.append(_clip(cut, placed.n_frames, rate) if cut.is_heard else _gap(placed.n_frames, rate))
    written.tracks.append(pictures)
    if any(cut.is_heard for cut in timeline.cuts):
        written.tracks.append(sound)
    return written.to_json_string(indent=2).encode("utf-8")


def _clip(cut: Cut, n_frames: int, rate: Fraction) -> oti.schema.Clip:
    """Return a clip that lasts whole frames of the time-line and starts at a whole frame of its file."""
    media = cut.media
    file_rate = float(media.rate)
    there = TimeRange(RationalTime(media.starts_at_frame, file_rate), RationalTime(media.n_frames, file_rate))
    start = RationalTime(media.starts_at_frame + cut.first_frame, file_rate)
    facts = {"rider": cut.rider, "trick": cut.trick, "session": cut.session, "title": cut.title}
    clip = oti.schema.Clip(
        name=cut.name,
        media_reference=oti.schema.ExternalReference(media.path, there),
        source_range=TimeRange(start, RationalTime(n_frames, float(rate))),
        metadata={"trickyclip": {name: said for name, said in facts.items() if said}},
    )
    clip.media_reference.name = media.name
    if cut.speed != 1:
        clip.effects.append(oti.schema.LinearTimeWarp("speed", float(cut.speed)))
    for marker in cut.markers:
        at = RationalTime(media.starts_at_frame + marker.frame, file_rate)
        clip.markers.append(oti.schema.Marker(marker.name, TimeRange(at, RationalTime(1, file_rate))))
    return clip


def _gap(n_frames: int, rate: Fraction) -> oti.schema.Gap:
    return oti.schema.Gap(source_range=TimeRange(RationalTime(0, float(rate)), RationalTime(n_frames, float(rate))))
