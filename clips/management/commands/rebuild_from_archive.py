"""``manage.py rebuild_from_archive``: rebuilds rows from the archive after losing the database."""

from argparse import ArgumentParser
from collections import Counter

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import pluralize

from clips.archive.backend import ArchiveError
from clips.archive.rebuild import Rebuilt, move_listed, other_signers, rebuild
from clips.archive.session_text import CHANGED, UNSIGNED
from clips.sorting.angle_groups import regroup_all

MOVES_SHOWN = 200
SIGNERS = {UNSIGNED: "nobody", CHANGED: "nobody any more, for they were changed since"}


class Command(BaseCommand):
    help = (
        "Rebuild the crew's rows from the archive after losing the database: sessions, people, tricks, videos, clips, "
        "decisions, edits. Moves nothing in the archive."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="show what would be made, without making it")
        parser.add_argument(
            "--accept", action="append", default=[], metavar="SIGNER",
            help=f"also believe session files signed by this one, as listed before, or “{UNSIGNED}”, “{CHANGED}”",
        )  # fmt: skip
        parser.add_argument(
            "--without-others", action="store_true", help="go on without session files that another site signed"
        )
        parser.add_argument(
            "--move", type=int, metavar="N",
            help="move the N files that lie elsewhere than their names say, as a run before listed them",
        )  # fmt: skip

    def handle(self, *, dry_run: bool, accept: list[str], without_others: bool, move: int | None, **_options) -> None:
        try:
            if not dry_run and not without_others:
                self._ask_about(other_signers(accept))
            result = rebuild(dry_run=dry_run, accepted=accept)
            if not dry_run:
                regroup_all()  # which moments of several cameras are one follows from what came back
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        self._say(result)
        self.stdout.write(
            "Only a backup has logins, tokens, share links, settings, the audit trail and films; see OPERATIONS.md."
        )
        if dry_run:
            self.stdout.write("Nothing was written.")
        elif move is not None and not move_listed(move):
            n = len(result.moves)
            raise CommandError(f"{n} file{pluralize(n)} would be moved, not {move}. Look at the list first.")
        elif move is not None:
            self.stdout.write(f"Jobs will move {move} file{pluralize(move)} to the places of their names.")

    def _ask_about(self, others: Counter) -> None:
        if not others:
            return
        for signer, n_files in sorted(others.items()):
            self.stdout.write(f"{n_files:>7}  session files signed by {SIGNERS.get(signer, signer)}")
        options = " ".join(f"--accept {signer}" for signer in sorted(others))
        raise CommandError(
            f"This site did not sign these files. If you know that they are yours: {options}. To go on with names and "
            "folders alone: --without-others. With the SECRET_KEY of before they are recognised."
        )

    def _say(self, result: Rebuilt) -> None:
        for what, n in sorted(result.told.items()):
            self.stdout.write(f"{n:>7}  {what}")
        for path, why in sorted(result.damaged.items()):
            self.stdout.write(f"{path}: {why}")
        for signer, n_files in sorted(result.unread.items()):
            self.stdout.write(f"{n_files:>7}  session files not read, signed by {SIGNERS.get(signer, signer)}")
        self._say_missing(result)
        for lies, belongs in result.moves[:MOVES_SHOWN]:
            self.stdout.write(f"lies elsewhere: {lies}\n       belongs: {belongs}")
        if result.moves:
            n = len(result.moves)
            self.stdout.write(
                f"{n} file{pluralize(n)} {pluralize(n, 'lies,lie')} elsewhere than by name, and nothing was moved. "
                f"To move all: --move {n}"
            )

    def _say_missing(self, result: Rebuilt) -> None:
        for sha256, n_clips in sorted(result.missing.items()):
            how = "the archive has it" if sha256 in result.archived else "upload it again to edit them"
            self.stdout.write(f"original {sha256}: {n_clips} clip{pluralize(n_clips)} without it; {how}.")
        if result.missing:
            self.stdout.write("These clips play and download. What the archive has is fetched when it is needed.")
