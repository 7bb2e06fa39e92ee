"""Looks for the videos of a session that filmed the same as one of them, and notes what is known of each two.

It is work for when nobody is here (`clips.jobs.idle`), for an hour at most: who sorts the session wants its angles.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from clips.jobs import idle, pipeline
from clips.jobs.registry import SMALL_BYTES
from clips.jobs.worker import Claim
from clips.media import MediaError
from clips.media.cameras.model import CAM_UNKNOWN
from clips.media.sandbox import runner
from clips.models import FoundBy, Job, JobKind, OriginalFile, PairState, Shoot, VideoPair
from clips.models.video_pair import WIDE
from clips.sorting.angle_groups import regroup
from clips.sorting.takes import takes_of
from clips.storage import kept_sounds
from clips.storage.files import MissingFileError, local_copy, scratch_folder
from detection.by_moments import by_moments, may_tell, moments_of, untold
from detection.by_take import Expected, expected_of, task_near, tell_chapters
from detection.sync.clocks import CLOCK_SLACK_S, LEAST_OVERLAP_S, Recorded, Task, shared_s, tasks_of

#: Behind all that anybody waits for.
PRIORITY = 9
#: Of what is kept of a video's sound; another way of hearing needs another number.
VERSION = 1
#: What is kept of a second: `detection.sync.heard.RATE_HZ` samples of two bytes.
BYTES_PER_S = 16_000
#: Where a session has no more videos than this, clocks are not asked: one of them may be wrong by hours.
SMALL_SESSION = 12
DAY_S = 86_400.0
#: What one video may be compared with, in about so much computing time; 12 others of three minutes each are 9 s.
MOST_CPU_S = 120.0
#: Half of what is just enough to be sure: below it the best offset is most likely chance, and nobody is asked about it.
LIKELY = 0.25
#: So long a job waits for a time when nobody is here.
WAITS_AT_MOST = timedelta(hours=1)

#: Reading sound is fast, and slow only where a disk is; past this it hangs.
MIN_CPU_S, MIN_WALL_S, MAX_WALL_PER_VIDEO = 120, 600.0, 4.0

Report = Callable[[float | None], None]
_FIELDS = (
    "camera_id", "camera_serial", "recorded_at", "duration_ms", "has_audio", "evicted_at", "file_hash", "stored_path",
    "size_bytes", "rate_num", "rate_den", "capture_rate_num", "capture_rate_den", "shoot_id",
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What comparing with one other video found, as `VideoPairQuerySet.note` takes it."""

    other: OriginalFile
    found: dict[str, Any]
    state: PairState


def want(video: OriginalFile) -> Job | None:
    """Request the job that looks for others, in the caller's transaction; None where there is nothing to compare."""
    wanted = to_compare(video) or may_tell(video)
    return pipeline.start(JobKind.PAIR, video, priority=PRIORITY) if wanted else None


def sound_bytes(video: OriginalFile) -> int:
    """Return about how much is kept on the disk of a video's sound."""
    return SMALL_BYTES + BYTES_PER_S * ((video.duration_ms or 0) // 1000)


def comparable() -> QuerySet[OriginalFile]:
    """Return the videos that can be compared: those that were read, without cameras' small copies."""
    return OriginalFile.objects.in_use().filter(low_res_of=None, duration_ms__isnull=False)


def to_compare(video: OriginalFile, *, wide_since: datetime | None = None) -> list[tuple[OriginalFile, Task[UUID]]]:
    """Return the videos of its session to compare one with, the likeliest first, and the offsets that are possible.

    What was compared before is left out, and what a person has decided about. With ``wide_since`` a day to either side
    is possible, and what seemed unsure before that moment, or to have nothing in common, is compared again.
    """
    if video.low_res_of_id or not video.duration_ms or is_slowed(video):
        return []
    rows = comparable().filter(shoot=video.shoot_id).exclude(pk=video.pk).only(*_FIELDS)
    known = VideoPair.objects.all().of(video)
    if wide_since:
        known = known.exclude(state__in=[PairState.NONE, PairState.UNSURE], found_at__lt=wide_since)
    known_ids = {pk for pair in known.values_list("first", "second") for pk in pair}
    own = _recorded(video)
    others = [other for other in rows if not is_slowed(other)]
    slack_s = DAY_S if wide_since or len(others) < SMALL_SESSION else CLOCK_SLACK_S
    others = [other for other in others if other.pk not in known_ids and not _is_same_camera(video, other)]
    expected = expected_of(video, takes_of(video.shoot_id))
    by_take = [(other, task_near(video, other, expected[other.pk])) for other in others if other.pk in expected]
    others = [other for other in others if other.pk not in expected]
    if slack_s == CLOCK_SLACK_S:
        others = [other for other in others if other.recorded_at and video.recorded_at]
    by_id = {other.pk: other for other in others}
    found = tasks_of(own, [_recorded(other) for other in others], slack_s=slack_s, most_cpu_s=MOST_CPU_S)
    return by_take + [(by_id[task.second], task) for task in found]


def is_slowed(video: OriginalFile) -> bool:
    """Return whether a file plays slower than it was filmed; then its sound, if it has any, is slowed as well."""
    return bool(video.capture_rate and video.rate and video.capture_rate > video.rate)


def look(work: Claim, video: OriginalFile) -> None:
    """Do the PAIR job: compare one video with others of its session, and note what is known of each two."""

    def report(_progress: float | None = None) -> None:
        work.report()
        idle.insist(work.job)

    chosen = to_compare(video, wide_since=work.job.created_at if work.job.params.get(WIDE) else None)
    found = _verdicts(video, chosen, report)
    with work.finishing(first=lambda: hold_session(video)):
        there = set(comparable().filter(pk__in=[one.other.pk for one in found]).values_list("pk", flat=True))
        for one in found:
            if one.other.pk in there:
                VideoPair.objects.all().note(video, one.other, one.found, state=one.state)
        _ask_moments(video)
        tell_chapters(video)
        regroup(video.shoot_id)


def _ask_moments(video: OriginalFile) -> None:
    """Propose by moments where sound says nothing; of a pair compared long ago the other search may be new."""
    pairs = list(untold(video))
    moments = moments_of({pk for pair in pairs for pk in (pair.first_id, pair.second_id)})
    for pair in pairs:
        other = pair.second if pair.first_id == video.pk else pair.first
        if found := by_moments(video, other, moments):
            VideoPair.objects.all().note(video, other, found, state=PairState.UNSURE)


def hold_session(video: OriginalFile) -> None:
    """Lock a video's session until the transaction ends, before the rows of jobs and moments."""
    Shoot.objects.filter(pk=video.shoot_id).hold()


def _verdicts(video: OriginalFile, chosen: list[tuple[OriginalFile, Task[UUID]]], report: Report) -> list[Verdict]:
    if not chosen:
        return []
    with scratch_folder() as folder:
        sounds = Sounds(folder, report)
        heard = {other.pk: sounds.of(other) for other, _task in chosen} if (own := sounds.of(video)) else {}
        to_hear = [(other, task) for other, task in chosen if heard.get(other.pk)]
        asked = [{"heard_path": str(heard[other.pk]), "within_s": task.within_s} for other, task in to_hear]
        matches: list[dict[str, Any] | None] = []
        if asked:
            matches = runner.run(
                "detection.sync.files:compare_kept",
                {"heard_path": str(own), "others": asked},
                limits=runner.Limits(cpu_s=int(MIN_CPU_S + 10 * MOST_CPU_S), wall_s=MIN_WALL_S + 20 * MOST_CPU_S),
                on_tick=report,
            )
    expected = expected_of(video, takes_of(video.shoot_id))
    found = [
        _by_sound(video, other, match, expected.get(other.pk))
        for (other, _task), match in zip(to_hear, matches, strict=True)
    ]
    silent = [other for other, _task in chosen if not heard.get(other.pk)]
    by_clock = [_by_take(video, other, expected.get(other.pk)) or _by_clock(video, other) for other in silent]
    # Of a sound that is not here now, as that of a trimmed video, nobody can say that it has nothing in common.
    return found + [one for one in by_clock if one.state != PairState.NONE or not sounds.may_come(video, one.other)]


class Sounds:
    """The sounds of one look: each lies in the look's own folder, and so stays while it is compared.

    Another look may hear the same video, or the bin be emptied meanwhile.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder, self._report = folder, report
        self._missing: set[UUID] = set()

    def of(self, video: OriginalFile) -> Path | None:
        """Return where the sound of a video lies, reading it if need be; None where there is none to read."""
        path = kept_sounds.path_of(video.file_hash, VERSION)
        if taken := kept_sounds.take(path, self._folder):
            return taken
        if video.has_audio is False or video.evicted_at:
            return None
        out = self._folder / path.name
        length_s = (video.duration_ms or 0) / 1000
        limits = runner.Limits(cpu_s=int(MIN_CPU_S + length_s), wall_s=MIN_WALL_S + MAX_WALL_PER_VIDEO * length_s)
        try:
            with local_copy(video, self._report) as source:
                asked = {"path": str(source), "out": str(out)}
                runner.run("detection.sync.files:keep_heard", asked, limits=limits, on_tick=self._report)
        except MediaError:
            return None
        except MissingFileError:
            self._missing.add(video.pk)
            return None
        kept_sounds.keep(out, path)
        return out

    def may_come(self, *videos: OriginalFile) -> bool:
        """Return whether the sound of one of these videos may be heard when its bytes are back."""
        away = [video for video in videos if video.evicted_at is not None and video.has_audio is not False]
        return bool(away) or any(video.pk in self._missing for video in videos)


def _by_take(video: OriginalFile, other: OriginalFile, expected: Expected | None) -> Verdict | None:
    """Return what the other chapters of a take say; None if there are none, or the two shared nothing by them."""
    if expected is None or expected.shared_s(video, other) < LEAST_OVERLAP_S:
        return None
    return Verdict(other, expected.found, PairState.SURE)


def _by_sound(
    video: OriginalFile, other: OriginalFile, match: dict[str, Any] | None, expected: Expected | None
) -> Verdict:
    """Return what the sound says; sure is only what the clocks allow, for a song is heard at other times as well.

    Or what the take's other chapters say, beside which nothing else was looked for (`detection.by_take.task_near`).
    """
    if expected is not None:
        if match and match["is_sure"]:
            return Verdict(other, match, PairState.SURE)
        return _by_take(video, other, expected) or Verdict(other, _nothing(), PairState.NONE)
    if match is None or match["confidence"] < LIKELY:
        return Verdict(other, match or _nothing(), PairState.NONE)
    apart_s = _apart_s(video, other)
    is_possible = apart_s is not None and abs(match["offset_s"] - apart_s) <= CLOCK_SLACK_S
    return Verdict(other, match, PairState.SURE if match["is_sure"] and is_possible else PairState.UNSURE)


def _by_clock(video: OriginalFile, other: OriginalFile) -> Verdict:
    """Return what is known of two videos of which one has no sound: unsure if they ran together by their clocks."""
    shared, apart_s = shared_s(_recorded(video), _recorded(other)), _apart_s(video, other)
    if shared is None or apart_s is None or shared < LEAST_OVERLAP_S:
        return Verdict(other, _nothing(), PairState.NONE)
    found = {"offset_s": apart_s, "found_by": FoundBy.CLOCK}
    return Verdict(other, _nothing() | found, PairState.UNSURE)


def _nothing() -> dict[str, Any]:
    return {"offset_s": 0.0, "drift_ppm": None, "confidence": 0.0, "is_sure": False}


def _apart_s(video: OriginalFile, other: OriginalFile) -> float | None:
    """Return how long after a video another one began by their clocks; None if nobody knows."""
    if video.recorded_at is None or other.recorded_at is None:
        return None
    return (other.recorded_at - video.recorded_at).total_seconds()


def _recorded(video: OriginalFile) -> Recorded[UUID]:
    camera = (video.camera_id, video.camera_serial) if video.camera_serial else None
    start_s = video.recorded_at.timestamp() if video.recorded_at else None
    return Recorded(video.pk, camera, start_s, (video.duration_ms or 0) / 1000)


def _is_same_camera(video: OriginalFile, other: OriginalFile) -> bool:
    """Return whether two videos are most likely of one camera, of which the files do not say which one it was.

    Two phones of one kind have the time from the network: they are two if they ran at the same time.
    """
    if video.camera_id != other.camera_id or video.camera_id == CAM_UNKNOWN:
        return False
    if video.camera_serial and other.camera_serial:
        return video.camera_serial == other.camera_serial
    shared = shared_s(_recorded(video), _recorded(other))
    return shared is None or shared < LEAST_OVERLAP_S
