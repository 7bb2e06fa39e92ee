"""``manage.py make_library``: fills an empty database with several years of a crew's rows, to measure the pages on."""

import time

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, connection
from psycopg import sql

from bench.library import Library
from clips.models import OriginalFile
from tricks.models import Trick


class Command(BaseCommand):
    help = "Fill the database with made-up rows, without files: people, sessions, segments, clips, decisions, jobs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--segments", type=int, default=100_000, help="how many (default: %(default)s)")
        parser.add_argument("--clips", type=int, default=50_000, help="old versions among them (default: %(default)s)")
        parser.add_argument("--seed", type=int, default=1, help="seed of the random rows (default: %(default)s)")
        parser.add_argument("--force", action="store_true", help="also if there is footage")

    def handle(self, *, segments: int, clips: int, seed: int, force: bool, **_: object) -> None:
        if segments < 1 or not 0 <= clips <= segments:
            raise CommandError("There must be at least one segment, and no more clips than segments.")
        if not force and OriginalFile.objects.exists():
            raise CommandError("This database already has footage. Use --force to add made-up rows to it.")
        started_s = time.monotonic()
        if not Trick.objects.exists():
            call_command("load_tricks", stdout=self.stdout)
        try:
            Library(n_segments=segments, n_clips=clips, seed=seed, say=self.stdout.write).make()
        except IntegrityError as error:
            raise CommandError("The rows of this seed already exist. Choose another --seed.") from error
        with connection.cursor() as cursor:
            # Or the first pages are planned for empty tables. Tables by name: those that all databases of the server
            # share would stay locked until the caller's transaction ends.
            tables = map(sql.Identifier, connection.introspection.django_table_names(only_existing=True))
            cursor.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(tables)))
        self.stdout.write(f"Made in {time.monotonic() - started_s:.0f} s.")
