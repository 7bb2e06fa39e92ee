"""Counts the clips of each session, rider, trick, camera, edit and so on within a search, for its filters.

A facet's numbers leave its own choice out, so they say what a further tick adds. Each is counted when it is opened: all
at once would take longer than the page.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from clips.library.filters import HEARTS, STARS, UNTAGGED, ClipFilter, hearted
from clips.library.search import LACKING
from clips.library.spelling import corrected
from clips.models import CameraName, ClipCategory, FinalClip, Reel, ReelClip, Shoot
from clips.models.camera import camera_name, rate_name
from people.models import Member, Person
from people.naming.slugs import likeness
from tricks.lookup import likely
from tricks.models import Trick

#: Choices that are shown at once; the others are found by typing.
SHOWN, FOUND = 6, 12
ALL_CLIPS = 10**9
TITLES = {
    "session": _("Session"), "person": _("Rider"), "trick": _("Trick"), "untagged": _("Missing tags"),
    "category": _("Category"), "camera": _("Camera"), "fps": _("Frame rate"),
    "stars": _("Stars"), "hearts": _("Hearts"), "edit": _("Edit"),
}  # fmt: skip
#: By which columns a facet groups the clips.
_COLUMNS = {
    "session": ("original_file__shoot",), "person": ("person",), "trick": ("trick",), "category": ("category",),
    "stars": ("stars",), "camera": ("camera_id", "original_file__camera_serial"), "fps": ("fps_label",),
}  # fmt: skip

Counts = Counter[tuple]


@dataclass(frozen=True)
class Choice:
    value: str
    text: str
    #: None for one that is not counted yet, or in the address and no name of anything: an alias, a name of before.
    n: int | None
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    name: str
    title: str
    choices: list[Choice]
    #: Further choices that are not among these.
    n_more: int

    @property
    def n_chosen(self) -> int:
        return sum(choice.is_chosen for choice in self.choices)


def facets_of(asked: dict) -> list[Facet]:
    """Return all facets with what is chosen in them alone, uncounted."""
    return [Facet(name, str(title), _chosen(name, asked.get(name, [])), 0) for name, title in TITLES.items()]


def facet_of(name: str, asked: dict, find: str, member: Member) -> Facet:
    """Return one facet counted: what is chosen, and its first choices or those that a typed beginning may mean."""
    rest = {key: value for key, value in asked.items() if key not in {name, "sort"}}
    counts = _counts(name, rest, member)
    if "q" in rest and not counts.total() and (meant := corrected(rest["q"])):
        counts = _counts(name, rest | {"q": meant}, member)
    chosen = _chosen(name, asked.get(name, []))
    known = {choice.value.casefold() for choice in chosen}
    n_of = {value.casefold(): n for value, _text, n in _CHOICES[name](counts, "")} if chosen else {}
    ticked = [Choice(each.value, each.text, n_of.get(each.value.casefold()), is_chosen=True) for each in chosen]
    others = [Choice(*row, is_chosen=False) for row in _CHOICES[name](counts, find) if row[2]]
    others = [choice for choice in others if choice.value.casefold() not in known]
    shown = FOUND if find else SHOWN
    return Facet(name, str(TITLES[name]), ticked + others[:shown], max(0, len(others) - shown))


def _counts(name: str, asked: dict, member: Member) -> Counts:
    """Return how many clips of a search there are of each value of a facet."""
    clips = ClipFilter(asked, FinalClip.objects.all(), member=member).qs.order_by()
    if name == "untagged":
        return Counter({(value,): clips.filter(missing).count() for value, missing in LACKING.items()})
    if name == "hearts":
        return Counter({(value,): clips.filter(hearted(value, member)).count() for value, _text in HEARTS})
    if name == "edit":
        places = ReelClip.objects.filter(reel__bin_entry=None, lineage__in=clips.values("lineage")[:ALL_CLIPS])
        rows = places.order_by().values_list("reel").annotate(n=Count("lineage", distinct=True))
        return Counter({(reel,): n for reel, n in rows})
    # "*" counts what an index has without a look at the rows.
    rows = clips.values_list(*_COLUMNS[name]).annotate(n=Count("*"))
    counts = Counter({tuple(row[:-1]): row[-1] for row in rows})
    if name == "stars":
        return Counter({(str(stars),): n for (stars,), n in counts.items()})
    if name == "person":
        # Cut off at more than there are, so that PostgreSQL looks for the clips once and not for each row.
        found = clips.values("pk")[:ALL_CLIPS]
        also = FinalClip.also.through.objects.filter(finalclip__in=found).values_list("person").annotate(n=Count("*"))
        counts.update({(person,): n for person, n in also})
    return counts


def _chosen(name: str, values: list[str]) -> list[Choice]:
    """Return chosen values as they are called; what is no name of anything as it is written in the address."""
    names = dict(_names(name, values)) if values else {}
    return [Choice(value, names.get(value.casefold(), value), None, is_chosen=True) for value in values]


def _names(name: str, values: list[str]) -> Iterable[tuple[str, str]]:
    if name == "session":
        shoots = Shoot.objects.filter(pk__in=[value for value in values if _is_uuid(value)])
        return [(str(shoot.pk), f"{shoot.name} · {shoot.date}") for shoot in shoots]
    if name == "edit":
        edits = Reel.objects.filter(pk__in=[value for value in values if _is_uuid(value)])
        return [(str(edit.pk), str(edit)) for edit in edits]
    if name == "person":
        people = Person.objects.filter(slug__in=values)
        return [(person.slug.casefold(), person.display_name) for person in people]
    if name == "trick":
        return [(trick.slug.casefold(), str(trick)) for trick in Trick.objects.filter(slug__in=values)]
    if name == "camera":
        return [(value.casefold(), camera_name(value)) for value in values if value.startswith("CAM_")]
    if name == "fps":
        return [(value.casefold(), rate_name(value)) for value in values]
    return [(value.casefold(), str(text)) for value, text in _FIXED[name]]


#: The facets whose values are always the same.
_FIXED = {"category": ClipCategory.choices, "untagged": UNTAGGED, "stars": STARS, "hearts": HEARTS}


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


Row = tuple[str, str, int]


def _sessions(counts: Counts, find: str) -> list[Row]:
    rows = Shoot.objects.filter(pk__in=_keys(counts)).order_by("-date", "name").values_list("pk", "name", "date")
    choices = [(str(pk), f"{name} · {date}", counts[(pk,)]) for pk, name, date in rows]
    return _ranked(choices, find)


def _edits(counts: Counts, find: str) -> list[Row]:
    rows = Reel.objects.filter(pk__in=_keys(counts)).order_by("-changed_at").values_list("pk", "name")
    return _ranked([(str(pk), name, counts[(pk,)]) for pk, name in rows], find)


def _people(counts: Counts, find: str) -> list[Row]:
    rows = Person.objects.filter(pk__in=_keys(counts)).order_by("display_name")
    rows = rows.values_list("slug", "display_name", "pk")
    return _ranked(_most_first((slug, name, counts[(pk,)]) for slug, name, pk in rows), find)


def _tricks(counts: Counts, find: str) -> list[Row]:
    tricks = Trick.objects.filter(pk__in=_keys(counts))
    if find:
        found = likely(find, tricks.prefetch_related("aliases"), limit=FOUND)
        return [(trick.slug, str(trick), counts[(trick.pk,)]) for _score, trick in found]
    return _most_first((trick.slug, str(trick), counts[(trick.pk,)]) for trick in tricks)


def _cameras(counts: Counts, find: str) -> list[Row]:
    """Return each camera with clips, and those that have their own names."""
    by_id: Counter[str] = Counter()
    for (camera_id, _serial), n in counts.items():
        by_id[camera_id] += n
    named = defaultdict(list)
    for own in CameraName.objects.filter(camera_id__in=list(by_id)):
        named[own.camera_id].append(own)
    rows = []
    for camera_id, n in by_id.most_common():
        plain = camera_name(camera_id)
        of_kind = next((f"{own.name} · {plain}" for own in named[camera_id] if not own.serial), plain)
        rows.append((camera_id, of_kind, n))
        singles = [own for own in named[camera_id] if own.serial]
        rows += [(own.name, f"{own.name} · {plain}", counts[(camera_id, own.serial)]) for own in singles]
    return _ranked(rows, find)


def _rates(counts: Counts, _find: str) -> list[Row]:
    def rate(label: str) -> tuple[int, str]:
        return int("".join(filter(str.isdigit, label)) or 0), label

    labels = sorted((label for (label,) in counts), key=rate)
    return [(label, rate_name(label), counts[(label,)]) for label in labels]


def _fixed(name: str) -> Callable[[Counts, str], list[Row]]:
    return lambda counts, _find: [(value, str(text), counts[(value,)]) for value, text in _FIXED[name]]


_CHOICES: dict[str, Callable[[Counts, str], list[Row]]] = {
    "session": _sessions, "person": _people, "trick": _tricks, "camera": _cameras, "fps": _rates, "edit": _edits,
    **{name: _fixed(name) for name in _FIXED},
}  # fmt: skip


def _keys(counts: Counts) -> list:
    return [key for (key,) in counts if key is not None]


def _most_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row[2], row[1].casefold()))


def _ranked(rows: list[Row], find: str) -> list[Row]:
    if not find:
        return rows
    scored = [(likeness(find, text), row) for row in rows for text in [row[1]]]
    return [row for score, row in sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])]
