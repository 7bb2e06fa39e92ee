"""``manage.py backup FOLDER``: writes a backup while the site runs."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trickyclip.backup.database import BackupError
from trickyclip.backup.write import forget_old, write_backup


class Command(BaseCommand):
    help = "Back up the database, the key, the settings and a list of the local archive into a new folder in FOLDER."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="folder for backups, preferably on another disk or machine")
        parser.add_argument("--keep", type=int, default=0, metavar="N", help="delete all but the newest N afterwards")

    def handle(self, *, folder: Path, keep: int, **_: object) -> None:
        try:
            written = write_backup(folder)
        except BackupError as error:
            raise CommandError(error) from error
        size_mb = sum(path.stat().st_size for path in written.iterdir()) / 1e6
        self.stdout.write(f"{written} ({size_mb:.1f} MB)")
        for old in forget_old(folder, keep=keep):
            self.stdout.write(f"Deleted {old.name}.")
