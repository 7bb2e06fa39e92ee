"""``manage.py prepare``: brings a database up to date before anybody uses it; ``up`` calls it at each start."""

import secrets

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from clips.models import FinalClip, Job
from people.models import Member
from tricks.models import Trick

FIRST_USERNAME = "admin"


class Command(BaseCommand):
    help = "Bring the database up to date: migrations, starter tricks, the first account. Safe to repeat."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--release-jobs",
            action="store_true",
            help="make jobs of a killed run wait again (no worker may run)",
        )

    def handle(self, *, release_jobs: bool, **_: object) -> None:
        try:
            migrate()
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).strip().splitlines()[0]}") from error
        FinalClip.objects.filter(search_text="").refresh_search()  # rows that are older than the search
        if not Trick.objects.exists():
            call_command("load_tricks", stdout=self.stdout)
        if password := make_first_account():
            self.stdout.write(
                f"The first account is {FIRST_USERNAME} with the password {password}\n"
                "It is shown only once. Log in with it and choose your own."
            )
        if release_jobs and (released := Job.objects.release_all()):
            self.stdout.write(f"{released} unfinished jobs of the last run wait again.")


def migrate() -> None:
    """Apply the migrations that are missing, and have PostgreSQL look at the tables after them.

    Of a column that is new it assumes that next to no row has it empty, and plans its queries so, till it has looked.
    """
    before = MigrationRecorder(connection).applied_migrations()
    call_command("migrate", interactive=False, verbosity=0)
    if MigrationRecorder(connection).applied_migrations().keys() != before.keys():
        tables = map(connection.ops.quote_name, connection.introspection.django_table_names(only_existing=True))
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(tables)}")


def make_first_account() -> str | None:
    """Create an admin if there is no member yet, and return the one-time password; else None."""
    if Member.objects.exists():
        return None
    password = secrets.token_urlsafe(12)
    Member.objects.create_superuser(username=FIRST_USERNAME, password=password)
    return password
