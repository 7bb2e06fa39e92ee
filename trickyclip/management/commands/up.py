"""``manage.py up``: starts the whole site on this machine."""

import sys
from argparse import ArgumentTypeError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from trickyclip.runtime import site
from trickyclip.runtime.console import Console
from trickyclip.runtime.embedded import DataFolderError, EngineError
from trickyclip.settings import env


def port_number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text} is not a port. Choose a number from 1 to 65535.")
    return int(text)


class Command(BaseCommand):
    help = (
        "Start TrickyClip: database and broker (unless DATABASE_URL and REDIS_URL name others), web server, "
        "workers, beat and Flower. Ctrl-C stops all of it."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=port_number, default=8000, help="port to listen on (default: %(default)s)")
        parser.add_argument("--demo", action="store_true", help="with a made-up session to try everything on")
        parser.add_argument(
            "--reload",
            action="store_true",
            help="for development: follow changes of code, templates and static files (see deploy/dev)",
        )

    def handle(self, *, host: str, port: int, demo: bool, reload: bool, **_: object) -> None:
        urls = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
        own = frozenset(engine for engine, variable in urls.items() if not env(variable, default=""))
        named = [name.removeprefix(".") for name in settings.ALLOWED_HOSTS if name != "*"]
        host_header = named[0] if named else host
        start = site.Site(settings.DATA_DIR, host, port, own, host_header, demo=demo, reload=reload)
        try:
            if "redis" not in own:
                site.check_redis(settings.REDIS_URL)
            site.run(start, Console())
        except DataFolderError:
            raise  # nothing has started; manage.py says why in one sentence
        except (site.SiteError, EngineError) as error:
            sys.exit(f"TrickyClip cannot continue: {error}")
