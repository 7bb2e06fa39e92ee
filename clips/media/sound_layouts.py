"""Names which channels a sound has."""

from av.audio.codeccontext import AudioCodecContext

#: What ALAC can hold.
ALAC_LAYOUTS = frozenset({"mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1(back)", "7.1(wide)"})
_USUAL_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 8: "7.1"}


def layout_of(context: AudioCodecContext) -> str:
    """Return the sound's channel layout; the usual one where a file has only a number of channels (AVI, MKV)."""
    name, n_channels = context.layout.name, context.channels
    return _USUAL_LAYOUTS.get(n_channels, name) if name == f"{n_channels} channels" else name
