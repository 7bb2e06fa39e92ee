"""Turns rows into plain facts that can be written as JSON, and facts into rows, field by field."""

import datetime as dt
import uuid
from collections.abc import Container
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

Row = TypeVar("Row", bound=models.Model)


def fields_of(model: type[models.Model], without: Container[str] = ()) -> list[models.Field]:
    """Return the columns of a table that are written: not those that the database computes."""
    fields = model._meta.concrete_fields
    return [field for field in fields if not field.generated and field.name not in without]


def facts_of(row: models.Model, without: Container[str] = ()) -> dict[str, Any]:
    """Return a row's values by the names of its fields; what has the usual value is left out."""
    values = ((field, field.value_from_object(row)) for field in fields_of(type(row), without))
    return {field.name: _plain(value) for field, value in values if not _is_usual(field, value)}


def row_of(model: type[Row], facts: dict[str, Any], without: Container[str] = ()) -> Row:
    """Return a row with these values, not saved; ValidationError if one does not fit its field.

    Names that the model does not have are left out: another version may have written them.
    """
    values = {}
    for field in fields_of(model, without):
        if field.name in facts:
            values[field.attname] = _value(field, facts[field.name])
    return model(**values)


def save_as_is(row: models.Model) -> None:
    """Insert a row with the very values that it has, also where fields set themselves when a row is added."""
    row.save_base(raw=True, force_insert=True)


def _value(field: models.Field, fact: object) -> object:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(fact, dict | list) and not isinstance(target, models.JSONField):
        raise ValidationError(f"{field.name} is no {target.get_internal_type()}.")
    value = target.to_python(fact)
    if isinstance(target, models.DateTimeField) and isinstance(value, dt.datetime) and value.tzinfo is None:
        raise ValidationError(f"{field.name} has no time zone.")
    if isinstance(target, models.CharField) and value is not None and len(str(value)) > (target.max_length or 0):
        raise ValidationError(f"{field.name} is too long.")
    return value


def _is_usual(field: models.Field, value: object) -> bool:
    if field.primary_key or (field.has_default() and callable(field.default) and field.default not in (dict, list)):
        return False
    return value == field.get_default()


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value
