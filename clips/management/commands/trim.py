"""``manage.py trim``: plans to trim the sorted videos of a session, or says what that would free."""

from argparse import ArgumentParser
from collections import Counter
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat, pluralize

from clips.disk import trimmable, trimming
from clips.models import OriginalFile, Shoot


class Command(BaseCommand):
    help = (
        "Trim sorted videos to their clips and some seconds around them, in a week: until then --undo keeps them "
        "whole. Without a session only say what each one would free."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", nargs="?", type=UUID, help="the id in the address of a session's page")
        parser.add_argument("--dry-run", action="store_true", help="say what would be freed, and plan nothing")
        parser.add_argument("--undo", action="store_true", help="keep the videos whole that are to be trimmed")

    def handle(self, *, session: UUID | None, dry_run: bool, undo: bool, **options) -> None:
        if session is None:
            if undo:
                raise CommandError("--undo needs a session.")
            for shoot in Shoot.objects.in_use().filter(files__in=trimmable.trimmable().values("pk")).distinct():
                self._say(shoot)
            return
        shoot = Shoot.objects.in_use().filter(pk=session).first()
        if shoot is None:
            raise CommandError("There is no such session.")
        if undo:
            n = trimming.undo(shoot)
            self.stdout.write(f"{n} video{pluralize(n)} {pluralize(n, 'stays,stay')} whole.")
            return
        self._say(shoot)
        if not dry_run:
            n_planned = trimming.plan(shoot, None)
            self.stdout.write(f"{n_planned} video{pluralize(n_planned)} will be trimmed in {trimming.DELAY.days} days.")

    def _say(self, shoot: Shoot) -> None:
        told = trimmable.estimate(trimmable.of_session(shoot))
        freed, whole = filesizeformat(told.freed_bytes), filesizeformat(told.size_bytes)
        videos = f"{told.n_videos} video{pluralize(told.n_videos)}"
        self.stdout.write(f"{shoot} ({shoot.pk}): {videos}, about {freed} of {whole} would be freed.")
        stays = Counter()
        for original in trimmable.with_reasons(OriginalFile.objects.on_disk().filter(shoot=shoot)).defer("probe"):
            if why := trimmable.why_whole(original):
                stays[why] += 1
        for why, n in stays.most_common():
            self.stdout.write(f"  {n} stay whole: {why}.")
