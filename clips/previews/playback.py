"""Chooses the best video of a clip that a browser can play, and the clip's place in it."""

from dataclasses import dataclass

from clips.models import CandidateSegment, FinalClip, SharedCopy
from trickyclip.shared.addresses import address_of

#: Chromium on Linux plays no HEVC; a clip keeps its camera's encoding, and a preview is always H.264.
PLAYABLE_CODECS = frozenset({"h264"})
#: Of H.264 browsers play 8 bits and half as much colour; cameras also write 10 bits, and colour for each pixel.
PLAYABLE_PIXELS = frozenset({"yuv420p", "yuvj420p"})
#: In MP4 Chromium and Firefox are silent at any other sound, as AC-3 or ALAC; PCM is any that begins so.
HEARD_CODECS = frozenset({"aac", "mp3", "mp3float", "flac", "opus", "vorbis"})
HEARD_PCM = "pcm_"


@dataclass(frozen=True)
class Source:
    """A video and the clip's place in it; its time 0 is ``offset_ms`` of the original, and ``slow_down`` of its seconds
    are one of the original.
    """

    url: str
    offset_ms: int
    start_s: float
    end_s: float
    is_preview: bool
    slow_down: int = 1

    @property
    def fragment_url(self) -> str:
        """Return an address with a media fragment, so that a plain player begins and ends with the clip."""
        return f"{self.url}#t={self.start_s:.3f},{self.end_s:.3f}" if self.is_preview else self.url


def is_playable(clip: FinalClip) -> bool:
    """Return whether browsers play the clip as the camera encoded it; files probed by old versions may be wrong."""
    return not unplayed_codec(clip)


def unplayed_codec(clip: FinalClip) -> str:
    """Return the codec of a clip's picture, or else its sound, that browsers do not play; "" if they do."""
    pix_fmt = clip.pix_fmt if hasattr(clip, "pix_fmt") else clip.original_file.probe.get("pix_fmt")
    if clip.original_file.codec not in PLAYABLE_CODECS or (pix_fmt and pix_fmt not in PLAYABLE_PIXELS):
        return clip.original_file.codec or "?"
    sound = _sound_codec(clip)
    return "" if not sound or sound in HEARD_CODECS or sound.startswith(HEARD_PCM) else sound


def _sound_codec(clip: FinalClip) -> str | None:
    """Return the codec of the sound that a player plays; for a clip not cut yet, its original's."""
    for track in clip.tracks:
        if track["kind"] == "sound" and track["fate"] != "leave":
            return track["into"] if track["fate"] == "convert" else track["codec"]
    if clip.tracks:
        return None
    return clip.audio_codec if hasattr(clip, "audio_codec") else clip.original_file.probe.get("audio_codec")


def cut_source(clip: FinalClip) -> Source | None:
    """Return the cut clip itself, if it exists and browsers play it."""
    if not clip.stored_path or not is_playable(clip):
        return None
    return Source(address_of("clips:clip_file", clip.pk), clip.start_ms, 0, clip.duration_ms / 1000, False)


def copy_at_speed(clip: FinalClip) -> SharedCopy | None:
    """Return the share video at the clip's own speed, if one is requested or made."""
    return next((copy for copy in clip.shared_copies.all() if copy.slow_down == 1), None)


def copy_source(clip: FinalClip) -> Source | None:
    """Return the copy that plays everywhere, if it exists; it shows the same frames as the clip."""
    copy = copy_at_speed(clip)
    if copy is None or not copy.stored_path:
        return None
    url = address_of("clips:shared_copy_file", copy.pk)
    return Source(url, clip.start_ms, 0, clip.duration_ms / 1000, False)


def lacks_copy(clip: FinalClip) -> bool:
    """Return whether browsers play neither the clip itself nor a copy of it, as far as is known."""
    return bool(clip.original_file.codec) and not is_playable(clip) and copy_source(clip) is None


def full_source(clip: FinalClip) -> Source | None:
    """Return a full-size video with each frame of the clip."""
    return cut_source(clip) or copy_source(clip)


def preview_source(clip: FinalClip) -> Source | None:
    """Return the preview of the clip's segment, if it exists and shows some of the clip."""
    return _span_of_preview(clip.candidate_segment, clip.start_ms, clip.end_ms)


def moment_source(moment: CandidateSegment) -> Source | None:
    """Return the preview of a moment, if it exists."""
    return _span_of_preview(moment, moment.start_ms, moment.end_ms)


def _span_of_preview(moment: CandidateSegment, start_ms: int, end_ms: int) -> Source | None:
    preview = getattr(moment, "preview", None)
    if preview is None or start_ms >= preview.end_ms or end_ms <= preview.start_ms:
        return None
    start_s = preview.slow_down * max(0, start_ms - preview.start_ms) / 1000
    end_s = preview.slow_down * (min(end_ms, preview.end_ms) - preview.start_ms) / 1000
    url = address_of("clips:preview_file", moment.pk)
    return Source(url, preview.start_ms, start_s, end_s, True, preview.slow_down)


def light_source(clip: FinalClip) -> Source | None:
    """Return the video that loads fastest, for lists."""
    return preview_source(clip) or full_source(clip)


def best_source(clip: FinalClip) -> Source | None:
    """Return the best-looking video, for the clip's own page."""
    return full_source(clip) or preview_source(clip)
