"""``manage.py audit``: checks that rows, files and archive agree."""

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from clips.integrity.finding import Disagreement
from clips.integrity.run import Tally, audit, in_order


class Command(BaseCommand):
    help = (
        "Check that rows, files and archive agree, and list all differences. Changes nothing without --repair. Exit "
        "code 0: all agree, or all differences are fixed; 1: something is wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--checksums", action="store_true", help="also read every file and compare its SHA-256")
        parser.add_argument(
            "--repair", action="store_true",
            help="fix what needs no guessing: make files again, check them again, delete what can be made again; never "
            "deletes a camera file or a clip",
        )  # fmt: skip
        parser.add_argument(
            "--accept-loss", action="store_true",
            help="with --repair: note copies as removed also where many are gone from the archive at once",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="one JSON object per line, with the totals in the last")

    def handle(self, *, checksums: bool, repair: bool, accept_loss: bool, **options) -> None:
        tally = Tally()
        say = self._say_json if options["json"] else self._say
        for disagreement, repaired in audit(checksums=checksums, repair=repair, accept_loss=accept_loss):
            tally.add(disagreement, repaired)
            say(disagreement, repaired)
        (self._sum_json if options["json"] else self._sum)(tally)
        if tally.n_wrong:
            raise CommandError(f"{tally.n_wrong} wrong.")

    def _say(self, disagreement: Disagreement, repaired: str) -> None:
        if repaired:
            mark = self.style.SUCCESS("repaired")
        else:
            mark = self.style.ERROR("wrong   ") if disagreement.kind.is_wrong else "note    "
        self.stdout.write(f"{mark}  {disagreement}" + (f" → {repaired}" if repaired else ""))

    def _say_json(self, disagreement: Disagreement, repaired: str) -> None:
        kind = disagreement.kind
        said = {"kind": kind.value, "wrong": kind.is_wrong, "subject": disagreement.subject, "says": disagreement.says}
        self.stdout.write(json.dumps(said | {"key": disagreement.key, "repaired": repaired}, ensure_ascii=False))

    def _sum(self, tally: Tally) -> None:
        for kind, n in in_order(tally.counts):
            self.stdout.write(f"{n:>7}  {kind.label}. {kind.advice}")
        if not tally.counts:
            self.stdout.write("Rows, files and archive agree.")
        elif tally.n_mended:
            self.stdout.write(f"{tally.n_mended} repaired, or being repaired.")

    def _sum_json(self, tally: Tally) -> None:
        self.stdout.write(json.dumps({"counts": tally.counts, "wrong": tally.n_wrong, "repaired": tally.n_mended}))
