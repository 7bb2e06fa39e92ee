"""Requests, stores and evicts the pieces of videos that browsers do not play, and says which are wanted now."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from clips.jobs import pipeline
from clips.media.render.wanted_pieces import PIECE_MS, Wanted
from clips.models import Job, JobKind, JobState, OriginalFile, Piece, Watch
from clips.storage import files
from people.models import Member

#: A player asks for a piece about once a second while it plays; one that has not for so long stands still.
WATCHES_WITHIN = dt.timedelta(seconds=12)
#: As many pieces behind the one that was asked for last are made ahead: 24 s.
AHEAD = 24
#: Each takes up to 1.5 cores and one worker; more would leave nothing for those who wait for a search or a clip.
AT_ONCE = 2
#: Before all other work of its queue: somebody looks at the gap.
PRIORITY = 0
#: A piece is asked for once each time that it is played; it need not be noted more often than this.
SEEN_EVERY = dt.timedelta(minutes=10)
#: When the cache is full, it is emptied to this share of its size.
EMPTIED_TO = 0.9


@dataclass(frozen=True)
class PieceState:
    """State of a piece: "ready", "waiting", "busy" (too many others watch) or "failed"."""

    name: str
    piece: Piece | None = None
    reason: str = ""


def count(original: OriginalFile) -> int:
    """Return how many pieces a video has."""
    return max(1, -(-(original.duration_ms or 0) // PIECE_MS))


def stored_path(original: OriginalFile, number: int) -> str:
    """Return the stored path of a piece, whether it is made or not."""
    return f"candidates/{original.pk}-{number}.ts"


@transaction.atomic
def ask(original: OriginalFile, number: int, member: Member) -> PieceState:
    """Note that a member's player wants a piece now, and start the job that makes it if it is not there."""
    Watch.objects.all().note(original, member, number)
    piece = Piece.objects.filter(original_file=original, number=number).first()
    if piece is not None:
        _note_look(piece)
        return PieceState("ready", piece)
    last = Job.objects.filter(kind=JobKind.PIECES, original_file=original).order_by("-created_at").first()
    if last is not None and last.is_active:
        return PieceState("waiting")
    if last is not None and last.state == JobState.FAILED and last.params.get("number") == number:
        return PieceState("failed", reason=last.reason)
    others = Job.objects.filter(kind=JobKind.PIECES, state=JobState.RUNNING).count()
    if others >= AT_ONCE:
        return PieceState("busy")
    pipeline.start(JobKind.PIECES, original, priority=PRIORITY, number=number)
    return PieceState("waiting")


def try_again(original: OriginalFile) -> None:
    """Forget that pieces of a video could not be made, because somebody asks for them once more."""
    failed = Job.objects.filter(kind=JobKind.PIECES, original_file=original, state=JobState.FAILED)
    failed.update(state=JobState.CANCELLED)


def wanted_now(original: OriginalFile) -> Wanted:
    """Return which pieces to make now; ended, if nobody watches any more."""
    watched = Watch.objects.filter(original_file=original).going_on(WATCHES_WITHIN)
    numbers = list(watched.order_by("asked_at").values_list("number", flat=True))
    if not numbers:
        return Wanted(has_ended=True)
    last = count(original) - 1
    spans = [range(number, min(last, number + AHEAD) + 1) for number in numbers]
    asked = {number for span in spans for number in span}
    made = set(Piece.objects.filter(original_file=original, number__in=asked).values_list("number", flat=True))
    urgent = dict.fromkeys(number for number in numbers if number not in made and number <= last)
    ahead = dict.fromkeys(number for span in spans for number in span if number not in made and number not in urgent)
    return Wanted(tuple(urgent), tuple(sorted(ahead)))


def put(original: OriginalFile, number: int, file: Path) -> None:
    """Store a piece that was made; one that is there already stays."""
    path, size_bytes = stored_path(original, number), file.stat().st_size
    files.store(file, path)
    now = {"stored_path": path, "size_bytes": size_bytes, "seen_at": timezone.now()}
    Piece.objects.update_or_create(original_file=original, number=number, defaults=now)


def keep_to_size() -> int:
    """Delete the pieces that were not watched for longest beyond their size limit; return how many."""
    used_bytes = used()
    if used_bytes <= settings.PIECES_MAX_BYTES:
        return 0
    return drop_oldest(used_bytes - int(settings.PIECES_MAX_BYTES * EMPTIED_TO))[0]


def drop_oldest(to_free_bytes: int, *, dry_run: bool = False) -> tuple[int, int]:
    """Delete pieces, the ones not watched for longest first, until so much is free; return how many and how much."""
    chosen: list[int] = []
    chosen_bytes = 0
    for pk, size_bytes in Piece.objects.order_by("seen_at", "pk").values_list("pk", "size_bytes").iterator():
        if chosen_bytes >= to_free_bytes:
            break
        chosen.append(pk)
        chosen_bytes += size_bytes
    if not dry_run:
        _drop(chosen)
    return len(chosen), chosen_bytes


def used() -> int:
    """Return how much space all pieces take."""
    return Piece.objects.aggregate(total=Sum("size_bytes"))["total"] or 0


def forget_lost(original: OriginalFile) -> None:
    """Forget pieces deleted from the data folder, so that they are made again."""
    rows = Piece.objects.filter(original_file=original)
    rows.filter(stored_path__in=files.missing(rows.values_list("stored_path", flat=True))).delete()


def _drop(pks: Iterable[int]) -> None:
    with transaction.atomic():
        rows = Piece.objects.filter(pk__in=list(pks)).order_by("pk").select_for_update()
        paths = list(rows.values_list("stored_path", flat=True))
        Piece.objects.filter(stored_path__in=paths).delete()
        # Before this is committed: who makes one again meanwhile waits for its row, and only then has a file.
        files.discard(paths)


def _note_look(piece: Piece) -> None:
    if piece.seen_at < timezone.now() - SEEN_EVERY:
        Piece.objects.filter(pk=piece.pk).update(seen_at=timezone.now())
