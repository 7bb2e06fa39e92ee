"""``manage.py rebuild_from_archive``: rebuilds rows from the archive after losing the database."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clips.archive.backend import ArchiveError
from clips.archive.naming import ORIGINALS
from clips.archive.rebuild import rebuild


class Command(BaseCommand):
    help = "Rebuild people, tricks, sessions and clips from the archive after losing the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="show what would be made, without making it")

    def handle(self, *, dry_run: bool, **_options) -> None:
        try:
            told, missing, archived = rebuild(dry_run=dry_run)
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        for what, n in sorted(told.items()):
            self.stdout.write(f"{n:>7}  {what}")
        for sha256, n_clips in sorted(missing.items()):
            there = f"the archive has it as {archived[sha256]}" if sha256 in archived else "upload it again"
            self.stdout.write(f"original {sha256}: {n_clips} clips are waiting for it; {there}.")
        if archived:
            self.stdout.write(
                f"Copy the archive's folder “{ORIGINALS}”, or only the files named above, into the incoming folder "
                f"({settings.INCOMING_DIR}), or pass it to “manage.py ingest”."
            )
        if missing:
            self.stdout.write("Run this again once these originals are here.")
        self.stdout.write(
            "Nothing was written." if dry_run else "Jobs will cut the clips again and put each in its place."
        )
