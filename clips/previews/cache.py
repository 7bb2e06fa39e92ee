"""Evicts previews by least recent use, when their folder exceeds its size; they are made again on demand."""

import time
from datetime import timedelta
from pathlib import PurePosixPath
from uuid import UUID

from django.db import transaction
from django.db.models import Case, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from clips.models import CandidateSegment, Decision, DecisionKind, Filmstrip, Piece, Preview, SegmentStatus
from clips.previews import filmstrips
from clips.storage import files
from clips.storage.backend import Stored
from people.site_settings.registry import CANDIDATES_MAX_BYTES

FOLDER = "candidates"
#: When it is full, it is emptied to this share of its size, so that not each new preview costs another.
EMPTIED_TO = 0.9
#: Rows are locked in such portions; a page that deals cards waits for one of them at most.
AT_ONCE = 50
#: The first rank of ``in_order_of_loss``.
SORTED = 0
#: A file that no row knows of may be one that is being made.
GRACE_S = 3600
#: A page asks for a video in many parts; once in a while is enough to know that somebody looks.
SEEN_EVERY = timedelta(minutes=10)
UUID_LENGTH = len(str(UUID(int=0)))
SORTING = (DecisionKind.KEEP, DecisionKind.TRASH)


def room_bytes() -> int:
    """Return how many bytes of previews may be made before one must go; negative if the folder is too full."""
    return CANDIDATES_MAX_BYTES.value() - _used_bytes()


def keep_to_size() -> int:
    """Delete previews beyond the size limit; return how many.

    First what was sorted or binned, the oldest decision first; then what lies below the sensitivity; then what lies in
    videos that were set aside; then what nobody has looked at for longest. Never what an open page holds. Filmstrips
    go last; pictures stay.
    """
    used_bytes = _used_bytes()
    if used_bytes <= CANDIDATES_MAX_BYTES.value():
        return 0
    to_free_bytes = used_bytes - int(CANDIDATES_MAX_BYTES.value() * EMPTIED_TO)
    chosen: list[UUID] = []
    for segment_id, size_bytes in in_order_of_loss().values_list("segment", "size_bytes").iterator():
        if to_free_bytes <= 0:
            break
        chosen.append(segment_id)
        to_free_bytes -= size_bytes
    n_dropped = sum(_drop(chosen[start : start + AT_ONCE]) for start in range(0, len(chosen), AT_ONCE))
    return n_dropped + filmstrips.drop_oldest(to_free_bytes)


def drop_sorted(to_free_bytes: int, *, dry_run: bool = False) -> tuple[int, int]:
    """Delete previews of sorted moments, the oldest decision first, until so much is free.

    Returns
    -------
    (int, int)
        How many, and how many bytes.
    """
    chosen: dict[UUID, int] = {}
    rows = in_order_of_loss().filter(rank=SORTED).values_list("segment", "size_bytes")
    chosen_bytes = 0
    for segment_id, size_bytes in rows.iterator():
        if chosen_bytes >= to_free_bytes:
            break
        chosen[segment_id] = size_bytes
        chosen_bytes += size_bytes
    ids = list(chosen)
    for start in range(0, len(ids), AT_ONCE):
        if not dry_run:
            _drop(ids[start : start + AT_ONCE])
    return len(ids), chosen_bytes


def in_order_of_loss():
    """Return the previews that nobody holds, those to delete first in front."""
    shown = CandidateSegment.objects.shown().values("pk")
    rank = Case(
        When(segment__original_file__bin_entry__isnull=False, then=Value(SORTED)),
        When(segment__status__in=[SegmentStatus.ACCEPTED, SegmentStatus.TRASHED], then=Value(SORTED)),
        When(~Q(segment__in=shown), then=Value(1)),
        When(segment__original_file__aside_at__isnull=False, then=Value(2)),
        default=Value(3),
    )
    sorted_by = Decision.objects.not_undone().filter(segment=OuterRef("segment"), kind__in=SORTING)
    decided = Subquery(sorted_by.order_by("-created_at").values("created_at")[:1])
    looked = Coalesce("seen_at", "created_at")
    held = CandidateSegment.objects.in_hands().values("pk")
    rows = Preview.objects.exclude(segment__in=held).annotate(rank=rank, decided=decided, looked=looked)
    return rows.order_by("rank", "decided", "looked", "pk")


def note_look(preview: Preview) -> None:
    """Record that somebody is looking at a preview now."""
    now = timezone.now()
    if preview.seen_at is None or preview.seen_at < now - SEEN_EVERY:
        Preview.objects.filter(pk=preview.pk).update(seen_at=now)


def remove_orphans() -> int:
    """Delete files of previews and pictures that have no row and are not being made; return how many."""
    before_s = time.time() - GRACE_S
    old = [file.stored_path for file in files.listed(FOLDER) if file.put_at_s < before_s and _is_ours(file)]
    known = set(Preview.objects.filter(stored_path__in=old).values_list("stored_path", flat=True))
    known |= set(Filmstrip.objects.filter(stored_path__in=old).values_list("stored_path", flat=True))
    known |= set(Piece.objects.filter(stored_path__in=old).values_list("stored_path", flat=True))
    known |= set(CandidateSegment.objects.filter(poster_path__in=old).values_list("poster_path", flat=True))
    orphans = [path for path in old if path not in known]
    files.discard(orphans)
    return len(orphans)


def _drop(segment_ids: list[UUID]) -> int:
    """Delete the rows of these previews, then their files; return how many there still were."""
    with transaction.atomic():
        CandidateSegment.objects.filter(pk__in=segment_ids).lock_in_order()
        # A page may have taken one since it was chosen; from here on none can.
        held = CandidateSegment.objects.filter(pk__in=segment_ids).in_hands().values("pk")
        gone = Preview.objects.filter(segment__in=segment_ids).exclude(segment__in=held)
        paths = dict(gone.values_list("segment", "stored_path"))
        Preview.objects.filter(segment__in=paths).delete()
    with transaction.atomic():
        # Behind the same lock a preview is put in place: one that was made again meanwhile keeps its file.
        CandidateSegment.objects.filter(pk__in=paths).lock_in_order()
        made_again = set(Preview.objects.filter(segment__in=paths).values_list("segment", flat=True))
        files.discard([path for segment_id, path in paths.items() if segment_id not in made_again])
    return len(paths)


def _used_bytes() -> int:
    kinds = (Preview, Filmstrip)
    return sum(kind.objects.aggregate(total=Sum("size_bytes"))["total"] or 0 for kind in kinds)


def _is_ours(file: Stored) -> bool:
    """Return whether the name is one that ``requests``, ``filmstrips`` or ``pieces`` of this room makes."""
    path = PurePosixPath(file.stored_path)
    try:
        UUID(path.stem[:UUID_LENGTH])
    except ValueError:
        return False
    rest = path.stem[UUID_LENGTH:]
    return (path.suffix in {".mp4", ".jpg"} and rest in {"", "-strip"}) or (
        path.suffix == ".ts" and rest.startswith("-") and rest[1:].isdigit()
    )
