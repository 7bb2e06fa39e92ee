"""Table of the files that cameras, phones, drones, recorders and browsers write: one row for each kind of file.

A row has how its file is built and the right answers: which picture is shown when, at what rate, its orientation, its
camera and time. ``test_kinds`` takes each through everything. A new kind is a new row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from clips.tests.media.kinds_built import (
    FRAMES,
    OPEN_GOP,
    PYRAMID,
    RATE_HZ,
    case,
    case_number,
    cut_off,
    joined,
    packed,
    record,
    without_durations,
    without_index,
)
from clips.tests.media.made_up import frame_number

#: An MP3 says in a header, which AVI has no place for, how much silence its encoder and decoder put in front.
MP3_LATE_S = 1105 / 48_000
#: What an encoder of sound puts before the first sample, where a file's clock begins with it.
AAC_LEAD_S, AC3_LEAD_S, MP2_LEAD_S = Fraction(1024, 48_000), Fraction(256, 48_000), Fraction(481, 48_000)
#: Pictures of one of several recordings, and how long it is with the sound that its encoder puts before and behind.
IN_PART, PART_S = 60, Fraction(95 * 1024, 48_000)
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer"}
ONE_B = {"g": "30", "bf": "1"}
HEADERS = ["mvhd", "tkhd", "mdhd"]
STREAMED = {"live": "1"}
WRAPS_S = 2**33 // 90_000


@dataclass(frozen=True)
class Sound:
    """The noise of a seed, heard from picture ``begins`` of the file on."""

    seed: int = 0
    begins: int = 0
    late_s: float = 0.0
    length_s: float = FRAMES / RATE_HZ
    within_s: float = 0.010


@dataclass(frozen=True)
class Clicks:
    """Clicks at these seconds of the file's clock."""

    at_s: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0)


def evenly(n_frames: int = FRAMES, *, starts_s: Fraction = Fraction(0), rate_hz: int = RATE_HZ) -> list[Fraction]:
    """Return the time of each picture of a steady recording."""
    return [starts_s + Fraction(n, rate_hz) for n in range(n_frames)]


@dataclass(frozen=True)
class Kind:
    """A kind of file and its right answers.

    ``build`` gets an empty folder and returns the file. Its n-th picture bears the number ``numbers[n]``, else n, which
    ``reads`` reads in a grey frame, and is shown at ``times_s[n]`` on the clock of rows. ``cuts`` are the first and the
    last picture of each clip, counted in the file; ``sounds`` what is heard in each, None for silence.
    """

    build: Callable[[Path], Path]
    codec: str = "h264"
    times_s: Sequence[Fraction] = tuple(evenly())
    numbers: Sequence[int] | None = None
    reads: Callable[[np.ndarray], int] = frame_number
    cuts: tuple[tuple[int, int], tuple[int, int]] = ((10, 39), (50, 79))
    sounds: tuple[Sound | Clicks | None, Sound | Clicks | None] = (Sound(), Sound())
    rate: str = "30FPS"
    rotation: int = 0
    camera_id: str = "CAM_UNKNOWN"
    recorded_at: str | None = None

    def number(self, frame: int) -> int:
        return frame if self.numbers is None else self.numbers[frame]

    def at_ms(self, frame: int) -> int:
        """Return a millisecond at which a picture is on screen: the middle one."""
        return round((self.times_s[frame] + self.until_s(frame)) * 500)

    def until_s(self, frame: int) -> Fraction:
        """Return the end of a picture's time on screen."""
        if frame + 1 < len(self.times_s):
            return self.times_s[frame + 1]
        return 2 * self.times_s[-1] - self.times_s[-2]


def avi(folder: Path, **how) -> Path:
    return record(folder / "a.avi", **({"heard": "libmp3lame"} | how))


def mp4(folder: Path, **how) -> Path:
    return record(folder / "a.mp4", **how)


def joined_ts(folder: Path, *, more: Sequence[dict] = (), lost: int = 0, **first) -> Path:
    """Join transport streams; the n-th has pictures from 1000 n on and the noise of seed n."""
    parts = [
        record(folder / f"{n}.ts", frames=IN_PART, first=1000 * n, seed=n, options=PYRAMID, **how)
        for n, how in enumerate([first, *more])
    ]
    return joined(folder / "joined.ts", *parts, cut_off_bytes=lost)


def in_parts(n_parts: int) -> dict:
    """Return the right answers for joined recordings; the clips are of the first and of the last."""
    begins = (n_parts - 1) * IN_PART
    return {
        "times_s": [t for n in range(n_parts) for t in evenly(IN_PART, starts_s=AAC_LEAD_S + n * PART_S)],
        "numbers": [1000 * n + place for n in range(n_parts) for place in range(IN_PART)],
        "cuts": ((10, 39), (begins + 20, begins + 49)),
        "sounds": (Sound(0, length_s=IN_PART / RATE_HZ), Sound(n_parts - 1, begins, length_s=IN_PART / RATE_HZ)),
    }


def case_kind(name: str, **right) -> Kind:
    """Return the row of a file made after a public bug report: 240 pictures at 60 per second, a click each second."""
    usual = {
        "times_s": evenly(240, rate_hz=60),
        "reads": case_number,
        "cuts": ((90, 149), (37, 64)),
        "sounds": (Clicks(), Clicks()),
        "rate": "60FPS",
    }
    return Kind(case(name), **(usual | right))


PHONE = {"com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "iPhone 15"}
MP3 = (Sound(late_s=MP3_LATE_S), Sound(late_s=MP3_LATE_S))
CASES_AT = "2026-02-07T13:00:00+00:00"
MP3_CLICKS = Clicks(tuple(n + MP3_LATE_S for n in range(4)))
#: FFmpeg begins such a file with sound and shows the first picture until the second is due.
FRAGMENTS_S = [Fraction(0), *evenly(starts_s=AAC_LEAD_S)[1:]]
LED = (Sound(late_s=1024 / 48_000), Sound(late_s=1024 / 48_000))
#: Two seconds, a pause of five, two seconds.
PAUSED_AT = 120
PAUSED_S = [*evenly(PAUSED_AT, rate_hz=60), *evenly(240, rate_hz=60, starts_s=Fraction(5))[PAUSED_AT:]]
PAUSED_CLICKS = Clicks((0.0, 1.0, 2.0, 7.0053, 8.0))
KINDS = {
    # --- containers
    "MP4": Kind(mp4),
    "MP4, B-frames, open GOP": Kind(lambda folder: mp4(folder, options=OPEN_GOP)),
    "MOV of a phone, upright": Kind(
        lambda folder: record(
            folder / "a.mov",
            options=PYRAMID,
            rotation=90,
            tags=PHONE | {"creation_time": "2024-12-01T10:00:00Z"},
            muxer_options={"movflags": "+use_metadata_tags"},
        ),
        rotation=90,
        camera_id="CAM_IPHONE_15",
        recorded_at="2024-12-01T10:00:00+00:00",
    ),
    "3GP": Kind(lambda folder: record(folder / "a.3gp")),
    "MKV": Kind(lambda folder: record(folder / "a.mkv", options=PYRAMID)),
    "TS": Kind(lambda folder: record(folder / "a.ts", options=PYRAMID), times_s=evenly(starts_s=AAC_LEAD_S)),
    "M2TS": Kind(
        lambda folder: record(folder / "a.m2ts", heard="ac3", options=PYRAMID), times_s=evenly(starts_s=AC3_LEAD_S)
    ),
    "fragmented MP4": Kind(lambda folder: mp4(folder, muxer_options=FRAGMENTS), times_s=FRAGMENTS_S, sounds=LED),
    "AVI": Kind(lambda folder: avi(folder, heard="ac3")),
    # --- codecs
    "HEVC": Kind(lambda folder: mp4(folder, picture="libx265"), codec="hevc"),
    "HEVC in MKV": Kind(lambda folder: record(folder / "a.mkv", picture="libx265"), codec="hevc"),
    "HEVC in TS": Kind(
        lambda folder: record(folder / "a.ts", picture="libx265"), codec="hevc", times_s=evenly(starts_s=AAC_LEAD_S)
    ),
    "AV1 and Opus in MP4": Kind(lambda folder: mp4(folder, picture="libsvtav1", heard="libopus"), codec="libdav1d"),
    "AV1 and Opus in WebM": Kind(
        lambda folder: record(folder / "a.webm", picture="libsvtav1", heard="libopus"), codec="libdav1d"
    ),
    "AV1 and Opus in MKV": Kind(
        lambda folder: record(folder / "a.mkv", picture="libsvtav1", heard="libopus"), codec="libdav1d"
    ),
    "VP9 and Opus in WebM": Kind(
        lambda folder: record(folder / "a.webm", picture="libvpx-vp9", heard="libopus"), codec="vp9"
    ),
    "VP9 and Opus in MP4": Kind(lambda folder: mp4(folder, picture="libvpx-vp9", heard="libopus"), codec="vp9"),
    "VP9 and Vorbis in WebM": Kind(
        lambda folder: record(folder / "a.webm", picture="libvpx-vp9", heard="vorbis"), codec="vp9"
    ),
    "MPEG-2 in TS": Kind(
        lambda folder: record(folder / "a.ts", picture="mpeg2video", heard="mp2"),
        codec="mpeg2video",
        times_s=evenly(starts_s=MP2_LEAD_S),
    ),
    "MPEG-4 in MP4": Kind(lambda folder: mp4(folder, picture="mpeg4"), codec="mpeg4"),
    # --- no duration
    "MKV that was streamed": Kind(lambda folder: record(folder / "a.mkv", options=PYRAMID, muxer_options=STREAMED)),
    "WebM of a browser's recorder": Kind(
        lambda folder: record(folder / "a.webm", picture="libvpx-vp9", heard="libopus", muxer_options=STREAMED),
        codec="vp9",
    ),
    "MKV after a crash": Kind(
        lambda folder: cut_off(record(folder / "a.mkv", frames=120, muxer_options=STREAMED), 0.9),
        times_s=evenly(101),
        sounds=(Sound(length_s=4), Sound(length_s=4)),
    ),
    **{
        f"MP4 with 0 in {' and '.join(names)}": Kind(
            lambda folder, names=names: without_durations(
                mp4(folder, options=PYRAMID), *(name.encode() for name in names)
            )
        )
        for names in (["mvhd"], ["tkhd"], ["mdhd"], ["elst"], HEADERS, [*HEADERS, "elst"])
    },
    "fragmented MP4, cut off within a fragment": Kind(
        lambda folder: cut_off(mp4(folder, frames=120, muxer_options=FRAGMENTS), 0.85),
        times_s=FRAGMENTS_S,
        sounds=(Sound(late_s=1024 / 48_000, length_s=4), Sound(late_s=1024 / 48_000, length_s=4)),
    ),
    # --- AVI, which has no times of showing
    "AVI, H.264 with B-frames": Kind(lambda folder: avi(folder, options=PYRAMID), sounds=MP3),
    "AVI, H.264, open GOP": Kind(lambda folder: avi(folder, options=OPEN_GOP), sounds=MP3),
    "AVI, MPEG-4 with B-frames": Kind(lambda folder: avi(folder, picture="mpeg4"), codec="mpeg4", sounds=MP3),
    "AVI, MPEG-4, packed as DivX did": Kind(
        lambda folder: packed(avi(folder, picture="mpeg4", options=ONE_B), folder / "packed.avi"),
        codec="mpeg4",
        sounds=MP3,
    ),
    "AVI, MPEG-2": Kind(lambda folder: avi(folder, picture="mpeg2video"), codec="mpeg2video", sounds=MP3),
    "AVI, Motion JPEG": Kind(
        lambda folder: avi(folder, picture="mjpeg", heard="ac3"),
        codec="mjpeg",
    ),
    "AVI without an index": Kind(lambda folder: without_index(avi(folder, options=PYRAMID)), sounds=MP3),
    "AVI after a crash": Kind(
        lambda folder: without_index(avi(folder, options=PYRAMID), without_lengths=True), sounds=MP3
    ),
    # --- two clocks in one file
    "TS whose clock begins anew within": Kind(
        lambda folder: record(folder / "a.ts", options=PYRAMID, starts_s=WRAPS_S - 1),
        times_s=evenly(starts_s=AAC_LEAD_S),
    ),
    "TS of two, clock put back": Kind(lambda folder: joined_ts(folder, more=[{}]), **in_parts(2)),
    "TS of two, clock put forward": Kind(lambda folder: joined_ts(folder, more=[{"starts_s": 5000}]), **in_parts(2)),
    "TS of two, of which the first lacks its end": Kind(
        lambda folder: joined_ts(folder, more=[{"starts_s": 900}], lost=300), **in_parts(2)
    ),
    "TS of three, one over the end of its clock": Kind(
        lambda folder: joined_ts(folder, starts_s=700, more=[{"starts_s": WRAPS_S - 1}, {}]), **in_parts(3)
    ),
    # --- after public bug reports
    "case: AVI, H.264 with B-frames": case_kind("h264_b.avi", sounds=(MP3_CLICKS, MP3_CLICKS)),
    "case: durations of 0": case_kind("durations_zero.mp4", recorded_at=CASES_AT),
    "case: paused": case_kind("paused.mp4", times_s=PAUSED_S, sounds=(PAUSED_CLICKS, PAUSED_CLICKS)),
    "case: late picture": case_kind(
        "late_picture.mp4", times_s=evenly(240, rate_hz=60, starts_s=Fraction(2)), cuts=((30, 89), (50, 100))
    ),
    "case: first sound that no one decodes": case_kind("apac_first.mov"),
    "case: trailer of a vendor": case_kind("samsung_sef.mp4", recorded_at=CASES_AT),
    "case: anamorphic and turned": case_kind(
        "anamorphic_rot.mp4", times_s=evenly(120, rate_hz=60), cuts=((50, 99), (37, 64)), rotation=-90
    ),
}
