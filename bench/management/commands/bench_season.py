"""``manage.py bench_season``: lets a season come in, be sorted, trimmed and archived while workers are killed."""

import datetime as dt
import os
import signal
import socket
import tempfile
import time
from io import StringIO
from pathlib import Path
from random import Random

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from bench import season
from clips.disk import trimming
from clips.jobs import pipeline, registry
from clips.models import FinalClip, Job, JobKind, JobState, OriginalFile, Shoot, Upload
from people.models import Member, Role

LOOK_EVERY_S = 1.0
#: Of one step; workers that are killed often are slow, but do not stand still.
PATIENCE_S = 1800
#: What waits for longer has its reason.
SOON = dt.timedelta(minutes=10)
FIRST_DAY = dt.date(2026, 12, 1)


class Command(BaseCommand):
    help = (
        "On a scratch site that runs on this machine: bring in copies of labelled videos day by day, sort them by "
        "their labels, trim them to what was kept, kill workers meanwhile, and look whether anything was lost. Leaves "
        "everything in place. Start the site with JOB_LEASE_SECONDS=10, so that killed jobs come back soon."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--footage", type=Path, required=True, help="videos, with labels/NAME.json of their tricks")
        parser.add_argument("--days", type=int, default=2, help="(default: %(default)s)")
        parser.add_argument("--kill-every", type=float, default=20, help="seconds, on average (default: %(default)s)")
        parser.add_argument("--seed", type=int, default=1, help="of when which worker is killed (default: %(default)s)")

    def handle(self, *, footage: Path, days: int, kill_every: float, seed: int, **_: object) -> None:
        member = Member.objects.filter(role=Role.ADMIN, is_active=True).first()
        takes = season.takes_of(footage)
        if member is None or not takes or OriginalFile.objects.exists():
            raise CommandError("This needs labelled videos, and a running site without any.")
        self._chance, self._kill_every_s, self._n_kills = Random(seed), kill_every, 0  # noqa: S311
        n_false = 0
        for number in range(days):
            self._bring(takes, number)
            self._until_quiet()
            n_false += sum(1 for _receipt in season.false_receipts())
            n_kept, n_trashed = season.sort_all(member)
            self.stdout.write(f"day {number + 1}: {n_kept} moments kept, {n_trashed} trashed")
            self._until_quiet()
            trimming.plan(Shoot.objects.get(date=_day(number)), member)
            self._until_quiet()
            OriginalFile.objects.filter(trim_at__isnull=False).update(trim_at=timezone.now())
            self._until_quiet()
        self._sum_up(n_false)

    def _bring(self, takes: list[season.Take], number: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            names = {f"GX01{number:02d}{place:02d}.MP4": take for place, take in enumerate(takes)}
            for name, take in names.items():
                season.another(take, Path(folder), name)
            session = {"session": f"Day {number + 1}", "date": _day(number)}
            call_command("ingest", folder, **session, stdout=StringIO(), stderr=StringIO())
        for name, take in names.items():
            original = OriginalFile.objects.get(original_filename=name)
            while original.duration_ms is None:
                time.sleep(LOOK_EVERY_S)
                original.refresh_from_db()
            season.search_by_labels(original, take)

    def _until_quiet(self) -> None:
        """Wait until nothing is due, and kill a worker now and then; due trims are begun."""
        until_s = time.monotonic() + PATIENCE_S
        while trimming.look_after() or self._is_busy():
            if time.monotonic() > until_s:
                raise CommandError("The site does not come to rest. Are its workers running?")
            if self._chance.random() < LOOK_EVERY_S / self._kill_every_s:
                self._kill()
            time.sleep(LOOK_EVERY_S)

    def _is_busy(self) -> bool:
        jobs = Job.objects.active().exclude(kind__in=[*registry.idle_kinds(), JobKind.DETECT, JobKind.PAIR])
        return jobs.filter(run_after__lt=timezone.now() + SOON).exists()

    def _kill(self) -> None:
        """Kill the worker of a running job as a machine does that runs out of memory."""
        running = list(Job.objects.filter(state=JobState.RUNNING, lease_ends_at__gt=timezone.now()).order_by("pk"))
        if not running:
            return
        host, _colon, pid = self._chance.choice(running).worker.rpartition(":")
        if host == socket.gethostname():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                return
            self._n_kills += 1

    def _sum_up(self, n_false: int) -> None:
        came_bytes = Upload.objects.aggregate(n=Sum("size_bytes"))["n"]
        left_bytes, hours = season.bytes_left(), season.hours_held()
        n_lost = sum(1 for _clip in season.lost_clips())
        clips = FinalClip.objects.current()
        before = dict(clips.values_list("pk", "file_hash"))
        for clip in clips:
            pipeline.start(JobKind.RENDER, clip, alone=True)
        self._until_quiet()
        n_other = sum(before[clip.pk] != clip.file_hash for clip in clips.all())
        n_trimmed, n_videos = OriginalFile.objects.trimmed().count(), OriginalFile.objects.count()
        n_failed = Job.objects.filter(state=JobState.FAILED).count()
        share = left_bytes / came_bytes
        lines = {
            "footage held": f"{hours:.2f} h in {n_videos} videos, of which {n_trimmed} are trimmed",
            "of its bytes are left": f"{filesizeformat(left_bytes)} of {filesizeformat(came_bytes)}: {share:.0%}",
            "workers killed": f"{self._n_kills}; jobs failed: {n_failed}",
            "clips": f"{len(before)}; lost: {n_lost}; cut anew to other bytes: {n_other}",
            "receipts false": str(n_false),
        }
        for what, says in lines.items():
            self.stdout.write(f"{what:<24}{says}")
        if n_lost or n_other or n_false:
            raise CommandError("Something was lost.")


def _day(number: int):
    return FIRST_DAY + dt.timedelta(days=number)
