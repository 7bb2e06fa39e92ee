"""Model fields for names: cleaned when written, compared by a key made in the database, with safe slugs."""

from django.db import models
from django.db.models import F, Func, Q, Value

from people.naming.slugs import WINDOWS_DEVICES
from people.naming.spelling import FOLDED_LETTERS, clean_name, name_key


class NameField(models.CharField):
    """A name as ``clean_name`` leaves it, whether written by a form, ``create``, ``update`` or ``bulk_create``."""

    def to_python(self, value: object) -> object:
        value = super().to_python(value)
        return clean_name(value) if isinstance(value, str) else value

    def get_prep_value(self, value: object) -> object:
        value = super().get_prep_value(value)
        return clean_name(value) if isinstance(value, str) else value

    def deconstruct(self) -> tuple:
        """Appear in migrations as plain text, so that they need not know this field."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options

    def pre_save(self, row: models.Model, add: bool) -> object:
        """Update the row in memory to the stored value."""
        setattr(row, self.attname, self.to_python(getattr(row, self.attname)))
        return getattr(row, self.attname)


class _Normalized(Func):
    template = "normalize(%(expressions)s, NFKC)"


class _Replaced(Func):
    function = "replace"


class NameKey(Func):
    """The key that spellings of one name share, in SQL; ``people.naming.spelling.name_key`` is the same in Python.

    Takes a column or a text that ``clean_name`` has seen. All of it is immutable, so that it may be an index.
    """

    template = "btrim(regexp_replace(%(expressions)s, ' +', ' ', 'g'))"

    def __init__(self, name: str | models.Expression) -> None:
        folded = _Replaced(_Normalized(name), Value("\ufe0f"), Value(""))
        folded = _Replaced(folded, Value("_"), Value(" "))
        folded = _Replaced(folded, Value("İ"), Value(FOLDED_LETTERS["İ"]))
        folded = Func(folded, function="lower")
        for letter in "ßς":
            folded = _Replaced(folded, Value(letter), Value(FOLDED_LETTERS[letter]))
        super().__init__(_Normalized(folded), output_field=models.CharField())


def called(name: str, column: str = "name_key") -> Q:
    """Return the condition that a key column matches ``name``."""
    return Q(**{column: NameKey(Value(clean_name(name), output_field=models.CharField()))})


def key_of(column: str) -> models.GeneratedField:
    """Return the column that holds the key of a name's column; constrain it to be unique."""
    return models.GeneratedField(
        expression=NameKey(F(column)), output_field=models.CharField(max_length=300), db_persist=True
    )


def slug_is_safe() -> Q:
    """Return the condition that a slug is safe in file names everywhere; only a device's name ends with "_"."""
    devices = "|".join(sorted(WINDOWS_DEVICES))
    return Q(slug__regex=r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$") | Q(slug__iregex=f"^({devices})_$")


def clean_column(model: type[models.Model], column: str, *, within: str | None = None, empty: str = "Unnamed") -> None:
    """Clean the names of a table in a migration; duplicates that arise get "(2)" and so on.

    Names that are clean already keep what they are. ``within`` names a column of which each value has names of its
    own: a session's date.
    """
    rows = list(model.objects.order_by("pk"))
    rows.sort(key=lambda row: clean_name(getattr(row, column)) != getattr(row, column))
    longest, taken = model._meta.get_field(column).max_length, set()
    for row in rows:
        before = getattr(row, column)
        place = getattr(row, within) if within else None
        name = first = clean_name(before) or empty
        number = 1
        while (place, name_key(name)) in taken:
            number += 1
            tail = f" ({number})"
            name = first[: longest - len(tail)] + tail
        taken.add((place, name_key(name)))
        if name != before:
            model.objects.filter(pk=row.pk).update(**{column: name})
