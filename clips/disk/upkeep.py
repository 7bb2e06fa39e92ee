"""Checks disk space each minute: frees some if it is scarce, and resumes waiting jobs if there is enough."""

from clips.disk import archiving, eviction, floor, reserve_file, trimming
from clips.jobs import locks, pipeline
from clips.jobs.registry import step_of
from clips.models import Job, JobState, WaitsFor

#: So many of the jobs that wait are asked how much they want.
MOST_ASKED = 50
#: Told to the broker at once; of more than this the sweep tells it.
MOST_PUBLISHED = 200


def look_after() -> None:
    """Free space if it is scarce, unless another worker does: two at once would free twice as much."""
    with locks.held_if_free(locks.Lock.UPKEEP) as is_alone:
        if is_alone:
            reserve_file.release_if_needed()
            if (to_free_bytes := scarce_bytes()) > 0:
                eviction.make_room(to_free_bytes)
            reserve_file.take_on(floor.free_bytes())
    let_go_on()
    archiving.ask()
    trimming.look_after()


def make_room_for(wanted_bytes: int) -> int:
    """Free this much beside what is reserved already, as far as possible; return the bytes deleted."""
    with locks.held_if_free(locks.Lock.UPKEEP) as is_alone:
        to_free_bytes = wanted_bytes + floor.promised_bytes() + floor.working_bytes() - floor.free_bytes()
        freed_bytes = eviction.make_room(to_free_bytes) if is_alone and to_free_bytes > 0 else 0
    let_go_on()
    return freed_bytes


def scarce_bytes() -> int:
    """Return how much should be freed now; 0 if nothing is scarce.

    It begins when less than half of the floor's size is left above it, or less than somebody waits for, and makes
    twice as much as that, so that not each new file begins it again.
    """
    floor_bytes = floor.floor_bytes()
    wanted_bytes = max(floor_bytes // 2, _waited_for_bytes())
    left_bytes = floor.free_bytes() - floor.promised_bytes() - floor.working_bytes()
    return 0 if left_bytes >= wanted_bytes else wanted_bytes + floor_bytes // 2 - left_bytes


def let_go_on() -> int:
    """Resume jobs that wait for space, if there is some; larger ones wait again. Return how many."""
    if floor.lacks_room(1, beside_promises=False):
        return 0
    again = Job.objects.all().let_go_on(WaitsFor.ROOM)
    for job in again[:MOST_PUBLISHED]:
        pipeline.publish(job)
    return len(again)


def _waited_for_bytes() -> int:
    jobs = Job.objects.filter(state=JobState.WAITING, waits_for=WaitsFor.ROOM)
    jobs = jobs.select_related("original_file", "segment", "clip__original_file").order_by("priority", "created_at")
    return max((step_of(job.kind).room_bytes(job) for job in jobs[:MOST_ASKED]), default=0)
