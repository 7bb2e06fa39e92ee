"""Tests the job that looks for videos of a session that filmed the same: which it compares, and what it notes."""

import datetime as dt
import uuid

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from clips.media.sandbox import runner
from clips.models import CandidateSegment, FoundBy, Job, JobKind, JobState, OriginalFile, PairState, Shoot, VideoPair
from clips.storage import kept_sounds
from clips.storage.files import sha256_of
from clips.tests.factories import CandidateSegmentFactory, OriginalFileFactory, ShootFactory
from detection import pairing
from detection.sync.heard import RATE_HZ
from detection.tasks import pair as pair_task
from detection.tests.test_sync import happening
from detection.tests.test_sync_files import write

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2024, 12, 1, 12, tzinfo=dt.UTC)


def camera(
    shoot: Shoot, name: str, *, at_s: float | None = 0.0, length_s: float = 60.0, **more: object
) -> OriginalFile:
    """Return a video of a camera with that name, that began so many seconds after noon by its clock."""
    recorded_at = None if at_s is None else NOON + dt.timedelta(seconds=at_s)
    usual = {"camera_id": f"CAM_{name}", "camera_serial": name, "rate_num": 60, "rate_den": 1, "has_audio": True}
    usual |= {"recorded_at": recorded_at, "duration_ms": round(length_s * 1000), "original_filename": f"{name}.mp4"}
    return OriginalFileFactory(shoot=shoot, **usual | more)


def recorded(shoot: Shoot, name: str, sound, **more: object) -> OriginalFile:
    """Return a video whose file has that sound, at ``RATE_HZ``."""
    path = django_settings.ORIGINALS_DIR / f"{name}.mkv"
    path.parent.mkdir(exist_ok=True)
    write(path, sound)
    facts = {"stored_path": f"originals/{path.name}", "file_hash": sha256_of(path), "size_bytes": path.stat().st_size}
    return camera(shoot, name, length_s=len(sound) / RATE_HZ, **facts | more)


def names(video: OriginalFile, *, wide_since: dt.datetime | None = None) -> list[str]:
    chosen = pairing.to_compare(video, wide_since=wide_since)
    return [other.original_filename.removesuffix(".mp4") for other, _task in chosen]


@pytest.fixture
def crowded(shoot) -> list[OriginalFile]:
    """Return as many videos of another camera as make a session too large to compare all, an hour apart each."""
    return [
        camera(shoot, "DRONE", at_s=3600 * (number + 2), original_filename=f"drone{number}.mp4")
        for number in range(pairing.SMALL_SESSION)
    ]


def test_in_a_large_session_the_clocks_choose_and_the_likeliest_comes_first(shoot, crowded):
    video = camera(shoot, "HELMET")
    camera(shoot, "LATE", at_s=200)
    camera(shoot, "LANDING", at_s=10)
    camera(shoot, "TOO LATE", at_s=300)
    camera(shoot, "NO CLOCK", at_s=None)
    camera(shoot, "HELMET", at_s=5, original_filename="same camera.mp4")
    camera(ShootFactory(slug="Elsewhere", name="Elsewhere"), "ELSEWHERE")
    assert names(video) == ["LANDING", "LATE"]
    assert [task.within_s for _other, task in pairing.to_compare(video)] == [(-170, 190), (20, 380)]


def test_in_a_small_session_all_are_compared_whatever_their_clocks_say(shoot):
    video = camera(shoot, "HELMET")
    camera(shoot, "NO CLOCK", at_s=None)
    camera(shoot, "HOURS OFF", at_s=7200)
    assert names(video) == ["HOURS OFF", "NO CLOCK"]


def test_what_cannot_or_need_not_be_compared_is_left_out(shoot, sorter):
    video = camera(shoot, "HELMET")
    camera(shoot, "SLOW MOTION", capture_rate_num=240, capture_rate_den=1)
    camera(shoot, "SMALL COPY", low_res_of=video)
    camera(shoot, "UNREAD", duration_ms=None)
    known = camera(shoot, "KNOWN")
    nothing = {"offset_s": 0.0, "drift_ppm": None, "confidence": 0.0, "is_sure": False}
    VideoPair.objects.all().note(known, video, nothing, state=PairState.NONE)
    assert names(video) == []
    assert pairing.want(video) is None
    assert names(video, wide_since=timezone.now()) == ["KNOWN"], "somebody asks for it"
    assert names(video, wide_since=NOON) == [], "it was compared since"
    assert VideoPair.objects.get().confirm(sorter)
    assert names(video, wide_since=timezone.now()) == []


def test_two_phones_of_one_kind_are_two_cameras_only_if_they_ran_at_the_same_time(shoot):
    phone = {"camera_id": "CAM_PIXEL8", "camera_serial": ""}
    video = camera(shoot, "MINE", **phone)
    camera(shoot, "HIS", at_s=20, **phone)
    camera(shoot, "MINE LATER", at_s=90, **phone)
    assert names(video) == ["HIS"]


def test_a_budget_leaves_out_the_least_likely(shoot, monkeypatch):
    video = camera(shoot, "HELMET")
    camera(shoot, "LATER", at_s=50)
    camera(shoot, "SAME TIME")
    monkeypatch.setattr(pairing, "MOST_CPU_S", 0.3)
    assert names(video) == ["SAME TIME"]


@pytest.fixture
def filmed(shoot) -> dict[str, OriginalFile]:
    """Return videos of three cameras; the second began 6.25 s after the first, the third heard something else."""
    scene = happening(30)
    return {
        "helmet": recorded(shoot, "helmet", scene[: 24 * RATE_HZ]),
        "landing": recorded(shoot, "landing", scene[round(6.25 * RATE_HZ) :], at_s=30),
        "drone": recorded(shoot, "drone", happening(20, seed=4), at_s=3),
    }


def look(video: OriginalFile, **params: object) -> Job:
    job = Job.objects.for_target(JobKind.PAIR, video, params=params)
    pair_task(str(job.pk))
    job.refresh_from_db()
    return job


@pytest.mark.slow
def test_a_pair_is_found_by_its_sound_and_the_rest_is_noted_as_compared(filmed):
    assert look(filmed["helmet"]).state == JobState.DONE
    found = {frozenset((pair.first, pair.second)): pair for pair in VideoPair.objects.all()}
    pair = found.pop(frozenset((filmed["helmet"], filmed["landing"])))
    assert pair.state == PairState.SURE
    is_in_order = pair.first == filmed["helmet"]
    assert pair.offset_ms == pytest.approx(6250 if is_in_order else -6250, abs=1)
    assert [pair.state for pair in found.values()] == [PairState.NONE]
    assert list(VideoPair.objects.all().standing()) == [pair]


@pytest.mark.slow
def test_each_video_is_read_once_however_often_it_is_compared(filmed, monkeypatch):
    calls, run = [], runner.run

    def counted(function: str, arguments: dict, **options: object) -> object:
        calls.append(function)
        return run(function, arguments, **options)

    monkeypatch.setattr(runner, "run", counted)
    look(filmed["helmet"])
    look(filmed["landing"])
    assert calls.count("detection.sync.files:keep_heard") == 3
    assert VideoPair.objects.count() == 3, "each two once"
    calls.clear()
    look(filmed["drone"])
    assert calls == [], "nothing is left to compare"
    rows = list(VideoPair.objects.values())
    look(filmed["helmet"], wide=True)
    assert "detection.sync.files:keep_heard" not in calls
    assert [row for row in rows if row["state"] == PairState.SURE] == list(
        VideoPair.objects.filter(state=PairState.SURE).values()
    )


@pytest.mark.slow
def test_what_the_clocks_do_not_allow_waits_for_a_person(filmed):
    OriginalFile.objects.filter(pk=filmed["landing"].pk).update(recorded_at=NOON + dt.timedelta(hours=3))
    look(filmed["helmet"])
    pair = VideoPair.objects.exclude(state=PairState.NONE).get()
    assert pair.state == PairState.UNSURE
    assert abs(pair.offset_ms) == pytest.approx(6250, abs=1)


def test_a_video_without_sound_is_laid_by_its_clock_and_unsure(shoot):
    video = camera(shoot, "HELMET", has_audio=False)
    other = camera(shoot, "DRONE", at_s=12.5, has_audio=False)
    camera(shoot, "LATER", at_s=90, has_audio=False)
    look(video)
    pair = VideoPair.objects.get(state=PairState.UNSURE)
    assert {pair.first, pair.second} == {video, other}
    assert pair.offset_ms == (12_500 if pair.first == video else -12_500)
    assert pair.confidence == 0
    assert VideoPair.objects.filter(state=PairState.NONE).count() == 1


def trimmed(video: OriginalFile) -> OriginalFile:
    """Let all of a video go but its spans, of which it has none here."""
    now = timezone.now()
    OriginalFile.objects.filter(pk=video.pk).update(evicted_at=now, trimmed_at=now)
    return OriginalFile.objects.get(pk=video.pk)


def test_of_a_trimmed_video_the_clock_may_say_yes_and_nobody_says_no(shoot):
    video = camera(shoot, "HELMET", has_audio=False)
    beside, later = camera(shoot, "DRONE", at_s=12.5), camera(shoot, "LATER", at_s=900)
    trimmed(beside), trimmed(later)
    assert look(video).state == JobState.DONE
    pair = VideoPair.objects.get()
    assert ({pair.first, pair.second}, pair.state) == ({video, beside}, PairState.UNSURE)
    OriginalFile.objects.update(evicted_at=None, trimmed_at=None, has_audio=False)
    look(video)
    assert VideoPair.objects.filter(state=PairState.NONE).count() == 1, "it is here again"


def test_a_trimmed_video_is_not_brought_back_to_be_compared(shoot):
    video = trimmed(camera(shoot, "HELMET"))
    camera(shoot, "DRONE", has_audio=False)
    assert look(video).state == JobState.CANCELLED
    assert not Job.objects.filter(kind=JobKind.FETCH).exists()
    assert not VideoPair.objects.exists()


@pytest.mark.slow
def test_what_was_heard_of_a_trimmed_video_is_compared_with_a_video_that_comes_later(filmed):
    look(filmed["helmet"])
    VideoPair.objects.all().delete()
    trimmed(filmed["helmet"])
    look(filmed["landing"])
    pair = VideoPair.objects.all().of(filmed["helmet"]).get()
    assert (pair.state, abs(pair.offset_ms)) == (PairState.SURE, pytest.approx(6250, abs=1))


def test_who_sorts_goes_first_but_not_for_ever(shoot, sorter):
    video = camera(shoot, "HELMET", has_audio=False)
    camera(shoot, "DRONE", has_audio=False)
    segment = CandidateSegmentFactory(original_file=video)
    CandidateSegment.objects.lease_hand(member=sorter, lease=uuid.uuid4(), count=1)
    job = look(video)
    assert (job.state, job.attempts, VideoPair.objects.exists()) == (JobState.WAITING, 0, False)
    assert job.run_after > timezone.now()
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now(), created_at=timezone.now() - pairing.WAITS_AT_MOST)
    assert look(video).state == JobState.DONE
    segment.refresh_from_db()
    assert segment.locked_by == sorter
    assert VideoPair.objects.exists()


def test_a_search_asks_for_it_where_there_is_something_to_compare(shoot):
    video = camera(shoot, "HELMET")
    assert pairing.want(video) is None
    camera(shoot, "LANDING", at_s=5)
    job = pairing.want(video)
    assert (job.kind, job.priority, job.original_file) == (JobKind.PAIR, 9, video)
    assert pairing.want(video) == job, "at most one is active"


def lay_sound(folder, number: int, content: bytes = bytes(100)) -> None:
    source = folder / "heard.npy"
    source.unlink(missing_ok=True)
    source.write_bytes(content)
    kept_sounds.keep(source, kept_sounds.path_of(f"{number}" * 64, 1))


def taken(folder, *numbers: int) -> list[bool]:
    return [kept_sounds.take(kept_sounds.path_of(f"{number}" * 64, 1), folder) is not None for number in numbers]


def test_sounds_keep_to_their_size_and_what_is_in_use_stays(monkeypatch, tmp_path):
    monkeypatch.setattr(kept_sounds, "MOST_BYTES", 250)
    lay_sound(tmp_path, 0)
    lay_sound(tmp_path, 1)
    monkeypatch.setattr(kept_sounds, "IN_USE_S", -1)
    lay_sound(tmp_path, 2)
    assert taken(tmp_path, 0, 1, 2) == [False, True, True]
    monkeypatch.setattr(kept_sounds, "IN_USE_S", 3600)
    assert kept_sounds.drop_unused(1000) == 0
    kept_sounds.drop("1" * 64)
    assert kept_sounds.used_bytes() == 100


def test_a_sound_that_was_taken_stays_as_it_is_when_it_is_heard_again_or_dropped(tmp_path):
    """A sandboxed process may read the very file that it was given, and no other that took its place."""
    lay_sound(tmp_path, 0, b"first")
    path = kept_sounds.path_of("0" * 64, 1)
    number, mine = path.stat().st_ino, kept_sounds.take(path, tmp_path)
    lay_sound(tmp_path, 0, b"heard again by another worker")
    assert (mine.stat().st_ino, path.stat().st_ino, path.read_bytes()) == (number, number, b"first")
    kept_sounds.drop("0" * 64)
    assert (path.exists(), mine.read_bytes()) == (False, b"first")


@pytest.mark.slow
def test_of_a_video_whose_file_is_not_there_nobody_says_that_it_has_nothing_in_common(filmed):
    (django_settings.DATA_DIR / filmed["landing"].stored_path).unlink()
    assert look(filmed["helmet"]).state == JobState.DONE
    assert {frozenset((pair.first, pair.second)) for pair in VideoPair.objects.all()} == {
        frozenset((filmed["helmet"], filmed["drone"]))
    }


def chapter(shoot: Shoot, number: int, sound, **more: object) -> OriginalFile:
    """Return a chapter of the helmet camera's take, which began at noon."""
    named = {"original_filename": f"GX0{number}0042.MP4", "camera_id": "CAM_GOPRO11", "camera_serial": "C1"}
    return recorded(shoot, f"GX0{number}0042", sound, **named | more)


def of_two(one: OriginalFile, other: OriginalFile) -> VideoPair:
    return VideoPair.objects.all().of(one).get(pk__in=VideoPair.objects.all().of(other))


def later_s(one: OriginalFile, other: OriginalFile) -> float:
    """Return how much later the other of a pair began."""
    pair = of_two(one, other)
    return (pair.shift_ms if pair.first_id == one.pk else pair.in_second_ms(0)) / 1000


@pytest.fixture
def take(shoot) -> list[OriginalFile]:
    """Return two chapters of 20 s, of which the second has no sound, a third of 30 s, and a phone that began at 4 s."""
    scene = happening(80)
    chapters = [chapter(shoot, 1, scene[: 20 * RATE_HZ])]
    chapters.append(chapter(shoot, 2, scene[20 * RATE_HZ : 40 * RATE_HZ], at_s=20, has_audio=False))
    chapters.append(chapter(shoot, 3, scene[40 * RATE_HZ : 70 * RATE_HZ], at_s=40))
    return [*chapters, recorded(shoot, "phone", scene[4 * RATE_HZ : 66 * RATE_HZ], at_s=30)]


@pytest.mark.slow
def test_a_pair_of_one_chapter_tells_the_next_ones_and_the_sound_is_asked_only_there(take, monkeypatch):
    one, silent, third, phone = take
    look(one)
    assert (of_two(one, phone).state, of_two(one, phone).found_by) == (PairState.SURE, FoundBy.SOUND)
    asked, run = [], runner.run

    def noted(function: str, arguments: dict, **options: object) -> object:
        asked.extend(other["within_s"] for other in arguments.get("others", ()))
        return run(function, arguments, **options)

    monkeypatch.setattr(runner, "run", noted)
    look(silent), look(third)
    assert (of_two(silent, phone).state, of_two(silent, phone).found_by) == (PairState.SURE, FoundBy.TAKE)
    assert later_s(silent, phone) == pytest.approx(4 - 20, abs=0.002)
    assert (of_two(third, phone).state, of_two(third, phone).found_by) == (PairState.SURE, FoundBy.SOUND)
    assert later_s(third, phone) == pytest.approx(4 - 40, abs=0.002)
    assert len(asked) == 1, "of the silent one there is nothing to hear"
    assert asked[0] == pytest.approx([-36.5, -35.5], abs=0.01)


@pytest.mark.slow
def test_a_chapter_that_was_compared_before_learns_it_from_the_next_one(take):
    one, silent, _third, phone = take
    look(silent)
    before = of_two(silent, phone)
    assert (before.state, before.found_by) == (PairState.UNSURE, FoundBy.CLOCK)
    look(one)
    assert (of_two(silent, phone).state, of_two(silent, phone).found_by) == (PairState.SURE, FoundBy.TAKE)
    assert later_s(silent, phone) == pytest.approx(4 - 20, abs=0.002)


def test_a_chapter_that_ended_before_the_other_video_began_has_nothing_in_common_with_it(shoot, sorter):
    one, two = (
        camera(
            shoot, "C1", at_s=60 * number, camera_id="CAM_GOPRO11", has_audio=False,
            original_filename=f"GX0{number + 1}0042.MP4",
        ) for number in range(2)
    )  # fmt: skip
    phone = camera(shoot, "PHONE", has_audio=False, at_s=3)
    look(one)
    assert of_two(one, phone).confirm(sorter)
    look(two)
    assert of_two(two, phone).state == PairState.NONE
    later = camera(shoot, "DRONE", has_audio=False, at_s=50)
    look(later)
    assert {of_two(one, later).found_by, of_two(two, later).found_by} == {FoundBy.CLOCK}, "nothing is known of it"


#: Where the tricks of a session are, in seconds of what happened.
TRICKS_S = (14, 33, 41, 62, 85, 97)


def filmed_moments(video: OriginalFile, begins_s: float) -> None:
    for at_s in TRICKS_S:
        start_ms = round(1000 * (at_s - begins_s)) - 2000
        CandidateSegmentFactory(original_file=video, start_ms=start_ms, end_ms=start_ms + 4000, score=0.9)


@pytest.fixture
def silent(shoot) -> tuple[OriginalFile, OriginalFile]:
    """Return two videos without sound that saw the same; the second began 7 s later, and its clock is 50 s ahead."""
    one = camera(shoot, "HELMET", length_s=110, has_audio=False)
    other = camera(shoot, "DRONE", at_s=57, length_s=100, has_audio=False)
    filmed_moments(one, 0)
    return one, other


def test_without_sound_the_pattern_of_moments_proposes_a_pair_which_is_never_sure(silent, sorter):
    one, other = silent
    filmed_moments(other, 7)
    look(one)
    pair = of_two(one, other)
    assert (pair.state, pair.found_by) == (PairState.UNSURE, FoundBy.MOMENTS)
    assert later_s(one, other) == pytest.approx(7, abs=0.01)
    assert pair.confirm(sorter)


def test_a_search_that_ends_after_the_videos_were_compared_is_asked_as_well(silent):
    one, other = silent
    look(one)
    assert of_two(one, other).found_by == FoundBy.CLOCK
    filmed_moments(other, 7)
    job = pairing.want(other)
    assert job is not None, "though both were compared"
    pair_task(str(job.pk))
    assert (of_two(one, other).state, of_two(one, other).found_by) == (PairState.UNSURE, FoundBy.MOMENTS)
    assert pairing.want(other) is None
