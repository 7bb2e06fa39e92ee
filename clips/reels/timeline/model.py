"""The time-line that every format is written from: media, cuts of them and where each cut lies, in exact frames.

Rates are fractions (30000/1001 and not 29.97) and places are whole frames, so nothing is rounded twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

#: Common rates from which a time-line's is chosen, and what riders film in above them.
TIMELINE_RATES = tuple(
    Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60")
)
#: Of a time-line in which nothing says another.
USUAL_RATE = Fraction(30)
USUAL_SIZE_PX = (1920, 1080)


class TimelineError(Exception):
    """The format cannot hold this time-line. The text is one sentence."""


@dataclass(frozen=True)
class Media:
    """A file that an editor links.

    Attributes
    ----------
    path : str
        From the folder of the project file, with "/".
    n_frames : int
        Of the whole file.
    starts_at_frame : int
        What its own timecode says of its first frame, counted from 00:00:00:00.
    """

    path: str
    rate: Fraction
    n_frames: int
    width_px: int
    height_px: int
    has_sound: bool
    sound_rate_hz: int = 48_000
    starts_at_frame: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def length_s(self) -> Fraction:
        return self.n_frames / self.rate

    @property
    def starts_at_s(self) -> Fraction:
        return self.starts_at_frame / self.rate


@dataclass(frozen=True)
class CameraAngle:
    """A camera's file in a multicam clip: from ``first_frame`` of it on, at ``at_frame`` of the clip."""

    media: Media
    camera: str
    first_frame: int
    at_frame: int

    def n_frames_at(self, rate: Fraction) -> int:
        """Return its length in frames of the clip: none would show a frame behind its end."""
        return max(1, floor((self.media.n_frames - self.first_frame) / self.media.rate * rate))


@dataclass(frozen=True)
class Multicam:
    """Files of one trick on one clock, each an angle; the clip begins with the first of them."""

    name: str
    rate: Fraction
    angles: tuple[CameraAngle, ...]

    @property
    def n_frames(self) -> int:
        return max(angle.at_frame + angle.n_frames_at(self.rate) for angle in self.angles)

    def number_of(self, media: Media) -> int:
        """Return the number of the angle that a file is, from 0 on."""
        return next(number for number, angle in enumerate(self.angles) if angle.media == media)

    def frame_of(self, media: Media, frame: int, n_frames: int) -> int:
        """Return the clip's frame that shows a frame of a file, so that ``n_frames`` of the clip stay within it."""
        angle = self.angles[self.number_of(media)]
        shows = angle.at_frame + frames_until(frame - angle.first_frame, media.rate, self.rate)
        return max(angle.at_frame, min(shows, angle.at_frame + angle.n_frames_at(self.rate) - n_frames))

    def at_s(self, media: Media, frame: int) -> Fraction:
        """Return when a frame of a file begins in the clip."""
        angle = self.angles[self.number_of(media)]
        return angle.at_frame / self.rate + (frame - angle.first_frame) / media.rate


@dataclass(frozen=True)
class Marker:
    """A named frame of a cut, counted from the first of its media."""

    frame: int
    name: str


@dataclass(frozen=True)
class Cut:
    """A part of a medium, from ``first_frame`` on, at 100, 50 or 25 percent of its speed.

    ``multicam`` has the files of the same moment by other cameras beside it, for formats that hold them.
    """

    media: Media
    name: str
    first_frame: int
    n_frames: int
    speed_percent: int = 100
    has_sound: bool = True
    title: str = ""
    rider: str = ""
    trick: str = ""
    session: str = ""
    markers: tuple[Marker, ...] = ()
    multicam: Multicam | None = None

    @property
    def speed(self) -> Fraction:
        return Fraction(self.speed_percent, 100)

    @property
    def is_heard(self) -> bool:
        return self.has_sound and self.media.has_sound

    @property
    def length_s(self) -> Fraction:
        """Return its length at its speed."""
        return self.n_frames / self.media.rate / self.speed

    def n_frames_at(self, rate: Fraction) -> int:
        """Return its length in frames of a time-line: never one that would show a frame behind its end."""
        return max(1, floor(self.length_s * rate))


@dataclass(frozen=True)
class Placed:
    """A cut where it lies on the time-line, in the time-line's frames."""

    number: int
    cut: Cut
    at_frame: int
    n_frames: int

    @property
    def end_frame(self) -> int:
        return self.at_frame + self.n_frames


@dataclass(frozen=True)
class Timeline:
    """Cuts that follow each other without a gap."""

    name: str
    rate: Fraction
    width_px: int
    height_px: int
    cuts: tuple[Cut, ...]

    @property
    def placed(self) -> Iterator[Placed]:
        at_frame = 0
        for number, cut in enumerate(self.cuts, start=1):
            n_frames = cut.n_frames_at(self.rate)
            yield Placed(number, cut, at_frame, n_frames)
            at_frame += n_frames

    @property
    def n_frames(self) -> int:
        return sum(cut.n_frames_at(self.rate) for cut in self.cuts)

    @property
    def media(self) -> list[Media]:
        """Each medium once, in the order of its first cut; behind them those of other cameras."""
        others = (angle.media for multicam in self.multicams for angle in multicam.angles)
        return list(dict.fromkeys([*(cut.media for cut in self.cuts), *others]))

    @property
    def multicams(self) -> list[Multicam]:
        """Each clip of several cameras once, in the order of its first cut."""
        return list(dict.fromkeys(cut.multicam for cut in self.cuts if cut.multicam))


def frames_until(n_frames: int, own: Fraction, rate: Fraction) -> int:
    """Return how many frames at ``rate`` pass until one shows what is so many frames at ``own`` into a file."""
    return ceil(n_frames / own * rate)


def rate_that_suits(cuts: tuple[Cut, ...]) -> Fraction:
    """Return the rate of most cuts, for a time-line; of one above 60 the whole part that editors play."""
    suits = [playable_rate(cut.media.rate) for cut in cuts]
    return max(suits, key=lambda rate: (suits.count(rate), rate), default=USUAL_RATE)


def size_that_suits(cuts: tuple[Cut, ...]) -> tuple[int, int]:
    """Return the largest picture among the media."""
    return max(((cut.media.width_px, cut.media.height_px) for cut in cuts), key=lambda size: size[0] * size[1],
               default=USUAL_SIZE_PX)  # fmt: skip


def rate_text(rate: Fraction) -> str:
    """Return a rate as people write it: "59.94", "60"."""
    return str(rate.numerator) if rate.denominator == 1 else f"{float(rate):.3f}".rstrip("0").rstrip(".")


def playable_rate(rate: Fraction) -> Fraction:
    """Return the standard rate next to this one, or to its half, quarter … where it is above 60."""
    while rate > 61:
        rate /= 2
    return min(TIMELINE_RATES, key=lambda standard: abs(standard - rate))
