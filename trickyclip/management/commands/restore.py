"""``manage.py restore BACKUP``: restores a backup into an empty database."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trickyclip.backup.database import BackupError
from trickyclip.backup.restore import Restored, has_shape_of, restore_backup

NAMED = 10


class Command(BaseCommand):
    help = "Restore a backup made by manage.py backup. The site must be stopped."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="the folder of one backup")
        parser.add_argument("--replace", action="store_true", help="delete what the database holds now")

        parser.add_argument(
            "--compare",
            action="store_true",
            help="change nothing; exit code 0 if the database has the migrations of the backup, else 1",
        )

    def handle(self, *, backup: Path, replace: bool, compare: bool, **_: object) -> None:
        try:
            if compare:
                if not has_shape_of(backup):
                    raise CommandError("The database has other migrations than the backup.")
                return
            restored = restore_backup(backup, replace=replace)
        except BackupError as error:
            raise CommandError(error) from error
        self.stdout.write(f"The database is as it was at {restored.made_at}: {restored.n_rows} rows.")
        if not restored.same_key:
            self.stdout.write("SECRET_KEY is not that of the backup. Log in again, and reconnect Google Drive.")
        self._tell_of_archive(restored)
        self.stdout.write("Start the site, then run “manage.py audit” to see what else is missing.")

    def _tell_of_archive(self, restored: Restored) -> None:
        if not restored.not_there:
            self.stdout.write(f"The local archive is complete. Files: {restored.n_archived}.")
            return
        self.stdout.write(
            f"Missing from the local archive: {len(restored.not_there)} of {restored.n_archived} files. Copy archive/ "
            "and originals/ back from where you keep them:"
        )
        for path in restored.not_there[:NAMED]:
            self.stdout.write(f"  {path}")
        if len(restored.not_there) > NAMED:
            self.stdout.write("  …")
