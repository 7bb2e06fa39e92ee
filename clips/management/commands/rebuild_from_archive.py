from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clips.archive.backend import ArchiveError
from clips.archive.naming import ORIGINALS
from clips.archive.rebuild import rebuild


class Command(BaseCommand):
    help = "Make people, tricks, sessions and clips again from the archive, after the database was lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be made, and make nothing")

    def handle(self, *, dry_run: bool, **_options) -> None:
        try:
            told, missing, archived = rebuild(dry_run=dry_run)
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        for what, n in sorted(told.items()):
            self.stdout.write(f"{n:>7}  {what}")
        for sha256, n_clips in sorted(missing.items()):
            there = f"the archive has it as {archived[sha256]}" if sha256 in archived else "upload it again"
            self.stdout.write(f"original {sha256}: {n_clips} clips wait for it; {there}.")
        if archived:
            self.stdout.write(
                f"Copy the folder “{ORIGINALS}” of the archive, or of it what is named above, into the incoming folder "
                f"({settings.INCOMING_DIR}), or give it to “manage.py ingest”."
            )
        if missing:
            self.stdout.write("When these originals are here, repeat this.")
        self.stdout.write("Nothing was written." if dry_run else "Jobs cut the clips again and put each in its place.")
