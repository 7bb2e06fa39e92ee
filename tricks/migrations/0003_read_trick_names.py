"""Reads stance, direction and normal form out of each trick's name.

Two rows that turn out to be one trick both stay; the newer one keeps its name as it is, its normal form gets "~2" behind
it, and ``manage.py tidy_names`` proposes to merge them.
"""

import itertools

from django.db import migrations

from tricks import naming
from people.naming.spelling import clean_name

#: What used to be directions.
STANCES = ("SW", "NOLLIE", "FAKIE")


def read_names(apps, schema_editor):
    taken = set()
    for trick in apps.get_model("tricks", "Trick").objects.order_by("created_at", "pk"):
        stance, direction = (trick.direction, "") if trick.direction in STANCES else ("", trick.direction)
        whole = naming.label(stance, direction, clean_name(trick.name) or trick.slug)
        trick.stance, trick.direction = stance, direction
        if (normal := naming.normal_form(whole)) not in taken:
            trick.stance, trick.direction, trick.name = naming.split(whole)
        trick.normal_name = _free(normal, taken)
        trick.save(update_fields=["stance", "direction", "name", "normal_name"])
    taken = set()
    for alias in apps.get_model("tricks", "TrickAlias").objects.order_by("pk"):
        alias.normal_name = _free(naming.normal_form(alias.name), taken)
        alias.save(update_fields=["name", "normal_name"])


def _free(normal, taken):
    names = itertools.chain([normal], (f"{normal}~{number}" for number in itertools.count(2)))
    free = next(name for name in names if name not in taken)
    taken.add(free)
    return free


def write_back(apps, schema_editor):
    """A stance stands in the direction's column again, and a direction beside it in the name."""
    for trick in apps.get_model("tricks", "Trick").objects.exclude(stance=""):
        kept_as_stance = trick.stance in STANCES
        name = naming.label("" if kept_as_stance else trick.stance, trick.direction, trick.name)
        trick.stance, trick.direction, trick.name = "", trick.stance if kept_as_stance else "", name
        trick.save(update_fields=["stance", "direction", "name"])


class Migration(migrations.Migration):
    dependencies = [("tricks", "0002_stance_and_normal_name")]

    operations = [migrations.RunPython(read_names, write_back)]
