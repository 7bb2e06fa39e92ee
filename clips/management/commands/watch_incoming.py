"""``manage.py watch_incoming``: imports files from the incoming folder as they arrive."""

import fcntl
import logging
import threading
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from clips.ingest.watch_folder import IncomingFolder
from people.site_settings import zone

logger = logging.getLogger(__name__)

#: No look follows another sooner, however much is written meanwhile.
SHORTEST_PAUSE_S = 1.0


class Command(BaseCommand):
    help = "Import files from the incoming folder (a service of “up”)."
    requires_system_checks = []  # they would load every page into this program

    def handle(self, **_options) -> None:
        if settings.INCOMING_DIR is None:
            raise CommandError("INCOMING_DIR is empty, so no folder is watched.")
        with _alone():
            Watch(settings.INCOMING_DIR).run()


class Watch(FileSystemEventHandler):
    """Looks into the folder on every event, while files are being imported, and now and then for missed events.

    Events are but a hint: they get lost on network mounts, in a burst, and while nobody listens.
    """

    def __init__(self, root: Path) -> None:
        self._folder = IncomingFolder(root)
        self._happened = threading.Event()
        self._observer = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in {"opened", "closed_no_write"}:
            self._happened.set()

    def run(self) -> None:
        ended = threading.Event()
        while True:
            self._happened.clear()
            pause_s = self._look()
            self._listen()
            ended.wait(SHORTEST_PAUSE_S)
            self._happened.wait(pause_s)

    def _look(self) -> float:
        """Look once; return the time until the next look if nothing happens."""
        try:
            close_old_connections()
            zone.use()
            sentence, is_news = self._folder.look()
            if sentence and is_news:
                logger.warning(sentence)
            return self._pause_s()
        except DatabaseError as error:
            logger.warning("The database does not answer (%s). The incoming folder waits.", type(error).__name__)
            connection.close()
            return settings.INCOMING_LOOK_SECONDS

    def _pause_s(self) -> float:
        often_s = min(settings.INCOMING_REST_SECONDS / 4, settings.INCOMING_LOOK_SECONDS)
        return often_s if self._folder.is_restless else settings.INCOMING_LOOK_SECONDS

    def _listen(self) -> None:
        """Listen for events in the folder, also after it was away."""
        if self._observer is not None and self._observer.is_alive() and self._observer.emitters:
            return
        observer = Observer()
        try:
            observer.schedule(self, str(self._folder.root), recursive=True)
            observer.start()
        except OSError as error:  # not there at present, or the kernel's limit of watches
            logger.info(
                "Cannot listen for events in %s (%s). It is checked now and then instead.", self._folder.root, error
            )
            return
        self._observer = observer


@contextmanager
def _alone():
    """Keep a second watcher from copying the same files at the same time."""
    settings.UPLOADS_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.UPLOADS_DIR / "incoming.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError("The incoming folder is already being watched.") from None
        yield
