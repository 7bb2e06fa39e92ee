"""Makes the edit of the day: once a session is sorted, a draft of its best clips waits. See draft.py for the choice."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from clips.models import (
    CandidateSegment,
    ClipCategory,
    Decision,
    DecisionKind,
    FinalClip,
    Job,
    JobKind,
    Reel,
    Shoot,
    Upload,
)
from clips.models.reel import SITE
from clips.reels.draft import Take, Weighing, choose
from clips.reels.editing import Hand, choose_again, free_name

#: A session that was sorted longer ago gets no edit any more.
LATELY = timedelta(days=3)
#: An upload without data for so long does not delay the edit.
UPLOAD_RESTS = timedelta(minutes=10)
FEWEST_CLIPS = 2
#: What brings further moments to sort.
UNTIL_SORTED = (JobKind.INGEST, JobKind.PROBE, JobKind.DETECT)
#: Of a moment that somebody made, which no search scored: they were sure.
SCORE_BY_HAND = 1.0


def sorted_sessions() -> dict[Shoot, datetime]:
    """Return the sessions that were sorted to the end lately, each with when that was."""
    decided = Decision.objects.not_undone().filter(
        kind__in=(DecisionKind.KEEP, DecisionKind.TRASH), created_at__gte=timezone.now() - LATELY
    )  # fmt: skip
    last = dict(decided.order_by().values_list("segment__original_file__shoot").annotate(Max("created_at")))
    left = CandidateSegment.objects.undecided().shown().filter(original_file__shoot=OuterRef("pk"))
    work = Job.objects.active().filter(original_file__shoot=OuterRef("pk"), kind__in=UNTIL_SORTED)
    coming = Upload.objects.unfinished().filter(
        shoot=OuterRef("pk"), updated_at__gte=timezone.now() - UPLOAD_RESTS
    )  # fmt: skip
    rows = Shoot.objects.in_use().filter(~Exists(left), ~Exists(work), ~Exists(coming), pk__in=list(last))
    return {shoot: last[shoot.pk] for shoot in rows}


def draft_edits() -> int:
    """Make the edits that sorted sessions lack, and those again that nobody changed; return how many were written."""
    n_written = 0
    for shoot, sorted_at in sorted_sessions().items():
        takes = choose(takes_of(shoot))
        drafted = Reel.objects.filter(shoot=shoot, is_drafted=True).first()
        if drafted is None:
            n_written += len(takes) >= FEWEST_CLIPS and _make(shoot, takes)
        elif takes and drafted.changed_at < sorted_at:
            # Nor while somebody has it open to change it.
            untouched = Reel.objects.in_use().untouched().not_being_edited().filter(pk=drafted.pk)
            n_written += untouched.exists() and _fill(drafted, takes, Hand(None, uuid.uuid4()))
    return n_written


def draft_again(reel: Reel, weighing: Weighing, *, hand: Hand) -> bool:
    """Choose the clips of a session's own edit again; one change of its history. False if they are the same."""
    shoot = reel.shoot
    return shoot is not None and _fill(reel, choose(takes_of(shoot), weighing), hand)


def takes_of(shoot: Shoot) -> list[Take]:
    """Return what is known of the current clips of a session, in two queries."""
    clips = FinalClip.objects.current().filter(original_file__shoot=shoot)
    clips = clips.select_related("original_file", "candidate_segment").prefetch_related("also").order_by("pk")
    return [_take(clip) for clip in clips.defer("original_file__probe", "candidate_segment__features", "search_text")]


def _take(clip: FinalClip) -> Take:
    recorded_at = clip.original_file.recorded_at
    at = (recorded_at is None, recorded_at or clip.created_at, clip.start_ms, str(clip.pk))
    segment = clip.candidate_segment
    score = segment.score if segment and segment.run_id else SCORE_BY_HAND
    people = [clip.person_id, *(person.pk for person in clip.also.all())]
    return Take(
        key=clip.lineage,
        at=at,
        length_ms=clip.duration_ms,
        riders=frozenset(pk for pk in people if pk),
        trick=clip.trick_id,
        is_crash=clip.category == ClipCategory.CRASH,
        stars=clip.stars,
        hearts=clip.n_hearts,
        score=(score or 0.0) if clip.category != ClipCategory.BROLL else 0.0,
    )


def _make(shoot: Shoot, takes: Iterable[Take]) -> bool:
    try:
        with transaction.atomic():
            reel = Reel.objects.create(name=free_name(shoot.name), made_by_name=SITE, shoot=shoot, is_drafted=True)
            _fill(reel, takes, Hand(None, uuid.uuid4()))
    except IntegrityError:
        return False  # another worker was faster, or somebody took the name
    return True


def _fill(reel: Reel, takes: Iterable[Take], hand: Hand) -> bool:
    return choose_again(reel, [take.key for take in takes], hand=hand) is not None
