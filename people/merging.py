"""Merges two rows that mean the same: two spellings of a person, two names of a trick.

Works on any model with a slug, ``aliases``, and a ``form_of`` that returns the form in which names are compared. The
model itself is asked for the rows that refer to it, so that people and tricks need not know who uses them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.core import serializers
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from people.models.merge import Merge
from people.renaming import announce


class MergeError(Exception):
    """The two cannot be merged. The text is one sentence."""


@dataclass(frozen=True)
class Change:
    """The change that a merge makes to the rows of one kind."""

    what: str
    n_moved: int
    #: Rows that would name the survivor twice, and go.
    n_dropped: int = 0


@dataclass(frozen=True)
class Plan:
    """The changes that a merge is going to make."""

    changes: list[Change]
    new_aliases: list[str]
    #: Names that lead to somebody else already and stay theirs.
    taken_names: list[str]


def plan(merged: models.Model, survivor: models.Model) -> Plan:
    """Return what ``merge`` would change, without changing it."""
    changes = []
    for relation in _relations(merged):
        rows = _rows_of(relation, merged)
        if relation.many_to_many:
            n_dropped = _named_twice(relation, merged, survivor).count()
            n_of_survivor = _named_by_row(relation, merged, survivor).filter(**{_to(relation): survivor}).count()
            changes.append(Change(_words(relation), rows.count() - n_dropped, n_dropped + n_of_survivor))
        else:
            changes.append(Change(_words(relation), rows.count()))
    new_aliases, taken_names = _aliases_after(merged, survivor)
    return Plan([change for change in changes if change.n_moved or change.n_dropped], new_aliases, taken_names)


@transaction.atomic
def merge(merged: models.Model, survivor: models.Model, *, member: models.Model | None = None) -> Merge:
    """Put ``survivor`` in the place of ``merged`` everywhere, with its names as aliases; return the record of it.

    Raises
    ------
    MergeError
        If the two are one, if either is gone, or if a rule forbids that rows of one become rows of the other.
    """
    merged, survivor = _locked(merged, survivor)
    new_aliases, _taken = _aliases_after(merged, survivor)
    made = Merge(
        kind=merged._meta.label_lower,
        merged=str(merged.pk),
        merged_name=str(merged)[:200],
        survivor=str(survivor.pk),
        survivor_name=str(survivor)[:200],
        row=serializers.serialize("json", [merged]),
        aliases=list(merged.aliases.values_list("name", flat=True)),
        new_aliases=new_aliases,
        member=member,
    )
    merged.aliases.all().delete()
    for relation in _relations(merged):
        name = _name(relation)
        if relation.many_to_many:
            twice = _named_twice(relation, merged, survivor)
            made.dropped[name] = _entries(relation, twice)
            twice.delete()
        made.moved[name] = [str(pk) for pk in _rows_of(relation, merged).values_list("pk", flat=True)]
        try:
            with transaction.atomic():
                _rows_of(relation, merged).update(**{_to(relation): survivor})
        except IntegrityError as error:
            sentence = _("%(survivor)s already has %(what)s that only one of the two may have.")
            raise MergeError(sentence % {"survivor": survivor, "what": _words(relation)}) from error
        if relation.many_to_many:
            itself = _named_by_row(relation, survivor).filter(**{_to(relation): survivor})
            made.dropped[name] += _entries(relation, itself)
            itself.delete()
    merged.delete()
    for alias in new_aliases:
        survivor.aliases.create(name=alias)
    made.save()
    announce(survivor)
    return made


@transaction.atomic
def undo(made: Merge) -> models.Model:
    """Take a merge apart again, and return the row that was merged; what was changed since stays with the survivor.

    Raises
    ------
    MergeError
        If it was undone already, the survivor is gone, or somebody has the name of the merged row now.
    """
    if not made.mark_undone():
        raise MergeError(_("This was already undone."))
    model = apps.get_model(made.kind)
    survivor = model._base_manager.select_for_update().filter(pk=made.survivor).first()
    if survivor is None:
        raise MergeError(
            _("%(name)s has been merged or deleted since. Undo that first.") % {"name": made.survivor_name}
        )
    survivor.aliases.filter(name__in=made.new_aliases).delete()
    (stored,) = serializers.deserialize("json", made.row)
    try:
        with transaction.atomic():
            stored.object.save(force_insert=True)
    except IntegrityError as error:
        sentence = _("Somebody else is called %(name)s by now. Rename or merge them first.")
        raise MergeError(sentence % {"name": made.merged_name}) from error
    merged = model._base_manager.get(pk=stored.object.pk)
    for alias in made.aliases:
        if not model.objects.named(alias).exists():
            merged.aliases.create(name=alias)
    for relation in _relations(merged):
        name = _name(relation)
        _rows_of(relation, survivor).filter(pk__in=made.moved.get(name, [])).update(**{_to(relation): merged})
        if relation.many_to_many:
            _list_again(relation, made.dropped.get(name, []))
            _named_by_row(relation, merged).filter(**{_to(relation): merged}).delete()
            _named_by_row(relation, survivor).filter(**{_to(relation): survivor}).delete()
    announce(survivor)
    announce(merged)
    return merged


def heirs(model: type[models.Model], ids: Iterable[str]) -> dict[str, str | None]:
    """Return for each of these ids the row that it means by now: itself, what it was merged into, or None."""
    found: dict[str, str | None] = {}
    for pk in set(ids):
        heir: str | None = pk
        while heir and not model._base_manager.filter(pk=heir).exists():
            into = Merge.objects.filter(kind=model._meta.label_lower, merged=heir, undone_at=None)
            heir = into.values_list("survivor", flat=True).first()
        found[pk] = heir
    return found


def _name(relation: models.ForeignObjectRel) -> str:
    """Return a name for a relation that stays the same: clips.finalclip.person."""
    return f"{relation.related_model._meta.label_lower}.{relation.field.name}"


def _entries(relation: models.ManyToManyRel, rows: QuerySet) -> list[list[str]]:
    """Return list entries as pairs of ids: whose list it is, and who is in it."""
    pairs = rows.values_list(relation.field.m2m_field_name(), relation.field.m2m_reverse_field_name())
    return [[str(pk) for pk in pair] for pair in pairs]


def _list_again(relation: models.ManyToManyRel, entries: list[list[str]]) -> None:
    """Put entries back into the lists of rows that still exist."""
    owner, listed = relation.field.m2m_field_name(), relation.field.m2m_reverse_field_name()
    owners = relation.related_model._base_manager.filter(pk__in={pair[0] for pair in entries})
    there = {str(pk) for pk in owners.values_list("pk", flat=True)}
    rows = [relation.through(**{f"{owner}_id": pk, f"{listed}_id": row}) for pk, row in entries if pk in there]
    relation.through._base_manager.bulk_create(rows, ignore_conflicts=True)


def _locked(merged: models.Model, survivor: models.Model) -> tuple[models.Model, models.Model]:
    """Return both rows fresh, locked in the order of their ids, so that no two merges wait for each other."""
    if merged.pk == survivor.pk:
        raise MergeError(_("Choose two different rows."))
    rows = type(merged)._base_manager.filter(pk__in=[merged.pk, survivor.pk])
    found = {row.pk: row for row in rows.select_for_update().order_by("pk")}
    if len(found) < 2:
        raise MergeError(_("One of the two has been merged or deleted in the meantime."))
    return found[merged.pk], found[survivor.pk]


def _relations(row: models.Model) -> list[models.ForeignObjectRel]:
    """Return all relations that may refer to a row, except those deleted with it: its aliases and its jobs."""
    found = [relation for relation in row._meta.get_fields(include_hidden=True) if _points_here(relation)]
    return sorted(found, key=lambda relation: relation.many_to_many)  # what a list holds twice depends on the rest


def _points_here(field: models.Field) -> bool:
    """Return whether a field is the reverse of one that refers to this model and stays when the row is deleted.

    The hidden halves of many-to-many fields go with it, too; their rows are reached by the fields themselves.
    """
    is_relation = field.auto_created and not field.concrete and field.is_relation
    return is_relation and field.on_delete is not models.CASCADE


def _rows_of(relation: models.ForeignObjectRel, row: models.Model) -> QuerySet:
    """Return the rows that refer to ``row``; for a many-to-many field those of its own table."""
    model = relation.through if relation.many_to_many else relation.related_model
    return model._base_manager.filter(**{_to(relation): row})


def _to(relation: models.ForeignObjectRel) -> str:
    """Return the field of those rows that refers here."""
    return relation.field.m2m_reverse_field_name() if relation.many_to_many else relation.field.name


def _named_twice(relation: models.ManyToManyRel, merged: models.Model, survivor: models.Model) -> QuerySet:
    """Return the rows of ``merged`` in lists that also hold ``survivor``, or whose row itself names one of the two."""
    owner = relation.field.m2m_field_name()
    here_too = _rows_of(relation, survivor).values(owner)
    rows = _rows_of(relation, merged)
    by_row = _named_by_row(relation, merged, survivor)
    return rows.filter(models.Q(**{f"{owner}__in": here_too}) | models.Q(pk__in=by_row.values("pk")))


def _named_by_row(relation: models.ManyToManyRel, *named: models.Model) -> QuerySet:
    """Return list entries whose row itself names one of these: the clip of a person lists only the others in it."""
    owner = relation.field.m2m_field_name()
    names_itself = models.Q(pk__in=[])
    for field in relation.related_model._meta.fields:
        if field.is_relation and field.related_model is type(named[0]):
            names_itself |= models.Q(**{f"{owner}__{field.name}__in": named})
    return relation.through._base_manager.filter(names_itself)


def _aliases_after(merged: models.Model, survivor: models.Model) -> tuple[list[str], list[str]]:
    """Return the names that become aliases of the survivor, and those that belong to somebody else."""
    longest = merged.aliases.model._meta.get_field("name").max_length
    old = [str(merged)[:longest], merged.slug, *merged.aliases.values_list("name", flat=True)]
    form_of = survivor.form_of
    known = {form_of(name) for name in (str(survivor), survivor.slug)}
    known |= {form_of(name) for name in survivor.aliases.values_list("name", flat=True)}
    new_aliases, taken_names = [], []
    for name in old:
        if form_of(name) in known:
            continue
        known.add(form_of(name))
        others = type(merged).objects.named(name).exclude(pk__in=[merged.pk, survivor.pk])
        (taken_names if others.exists() else new_aliases).append(name)
    return new_aliases, taken_names


def _words(relation: models.ForeignObjectRel) -> str:
    """Return the name of such rows: "Final clips (person)"."""
    return f"{capfirst(relation.related_model._meta.verbose_name_plural)} ({relation.field.verbose_name})"
