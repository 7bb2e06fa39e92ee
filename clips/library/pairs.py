"""Lists the videos of a session that filmed the same, two by two, and has more looked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from clips.jobs import pipeline
from clips.jobs.backfill import BACKFILL_PRIORITY
from clips.models import Job, JobKind, JobState, OriginalFile, PairChange, PairState, Shoot, VideoPair
from clips.models.camera import own_name
from clips.models.video_pair import STANDING, WIDE, VideoPairQuerySet
from clips.sorting.angle_groups import regroup

#: Of one session, those that stand first; more would be no list that anybody reads.
MOST_SHOWN = 200


@dataclass(frozen=True)
class PairRow:
    """One pair as people read it: which video began earlier, and how much."""

    pair: VideoPair
    earlier: OriginalFile
    later: OriginalFile
    apart_ms: int
    #: By how many frames `VideoPair.nudge` moves so that the later video begins a frame later.
    frames_later: int
    #: Of a confirmed pair the clocks of which one was wrong (`clips.library.pair_clocks.WrongClock`).
    wrong_clocks: Sequence[Any] = ()

    @classmethod
    def of(cls, pair: VideoPair) -> "PairRow":
        pair.first.own_camera_name, pair.second.own_camera_name = pair.first_camera_name, pair.second_camera_name
        if pair.shift_ms >= 0:
            return cls(pair, pair.first, pair.second, round(pair.shift_ms), 1)
        return cls(pair, pair.second, pair.first, round(pair.in_second_ms(0)), -1)

    @property
    def frames_earlier(self) -> int:
        return -self.frames_later

    @property
    def is_by_clock(self) -> bool:
        """Return whether only the cameras' clocks say so: one of the two has no sound."""
        return self.pair.confidence == 0

    @property
    def nudged_ms(self) -> float:
        """By how much people moved the later video, later if positive."""
        return self.frames_later * self.pair.nudge_us / 1000


@dataclass(frozen=True)
class Pairs:
    """The pairs of a session: those that stand, and those that are unsure or were taken apart."""

    standing: list[PairRow] = field(default_factory=list)
    others: list[PairRow] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.standing or self.others)


def pairs_of(shoot: Shoot) -> Pairs:
    """Return the pairs of a session in one query, in the order in which they were filmed."""
    rows = with_names(VideoPair.objects.in_use().filter(first__shoot=shoot, second__shoot=shoot))
    rows = rows.exclude(state=PairState.NONE).order_by("first__recorded_at", "second__recorded_at", "pk")
    shown = [PairRow.of(pair) for pair in rows[:MOST_SHOWN]]
    return Pairs(
        [row for row in shown if row.pair.state in STANDING], [row for row in shown if row.pair.state not in STANDING]
    )


def with_names(pairs: VideoPairQuerySet) -> VideoPairQuerySet:
    """Fetch what a line shows of each pair: videos, the crew's names for their cameras, and the last change."""
    last = PairChange.objects.filter(pair=OuterRef("pk"), undone_at=None).order_by("-created_at").values("pk")[:1]
    rows = pairs.select_related("first", "second").defer("first__probe", "second__probe")
    return rows.annotate(
        first_camera_name=own_name("first__camera_id", "first__camera_serial"),
        second_camera_name=own_name("second__camera_id", "second__camera_serial"),
        last_change=Subquery(last),
    )


@transaction.atomic
def change(pair: VideoPair, act: Callable[[VideoPair], bool]) -> bool:
    """Change a pair, and group the moments of its session by what it is then; return whether it was changed."""
    Shoot.objects.filter(pk=pair.first.shoot_id).hold()
    if not act(pair):
        return False
    regroup(pair.first.shoot_id)
    return True


def find_pairs(shoot: Shoot) -> int:
    """Compare all videos of a session whose bytes are here, whatever their clocks say; return how many there are."""
    videos = OriginalFile.objects.in_use().on_disk().filter(shoot=shoot, low_res_of=None, duration_ms__isnull=False)
    videos = list(videos.order_by("pk"))
    if len(videos) < 2:
        return 0
    jobs = [pipeline.start(JobKind.PAIR, video, priority=BACKFILL_PRIORITY, **{WIDE: True}) for video in videos]
    # Those that wait or run already, since their videos were searched, go by the clocks; now they are asked for anew.
    narrow = Job.objects.filter(pk__in=[job.pk for job in jobs if WIDE not in job.params])
    narrow.have_followed({WIDE: True})
    narrow.filter(state=JobState.WAITING).update(params={WIDE: True}, created_at=timezone.now())
    return len(videos)
