"""Changes an edit: each change is one row of its history, and is undone or done again in one step.

The history is a line: undo takes back the last change, redo does the next one again, and whoever changes something
after an undo goes another way from there. So what a change found and what it left can be written back as they are.
"""

import copy
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clips.models import FinalClip, Reel, ReelChange, ReelChangeKind, ReelChangeState, ReelClip, Shoot
from clips.models.clip import FinalClipQuerySet
from clips.models.reel import MAX_CLIPS, MAX_CROPS, MAX_TITLE, SITE
from clips.sharing.links import slow_downs
from clips.sorting.decisions import ConflictError
from people.models import Member
from people.naming.spelling import clean_name

#: Shorter than this nobody sees what it is.
SHORTEST_MS = 100
MAX_NAME = 80
#: Behind a name that is taken.
ROOM_FOR_NUMBER = 5
FIELDS = ("lineage", "start_ms", "end_ms", "speed", "title", "has_sound", "crop")
#: Of a clip that was just added.
UNCHANGED: dict[str, Any] = {
    "start_ms": None, "end_ms": None, "speed": 100, "title": "", "has_sound": True, "crop": []
}  # fmt: skip
#: Two places of a crop are further apart: who drags it twice at about the same time means the second one.
CROPS_APART_MS = 100


class BeingEditedError(ConflictError):
    """Somebody else's page has the right to change the edit. The text is one sentence."""


class NotPossibleError(Exception):
    """The clip cannot be trimmed, slowed or called like this. The text is one sentence."""


@dataclass(frozen=True)
class Hand:
    """Whose request changes an edit: the member, the key of the request, and the lease of their page.

    Without a lease somebody changes it from elsewhere: they add clips, and may undo that. Without a member it is the
    site that makes a session's edit.
    """

    member: Member | None
    key: uuid.UUID
    lease: uuid.UUID | None = None

    @property
    def name(self) -> str:
        return self.member.username if self.member else SITE


@dataclass
class State:
    """What an edit consists of: its name, its rows as JSON keeps them, and the order of their ids."""

    name: str
    rows: dict[str, dict[str, Any]]
    order: list[str]

    @classmethod
    def of(cls, reel: Reel) -> "State":
        rows = list(reel.clips.order_by("position").values("pk", *FIELDS))
        named = {
            str(row["pk"]): {name: row[name] for name in FIELDS} | {"lineage": str(row["lineage"])} for row in rows
        }
        return cls(reel.name, named, list(named))

    def differing(self, other: "State") -> dict[str, Any]:
        """Return what ``other`` has changed, as it is here."""
        patch: dict[str, Any] = {}
        if self.name != other.name:
            patch["name"] = self.name
        if self.order != other.order:
            patch["order"] = self.order
        changed = [pk for pk in {*self.rows, *other.rows} if self.rows.get(pk) != other.rows.get(pk)]
        if changed:
            patch["rows"] = {pk: self.rows.get(pk) for pk in sorted(changed)}
        return patch


def make_reel(name: str, *, member: Member, shoot: Shoot | None = None) -> Reel:
    """Make an empty edit.

    Raises
    ------
    ConflictError
        If there is one of that name, or the name is empty.
    """
    name = clean_name(name)
    if not name:
        raise ConflictError(_("Enter a name."))
    try:
        with transaction.atomic():
            return Reel.objects.create(name=name, made_by=member, made_by_name=member.username, shoot=shoot)
    except IntegrityError as error:
        raise ConflictError(_("There is an edit of this name already.")) from error


def free_name(wanted: str) -> str:
    """Return a name that no edit has yet: the one wanted, or with a number behind it; the day if none is wanted."""
    wanted = clean_name(wanted)[: MAX_NAME - ROOM_FOR_NUMBER] or date_format(timezone.localdate(), "DATE_FORMAT")
    name, number = wanted, 1
    while Reel.objects.named(name).exists():
        number += 1
        name = f"{wanted} {number}"
    return name


def add_clips(reel: Reel, clips: FinalClipQuerySet, *, hand: Hand, made: bool = False) -> ReelChange:
    """Add clips at the end of an edit, in their order; those that are in it already are left out.

    ``made`` says that the edit was made for them, so that an undo from elsewhere takes it away, too.

    Raises
    ------
    ConflictError
        If none of them is new, or the edit would have too many.
    """

    def alter(state: State) -> None:
        known = {row["lineage"] for row in state.rows.values()}
        lineages = dict.fromkeys(str(lineage) for lineage in clips.values_list("lineage", flat=True))
        new = [lineage for lineage in lineages if lineage not in known]
        if lineages and not new:
            raise ConflictError(_("These clips are in the edit already."))
        if not new:
            raise ConflictError(_("These clips are not in the library any more."))
        if len(state.order) + len(new) > MAX_CLIPS:
            raise ConflictError(_("An edit has at most %(n)d clips.") % {"n": MAX_CLIPS})
        for lineage in new:
            pk = str(uuid.uuid4())
            state.rows[pk] = {"lineage": lineage} | UNCHANGED
            state.order.append(pk)

    change = write_change(reel, ReelChangeKind.ADD, alter, hand, made=made)
    if change is None:
        raise ConflictError(_("These clips are in the edit already."))
    return change


def choose_again(reel: Reel, lineages: Iterable[uuid.UUID], *, hand: Hand) -> ReelChange | None:
    """Let an edit consist of these clips; those in it already keep their trim, title and speed. None if it does."""
    wanted = [str(lineage) for lineage in lineages]

    def alter(state: State) -> None:
        there = {row["lineage"]: pk for pk, row in reversed(state.rows.items())}
        rows = {there.get(lineage, str(uuid.uuid4())): {"lineage": lineage} for lineage in wanted}
        state.rows = {pk: state.rows.get(pk, row | UNCHANGED) for pk, row in rows.items()}
        state.order = list(rows)

    return write_change(reel, ReelChangeKind.DRAFT, alter, hand)


def remove_clip(row: ReelClip, *, hand: Hand) -> ReelChange | None:
    """Take a clip out of its edit; None if it is out already."""

    def alter(state: State) -> None:
        state.rows.pop(str(row.pk), None)
        state.order = [pk for pk in state.order if pk != str(row.pk)]

    return write_change(row.reel, ReelChangeKind.REMOVE, alter, hand)


def move_clip(row: ReelClip, position: int, *, hand: Hand) -> ReelChange | None:
    """Give a clip another position, from 1 on; None if it is there already."""

    def alter(state: State) -> None:
        pk = str(row.pk)
        if pk in state.order:
            state.order.remove(pk)
            state.order.insert(max(0, position - 1), pk)

    return write_change(row.reel, ReelChangeKind.MOVE, alter, hand)


def trim_clip(row: ReelClip, start_ms: int | None, end_ms: int | None, *, hand: Hand) -> ReelChange | None:
    """Show only a part of a clip, in times of its video; None and None for all of it.

    Raises
    ------
    NotPossibleError
        If the part is not within the clip, or too short to be seen.
    """
    if start_ms is not None and end_ms is not None:
        clip = current_clip(row)
        if end_ms - start_ms < SHORTEST_MS:
            raise NotPossibleError(_("Leave at least a tenth of a second."))
        if start_ms < clip.start_ms or end_ms > clip.end_ms:
            raise NotPossibleError(_("The clip doesn’t reach that far."))
        if (start_ms, end_ms) == (clip.start_ms, clip.end_ms):
            start_ms = end_ms = None
    fields = {"start_ms": start_ms, "end_ms": end_ms}
    return write_change(row.reel, ReelChangeKind.TRIM, setting(row, **fields), hand)


def set_speed(row: ReelClip, speed: int, *, hand: Hand) -> ReelChange | None:
    """Play a clip at its own speed (100), at half or at a quarter of it.

    Raises
    ------
    NotPossibleError
        If its video has too few frames for that.
    """
    if speed not in speeds_of(current_clip(row)):
        raise NotPossibleError(_("This video has too few frames for that speed."))
    return write_change(row.reel, ReelChangeKind.SPEED, setting(row, speed=speed), hand)


def set_title(row: ReelClip, title: str, *, hand: Hand) -> ReelChange | None:
    """Write a text over a clip, or take it away."""
    title = clean_name(title)[:MAX_TITLE]
    return write_change(row.reel, ReelChangeKind.TITLE, setting(row, title=title), hand)


def set_sound(row: ReelClip, has_sound: bool, *, hand: Hand) -> ReelChange | None:
    """Switch the sound of a clip on or off."""
    return write_change(row.reel, ReelChangeKind.SOUND, setting(row, has_sound=has_sound), hand)


def move_crop(row: ReelClip, at_ms: int, middle: int, *, hand: Hand) -> ReelChange | None:
    """Put the crop of upright films somewhere at one time of a clip's video; between two such times it glides.

    Parameters
    ----------
    middle : int
        Of the crop, in thousandths of the picture's width from the left.

    Raises
    ------
    NotPossibleError
        If the time is not within the clip, or the crop was put somewhere too often.
    """
    clip = current_clip(row)
    if not clip.start_ms <= at_ms <= clip.end_ms:
        raise NotPossibleError(_("The clip doesn’t reach that far."))

    def alter(state: State) -> None:
        there = state.rows.get(str(row.pk), UNCHANGED)["crop"]
        others = [place for place in there if abs(place[0] - at_ms) >= CROPS_APART_MS]
        if len(others) >= MAX_CROPS:
            raise NotPossibleError(_("The crop has too many places. Take some away first."))
        setting(row, crop=sorted([*others, [at_ms, middle]]))(state)

    return write_change(row.reel, ReelChangeKind.CROP, alter, hand)


def follow_again(row: ReelClip, *, hand: Hand) -> ReelChange | None:
    """Let the crop of a clip follow the rider, as before anybody moved it."""
    return write_change(row.reel, ReelChangeKind.CROP, setting(row, crop=[]), hand)


def rename(reel: Reel, name: str, *, hand: Hand) -> ReelChange | None:
    """Call an edit otherwise.

    Raises
    ------
    NotPossibleError
        If the name is empty.
    ConflictError
        If another edit is called so.
    """
    name = clean_name(name)
    if not name:
        raise NotPossibleError(_("Enter a name."))

    def alter(state: State) -> None:
        state.name = name

    return write_change(reel, ReelChangeKind.RENAME, alter, hand)


def undo(change: ReelChange, *, member: Member, lease: uuid.UUID | None = None) -> bool:
    """Take the last change of an edit back; False if that was done before.

    Raises
    ------
    ConflictError
        If something else was changed since.
    """
    with transaction.atomic():
        reel = _hold(change.reel_id, member, lease)
        change.refresh_from_db()
        if change.state != ReelChangeState.DONE:
            return False
        if reel.changes.to_undo() != change:
            raise ConflictError(_("The edit was changed since. Open it to undo."))
        change.mark(ReelChangeState.UNDONE, was=ReelChangeState.DONE)
        if lease is None and change.before.get("made") and not reel.links.exists():
            reel.delete()
        else:
            _apply(reel, change.before)
    return True


def redo(change: ReelChange, *, member: Member, lease: uuid.UUID) -> bool:
    """Do the change again that was undone last; False if that was done before.

    Raises
    ------
    ConflictError
        If something else was changed since.
    """
    with transaction.atomic():
        reel = _hold(change.reel_id, member, lease)
        change.refresh_from_db()
        if change.state == ReelChangeState.DONE:
            return False
        if reel.changes.to_redo() != change:
            raise ConflictError(_("The edit was changed since."))
        change.mark(ReelChangeState.DONE, was=ReelChangeState.UNDONE)
        _apply(reel, change.after)
    return True


def speeds_of(clip: FinalClip) -> list[int]:
    """Return the speeds in percent at which a clip's movements still look smooth."""
    return [100 // times for times in slow_downs(clip.original_file) if times in {1, 2, 4}]


def current_clip(row: ReelClip) -> FinalClip:
    """Return the clip that stands at a place; NotPossibleError while it is in the bin."""
    clip = FinalClip.objects.current().filter(lineage=row.lineage).select_related("original_file").first()
    if clip is None:
        raise NotPossibleError(_("This clip is in the bin."))
    return clip


def setting(row: ReelClip, **fields: object) -> Callable[[State], None]:
    """Return what sets fields of a place of an edit; it raises ConflictError where the place is gone."""

    def alter(state: State) -> None:
        if str(row.pk) not in state.rows:
            raise ConflictError(_("This clip is not in the edit any more."))
        state.rows[str(row.pk)] |= fields

    return alter


def write_change(
    reel: Reel, kind: ReelChangeKind, alter: Callable[[State], None], hand: Hand, *, made: bool = False
) -> ReelChange | None:
    """Change an edit and write its history; the same key again changes nothing. None if nothing differs."""
    with transaction.atomic():
        held = _hold(reel.pk, hand.member, hand.lease)
        if earlier := ReelChange.objects.filter(pk=hand.key).first():
            if (earlier.reel_id, earlier.kind, earlier.member_id) != (held.pk, kind, hand.member and hand.member.pk):
                raise ConflictError(_("This key was used for another change."))
            return earlier
        before = State.of(held)
        after = copy.deepcopy(before)
        alter(after)
        patch = after.differing(before)
        if not patch:
            return None
        _apply(held, patch)
        held.changes.drop_undone()
        return held.changes.create(
            pk=hand.key,
            number=held.changes.next_number(),
            kind=kind,
            n_clips=max(1, abs(len(after.order) - len(before.order))),
            member=hand.member,
            member_name=hand.name,
            before=before.differing(after) | ({"made": True} if made else {}),
            after=patch,
        )


def _hold(pk: uuid.UUID, member: Member | None, lease: uuid.UUID | None) -> Reel:
    """Lock an edit until the transaction ends, and give it to the page that changes it."""
    held = Reel.objects.in_use().filter(pk=pk).hold()
    if not held:
        raise ConflictError(_("This edit was removed."))
    if member and lease is not None and not Reel.objects.filter(pk=pk).lend(lease, member):
        raise BeingEditedError(being_edited(held[0]))
    return held[0]


def being_edited(reel: Reel) -> str:
    """Return the sentence about who is editing."""
    name = reel.edited_by.username if reel.edited_by else _("Somebody")
    return _("%(name)s is editing.") % {"name": name}


#: One statement for any number of clips.
_ORDER = """
    UPDATE clips_reelclip AS row SET position = wanted.position
    FROM unnest(%s::uuid[], %s::int[]) AS wanted (id, position)
    WHERE row.id = wanted.id AND row.reel_id = %s AND row.position <> wanted.position
"""


def _apply(reel: Reel, patch: dict[str, Any]) -> None:
    """Write what a change of an edit says; the edit is held."""
    rows = patch.get("rows", {})
    reel.clips.filter(pk__in=[pk for pk, row in rows.items() if row is None]).delete()
    there = {str(pk) for pk in reel.clips.filter(pk__in=list(rows)).values_list("pk", flat=True)}
    order = {pk: number for number, pk in enumerate(patch.get("order", ()), start=1)}
    new = [ReelClip(pk=pk, reel=reel, position=order[pk], **row) for pk, row in rows.items() if row and pk not in there]
    ReelClip.objects.bulk_create(new)
    for pk in there:
        if rows[pk] is not None:
            reel.clips.filter(pk=pk).update(**rows[pk])
    if order:
        with connection.cursor() as cursor:
            cursor.execute(_ORDER, [list(order), list(order.values()), reel.pk])
    try:
        with transaction.atomic():
            named = {"name": patch["name"]} if "name" in patch else {}
            Reel.objects.filter(pk=reel.pk).update(changed_at=timezone.now(), **named)
    except IntegrityError as error:
        raise ConflictError(_("There is an edit of this name already.")) from error
