"""Rates clips with the crew's stars, one or many at once; the last word counts, and an undo restores those before."""

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from clips.models import BulkChange, BulkKind, FinalClip
from clips.models.bulk import Undone
from clips.sorting.decisions import ConflictError, earlier_change
from people.models import Member


def rate_many(clips: Iterable[uuid.UUID], stars: int, *, member: Member, key: uuid.UUID, asked: str = "") -> BulkChange:
    """Give clips that many stars in all their versions, 0 for none; the same key again changes nothing.

    Raises
    ------
    ConflictError
        If nothing would change, or the key stands for another change.
    """
    with transaction.atomic():
        held = FinalClip.objects.current().filter(pk__in=list(clips)).hold()
        if earlier := earlier_change(BulkKind.STARS, key, member, asked):
            return earlier
        rows = FinalClip.objects.filter(pk__in=held).exclude(stars=stars).order_by("lineage")
        before = dict(rows.values_list("lineage", "stars"))
        if not before:
            raise ConflictError(_("Nothing would change: these clips are rated like that already."))
        states = [*sorted(set(before.values())), stars]
        made = BulkChange.objects.create(
            pk=key,
            kind=BulkKind.STARS,
            label="★" * stars or _("no stars"),
            asked=asked,
            member=member,
            member_name=member.username,
            states=states,
            rows={str(lineage): [states.index(was), len(states) - 1] for lineage, was in before.items()},
            n_changed=len(before),
        )
        FinalClip.objects.filter(lineage__in=list(before)).update(stars=stars)
    return made


def undo_stars(change: BulkChange) -> Undone:
    """Give clips back the stars that they had before a change, except those that were rated again since."""
    n_restored = 0
    for number, stars in enumerate(change.states[:-1]):
        lineages = [lineage for lineage, (before, _after) in change.rows.items() if before == number]
        rated = FinalClip.objects.filter(lineage__in=lineages, stars=change.states[-1])
        n_restored += rated.order_by().values("lineage").distinct().count()
        rated.update(stars=stars)
    return Undone(n_restored, len(change.rows) - n_restored)
