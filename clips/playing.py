"""What a browser can play of a clip, and from where to where."""

from dataclasses import dataclass

from django.urls import reverse

from clips.models import FinalClip

#: Chromium on Linux plays no HEVC; a clip keeps its camera's encoding, and a preview is always H.264.
PLAYABLE_CODECS = frozenset({"h264"})


@dataclass(frozen=True)
class Source:
    """A video and the clip's place in it; its time 0 is ``offset_ms`` of the original."""

    url: str
    offset_ms: int
    start_s: float
    end_s: float
    is_preview: bool

    @property
    def fragment_url(self) -> str:
        """Let a plain player begin and end where the clip does."""
        return f"{self.url}#t={self.start_s:.3f},{self.end_s:.3f}" if self.is_preview else self.url


def cut_source(clip: FinalClip) -> Source | None:
    """Return the cut clip itself, where it is made and browsers play it."""
    if not clip.stored_path or clip.original_file.codec not in PLAYABLE_CODECS:
        return None
    return Source(reverse("clips:clip_file", args=[clip.pk]), clip.start_ms, 0, clip.duration_ms / 1000, False)


def preview_source(clip: FinalClip) -> Source | None:
    """Return the preview of the clip's segment, where it is made and shows some of the clip."""
    preview = getattr(clip.candidate_segment, "preview", None)
    if preview is None or clip.start_ms >= preview.end_ms or clip.end_ms <= preview.start_ms:
        return None
    start_s = max(0, clip.start_ms - preview.start_ms) / 1000
    end_s = (min(clip.end_ms, preview.end_ms) - preview.start_ms) / 1000
    url = reverse("clips:preview_file", args=[clip.candidate_segment_id])
    return Source(url, preview.start_ms, start_s, end_s, True)


def light_source(clip: FinalClip) -> Source | None:
    """Return what loads fastest: for a look in a list."""
    return preview_source(clip) or cut_source(clip)


def best_source(clip: FinalClip) -> Source | None:
    """Return what looks best: for the clip's own page."""
    return cut_source(clip) or preview_source(clip)
