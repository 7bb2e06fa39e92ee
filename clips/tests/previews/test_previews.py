"""Tests which previews are requested, in which order, what a page shows meanwhile, and the results."""

import av
import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from clips.jobs import pipeline
from clips.jobs.registry import step_of
from clips.media.sandbox import runner
from clips.models import CandidateSegment, Job, JobKind, JobState, OriginalFile, Preview, SegmentStatus
from clips.previews import requests
from clips.tests.factories import CandidateSegmentFactory
from clips.tests.media.made_up import shown_numbers
from clips.tests.previews.preview_rows import files_of, film_ten_seconds, past_jobs, propose
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS


@pytest.fixture
def filmed(shoot) -> OriginalFile:
    return film_ten_seconds(shoot)


def asked_for() -> list[CandidateSegment]:
    """Return the segments of all waiting preview jobs in their order."""
    jobs = Job.objects.filter(kind=JobKind.PREVIEW, state=JobState.WAITING).order_by("priority", "created_at")
    return [job.segment for job in jobs.select_related("segment")]


def has_preview(segment: CandidateSegment) -> Preview:
    return Preview.objects.create(
        segment=segment, stored_path=f"candidates/{segment.pk}.mp4", start_ms=0, end_ms=segment.end_ms + 3000,
        width_px=960, height_px=540, size_bytes=1,
    )  # fmt: skip


def test_what_is_shown_is_asked_for_best_first(original, segments):
    assert requests.want_previews(original) == 7
    assert asked_for() == segments[:7], "the last three are below the sensitivity"


def test_the_best_hand_of_each_file_goes_before_the_rest_of_any(original, segments):
    original.shoot.__class__.objects.update(sensitivity=100)
    requests.want_previews(original)
    priorities = [job.priority for job in Job.objects.filter(kind=JobKind.PREVIEW).order_by("-segment__score")]
    assert priorities == [4, 4, 4, 4, 5, 5, 5, 5, 6, 6]


def test_a_higher_sensitivity_asks_for_what_is_missing_only(original, segments):
    requests.want_previews(original)
    Job.objects.filter(segment=segments[0]).update(state=JobState.DONE)
    has_preview(segments[0])
    original.shoot.__class__.objects.update(sensitivity=100)
    assert requests.want_previews(original) == 3
    assert asked_for() == segments[1:]
    assert requests.want_previews(original) == 0


def test_what_is_decided_or_failed_is_not_asked_for_again(original, segments):
    CandidateSegment.objects.filter(pk=segments[0].pk).update(status=SegmentStatus.TRASHED)
    CandidateSegment.objects.filter(pk=segments[1].pk).update(status=SegmentStatus.ACCEPTED)
    Job.objects.create(kind=JobKind.PREVIEW, segment=segments[2], state=JobState.FAILED)
    requests.want_previews(original)
    assert asked_for() == segments[3:7]


def test_what_was_made_by_hand_comes_first(original, segments):
    by_hand = CandidateSegmentFactory(original_file=original, start_ms=1, end_ms=500)
    requests.want_previews(original)
    assert asked_for()[0] == by_hand


def test_what_somebody_waits_for_overtakes_the_rest(original, segments, broker, django_capture_on_commit_callbacks):
    requests.want_previews(original)
    with django_capture_on_commit_callbacks(execute=True):
        job = requests.want_preview(segments[5], urgent=True)
    assert asked_for()[0] == segments[5]
    assert Job.objects.filter(segment=segments[5]).count() == 1
    assert job.priority == requests.URGENT
    assert broker.depth("media") == 2, "the broker is told of it again, at its new place, and of its picture"


@pytest.mark.slow
def test_a_moment_without_a_picture_gets_one_too(filmed, work_off):
    """One that was made by hand, after the pictures of its file."""
    (segment,) = propose(filmed, (4_000, 5_000))
    requests.want_previews(filmed)
    assert {JobKind.POSTER, JobKind.PREVIEW} <= set(work_off())
    segment.refresh_from_db()
    assert segment.poster_path


@pytest.mark.slow
def test_a_picture_that_cannot_be_made_is_not_tried_for_ever(filmed, work_off, monkeypatch):
    propose(filmed, (4_000, 5_000))
    real = runner.run
    monkeypatch.setattr(
        runner, "run", lambda function, *a, **k: [] if "poster" in function else real(function, *a, **k)
    )
    pipeline.start(JobKind.POSTER, filmed)
    assert work_off().count(JobKind.POSTER) == 2


def test_what_is_urgent_stays_so(original, segments):
    requests.want_preview(segments[3], urgent=True)
    requests.want_preview(segments[3])
    assert Job.objects.get(kind=JobKind.PREVIEW).priority == requests.URGENT


@pytest.mark.parametrize(
    ("span", "expected"),
    [((5_000, 6_000), (2_000, 9_000)), ((1_000, 2_000), (0, 5_000)), ((8_000, 9_500), (5_000, 10_000))],
)
def test_a_preview_shows_three_seconds_around_as_far_as_there_are_any(filmed, span, expected):
    (segment,) = propose(filmed, span)
    assert requests.span_ms(segment) == expected


@pytest.mark.slow
def test_after_detection_come_pictures_and_then_previews(filmed, work_off):
    first, second = propose(filmed, (4_000, 5_000), (6_000, 7_000))
    pipeline.start(JobKind.POSTER, filmed)
    done = [kind for kind in work_off() if kind != JobKind.FILMSTRIP]
    assert done == [JobKind.POSTER, JobKind.PREVIEW], "of two that overlap the first takes the other along"
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    for segment in (first, second):
        segment.refresh_from_db()
        with av.open(str(django_settings.DATA_DIR / segment.poster_path)) as picture:
            assert next(picture.decode(video=0)).width == 320
    made = first.preview
    assert (made.start_ms, made.end_ms, made.width_px, made.height_px) == (1_000, 8_033, 320, 180)
    file = django_settings.DATA_DIR / made.stored_path
    assert shown_numbers(file) == list(range(30, 241))
    assert made.size_bytes == file.stat().st_size
    assert list(django_settings.SCRATCH_DIR.iterdir()) == []


def test_detection_is_followed_by_pictures():
    assert step_of(JobKind.DETECT).then == (JobKind.POSTER,)
    assert {step_of(kind).queue for kind in (JobKind.POSTER, JobKind.PREVIEW)} == {"media"}


@pytest.mark.slow
def test_files_that_were_deleted_are_made_again(filmed, work_off):
    gone, whole = propose(filmed, (4_000, 5_000), (6_000, 7_000))
    pipeline.start(JobKind.POSTER, filmed)
    work_off()
    for file in files_of(gone):
        file.unlink()
    times = {file: file.stat().st_mtime_ns for file in files_of(whole)}
    pipeline.start(JobKind.POSTER, filmed)
    assert work_off() == [JobKind.POSTER, JobKind.PREVIEW]
    assert len(files_of(gone)) == 2
    assert {file: file.stat().st_mtime_ns for file in files_of(whole)} == times


def test_pictures_alone_ask_for_no_previews(filmed, work_off):
    propose(filmed, (4_000, 5_000))
    pipeline.start(JobKind.POSTER, filmed, alone=True)
    assert work_off() == [JobKind.POSTER]


@pytest.mark.slow
def test_no_media_library_is_loaded_into_the_worker(filmed, work_off, monkeypatch):
    propose(filmed, (4_000, 5_000))
    called = []
    real = runner.run
    monkeypatch.setattr(runner, "run", lambda function, *a, **k: called.append(function) or real(function, *a, **k))
    pipeline.start(JobKind.POSTER, filmed)
    work_off()
    assert {"clips.media.render.poster:make_posters", "clips.media.render.preview:make_previews"} <= set(called)


@pytest.mark.slow
def test_a_new_analysis_takes_the_files_of_what_it_replaces(filmed, work_off, django_capture_on_commit_callbacks):
    from detection.moments import replace_moments

    old, kept = propose(filmed, (4_000, 5_000), (6_000, 7_000))
    pipeline.start(JobKind.POSTER, filmed)
    work_off()
    CandidateSegment.objects.filter(pk=kept.pk).update(status=SegmentStatus.TRASHED)
    found = {"version": "2", "parameters": {}, "curve": {}, "timings": {}, "candidates": []}
    with django_capture_on_commit_callbacks(execute=True):
        replace_moments(filmed, found)
        assert files_of(old), "a file goes only when its row is gone for good"
    assert not files_of(old)
    assert len(files_of(kept)) == 2
    assert not Preview.objects.filter(segment_id=old.pk).exists()


@pytest.mark.slow
def test_a_preview_of_a_moment_that_was_replaced_meanwhile_is_dropped(filmed, work_off, monkeypatch):
    (segment,) = propose(filmed, (4_000, 5_000))
    requests.want_preview(segment)
    Job.objects.filter(kind=JobKind.POSTER).delete()
    real = runner.run

    def replaced_meanwhile(*arguments, **options):
        made = real(*arguments, **options)
        CandidateSegment.objects.filter(pk=segment.pk).delete()
        return made

    monkeypatch.setattr(runner, "run", replaced_meanwhile)
    work_off()
    assert not Preview.objects.exists()
    assert not files_of(segment)


def partial(client, segment: CandidateSegment, *, post: bool = False):
    call = client.post if post else client.get
    return call(reverse("clips:segment_preview", args=[segment.pk]), headers=AS_A_PAGE_ASKS)


def test_a_ready_preview_is_a_player_that_asks_for_nothing_more(client, sorter, segments):
    client.force_login(sorter)
    has_preview(segments[0])
    text = partial(client, segments[0]).text
    assert f'src="/media/previews/{segments[0].pk}.mp4"' in text
    assert 'data-preview-start-ms="0"' in text
    assert "hx-" not in text


def test_a_preview_nobody_asked_for_asks_for_itself(client, sorter, segments):
    client.force_login(sorter)
    text = partial(client, segments[8]).text
    assert 'hx-trigger="load"' in text
    assert not Job.objects.exists(), "looking changes nothing"
    text = partial(client, segments[8], post=True).text
    assert 'hx-trigger="every 2s"' in text
    assert asked_for() == [segments[8]]
    assert Job.objects.get(kind=JobKind.PREVIEW).priority == requests.URGENT


def test_a_waiting_preview_shows_its_picture_and_says_how_long(client, sorter, original, segments):
    client.force_login(sorter)
    CandidateSegment.objects.filter(pk=segments[2].pk).update(poster_path="candidates/x.jpg")
    requests.want_previews(original)
    assert "Preparing preview" in partial(client, segments[2]).text, "nothing is known that would tell how long"
    past_jobs(segments[9], seconds=4)
    text = partial(client, segments[2]).text
    assert "in about 12 s" in text, "two are before it"
    assert f'src="/media/posters/{segments[2].pk}.jpg"' in text
    assert "<video" not in text


def test_a_running_preview_says_what_is_left_of_it(original, segments):
    past_jobs(segments[9], seconds=20)
    job = requests.want_preview(segments[0])
    Job.objects.claim(job.pk, worker="one")
    Job.objects.filter(pk=job.pk).update(progress=0.75)
    assert requests.state_of(segments[0]).about_s == 5
    requests.want_preview(segments[1])
    assert requests.state_of(segments[1]).about_s == 40


def test_a_failed_preview_says_why_and_can_be_asked_for_again(client, sorter, segments):
    client.force_login(sorter)
    Job.objects.create(kind=JobKind.PREVIEW, segment=segments[0], state=JobState.FAILED, reason="It is damaged.")
    text = partial(client, segments[0]).text
    assert "It is damaged." in text
    assert "every" not in text
    assert 'data-state="waiting"' in partial(client, segments[0], post=True).text


def test_asking_for_what_is_there_starts_nothing(client, sorter, segments):
    client.force_login(sorter)
    has_preview(segments[0])
    partial(client, segments[0], post=True)
    assert not Job.objects.exists()


@pytest.mark.parametrize("n_others", [0, 400])
def test_the_state_costs_a_fixed_number_of_queries(client, sorter, run, segments, n_others, django_assert_num_queries):
    others = CandidateSegment.objects.bulk_create(
        CandidateSegment(original_file=run.original_file, run=run, start_ms=n, end_ms=n + 1, score=0.6)
        for n in range(n_others)
    )
    Job.objects.bulk_create(Job(kind=JobKind.PREVIEW, segment=segment) for segment in others)
    past_jobs(segments[9], seconds=4)
    requests.want_preview(segments[0])
    segment = CandidateSegment.objects.select_related("preview").get(pk=segments[0].pk)
    with django_assert_num_queries(3):
        assert requests.state_of(segment).name == "waiting"


def test_a_ready_one_costs_none(segments, django_assert_num_queries):
    has_preview(segments[0])
    segment = CandidateSegment.objects.select_related("preview").get(pk=segments[0].pk)
    with django_assert_num_queries(0):
        assert requests.state_of(segment).name == "ready"
