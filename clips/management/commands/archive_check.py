"""``manage.py archive_check``: checks whether clips can be archived now."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from clips.archive.backend import ArchiveBlockedError, Finding
from clips.archive.configured import archive_backend, archive_name
from clips.archive.outage import current_outage
from clips.models import ArchiveMarker, Job, JobState
from clips.models.job import ACTIVE


class Command(BaseCommand):
    help = "Check whether clips can be archived now, and explain how to fix faults. Sends nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--adopt", action="store_true",
            help="take the folder that is there now for the local archive, also if it is another disk than before",
        )  # fmt: skip

    def handle(self, *, adopt: bool, **_options) -> None:
        if adopt:
            self._adopt()
        self.stdout.write(f"archive      {archive_name()}")
        found = self._findings()
        for finding in found:
            mark = self.style.SUCCESS("good") if finding.is_good else self.style.ERROR("BAD ")
            mark = self.style.WARNING("note") if finding.warns else mark
            self.stdout.write(f"{finding.what:<12} {mark}  {finding.says}")
        block, jobs = current_outage(), Job.objects.filter(kind__in=["ARCHIVE", "WITHDRAW"])
        n_waiting, n_failed = jobs.filter(state__in=ACTIVE).count(), jobs.filter(state=JobState.FAILED).count()
        self.stdout.write(f"jobs         {n_waiting} waiting or running, {n_failed} failed")
        if block:
            self.stdout.write(f"blocked      since {block.since:%Y-%m-%d %H:%M} UTC: {block.sentence}")
        if any(not finding.is_good for finding in found):
            raise CommandError("Clips cannot be archived now.")
        self.stdout.write("Clips can be archived.")

    def _adopt(self) -> None:
        backend = archive_backend(name="local")
        try:
            archive_id = backend.place.adopt()
        except ArchiveBlockedError as error:
            raise CommandError(str(error)) from error
        ArchiveMarker.objects.adopt(backend.name, archive_id)
        self.stdout.write(f"{backend.root} is the local archive now.")

    def _findings(self) -> list[Finding]:
        try:
            return archive_backend().check()
        except ArchiveBlockedError as error:
            return [Finding("settings", False, str(error), error)]
