"""``manage.py program NAME``: replaces this process with one program of the site, for containers and systemd."""

import os
from signal import SIGQUIT

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from trickyclip.runtime import embedded, folders, programs

WEB_BIND, FLOWER_BIND = f"{embedded.HOST}:8000", f"{embedded.HOST}:5555"


def named(bind: str | None) -> dict[str, programs.Program]:
    return {program.name: program for program in programs.commands(bind or WEB_BIND, bind or FLOWER_BIND)}


class Command(BaseCommand):
    help = "Run one program of the site in this process. Its supervisor restarts it, and stops it with SIGTERM."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(programs.names())}")
        parser.add_argument(
            "--bind", metavar="HOST:PORT", help=f"where web ({WEB_BIND}) or flower ({FLOWER_BIND}) listens"
        )

    def handle(self, *, name: str, bind: str | None, **_: object) -> None:
        known = named(bind)
        if name not in known:
            raise CommandError(f"There is no program {name}; there are {', '.join(known)}.")
        program = known[name]
        os.environ |= program.environment
        if program.stop_signal == SIGQUIT:
            os.environ["REMAP_SIGTERM"] = "SIGQUIT"  # Celery's own name for: a plain stop is the soft one
        embedded.engines_dir(settings.DATA_DIR).mkdir(
            mode=0o711, parents=True, exist_ok=True
        )  # beat's memory lies there
        folders.close(settings.DATA_DIR, settings.UMASK, settings.INCOMING_DIR)
        os.chdir(embedded.BASE_DIR)
        os.execv(program.arguments[0], program.arguments)  # noqa: S606 - no shell is wanted
