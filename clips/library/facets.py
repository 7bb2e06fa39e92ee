"""Counts the clips of each session, rider, trick, category, camera and rate within a search, for its filters.

A facet's numbers leave its own choice out, so they say what a further tick adds.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from clips.library.filters import UNTAGGED, ClipFilter
from clips.library.search import matching
from clips.models import CameraName, ClipCategory, FinalClip, Shoot
from clips.models.camera import camera_name, rate_name
from people.models import Person
from people.naming.slugs import likeness
from tricks.lookup import likely
from tricks.models import Trick

#: Choices that are shown at once; the others are found by typing.
SHOWN, FOUND = 6, 12
TITLES = {
    "session": _("Session"), "person": _("Rider"), "trick": _("Trick"), "untagged": _("Missing tags"),
    "category": _("Category"), "camera": _("Camera"), "fps": _("Frame rate"),
}  # fmt: skip
#: By which columns of ``_COUNTED`` each facet groups the clips.
_GROUPS = {
    "session": "shoot", "person": "person", "trick": "trick", "untagged": "no_person, no_trick",
    "category": "category", "camera": "camera, serial", "fps": "fps",
}  # fmt: skip
_FIELDS = (
    "original_file__shoot", "person", "trick", "category", "camera_id", "original_file__camera_serial", "fps_label",
)  # fmt: skip
_COUNTED = "shoot, person, trick, category, camera, serial, fps"

Counts = dict[tuple, int]


@dataclass(frozen=True)
class Choice:
    value: str
    text: str
    #: None for one in the address that is no name of anything: an alias, or a name of before.
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
    def chosen(self) -> list[Choice]:
        return [choice for choice in self.choices if choice.is_chosen]


def facets_of(asked: dict, found: ClipFilter) -> list[Facet]:
    """Return all facets of a search: the query as ``asked_for`` returns it, and the clips that it found."""
    plain = [name for name in TITLES if name not in asked]
    counts = _counts(found.qs, plain) if plain else {}
    for name in TITLES:
        if name in asked:
            counts |= _counts(_without(asked, name, found.corrected), [name])
    return [_facet(name, counts[name], asked.get(name, []), shown=SHOWN) for name in TITLES]


def facet_of(name: str, asked: dict, find: str) -> Facet:
    """Return one facet with the choices that a typed beginning may mean, and those that are chosen."""
    counts = _counts(_without(asked, name), [name])
    return _facet(name, counts[name], asked.get(name, []), find=find, shown=FOUND if find else SHOWN)


def _without(asked: dict, name: str, corrected: str = "") -> QuerySet:
    """Return the clips that a search finds without one of its facets."""
    rest = {key: value for key, value in asked.items() if key not in {name, "q", "sort"}}
    clips = ClipFilter(rest, queryset=FinalClip.objects.all()).qs
    typed = corrected or asked.get("q", "")
    return matching(clips, typed) if typed else clips


def _counts(clips: QuerySet, names: list[str]) -> dict[str, Counts]:
    """Return for each facet how many clips there are of each of its values, in one look at all clips."""
    counts: dict[str, Counts] = {name: Counter() for name in names}
    try:
        inner, params = clips.order_by().values_list(*_FIELDS).query.sql_with_params()
    except EmptyResultSet:
        return counts
    columns = list(dict.fromkeys(column for name in names for column in _GROUPS[name].split(", ")))
    is_in_set = ", ".join(f"GROUPING({_GROUPS[name]})" for name in names)
    sets = ", ".join(f"({_GROUPS[name]})" for name in names)
    sql = (
        f"SELECT count(*), {is_in_set}, {', '.join(columns)} FROM (SELECT *, person IS NULL AS no_person,"  # noqa: S608
        f" trick IS NULL AS no_trick FROM ({inner}) AS clips ({_COUNTED})) AS counted GROUP BY GROUPING SETS ({sets})"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for n_clips, *row in cursor:
            at = row.index(0)  # of all sets this row is of the one that all columns of are grouped by
            value = dict(zip(columns, row[len(names) :], strict=True))
            counts[names[at]][tuple(value[column] for column in _GROUPS[names[at]].split(", "))] += n_clips
    if "person" in counts:
        also = FinalClip.also.through.objects.filter(finalclip__in=clips.order_by().values("pk"))
        for person, n_clips in also.values_list("person").annotate(n=Count("pk")):
            counts["person"][(person,)] += n_clips
    return counts


def _facet(name: str, counts: Counts, chosen: Iterable[str], *, shown: int, find: str = "") -> Facet:
    wanted = {value.casefold(): value for value in chosen}
    rows = _CHOICES[name](counts, find)
    choices = [Choice(value, text, n, value.casefold() in wanted) for value, text, n in rows]
    ticked = [choice for choice in choices if choice.is_chosen]
    known = {choice.value.casefold() for choice in ticked}
    ticked += [Choice(value, value, None, is_chosen=True) for key, value in wanted.items() if key not in known]
    others = [choice for choice in choices if not choice.is_chosen and choice.n]
    return Facet(name, str(TITLES[name]), ticked + others[:shown], max(0, len(others) - shown))


Row = tuple[str, str, int]


def _sessions(counts: Counts, find: str) -> list[Row]:
    rows = Shoot.objects.filter(pk__in=_keys(counts)).order_by("-date", "name").values_list("pk", "name", "date")
    choices = [(str(pk), f"{name} · {date}", counts[(pk,)]) for pk, name, date in rows]
    return _ranked(choices, find)


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
        rows += [(own.name, f"{own.name} · {plain}", counts.get((camera_id, own.serial), 0)) for own in singles]
    return _ranked(rows, find)


def _rates(counts: Counts, _find: str) -> list[Row]:
    def rate(label: str) -> tuple[int, str]:
        return int("".join(filter(str.isdigit, label)) or 0), label

    labels = sorted((label for (label,) in counts), key=rate)
    return [(label, rate_name(label), counts[(label,)]) for label in labels]


def _categories(counts: Counts, _find: str) -> list[Row]:
    return [(value, str(text), counts.get((value,), 0)) for value, text in ClipCategory.choices]


def _untagged(counts: Counts, _find: str) -> list[Row]:
    n_of = {
        "both": counts.get((True, True), 0),
        "person": sum(n for (no_person, _no_trick), n in counts.items() if no_person),
        "trick": sum(n for (_no_person, no_trick), n in counts.items() if no_trick),
    }
    return [(value, str(text), n_of[value]) for value, text in UNTAGGED]


_CHOICES: dict[str, Callable[[Counts, str], list[Row]]] = {
    "session": _sessions, "person": _people, "trick": _tricks, "untagged": _untagged, "category": _categories,
    "camera": _cameras, "fps": _rates,
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
