"""Changes the tags of many clips in one step, and undoes it in one step.

The rows change in the request; file names, search texts and archive copies follow in one background job (`RENAME`), as
they do after a rename. Nothing is cut or sent again.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.archive.renaming import follow
from clips.models import BulkChange, BulkKind, ClipCategory, FinalClip, Job, JobKind
from clips.models.bulk import Undone
from clips.models.clip import MAX_PEOPLE
from clips.sorting.decisions import ConflictError, earlier_change
from people.merging import heirs
from people.models import Member, Person, Role
from tricks.models import Trick


class Tags(NamedTuple):
    """The tags of one clip, by ids; as JSON keeps them."""

    person: str | None
    also: tuple[str, ...]
    trick: str | None
    category: str

    @property
    def people(self) -> tuple[str, ...]:
        return (self.person, *self.also) if self.person else self.also


@dataclass(frozen=True)
class TagChange:
    """A change of tags. A flag says whether riders or the trick change at all, for None is a value too: no rider.

    ``people`` take the places of all riders, the first names the file; ``added`` join those that are there.
    """

    sets_people: bool = False
    people: tuple[Person, ...] = ()
    added: tuple[Person, ...] = ()
    sets_trick: bool = False
    trick: Trick | None = None
    category: ClipCategory | None = None

    @property
    def label(self) -> str:
        """The change in words."""
        parts = []
        if self.sets_people and (self.people or not self.added):
            parts.append(", ".join(map(str, self.people)) or _("no rider"))
        if self.added:
            parts.append("+ " + ", ".join(map(str, self.added)))
        if self.sets_trick:
            parts.append(str(self.trick) if self.trick else _("no trick"))
        if self.category:
            parts.append(str(ClipCategory(self.category).label))
        return " · ".join(parts)[:300]

    def applied_to(self, tags: Tags) -> Tags:
        """Return the tags of a clip after the change."""
        people = [str(person.pk) for person in self.people] if self.sets_people else list(tags.people)
        people += [pk for pk in (str(person.pk) for person in self.added) if pk not in people]
        person, *also = people or [None]
        return Tags(
            person=person,
            also=tuple(sorted(also)),
            trick=(str(self.trick.pk) if self.trick else None) if self.sets_trick else tags.trick,
            category=self.category or tags.category,
        )


@dataclass(frozen=True)
class Plan:
    """The effect of a change, counted before it is made."""

    n_chosen: int
    after: Mapping[uuid.UUID, tuple[Tags, Tags]] = field(default_factory=dict)
    n_same: int = 0
    #: They would have more riders than a clip may have.
    n_full: int = 0
    #: The name of the file changes, and its place in the archive.
    n_renamed: int = 0


def plan(clips: Iterable[uuid.UUID], change: TagChange) -> Plan:
    """Return what ``change`` would do to these clips, without doing it."""
    return _planned(_tags_of(clips), change)


def change_tags(
    clips: Iterable[uuid.UUID], change: TagChange, *, member: Member, key: uuid.UUID, asked: str = ""
) -> BulkChange:
    """Change the tags of clips; the same key again changes nothing and returns the first one's row.

    Clips that are not current any more are left alone.

    Raises
    ------
    ConflictError
        If nothing differs, the key stands for another change, or a chosen rider or trick is gone.
    """
    with transaction.atomic():
        chosen = FinalClip.objects.current().filter(pk__in=list(clips)).hold()
        if earlier := earlier_change(BulkKind.TAG, key, member, asked):
            return earlier
        if not chosen:
            raise ConflictError(_("These clips are not in the library any more."))
        now = _tags_of(chosen)
        planned = _planned(now, change)
        if not planned.after:
            raise ConflictError(_("Nothing would change: these clips are tagged like this already."))
        _write({pk: after for pk, (_before, after) in planned.after.items()}, now)
        states, rows = _packed(planned.after)
        made = BulkChange.objects.create(
            pk=key,
            kind=BulkKind.TAG,
            asked=asked,
            label=change.label,
            member=member,
            member_name=member.username,
            states=states,
            rows=rows,
            n_changed=len(rows),
        )
        follow(made)
    return made


def undo_tags(change: BulkChange) -> Undone:
    """Give clips the tags that they had before ``change``; call it in the transaction that marked it undone."""
    states = _as_they_are_called_now([_tags(state) for state in change.states])
    rows = {uuid.UUID(pk): [states[at] for at in pair] for pk, pair in change.rows.items()}
    held = FinalClip.objects.current().filter(pk__in=list(rows)).hold()
    now = _tags_of(held)
    back = {pk: before for pk, (before, after) in rows.items() if now.get(pk) == after}
    _write(back, now)
    follow(change)
    return Undone(len(back), len(rows) - len(back))


def progress_of(change: BulkChange) -> float | None:
    """Return how far file names and archive copies have followed, 0 to 1; None when they have."""
    job = Job.objects.active().filter(kind=JobKind.RENAME, bulk_change=change).first()
    moves = Job.objects.active().filter(kind=JobKind.ARCHIVE, clip__in=list(change.rows)).count()
    if job is None and not moves:
        return None
    return ((job.progress if job else 1) + 1 - moves / max(1, change.n_changed)) / 2


def may_undo(change: BulkChange, member: Member) -> bool:
    """Return whether a member may undo a change: their own, or as a curator anybody's."""
    return change.kind != BulkKind.UNLINK and (change.member_id == member.pk or member.may(Role.CURATOR))


def toast_context(change: BulkChange, member: Member) -> dict:
    """Return the context of the toast that says what was changed, for whoever looks at it."""
    return {"change": change, "follows": progress_of(change), "may_undo": may_undo(change, member)}


def _planned(tags: Mapping[uuid.UUID, Tags], change: TagChange) -> Plan:
    after, n_full, n_renamed = {}, 0, 0
    for pk, before in tags.items():
        wanted = change.applied_to(before)
        if wanted == before:
            continue
        if len(wanted.people) > MAX_PEOPLE:
            n_full += 1
            continue
        after[pk] = before, wanted
        n_renamed += (before.person, before.trick) != (wanted.person, wanted.trick)
    return Plan(len(tags), after, len(tags) - len(after) - n_full, n_full, n_renamed)


def _tags_of(clips: Iterable[uuid.UUID]) -> dict[uuid.UUID, Tags]:
    """Read the tags of current clips, in two queries."""
    ids = list(clips)
    also = defaultdict(list)
    through = FinalClip.also.through.objects.filter(finalclip__in=ids)
    for clip, person in through.values_list("finalclip", "person"):
        also[clip].append(str(person))
    rows = FinalClip.objects.current().filter(pk__in=ids).order_by()
    return {
        pk: Tags(person and str(person), tuple(sorted(also[pk])), trick and str(trick), category)
        for pk, person, trick, category in rows.values_list("pk", "person", "trick", "category")
    }


#: One statement for any number of clips, each with its own tags: Django's would be one per set of tags, or a CASE that
#: grows with their number.
_UPDATE = """
    UPDATE clips_finalclip AS clip
    SET person_id = tags.person, trick_id = tags.trick, category = tags.category, updated_at = %s
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[]) AS tags (id, person, trick, category)
    WHERE clip.id = tags.id
"""


def _write(wanted: Mapping[uuid.UUID, Tags], now: Mapping[uuid.UUID, Tags]) -> None:
    """Save the tags of clips whose rows are held; ``now`` is what they have."""
    if not wanted:
        return
    columns = zip(*((pk, tags.person, tags.trick, tags.category) for pk, tags in wanted.items()), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [timezone.now(), *map(list, columns)])
    others = {pk: tags.also for pk, tags in wanted.items() if tags.also != now[pk].also}
    through = FinalClip.also.through
    through.objects.filter(finalclip__in=list(others)).delete()
    rows = [through(finalclip_id=pk, person_id=person) for pk, people in others.items() for person in people]
    through.objects.bulk_create(rows)
    try:
        connection.check_constraints()  # now, while a sentence can still be said, and not at the commit
    except IntegrityError as error:
        raise ConflictError(_("This person or trick was just merged into another. Choose again.")) from error


def _packed(after: Mapping[uuid.UUID, tuple[Tags, Tags]]) -> tuple[list[Tags], dict[str, list[int]]]:
    """Return the different states once each, and for each clip the numbers of its two."""
    numbers: dict[Tags, int] = {}
    rows = {str(pk): [numbers.setdefault(tags, len(numbers)) for tags in pair] for pk, pair in after.items()}
    return list(numbers), rows


def _as_they_are_called_now(states: list[Tags]) -> list[Tags]:
    """Replace riders and tricks that were merged since by those that they were merged into."""
    people = heirs(Person, {pk for tags in states for pk in tags.people})
    tricks = heirs(Trick, {tags.trick for tags in states if tags.trick})
    called = []
    for tags in states:
        person, *also = list(dict.fromkeys(filter(None, map(people.get, tags.people)))) or [None]
        trick = tricks[tags.trick] if tags.trick else None
        called.append(Tags(person, tuple(sorted(also)), trick, tags.category))
    return called


def _tags(stored: list) -> Tags:
    person, also, trick, category = stored
    return Tags(person, tuple(also), trick, category)
