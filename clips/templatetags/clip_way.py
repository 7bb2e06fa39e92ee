"""Template filters that describe which tracks of a file are copied, converted or left out in clips."""

from django import template
from django.utils.translation import gettext as _

from clips.media.formats.suffixes import USUAL, ending_of
from clips.models import FinalClip
from clips.previews.playback import unplayed_codec

register = template.Library()

#: As people write them; any other in capitals.
CODEC_NAMES = {
    "prores": "ProRes", "dnxhd": "DNxHD", "cfhd": "CineForm", "dvvideo": "DV", "h264": "H.264", "h263": "H.263",
    "mjpeg": "Motion JPEG", "mpeg4": "MPEG-4", "mpeg2video": "MPEG-2", "aac": "AAC", "alac": "ALAC", "ac3": "AC-3",
    "pcm_mulaw": "µ-law", "pcm_alaw": "A-law", "adpcm_ima_qt": "IMA4", "amr_nb": "AMR", "amr_wb": "AMR", "s302m": "PCM",
    "pcm_u8": "8-bit PCM", "pcm_s8": "8-bit PCM", "pcm_s16le": "16-bit PCM", "pcm_s16be": "16-bit PCM",
    "pcm_s24le": "24-bit PCM", "pcm_s24be": "24-bit PCM", "pcm_bluray": "PCM",
}  # fmt: skip


@register.filter
def codec_name(codec: str) -> str:
    """Return a codec as people write it: prores is ProRes."""
    return CODEC_NAMES.get(codec, codec.replace("_", " ").upper())


@register.filter
def of_file(way: dict | None) -> str:
    """Return the differences between a file and its clips, in short sentences; "" if there are none."""
    return _said(way["tracks"], way["ending"]) if way else ""


@register.filter
def of_upload(way: dict | None) -> str:
    """Return the same without the cameras' own metadata, which nobody misses."""
    tracks = [track for track in way["tracks"] if track["kind"] not in {"metadata", "timecode"}] if way else []
    return _said(tracks, way["ending"]) if way else ""


@register.filter
def of_clip(clip: FinalClip) -> str:
    """Return the differences between a cut clip and its original, in short sentences."""
    return _said(clip.tracks, ending_of(clip.filename))


@register.filter
def unplayed(clip: FinalClip) -> str:
    """Return the codec of a clip that browsers do not play, as people write it."""
    return codec_name(unplayed_codec(clip) or clip.original_file.codec or "?")


def _said(tracks: list[dict], ending: str) -> str:
    pictures = [track for track in tracks if track["kind"] == "picture" and track["fate"] == "copy"]
    told = []
    if ending != USUAL and pictures:
        kind = {"ending": ending.upper(), "codec": codec_name(pictures[0]["codec"])}
        told.append(_("%(ending)s, because MP4 can’t hold %(codec)s.") % kind)
    for before, after in dict.fromkeys((t["codec"], t["into"]) for t in tracks if t["fate"] == "convert"):
        how = {"before": codec_name(before), "after": codec_name(after)}
        told.append(_("Sound converted from %(before)s to %(after)s, picture copied.") % how)
    if len(pictures) > 1:
        told.append(_("Both pictures kept.") if len(pictures) == 2 else _("All pictures kept."))
    if left := [_("%(codec)s (%(kind)s)") % _named(track) for track in tracks if track["fate"] == "leave"]:
        told.append(_("%(tracks)s left out.") % {"tracks": ", ".join(left)})
    return " ".join(told)


def _named(track: dict) -> dict[str, str]:
    kinds = {
        "picture": _("additional picture"), "sound": _("sound"), "metadata": _("metadata"), "timecode": _("timecode"),
        "subtitles": _("subtitles"), "cover": _("cover picture"), "other": _("other data"),
    }  # fmt: skip
    name = track["codec"] if track["kind"] in {"metadata", "timecode", "other"} else codec_name(track["codec"])
    return {"codec": name, "kind": kinds.get(track["kind"], track["kind"])}
