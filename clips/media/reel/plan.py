"""The plan of a reel: what is shown, in which order and how; and the segments in which it is rendered.

A segment begins and ends with a whole picture and is encoded alone, so that a render that was killed goes on where it
stopped, and joining them is a copy. Where two clips fade into each other, that is a segment of its own.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from typing import Any

SOUND_RATE_HZ = 48_000
#: Of a cross-fade; never more than a third of the shorter of its two clips.
FADE_S = Fraction(1, 2)
OPENING_S, CREDITS_S = Fraction(5, 2), Fraction(3)
#: How long names stay, from the clip's start.
NAMES_S = Fraction(3)
#: A longer stretch is rendered in several segments, so that little is lost with a worker.
MAX_SEGMENT_S = 20


@dataclass(frozen=True)
class Frame:
    """The picture and rate of the reel."""

    width_px: int
    height_px: int
    rate_hz: Fraction

    def samples_before(self, picture: int) -> int:
        """Return how many samples of sound come before a picture, counted from the start of the reel."""
        return round(picture * SOUND_RATE_HZ / self.rate_hz)


@dataclass(frozen=True)
class Item:
    """One clip of a reel.

    Attributes
    ----------
    source : str
        Its file.
    start_ms, end_ms : int or None
        Of that file; None means its first, or its last picture.
    speed_percent : int
        100, 50 or 25.
    title : str
        Shown for as long as the clip.
    names : tuple of str
        Rider and trick, shown at its start.
    path : tuple of (float, float)
        Where the middle of a narrower frame lies: seconds of the file from its first picture, and 0 (left) to 1, as
        found by who follows the rider.
    places : tuple of (float, float)
        The same where a person put it: the frame is led through them (``path.through``), and no rider is followed.
    goes_on : bool
        Whether it shows the instant at which the item before ends, by another camera: nothing moves or fades that cut.
    """

    source: str
    start_ms: int | None = None
    end_ms: int | None = None
    speed_percent: int = 100
    title: str = ""
    names: tuple[str, ...] = ()
    has_sound: bool = True
    path: tuple[tuple[float, float], ...] = ()
    places: tuple[tuple[float, float], ...] = ()
    goes_on: bool = False

    @property
    def speed(self) -> Fraction:
        return Fraction(self.speed_percent, 100)


@dataclass(frozen=True)
class Card:
    """A picture of text before or after the clips."""

    heading: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    frame: Frame
    items: tuple[Item, ...]
    is_faded: bool = False
    opening: Card | None = None
    credits: Card | None = None


@dataclass(frozen=True)
class Part:
    """Pictures of a clip, counted in the reel's pictures from the clip's start; a card has no item."""

    item: int | None
    first: int
    n_pictures: int
    card: Card | None = None


@dataclass(frozen=True)
class Segment:
    """A stretch of the reel; with two parts, of which the first fades into the second."""

    number: int
    at: int
    parts: tuple[Part, ...]

    @property
    def n_pictures(self) -> int:
        return self.parts[0].n_pictures


@dataclass(frozen=True)
class Placed:
    """Where an item lies in the reel, in pictures, fades included."""

    item: int
    at: int
    n_pictures: int


@dataclass
class Layout:
    """All segments in their order, and where each item lies."""

    segments: list[Segment] = field(default_factory=list)
    items: list[Placed] = field(default_factory=list)
    n_pictures: int = 0

    def add(self, *parts: Part) -> None:
        if parts[0].n_pictures:
            self.segments.append(Segment(len(self.segments), self.n_pictures, parts))
            self.n_pictures += parts[0].n_pictures


def lay_out(plan: Plan, lengths: Sequence[int]) -> Layout:
    """Return the segments of a reel.

    Parameters
    ----------
    plan : Plan
    lengths : sequence of int
        How many of the reel's pictures each item is, as ``survey`` found.
    """
    layout, rate_hz = Layout(), plan.frame.rate_hz
    if plan.opening:
        layout.add(Part(None, 0, round(OPENING_S * rate_hz), plan.opening))
    before = 0
    for number, length in enumerate(lengths):
        after = fade_between(plan, lengths, number)
        layout.items.append(Placed(number, layout.n_pictures - before, length))
        _add_whole(layout, number, before, length - before - after, round(MAX_SEGMENT_S * rate_hz))
        if after:
            layout.add(Part(number, length - after, after), Part(number + 1, 0, after))
        before = after
    if plan.credits:
        layout.add(Part(None, 0, round(CREDITS_S * rate_hz), plan.credits))
    return layout


def fade_between(plan: Plan, lengths: Sequence[int], number: int) -> int:
    """Return how many pictures an item fades into the next one; 0 where it is cut."""
    if not plan.is_faded or number + 1 >= len(lengths) or plan.items[number + 1].goes_on:
        return 0
    return min(round(FADE_S * plan.frame.rate_hz), lengths[number] // 3, lengths[number + 1] // 3)


def _add_whole(layout: Layout, item: int, first: int, n_pictures: int, most: int) -> None:
    while n_pictures:
        taken = min(n_pictures, most)
        layout.add(Part(item, first, taken))
        first, n_pictures = first + taken, n_pictures - taken


def as_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as it is kept in a row and told to a child process."""
    return asdict(replace(plan, frame=replace(plan.frame, rate_hz=str(plan.frame.rate_hz))))  # type: ignore[arg-type]


def from_json(told: dict[str, Any]) -> Plan:
    frame = told["frame"]
    return Plan(
        frame=Frame(frame["width_px"], frame["height_px"], Fraction(frame["rate_hz"])),
        items=tuple(_item(each) for each in told["items"]),
        is_faded=told["is_faded"],
        opening=_card(told["opening"]),
        credits=_card(told["credits"]),
    )


def _item(told: dict[str, Any]) -> Item:
    # A plan that was kept before people could move a crop has no places.
    path, places = (_pairs(told.get(key, ())) for key in ("path", "places"))
    return Item(**told | {"names": tuple(told["names"]), "path": path, "places": places})


def _pairs(told: list[list[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(at_s), float(middle)) for at_s, middle in told)


def _card(told: dict[str, Any] | None) -> Card | None:
    return Card(told["heading"], tuple(told["lines"])) if told else None
