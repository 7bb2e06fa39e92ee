"""``manage.py load_tricks``: a starter list of what crews do, so that the first evening has names to pick from."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from tricks.models import Trick, TrickAlias
from trickyclip.names import slugify

STARTER_TRICKS = Path(__file__).resolve().parents[2] / "starter_tricks.json"


class Command(BaseCommand):
    help = "Add the starter tricks that are not there yet. Never changes a trick that is; harmless to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be added, and add nothing")

    def handle(self, *, dry_run: bool, **options: object) -> None:
        with transaction.atomic():
            added, already = add_missing(json.loads(STARTER_TRICKS.read_text("utf-8")))
            if dry_run:
                transaction.set_rollback(True)
        done = _("Starter tricks: %(n)d added, %(m)d already there.")
        asked = _("Starter tricks: %(n)d would be added, %(m)d are already there.")
        self.stdout.write((asked if dry_run else done) % {"n": added, "m": already})


def add_missing(entries: list[dict]) -> tuple[int, int]:
    """Add the tricks that nobody has under any name, and return how many were added and how many were there.

    What the crew has made of its list wins: a trick that was renamed is known by its slug, and an alias that
    somebody uses for something else is left out.
    """
    known = known_names()
    missing = [entry for entry in entries if not _names_of(entry) & known]
    known = known.union(*map(_names_of, missing))
    fields = ("name", "category", "direction")
    tricks = [Trick(slug=_slug(entry), **{field: entry[field] for field in fields}) for entry in missing]
    Trick.objects.bulk_create(tricks)
    TrickAlias.objects.bulk_create(
        TrickAlias(trick=trick, name=alias)
        for trick, entry in zip(tricks, missing, strict=True)
        for alias in entry["aliases"]
        if alias.casefold() not in known
    )
    return len(missing), len(entries) - len(missing)


def known_names() -> set[str]:
    """Return every name that a trick goes by, without case: with its direction, as slug, and as alias."""
    tricks = Trick.objects.only("name", "direction", "slug")
    names = {name for trick in tricks for name in (str(trick), trick.slug)}
    names.update(TrickAlias.objects.values_list("name", flat=True))
    return {name.casefold() for name in names}


def _names_of(entry: dict) -> set[str]:
    return {_label(entry).casefold(), _slug(entry).casefold()}


def _slug(entry: dict) -> str:
    return slugify(_label(entry), fallback="Move")


def _label(entry: dict) -> str:
    return f"{entry['direction']} {entry['name']}".strip()
