"""``manage.py tidy_names``: fixes names and slugs made under older rules, and proposes merges of duplicates."""

import re
from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandParser
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from clips.archive.renaming import follow
from clips.models import Shoot
from people.models import Person
from people.naming.slugs import RESERVED, WINDOWS_DEVICES
from people.naming.spelling import name_key
from tricks.models import Trick, TrickAlias
from tricks.naming import normal_form

#: Behind a name that reads as another one, since names are compared by how they read.
_NUMBER = re.compile(r" \(\d+\)$")


class Command(BaseCommand):
    help = "Replace slugs that Windows refuses, reread trick names, and suggest merges. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="show what would change, without changing it")

    def handle(self, *, dry_run: bool, **options: object) -> None:
        with transaction.atomic():
            lines = [*rename_slugs(), *reread_tricks()]
            if dry_run:
                transaction.set_rollback(True)
        lines += propose_merges()
        self.stdout.write("\n".join(lines) or _("All names are tidy."))


def rename_slugs() -> Iterator[str]:
    """Replace slugs that no file may have, and start a job that renames their clips."""
    for model in (Person, Trick, Shoot):
        for row in model.objects.order_by("pk"):
            if row.slug.upper() not in RESERVED | WINDOWS_DEVICES:
                continue
            before, row.slug = row.slug, _slug_of(row)
            row.save(update_fields=["slug"])
            follow(row)
            yield _("%(row)s: “%(before)s” in file names becomes “%(slug)s”.") % {
                "row": row, "before": before, "slug": row.slug,
            }  # fmt: skip


def reread_tricks() -> Iterator[str]:
    """Update the normal form of tricks and aliases where today's rules give another free one."""
    for model in (Trick, TrickAlias):
        rows = list(model.objects.order_by("pk"))
        taken = {row.normal_name for row in rows}
        for row in rows:
            normal = normal_form(str(row))
            if row.normal_name == normal or normal in taken:
                continue
            taken.add(normal)
            before = row.normal_name
            row.save(update_fields=["normal_name"])
            yield _("%(row)s: now read as “%(normal)s” instead of “%(before)s”.") % {
                "row": row, "normal": normal, "before": before,
            }  # fmt: skip


def propose_merges() -> Iterator[str]:
    """List riders, tricks and sessions that read as the same, and where to merge them."""
    yield from _doubles(Person, lambda person: name_key(_NUMBER.sub("", person.display_name)))
    yield from _doubles(Trick, lambda trick: normal_form(_NUMBER.sub("", str(trick))))
    yield from _doubles(Shoot, lambda shoot: (shoot.date, name_key(_NUMBER.sub("", shoot.name))))


def _doubles(model: type[models.Model], key_of) -> Iterator[str]:
    first = {}
    for row in model.objects.order_by("created_at", "pk"):
        known = first.setdefault(key_of(row), row)
        if known is row:
            continue
        if model is Shoot:
            yield _("%(row)s reads like %(known)s: move its videos there.") % {"row": row, "known": known}
            continue
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_merge", args=[row.pk, known.pk])
        yield _("%(row)s reads like %(known)s: merge them at %(page)s") % {"row": row, "known": known, "page": page}


def _slug_of(row: models.Model) -> str:
    others = type(row).objects.exclude(pk=row.pk)
    match row:
        case Person():
            return others.slug_for(row.display_name)
        case Trick():
            return others.slug_for(str(row))
    return others.slug_for(row.name, row.date)
