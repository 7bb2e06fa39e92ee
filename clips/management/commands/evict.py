"""``manage.py evict``: frees space now, and lists what was deleted, why, and why the rest stays."""

from argparse import ArgumentParser
from collections import Counter

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat, pluralize

from clips.disk import evictable, eviction, floor, upkeep
from clips.models import OriginalFile


class Command(BaseCommand):
    help = (
        "Delete what can be had again: left-over scratch, previews of sorted moments, then originals that are sorted "
        "and archived (or marked as removable) with all their clips. Without --bytes only as much as is scarce."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bytes", type=int, metavar="N", help="free this many bytes, if possible")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be deleted and why, without deleting it"
        )

    def handle(self, *, dry_run: bool, verbosity: int, **options) -> None:
        asked_bytes = options["bytes"]
        if asked_bytes is not None and asked_bytes <= 0:
            raise CommandError("--bytes must be greater than 0.")
        to_free_bytes = upkeep.scarce_bytes() if asked_bytes is None else asked_bytes
        if to_free_bytes <= 0:
            room = filesizeformat(max(0, floor.free_bytes()))
            self.stdout.write(
                f"There is enough space: {room} available for uploads. Use --bytes N to free some anyway."
            )
        freed_bytes = eviction.make_room(to_free_bytes, dry_run=dry_run, report=self._say)
        verb = "would be freed" if dry_run else "freed"
        self.stdout.write(f"{filesizeformat(freed_bytes)} {verb}; {filesizeformat(max(0, to_free_bytes))} needed.")
        self._say_why_the_rest_stays(each=verbosity > 1)

    def _say(self, freed: eviction.Freed) -> None:
        self.stdout.write(f"{freed.kind.label}: {freed.name}, {filesizeformat(freed.size_bytes)}: {freed.why}")

    def _say_why_the_rest_stays(self, *, each: bool) -> None:
        n_files, n_bytes = Counter(), Counter()
        for original in evictable.with_ties(OriginalFile.objects.on_disk()).defer("probe").iterator():
            why = evictable.why_it_stays(original) or "it can be deleted when space is needed"
            n_files[why] += 1
            n_bytes[why] += original.size_bytes
            if each:
                self.stdout.write(f"stays: {original} ({filesizeformat(original.size_bytes)}): {why}")
        for why, n in n_files.most_common():
            stay = f"{n} original{pluralize(n)} {pluralize(n, 'stays,stay')}"
            self.stdout.write(f"{stay} ({filesizeformat(n_bytes[why])}): {why}.")
