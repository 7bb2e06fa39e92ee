"""Recognises files that are no camera video by their first bytes, before any library opens them."""

import re

from clips.media import MediaError

#: As much as is looked at; a sector of a memory card is never larger.
HEAD_BYTES = 64 * 1024
_UNPACK = "please unpack it and upload its videos."
_CONVERT = "which cannot be read; please convert it to MP4 first."
_LOST = "This file begins with zeros only: the memory card did not save the recording."
_TEXT = "This is a text file, not a video."

#: How a file begins → what it is.
_BEGINNINGS = {
    b"\xff\xd8\xff": "a picture (JPEG), not a video.",
    b"\x89PNG\r\n": "a picture (PNG), not a video.",
    b"GIF8": "a picture (GIF), not a video.",
    b"II*\0": "a picture (TIFF or raw), not a video.",
    b"MM\0*": "a picture (TIFF or raw), not a video.",
    b"ID3": "a sound file (MP3), not a video.",
    b"OggS": "a sound file (Ogg), not a video.",
    b"fLaC": "a sound file (FLAC), not a video.",
    b"PK\x03\x04": f"a ZIP archive; {_UNPACK}",
    b"7z\xbc\xaf\x27\x1c": f"a 7z archive; {_UNPACK}",
    b"Rar!\x1a\x07": f"a RAR archive; {_UNPACK}",
    b"\x1f\x8b\x08": f"a gzip archive; {_UNPACK}",
    b"%PDF-": "a PDF document, not a video.",
    b"FLV\x01": f"a Flash video, {_CONVERT}",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": f"a Windows Media video, {_CONVERT}",
    b"\x00\x00\x01\xba": f"an MPEG program stream, {_CONVERT}",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01": f"an MXF video, {_CONVERT}",
    b"SQLite format 3\0": "a database, not a video.",
    b"\x7fELF": "a program, not a video.",
}
#: The kind inside a RIFF or FORM file; AVI, which cameras write, is not among them.
_RIFF = {b"WAVE": "a sound file (WAV)", b"WEBP": "a picture (WebP)", b"AIFF": "a sound file (AIFF)"}
#: The first brand of an ISO file, up to where versions differ.
_BRANDS = {
    b"heic": "a picture (HEIC)", b"heix": "a picture (HEIC)", b"mif1": "a picture (HEIC)", b"avif": "a picture (AVIF)",
    b"M4A ": "a sound file (M4A)", b"M4B ": "a sound file (M4B)", b"crx ": "a picture (Canon raw)",
}  # fmt: skip
#: What a text says near its beginning → what it is; the first that fits.
_TEXTS = (
    (re.compile(rb"\A#EXTM3U[\s\S]*#EXT-X-"), "an HLS playlist, not a video."),
    (re.compile(rb"\A#EXTM3U"), "a playlist (M3U), not a video."),
    (re.compile(rb"\Affconcat version"), "a list of files to join (ffconcat), not a video."),
    (re.compile(rb"\A\s*file\s+\S+\s*(\n|\Z)"), "a list of files to join (ffconcat), not a video."),
    (re.compile(rb"\A\[playlist\]", re.IGNORECASE), "a playlist (PLS), not a video."),
    (re.compile(rb"\A(?=<)[\s\S]*<MPD[\s>]"), "a DASH playlist (MPD), not a video."),
    (re.compile(rb"\A(?=<)[\s\S]*<SmoothStreamingMedia"), "a playlist (Smooth Streaming), not a video."),
    (re.compile(rb"\A(<!doctype html|<html)", re.IGNORECASE), "a web page, not a video."),
    (re.compile(rb"\Av=0\r?\no="), "a description of a live stream (SDP), not a video."),
)
#: Control characters that no text has.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
#: What the boxes of a camera's MP4 or QuickTime file may begin with; the four bytes before are a length, any at all.
_CAMERA_BOXES = frozenset({b"mdat", b"moov", b"wide", b"free", b"skip", b"pnot", b"uuid"})


def refuse_what_is_no_video(head: bytes) -> None:
    """Raise one sentence that names the file's format if its first bytes say that it is no camera video.

    Parameters
    ----------
    head : bytes
        Its first ``HEAD_BYTES``.

    Raises
    ------
    MediaError
        If so.
    """
    if head[4:8] in _CAMERA_BOXES:
        return
    what = next((what for begin, what in _BEGINNINGS.items() if head.startswith(begin)), None)
    if what is None and head[:4] in {b"RIFF", b"FORM"} and head[8:12] in _RIFF:
        what = f"{_RIFF[head[8:12]]}, not a video."
    if what is None and head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        what = f"{_BRANDS[head[8:12]]}, not a video."
    if what is None:
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        what = next((what for pattern, what in _TEXTS if pattern.match(text)), None)
    if what is not None:
        raise MediaError(f"This is {what}")


def sentence_for_what_failed(head: bytes) -> str | None:
    """Return what a file that could not be opened seems to be; None if its first bytes do not tell."""
    if head and not head.strip(b"\0"):
        return _LOST
    if head and not _NO_TEXT.search(head):
        return _TEXT
    return None


def looks_like_a_camera_file(head: bytes) -> bool:
    """Return whether it begins like MP4, QuickTime, Matroska, AVI or an MPEG transport stream."""
    is_transport_stream = any(
        head[at : at + 1] == b"\x47" == head[at + step : at + step + 1] for at, step in ((0, 188), (4, 192))
    )
    return (
        head[4:8] in _CAMERA_BOXES | {b"ftyp"}
        or head.startswith(b"\x1aE\xdf\xa3")
        or (head.startswith(b"RIFF") and head[8:11] == b"AVI")
        or is_transport_stream
    )
