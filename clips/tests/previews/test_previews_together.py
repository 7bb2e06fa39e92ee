"""Tests that previews that share frames are made together, while each job is kept, lost and ended on its own."""

import pytest
from django.utils import timezone

from clips.media import MediaError
from clips.media.sandbox import runner
from clips.models import CandidateSegment, Job, JobState, OriginalFile, Preview
from clips.previews import requests, tasks
from clips.tests.previews.preview_rows import files_of, film_ten_seconds, past_jobs, propose


@pytest.fixture
def filmed(shoot) -> OriginalFile:
    return film_ten_seconds(shoot)


@pytest.fixture
def runs(monkeypatch) -> list[int]:
    """Number of previews requested of each child, in order."""
    asked = []
    real = runner.run

    def counted(function, arguments, **options):
        if function.endswith("make_previews"):
            asked.append(len(arguments["requests"]))
        return real(function, arguments, **options)

    monkeypatch.setattr(runner, "run", counted)
    return asked


def wanted(original: OriginalFile, *spans_ms: tuple[int, int]) -> list[Job]:
    """Request previews of new moments that have their pictures already."""
    segments = propose(original, *spans_ms)
    CandidateSegment.objects.update(poster_path="candidates/x.jpg")
    return [requests.want_preview(CandidateSegment.objects.get(pk=segment.pk)) for segment in segments]


def states() -> list[str]:
    return list(Job.objects.order_by("created_at").values_list("state", flat=True))


@pytest.mark.slow
def test_neighbours_that_overlap_are_made_by_one_child_and_end_each_in_its_own_right(filmed, work_off, runs):
    first, second, _third = wanted(filmed, (500, 1_000), (1_500, 2_000), (9_500, 10_000))
    work_off()
    assert runs == [2, 1], "the third begins seconds after the second ends"
    assert states() == [JobState.DONE] * 3
    second.refresh_from_db()
    assert second.params == {requests.ALONG_WITH: str(first.pk)}
    assert [made.start_ms for made in Preview.objects.order_by("start_ms")] == [0, 0, 6_500]
    assert all(files_of(made.segment) for made in Preview.objects.all())


def test_what_overlaps_makes_a_chain_of_limited_length(original, run):
    """Ten seconds each, every two seconds: what makes the whole no longer than half a minute is taken along."""
    jobs = wanted(original, *((n * 2_000, n * 2_000 + 4_000) for n in range(5, 30)))
    claimed = Job.objects.claim(jobs[0].pk, worker="one")
    assert requests.to_take_along(claimed) == [job.pk for job in jobs[1 : requests.MOST_TOGETHER]]
    Job.objects.filter(pk__in=[job.pk for job in jobs[1:20:2]]).delete()
    CandidateSegment.objects.filter(pk__in=[job.segment_id for job in jobs[1:20:2]]).delete()
    along = Job.objects.filter(pk__in=requests.to_take_along(claimed)).select_related("segment__original_file")
    assert max(requests.span_ms(job.segment)[1] for job in along) - 7_000 <= requests.MOST_TOGETHER_MS
    assert along


@pytest.mark.slow
def test_whoever_is_waited_for_takes_nobody_along(filmed, work_off, runs):
    first, _second = wanted(filmed, (500, 1_000), (1_500, 2_000))
    requests.want_preview(first.segment, urgent=True)
    work_off()
    assert runs == [1, 1]


@pytest.mark.slow
def test_one_that_failed_before_is_made_alone(filmed, work_off, runs):
    jobs = wanted(filmed, (500, 1_000), (1_500, 2_000), (2_000, 2_500))
    Job.objects.filter(pk=jobs[1].pk).update(attempts=1)
    work_off()
    assert runs == [2, 1]


def interrupted(monkeypatch, act) -> None:
    """Do something after the child has finished and before anything is saved."""
    real = runner.run

    def then_act(*arguments, **options):
        made = real(*arguments, **options)
        act()
        return made

    monkeypatch.setattr(runner, "run", then_act)


@pytest.mark.slow
def test_one_that_is_cancelled_meanwhile_costs_the_others_nothing(filmed, work_off, monkeypatch):
    _first, second, _third = wanted(filmed, (500, 1_000), (1_500, 2_000), (2_000, 2_500))
    interrupted(monkeypatch, lambda: Job.objects.get(pk=second.pk).cancel())
    work_off()
    assert states() == [JobState.DONE, JobState.CANCELLED, JobState.DONE]
    assert not files_of(second.segment)
    assert Preview.objects.count() == 2


@pytest.mark.slow
def test_nor_does_the_first_of_them(filmed, work_off, monkeypatch):
    first, _second = wanted(filmed, (500, 1_000), (1_500, 2_000))
    interrupted(monkeypatch, lambda: Job.objects.get(pk=first.pk).cancel())
    work_off()
    assert states() == [JobState.CANCELLED, JobState.DONE]


@pytest.mark.slow
def test_a_late_worker_changes_nothing_of_any_of_them(filmed, work_off, monkeypatch):
    """Its leases ran out, and another worker has both jobs and has done one of them."""
    first, second = wanted(filmed, (500, 1_000), (1_500, 2_000))

    def taken_over() -> None:
        Job.objects.update(lease_ends_at=timezone.now())
        Job.objects.return_expired()
        Job.objects.claim(first.pk, worker="other").finish()
        Job.objects.claim(second.pk, worker="other")

    interrupted(monkeypatch, taken_over)
    tasks.preview(str(first.pk))
    assert states() == [JobState.DONE, JobState.RUNNING]
    assert not Preview.objects.exists()


def test_leases_of_all_are_kept_while_they_are_made(filmed, monkeypatch):
    wanted(filmed, (500, 1_000), (1_500, 2_000))
    monkeypatch.setattr("clips.jobs.worker.MAX_SILENCE_S", 0)
    kept = []

    def tick(function, arguments, *, on_tick, **options):
        Job.objects.filter(state=JobState.RUNNING).update(lease_ends_at=timezone.now())
        on_tick(0.5)
        kept.extend(Job.objects.filter(lease_ends_at__gt=timezone.now()).values_list("progress", flat=True))
        raise MediaError("enough")

    monkeypatch.setattr(runner, "run", tick)
    tasks.preview(str(Job.objects.order_by("created_at").first().pk))
    assert kept[:2] == [0.5, 0.5]


def test_a_crash_returns_all_of_them(filmed, monkeypatch):
    wanted(filmed, (500, 1_000), (1_500, 2_000))

    def crash(*_arguments, **_options):
        raise runner.SandboxError("no more")

    monkeypatch.setattr(runner, "run", crash)
    with pytest.raises(runner.SandboxError):
        tasks.preview(str(Job.objects.order_by("created_at").first().pk))
    assert states() == [JobState.WAITING, JobState.WAITING]
    assert list(Job.objects.values_list("attempts", flat=True)) == [1, 1]


@pytest.mark.slow
def test_a_fault_of_one_is_not_blamed_on_the_others(filmed, work_off, monkeypatch):
    """The child ran into a limit: which of them was to blame shows when each is made alone."""
    first, second = wanted(filmed, (500, 1_000), (1_500, 2_000))
    real = runner.run

    def too_much(function, arguments, **options):
        if any(str(second.segment_id) in request["out"] for request in arguments["requests"]):
            raise MediaError("This file needs more memory than allowed to read.")
        return real(function, arguments, **options)

    monkeypatch.setattr(runner, "run", too_much)
    work_off()
    assert states() == [JobState.DONE, JobState.FAILED]
    second.refresh_from_db()
    assert second.reason == "This file needs more memory than allowed to read."
    assert Preview.objects.get().segment == first.segment


def test_how_long_it_takes_counts_several_at_a_time(original, segments):
    """Three of four past jobs were done along with the first, in eight seconds: one round makes four."""
    past_jobs(segments[9], seconds=8, count=4)
    for job in Job.objects.order_by("pk")[:3]:
        Job.objects.filter(pk=job.pk).update(params={requests.ALONG_WITH: "x"})
    requests.want_previews(original)
    assert requests.state_of(segments[0]).about_s == 8
    assert requests.state_of(segments[6]).about_s == 14
