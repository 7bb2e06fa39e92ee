from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from clips.archive.backend import ArchiveError
from clips.archive.rebuild import rebuild


class Command(BaseCommand):
    help = "Make people, tricks, sessions and clips again from the archive, after the database was lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be made, and make nothing")

    def handle(self, *, dry_run: bool, **_options) -> None:
        try:
            told, missing = rebuild(dry_run=dry_run)
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        for what, n in sorted(told.items()):
            self.stdout.write(f"{n:>7}  {what}")
        for sha256, n_clips in sorted(missing.items()):
            self.stdout.write(f"original {sha256}: {n_clips} clips wait for it; upload it again and repeat this.")
        self.stdout.write("Nothing was written." if dry_run else "Cut the clips again with “manage.py rerender”.")
