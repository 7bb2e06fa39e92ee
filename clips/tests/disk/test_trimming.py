"""Tests trimming: what is kept, what never goes, and that clips are cut from what is left as they were before."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clips.archive import session_facts
from clips.disk import fetching, trimmable, trimmed, trimming
from clips.ingest.receipt_text import FileState, verdict_of
from clips.ingest.views import known_files
from clips.integrity import file_checks, orphans, scrub
from clips.integrity.finding import Kind
from clips.jobs import kept
from clips.library.new_version import reedit
from clips.media.cut.clip import cut
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    Decision,
    Eviction,
    FinalClip,
    Job,
    JobKind,
    JobState,
    KeptPart,
    NoticeChannel,
    NoticeKind,
    OriginalFile,
    Receipt,
    ReceiptFile,
    SegmentStatus,
    UploadSource,
)
from clips.notifications import occasions
from clips.previews.raw_playback import Way, raw_source
from clips.sorting import decisions
from clips.sorting.decisions import Choice, TrimError
from clips.storage.files import sha256_of
from clips.tests.factories import (
    CandidateSegmentFactory,
    DetectionRunFactory,
    FinalClipFactory,
    OriginalFileFactory,
)
from clips.tests.media.made_up import make_video
from people.models import AuditEntry

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

KEPT_MS = (40_000, 43_000)


@pytest.fixture
def film(shoot, own_data_dir) -> Callable[..., OriginalFile]:
    """Return a function that makes a searched video."""

    def make(*, frames: int, rate: int, **how) -> OriginalFile:
        path = own_data_dir / "originals" / "filmed.mp4"
        path.parent.mkdir()
        make_video(path, frames=frames, rate=rate, bframes=2, gop=rate, **how)
        original = OriginalFileFactory(
            shoot=shoot, stored_path="originals/filmed.mp4", file_hash=sha256_of(path),
            size_bytes=path.stat().st_size, fingerprint="f" * 64, camera_id="CAM_GOPRO11", fps_label=f"{rate}FPS",
            rate_num=rate, rate_den=1, width_px=320, height_px=180, duration_ms=1000 * frames // rate, codec="h264",
            probed_at=timezone.now(),
        )  # fmt: skip
        DetectionRunFactory(original_file=original)
        return original

    return make


@pytest.fixture
def sort(sorter, work_off) -> Callable[..., None]:
    """Return a function that trashes some moments of a video, and keeps others, which are cut and archived."""

    def decide(original: OriginalFile, trashed_ms: list[int], kept_ms: list[tuple[int, int]]) -> None:
        moment = partial(CandidateSegmentFactory, original_file=original, run=original.runs.get(), score=0.9)
        for start_ms in trashed_ms:
            moment(start_ms=start_ms, end_ms=start_ms + 4000, status=SegmentStatus.TRASHED)
        for start_ms, end_ms in kept_ms:
            moment(start_ms=start_ms - 1000, end_ms=end_ms + 1000)
            lease = uuid.uuid4()
            (segment,) = CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)
            decisions.keep(segment, Choice(start_ms, end_ms), lease=lease, key=uuid.uuid4(), member=sorter)
        Job.objects.exclude(kind=JobKind.RENDER).delete()
        work_off()
        assert not Job.objects.exclude(state=JobState.DONE).exists()

    return decide


@pytest.fixture
def filmed(film, sort) -> OriginalFile:
    """Two minutes of video with three moments, of which one is kept, cut and archived; the others are trashed."""
    original = film(frames=3000, rate=25)
    sort(original, [10_000, 80_000], [KEPT_MS])
    return original


@pytest.fixture
def let_time_go_by(work_off) -> Callable[[OriginalFile], OriginalFile]:
    """Return a function that lets the seven days pass, and the workers do what is due."""

    def go_by(original: OriginalFile) -> OriginalFile:
        work_off()
        OriginalFile.objects.filter(trim_at__isnull=False).update(trim_at=timezone.now() - timedelta(minutes=1))
        trimming.look_after()
        work_off()
        original.refresh_from_db()
        return original

    return go_by


@pytest.fixture
def is_trimmed(filmed, curator, let_time_go_by) -> OriginalFile:
    trimming.plan(filmed.shoot, curator)
    return let_time_go_by(filmed)


def whole(original: OriginalFile, data_dir: Path) -> Path:
    return data_dir / original.stored_path


def test_a_trimmed_video_keeps_its_clip_and_some_seconds_around_it(filmed, curator, let_time_go_by, own_data_dir):
    assert trimming.plan(filmed.shoot, curator) == 1
    let_time_go_by(filmed)
    assert (filmed.trimmed_at is not None, filmed.trim_at, filmed.trim_problem) == (True, None, "")
    assert not whole(filmed, own_data_dir).exists()
    assert list(filmed.kept_parts.spans().values_list("start_ms", "end_ms")) == [(35_000, 48_000)]
    kept_bytes = 0
    for part in filmed.kept_parts.all():
        file = own_data_dir / part.stored_path
        assert (file.stat().st_size, sha256_of(file)) == (part.size_bytes, part.file_hash)
        kept_bytes += part.size_bytes
    assert kept_bytes < 0.25 * filmed.size_bytes
    freed = Eviction.objects.get()
    assert (freed.original_file, freed.size_bytes) == (filmed, filmed.size_bytes - kept_bytes)
    assert AuditEntry.objects.filter(target_id=str(filmed.pk), details__what="trimmed").exists()
    assert (filmed.fingerprint, len(filmed.file_hash)) == ("f" * 64, 64)
    assert CandidateSegment.objects.count() == 3


def test_clips_are_cut_again_to_the_same_bytes(is_trimmed, own_data_dir, work_off):
    clip = FinalClip.objects.get()
    before = (own_data_dir / clip.stored_path).read_bytes()
    (own_data_dir / clip.stored_path).unlink()
    Job.objects.for_target(JobKind.RENDER, clip, params={"alone": True})
    work_off()
    assert (own_data_dir / clip.stored_path).read_bytes() == before


def test_a_new_version_within_the_seconds_around_it_is_what_it_would_have_been(
    filmed, curator, let_time_go_by, sorter, own_data_dir, work_off, tmp_path
):
    wider = (36_200, 47_400)
    cut(str(whole(filmed, own_data_dir)), str(tmp_path / "before.mp4"), *wider)
    trimming.plan(filmed.shoot, curator)
    let_time_go_by(filmed)
    with kept.local_span(filmed, *wider) as left:
        cut(str(left), str(tmp_path / "after.mp4"), *wider)
    assert (tmp_path / "after.mp4").read_bytes() == (tmp_path / "before.mp4").read_bytes()
    version = reedit(FinalClip.objects.get(), Choice(*wider), member=sorter)
    work_off()
    version.refresh_from_db()
    assert version.stored_path
    assert (own_data_dir / version.stored_path).is_file()


def test_what_lies_beyond_says_so(is_trimmed, sorter, work_off):
    with pytest.raises(TrimError, match=r"0:20 to 0:43 is gone"):
        reedit(FinalClip.objects.get(), Choice(20_000, 43_000), member=sorter)
    gone = FinalClipFactory(original_file=is_trimmed, start_ms=80_000, end_ms=82_000)
    job = Job.objects.for_target(JobKind.RENDER, gone)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "was trimmed" in job.reason


def test_what_was_asked_for_is_cut_around_the_clip_as_far_as_it_is_there(is_trimmed):
    assert kept.within_reach(is_trimmed, 0, 60_000, around=KEPT_MS) == (35_000, 48_000)
    assert kept.within_reach(is_trimmed, 0, 5_000, around=(1_000, 2_000)) == (0, 5_000)


def test_until_it_is_trimmed_it_can_be_undone_and_then_the_setting_leaves_it_alone(
    filmed, curator, let_time_go_by, settings, own_data_dir
):
    trimming.plan(filmed.shoot, curator)
    filmed.refresh_from_db()
    assert filmed.trim_at > timezone.now() + timedelta(days=6)
    assert trimming.undo(filmed.shoot) == 1
    settings.TRIM_ORIGINALS, settings.TRIM_AFTER_DAYS = "after_sorting", 0
    let_time_go_by(filmed)
    assert (filmed.trim_at, filmed.trimmed_at) == (None, None)
    assert whole(filmed, own_data_dir).is_file()
    assert trimming.plan(filmed.shoot, curator) == 1, "a person may think again once more"


def test_nothing_is_trimmed_before_its_seven_days(filmed, curator, work_off, own_data_dir):
    trimming.plan(filmed.shoot, curator)
    assert trimming.look_after() == 0
    assert work_off() == [JobKind.FILMSTRIP], "what shows all of it is made while it can be"
    assert whole(filmed, own_data_dir).is_file()


TIES = {
    "moments to sort": lambda original: CandidateSegmentFactory(original_file=original, score=0.9),
    "nobody has kept or trashed": lambda original: CandidateSegment.objects.all().update(
        status=SegmentStatus.UNREVIEWED, score=0.01
    ),
    "not all its clips": lambda _original: ArchiveCopy.objects.all().delete(),
    "damaged": lambda original: original.note_damaged(),
    "jobs for it": lambda original: Job.objects.for_target(JobKind.READ_BACK, original),
    "just restored": lambda _original: OriginalFile.objects.update(fetched_at=timezone.now()),
    "not been searched": lambda original: (original.segments.update(run=None), original.runs.all().delete()),
}


@pytest.mark.parametrize("sentence", TIES)
def test_whatever_ties_a_video_keeps_it_whole(filmed, curator, own_data_dir, sentence):
    TIES[sentence](filmed)
    rows = trimmable.with_reasons(OriginalFile.objects.all())
    assert sentence in trimmable.why_whole(rows.get(pk=filmed.pk))
    assert trimming.plan(filmed.shoot, curator) == 0


@pytest.mark.parametrize("sentence", ["moments to sort", "not all its clips"])
def test_what_ties_it_after_it_was_planned_keeps_it_too(filmed, curator, let_time_go_by, own_data_dir, sentence):
    trimming.plan(filmed.shoot, curator)
    TIES[sentence](filmed)
    let_time_go_by(filmed)
    assert filmed.trimmed_at is None
    assert whole(filmed, own_data_dir).is_file()


def test_a_second_look_comes_first_and_is_given_up_after_a_week(filmed, curator, let_time_go_by, own_data_dir):
    trimming.plan(filmed.shoot, curator)
    Job.objects.for_target(JobKind.LOOK, filmed, priority=9)
    looks = Job.objects.filter(kind=JobKind.LOOK)
    looks.update(run_after=timezone.now() + timedelta(days=1))
    let_time_go_by(filmed)
    assert whole(filmed, own_data_dir).is_file()
    row = trimmable.with_reasons(OriginalFile.objects.all()).get(pk=filmed.pk)
    assert "looked at more closely" in trimmable.why_it_waits(row)
    looks.update(created_at=timezone.now() - trimmable.LOOK_WITHIN)
    let_time_go_by(filmed)
    assert filmed.trimmed_at is not None
    assert not whole(filmed, own_data_dir).exists()


def test_what_a_second_look_found_is_sorted_before_its_video_is_trimmed(filmed, curator, let_time_go_by, own_data_dir):
    trimming.plan(filmed.shoot, curator)
    CandidateSegmentFactory(original_file=filmed, run=filmed.runs.get(), score=0.9, start_ms=60_000, end_ms=63_000)
    let_time_go_by(filmed)
    assert (filmed.trimmed_at, filmed.trim_at is not None) == (None, True)
    CandidateSegment.objects.open().update(status=SegmentStatus.TRASHED)
    assert let_time_go_by(filmed).trimmed_at is not None


def test_where_originals_are_archived_none_is_trimmed_without_its_copy(filmed, curator, settings, archive_it):
    settings.ARCHIVE_ORIGINALS = "after_sorting"
    assert trimming.plan(filmed.shoot, curator) == 0
    archive_it(filmed)
    assert trimming.plan(filmed.shoot, curator) == 1


def test_the_setting_trims_what_nobody_touched_for_some_days(filmed, settings, let_time_go_by):
    settings.TRIM_ORIGINALS, settings.TRIM_AFTER_DAYS = "after_sorting", 10
    trimming.look_after()
    filmed.refresh_from_db()
    assert filmed.trim_at is None
    Decision.objects.update(created_at=timezone.now() - timedelta(days=11))
    trimming.look_after()
    filmed.refresh_from_db()
    assert filmed.trim_at > timezone.now() + timedelta(days=6)
    assert AuditEntry.objects.filter(details__what="planned to trim videos").exists()
    assert let_time_go_by(filmed).trimmed_at is not None


@pytest.mark.parametrize("is_a_persons", [False, True])
def test_a_setting_that_is_taken_back_takes_back_its_plans_and_no_persons(filmed, settings, is_a_persons):
    Decision.objects.update(created_at=timezone.now() - timedelta(days=60))
    settings.TRIM_ORIGINALS = "never" if is_a_persons else "after_sorting"
    if is_a_persons:
        trimming.plan(filmed.shoot, None)  # as ``manage.py trim`` does
    trimming.look_after()
    filmed.refresh_from_db()
    assert (filmed.trim_at is not None, filmed.trim_by_setting) == (True, not is_a_persons)
    settings.TRIM_ORIGINALS = "never"
    trimming.look_after()
    filmed.refresh_from_db()
    assert (filmed.trim_at is not None) == is_a_persons


def test_a_video_that_changed_while_its_parts_were_written_stays_whole(
    filmed, curator, let_time_go_by, monkeypatch, own_data_dir
):
    prove = trimming._prove

    def meanwhile(*arguments) -> None:
        prove(*arguments)
        trimming.undo(filmed.shoot)

    monkeypatch.setattr(trimming, "_prove", meanwhile)
    trimming.plan(filmed.shoot, curator)
    let_time_go_by(filmed)
    assert (filmed.evicted_at, filmed.trimmed_at) == (None, None)
    assert whole(filmed, own_data_dir).is_file()
    assert not KeptPart.objects.exists()
    assert not list((own_data_dir / "originals").glob("kept/*"))


def test_who_dies_before_the_whole_is_deleted_leaves_it_to_the_next(
    filmed, curator, let_time_go_by, monkeypatch, own_data_dir
):
    with monkeypatch.context() as patch:
        patch.setattr(trimmed, "delete_whole", lambda _original: False)
        trimming.plan(filmed.shoot, curator)
        let_time_go_by(filmed)
    assert filmed.trimmed_at is not None
    assert whole(filmed, own_data_dir).is_file()
    trimming.look_after()
    assert not whole(filmed, own_data_dir).exists()


def test_a_part_that_cannot_be_read_back_leaves_the_whole(filmed, curator, let_time_go_by, monkeypatch, own_data_dir):
    with monkeypatch.context() as patch:
        patch.setattr(trimmed, "delete_whole", lambda _original: False)
        trimming.plan(filmed.shoot, curator)
        let_time_go_by(filmed)
    part = filmed.kept_parts.spans().get()
    path = own_data_dir / part.stored_path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    trimming.look_after()
    filmed.refresh_from_db()
    assert (filmed.evicted_at, filmed.trimmed_at) == (None, None)
    assert whole(filmed, own_data_dir).is_file()
    assert not KeptPart.objects.exists()


def test_clips_that_would_differ_keep_a_video_whole_and_it_says_why(
    filmed, curator, let_time_go_by, monkeypatch, own_data_dir
):
    pack = trimming.kept_file.pack
    monkeypatch.setattr(
        trimming.kept_file, "pack", lambda source, ranges, out, report: pack(source, ranges[: len(ranges) // 2], out)
    )
    trimming.plan(filmed.shoot, curator)
    let_time_go_by(filmed)
    assert (filmed.trimmed_at, filmed.trim_at) == (None, None)
    assert filmed.trim_problem
    assert whole(filmed, own_data_dir).is_file()
    assert not trimmable.trimmable().exists(), "the site does not try again by itself"
    monkeypatch.undo()
    assert trimming.plan(filmed.shoot, curator) == 1, "a person may have it tried again"
    assert let_time_go_by(filmed).trimmed_at is not None


def test_a_trimmed_video_comes_back_whole_from_the_archive(
    filmed, curator, archive_it, let_time_go_by, own_data_dir, work_off
):
    archive_it(filmed)
    trimming.plan(filmed.shoot, curator)
    let_time_go_by(filmed)
    with transaction.atomic():
        fetching.want(filmed, priority=1)
    work_off()
    filmed.refresh_from_db()
    assert (filmed.evicted_at, filmed.trimmed_at) == (None, None)
    assert sha256_of(whole(filmed, own_data_dir)) == filmed.file_hash
    assert not KeptPart.objects.exists()


def test_its_file_is_known_until_somebody_wants_all_of_it(is_trimmed, work_off):
    assert known_files([is_trimmed.fingerprint])
    with transaction.atomic():
        fetching.want(is_trimmed, priority=1)
    work_off()
    assert "Upload the file again" in Job.objects.get(kind=JobKind.FETCH).reason
    assert not known_files([is_trimmed.fingerprint])


@pytest.fixture
def card(is_trimmed, sorter) -> Receipt:
    """The receipt of a card with the one video that was trimmed since; somebody wants notices about cards."""
    channel = NoticeChannel.objects.create(name="crew", kind="WEBHOOK", shown_target="x", wants=[NoticeKind.CARD])
    NoticeChannel.objects.filter(pk=channel.pk).update(created_at=timezone.now() - timedelta(days=2))
    now = timezone.now()
    receipt = Receipt.objects.create(source=UploadSource.BROWSER, name="Card", owner=sorter, closed_at=now)
    Receipt.objects.update(last_file_at=now - timedelta(days=1))
    size_bytes = is_trimmed.size_bytes
    ReceiptFile.objects.create(receipt=receipt, path="a.mp4", size_bytes=size_bytes, original_file=is_trimmed)
    return receipt


def test_a_receipt_of_a_trimmed_video_misses_nothing_and_promises_nothing(card, sorter, client):
    verdict = verdict_of(card)
    assert [line.state for line in verdict.lines] == [FileState.TRIMMED]
    assert (verdict.is_safe, verdict.all_arrived, verdict.missing) == (False, True, [])
    client.force_login(sorter)
    page = client.get(reverse("clips:receipt", args=[card.pk])).content.decode()
    assert "Everything arrived" in page
    assert "Do not format" not in page
    assert "1 video trimmed since" in client.get(reverse("clips:receipts")).content.decode()
    assert occasions.cards() == 0


def test_a_receipt_says_what_else_is_missing_beside_a_trimmed_video(card, sorter, client):
    ReceiptFile.objects.create(receipt=card, path="b.mp4", size_bytes=5)
    verdict = verdict_of(card)
    assert (verdict.all_arrived, verdict.missing) == (False, [(FileState.ABSENT, 1)])
    client.force_login(sorter)
    assert "Do not format yet" in client.get(reverse("clips:receipt", args=[card.pk])).content.decode()
    assert occasions.cards() == 1


def test_the_audit_knows_its_parts(is_trimmed, own_data_dir):
    assert not list(file_checks.rows_and_files(checksums=True))
    assert not list(file_checks.let_go_for_good(checksums=True))
    part = is_trimmed.kept_parts.spans().get()
    path = own_data_dir / part.stored_path
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert [one.kind for one in file_checks.rows_and_files(checksums=True)] == [Kind.PART_CHANGED]
    path.unlink()
    assert [one.kind for one in file_checks.rows_and_files(checksums=False)] == [Kind.PART_MISSING]


def test_a_part_without_a_row_is_found(is_trimmed, own_data_dir, monkeypatch):
    monkeypatch.setattr(orphans, "GRACE_S", -1)
    left = own_data_dir / "originals" / "kept" / "left.kept"
    left.write_bytes(b"x")
    assert [one.kind for one in orphans.files_without_rows(checksums=False)] == [Kind.ORPHAN_PART]


def test_the_session_file_has_its_parts(is_trimmed):
    told = session_facts.session_facts(is_trimmed.shoot)["kept_parts"]
    assert {one["stored_path"] for one in told} == set(KeptPart.objects.values_list("stored_path", flat=True))


def test_a_dry_run_says_about_how_much(filmed, curator, let_time_go_by, capsys):
    told = trimmable.estimate(trimmable.of_session(filmed.shoot))
    call_command("trim", str(filmed.shoot_id), "--dry-run")
    assert told.n_videos == 1
    assert ": 1 video, about " in capsys.readouterr().out
    filmed.refresh_from_db()
    assert filmed.trim_at is None


def test_parts_are_read_back_at_night_and_a_damaged_one_brings_the_whole_back(
    filmed, curator, archive_it, let_time_go_by, own_data_dir, work_off
):
    archive_it(filmed)
    trimming.plan(filmed.shoot, curator)
    let_time_go_by(filmed)
    assert scrub.tonight() == 1
    work_off()
    assert not KeptPart.objects.filter(read_back_at=None).exists()
    part = filmed.kept_parts.spans().get()
    path = own_data_dir / part.stored_path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    KeptPart.objects.update(read_back_at=None)
    assert scrub.tonight() == 1
    work_off()
    filmed.refresh_from_db()
    assert (filmed.evicted_at, filmed.trimmed_at) == (None, None)


def test_no_clip_is_cut_from_a_damaged_part(is_trimmed, own_data_dir, work_off):
    part = is_trimmed.kept_parts.spans().get()
    path = own_data_dir / part.stored_path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    clip = FinalClip.objects.get()
    job = Job.objects.for_target(JobKind.RENDER, clip, params={"alone": True})
    work_off()
    job.refresh_from_db()
    assert (job.state, "damaged" in job.reason) == (JobState.FAILED, True)
    assert [one.kind for one in file_checks.found_damaged_parts(checksums=False)] == [Kind.PART_CHANGED]


def test_the_rest_can_be_looked_at(is_trimmed, client, viewer):
    client.force_login(viewer)
    source = raw_source(is_trimmed)
    assert (source.way, source.is_whole) == (Way.GLANCE, True)
    answer = client.get(source.url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "video/mp4")
    page = client.get(f"/sessions/{is_trimmed.shoot_id}?details").content.decode()
    assert "still pictures of the rest are left" in page
    assert "0:35–0:48" in page


def test_a_trimmed_video_is_neither_searched_nor_given_moments_until_it_is_restored(is_trimmed, client, curator):
    client.force_login(curator)
    span = {"start_ms": "0:40", "end_ms": "0:42"}
    refused = client.post(reverse("clips:file_add_moment", args=[is_trimmed.pk]), span)
    assert (refused.status_code, "Restore it to add moments" in refused.content.decode()) == (422, True)
    watched = {"key": str(uuid.uuid4()), "start_ms": 40_000, "end_ms": 42_000}
    assert client.post(reverse("clips:watch_add_moment", args=[is_trimmed.pk]), watched).status_code == 422
    assert client.post(reverse("clips:file_redetect", args=[is_trimmed.pk])).status_code == 409
    client.post(reverse("clips:session_redetect", args=[is_trimmed.shoot_id]))
    assert not Job.objects.filter(kind=JobKind.DETECT).exists()
    page = client.get(f"/sessions/{is_trimmed.shoot_id}?details").content.decode()
    assert f"fetch-now-{is_trimmed.pk}" in page
    for button in (f"redetect-{is_trimmed.pk}", 'class="watch-make"', 'class="by-hand"'):
        assert button not in page


def test_moments_of_which_nothing_is_left_are_not_dealt(is_trimmed, sorter):
    CandidateSegmentFactory(original_file=is_trimmed, score=0.9, start_ms=90_000, end_ms=94_000)
    assert not CandidateSegment.objects.undecided().exists()


def test_of_thirty_moments_ten_are_kept_and_at_most_a_fifth_is_left(
    film, sort, curator, let_time_go_by, own_data_dir, work_off
):
    original = film(frames=4500, rate=5, audio=False)  # encoding a quarter of an hour of sound takes longest
    starts_ms = [30_000 * number + 10_000 for number in range(30)]
    sort(
        original,
        [start_ms for number, start_ms in enumerate(starts_ms) if number % 3],
        [(start_ms, start_ms + 1500) for start_ms in starts_ms[::3]],
    )
    before = {clip.pk: clip.file_hash for clip in FinalClip.objects.all()}
    trimming.plan(original.shoot, curator)
    let_time_go_by(original)
    assert original.trimmed_at is not None
    left_bytes = sum(path.stat().st_size for path in (own_data_dir / "originals").rglob("*") if path.is_file())
    assert left_bytes <= 0.2 * original.size_bytes
    for clip in FinalClip.objects.all():
        Job.objects.for_target(JobKind.RENDER, clip, params={"alone": True})
    work_off()
    assert {clip.pk: clip.file_hash for clip in FinalClip.objects.all()} == before
    assert len(before) == 10
