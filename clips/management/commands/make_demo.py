"""``manage.py make_demo``: makes a demo session to try the site with; ``up --demo`` calls it."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clips.demo import session


class Command(BaseCommand):
    help = "Make a one-minute film with five tricks and upload it as “Demo Session”, unless it exists already."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="seed of the film (default: 1)")

    def handle(self, *, seed: int, **_: object) -> None:
        if session.is_here():
            self.stdout.write(f"The {session.SESSION_NAME} already exists. Nothing was done.")
            return
        self.stdout.write("Drawing a minute of film …")
        try:
            session.make(seed=seed)
        except session.DemoError as error:
            raise CommandError(error) from error
        self.stdout.write(
            f"The {session.SESSION_NAME} is uploaded. Its first tricks will be ready to sort in a moment."
        )
