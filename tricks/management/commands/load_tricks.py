"""``manage.py load_tricks``: adds a starter list of common tricks, so that the first evening has names to pick from."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from people.naming.slugs import slugify
from tricks.models import Trick, TrickAlias
from tricks.naming import normal_form, split

STARTER_TRICKS = Path(__file__).resolve().parents[2] / "starter_tricks.json"


class Command(BaseCommand):
    help = "Add missing starter tricks. Never changes existing ones; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="show what would be added, without adding it")

    def handle(self, *, dry_run: bool, **options: object) -> None:
        with transaction.atomic():
            added, already = add_missing(json.loads(STARTER_TRICKS.read_text("utf-8")))
            if dry_run:
                transaction.set_rollback(True)
        done = _("Starter tricks: %(n)d added, %(m)d already there.")
        asked = _("Starter tricks: %(n)d would be added, %(m)d already there.")
        self.stdout.write((asked if dry_run else done) % {"n": added, "m": already})


def add_missing(entries: list[dict]) -> tuple[int, int]:
    """Add the tricks that do not exist under any name; return how many were added and how many existed.

    What the crew has made of its list wins: a trick that was renamed is known by its slug, and an alias that
    somebody uses for something else is left out.
    """
    known, slugs = known_names(), known_slugs()
    missing = [entry for entry in entries if normal_form(entry["name"]) not in known and _slug(entry) not in slugs]
    known |= {normal_form(entry["name"]) for entry in missing}
    tricks = Trick.objects.bulk_create(map(_row, missing))
    aliases = []
    for trick, entry in zip(tricks, missing, strict=True):
        for alias in entry["aliases"]:
            if (normal := normal_form(alias)) not in known:
                known.add(normal)
                aliases.append(TrickAlias(trick=trick, name=alias))
    TrickAlias.objects.bulk_create(aliases)
    return len(missing), len(entries) - len(missing)


def known_names() -> set[str]:
    """Return the normal form of every trick name and alias."""
    return {
        *Trick.objects.values_list("normal_name", flat=True),
        *TrickAlias.objects.values_list("normal_name", flat=True),
    }


def known_slugs() -> set[str]:
    return {slug.casefold() for slug in Trick.objects.values_list("slug", flat=True)}


def _row(entry: dict) -> Trick:
    stance, direction, name = split(entry["name"])
    slug = slugify(entry["name"], fallback="Move")
    return Trick(stance=stance, direction=direction, name=name, slug=slug, category=entry["category"])


def _slug(entry: dict) -> str:
    return slugify(entry["name"], fallback="Move").casefold()
