"""Base of the backfill commands: choose rows, request one job each, and show progress."""

import datetime as dt
import time
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q, QuerySet
from django.template.defaultfilters import pluralize
from tqdm import tqdm

from clips.jobs import pipeline
from clips.models import FinalClip, Job, JobKind, JobState, OriginalFile
from clips.models.job import ACTIVE

#: Behind what people wait for, before nothing.
BACKFILL_PRIORITY = 8
LOOK_EVERY_S = 1.0
NAMES_SHOWN = 20


class BackfillCommand(BaseCommand):
    """Repeats one step for many rows. A subclass sets the step, the rows and the filters."""

    kind: JobKind
    #: How the filters reach the session, from the row's point of view.
    to_original = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "ids", nargs="*", type=UUID, metavar="ID", help="only these; default: all that match the filters"
        )
        parser.add_argument("--session", help="only sessions with this name")
        parser.add_argument("--date", type=dt.date.fromisoformat, help="only this day, like 2024-12-01")
        parser.add_argument("--camera", help="only this camera, like CAM_GOPRO11")
        parser.add_argument("--failed", action="store_true", help="only those whose last such job failed")
        parser.add_argument("--dry-run", action="store_true", help="show what would be done, without doing it")
        parser.add_argument("--no-wait", action="store_true", help="queue the jobs without waiting for them")

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def handle(self, **options: Any) -> None:
        rows = self._filtered(options)
        n_rows = rows.count()
        if options["ids"] and n_rows < len(set(options["ids"])):
            raise CommandError(
                f"{len(set(options['ids'])) - n_rows} of these ids are unknown or excluded by the filters."
            )
        if options["dry_run"]:
            self._say_what_would_be_done(rows, n_rows)
            return
        jobs = [
            pipeline.start(self.kind, row, priority=BACKFILL_PRIORITY, **self.params()).pk
            for row in tqdm(rows.iterator(), total=n_rows, desc="asking", unit="job", file=self.stderr, disable=None)
        ]
        if jobs and not options["no_wait"]:
            self._wait(jobs)
        else:
            self.stdout.write(f"{len(jobs)} job{pluralize(len(jobs))} queued. See the jobs page.")

    def params(self) -> dict[str, object]:
        return {}

    def _filtered(self, options: dict[str, Any]) -> QuerySet[Any]:
        rows, to = self.rows(), self.to_original
        if options["ids"]:
            rows = rows.filter(pk__in=options["ids"])
        if options["session"]:
            name, slug = f"{to}shoot__name__iexact", f"{to}shoot__slug__iexact"
            rows = rows.filter(Q(**{name: options["session"]}) | Q(**{slug: options["session"]}))
        if options["date"]:
            rows = rows.filter(**{f"{to}shoot__date": options["date"]})
        if options["camera"]:
            rows = rows.filter(camera_id__iexact=options["camera"])
        if options["failed"]:
            column = f"{self._target}_id"
            latest = Job.objects.filter(kind=self.kind).order_by(column, "-created_at").distinct(column)
            failed = Job.objects.filter(pk__in=latest.values("pk"), state=JobState.FAILED)
            rows = rows.filter(pk__in=failed.values(column))
        return rows.order_by("created_at")

    @property
    def _target(self) -> str:
        return {OriginalFile: "original_file", FinalClip: "clip"}[self.rows().model]

    def _say_what_would_be_done(self, rows: QuerySet[Any], n_rows: int) -> None:
        for row in rows[:NAMES_SHOWN]:
            self.stdout.write(f"{row.pk}  {row}")
        if n_rows > NAMES_SHOWN:
            self.stdout.write(f"… and {n_rows - NAMES_SHOWN} more")
        jobs = f"{n_rows} job{pluralize(n_rows)} ({JobKind(self.kind).label})"
        self.stdout.write(f"{jobs} would be queued. Nothing was done.")

    def _wait(self, jobs: list[UUID]) -> None:
        """Show a progress bar until all have ended; Ctrl-C ends the bar, not the jobs."""
        try:
            with tqdm(total=len(jobs), desc=str(JobKind(self.kind).label), unit="job", file=self.stderr) as bar:
                while bar.n < len(jobs):
                    bar.update(Job.objects.filter(pk__in=jobs).exclude(state__in=ACTIVE).count() - bar.n)
                    time.sleep(LOOK_EVERY_S if bar.n < len(jobs) else 0)
        except KeyboardInterrupt:
            self.stdout.write("The jobs continue in the background. See the jobs page.")
            return
        not_done = Job.objects.filter(pk__in=jobs).exclude(state=JobState.DONE)
        for job in not_done[:NAMES_SHOWN]:
            self.stdout.write(f"{job.target}: {job.reason or job.get_state_display()}")
        self.stdout.write(f"{len(jobs) - not_done.count()} of {len(jobs)} done.")
        if not_done.exists():
            raise CommandError("Some jobs failed.")
