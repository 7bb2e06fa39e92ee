"""Tests that jobs are shown by video: one line with its steps, opened to single jobs, retried and cancelled as one."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clips.archive.renaming import follow
from clips.jobs.groups import JobGroup, groups_of, jobs_of, newest_groups
from clips.models import CandidateSegment, FinalClip, Job, JobKind, JobState, OriginalFile, Upload, UploadState
from clips.templatetags.job_steps import step_words
from clips.tests.browser import log_in, open_page
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from people.models import Action, AuditEntry, Member, Person, Role
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

JOBS = reverse("clips:jobs")


@pytest.fixture
def page(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def upload(original) -> Upload:
    return Upload.objects.create(
        original_file=original, shoot=original.shoot, original_filename=original.original_filename, size_bytes=9,
        offset_bytes=9, state=UploadState.REGISTERED,
    )  # fmt: skip


@pytest.fixture
def moment(original) -> CandidateSegment:
    return CandidateSegmentFactory(original_file=original)


@pytest.fixture
def clip(original) -> FinalClip:
    return FinalClipFactory(original_file=original)


def add(kind: JobKind, state: JobState = JobState.DONE, **about) -> Job:
    job = Job.objects.create(kind=kind, **about)
    if state == JobState.RUNNING:
        return Job.objects.claim(job.pk, worker="one")
    ended = timezone.now() if state not in {JobState.WAITING} else None
    Job.objects.filter(pk=job.pk).update(state=state, started_at=ended, finished_at=ended)
    return job


def line(pk) -> JobGroup:
    (group,) = groups_of([pk])
    return group


def words(pk) -> list[str]:
    return [step_words(step) for step in line(pk).steps]


def test_everything_about_a_video_is_one_line_with_its_steps_in_order(original, upload, moment, clip):
    add(JobKind.ARCHIVE, JobState.WAITING, clip=clip)
    add(JobKind.RENDER, clip=clip)
    add(JobKind.PREVIEW, segment=moment)
    add(
        JobKind.PREVIEW,
        JobState.WAITING,
        segment=CandidateSegmentFactory(original_file=original, start_ms=9000, end_ms=9900),
    )
    add(JobKind.FILMSTRIP, original_file=original)
    add(JobKind.DETECT, original_file=original)
    add(JobKind.PROBE, original_file=original)
    add(JobKind.INGEST, upload=upload)
    assert newest_groups(Job.objects.all()) == [original.pk]
    assert words(original.pk) == [
        "received", "camera read", "searched", "filmstrip", "1 of 2 previews", "1 cut", "archive",
    ]  # fmt: skip
    group = line(original.pk)
    assert (group.title, group.session) == ("GX010001.MP4", "Backyard Rails · 2024-12-01")
    assert jobs_of(original.pk).count() == 8


def test_what_is_about_no_video_is_a_line_of_its_own(shoot, original):
    rider = Person.objects.add("Miller Downey")
    follow(rider), follow(shoot)
    groups = groups_of(newest_groups(Job.objects.all()))
    assert [(group.title, group.what) for group in groups] == [
        (str(shoot), "session"),
        ("Miller Downey", "person"),
    ]
    assert [job.person for job in jobs_of(rider.pk)] == [rider]


def test_an_upload_that_became_no_video_is_told_by_its_name(upload):
    Upload.objects.update(original_file=None)
    job = add(JobKind.INGEST, JobState.FAILED, upload=upload)
    assert newest_groups(Job.objects.all()) == [job.pk]
    assert line(job.pk).title == "GX010001.MP4"


def test_what_is_worked_on_stands_before_what_is_newer_and_done(shoot):
    old, new = (OriginalFileFactory(shoot=shoot) for _ in range(2))
    add(JobKind.DETECT, JobState.WAITING, original_file=old)
    add(JobKind.DETECT, original_file=new)
    Job.objects.filter(original_file=old).update(created_at=timezone.now() - dt.timedelta(days=1))
    assert newest_groups(Job.objects.all()) == [old.pk, new.pk]


def test_a_failure_that_was_taken_up_is_none(original):
    job = add(JobKind.DETECT, JobState.FAILED, original_file=original)
    assert words(original.pk) == ["search for tricks failed"]
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - dt.timedelta(minutes=1))
    add(JobKind.DETECT, original_file=original)
    assert words(original.pk) == ["searched"]
    assert line(original.pk).n_failed == 0


def test_the_bar_counts_the_steps_by_their_work_and_what_is_to_come(original):
    add(JobKind.PROBE, original_file=original)
    job = add(JobKind.DETECT, JobState.RUNNING, original_file=original)
    Job.objects.filter(pk=job.pk).update(progress=0.5, started_at=timezone.now() - dt.timedelta(seconds=60))
    group = line(original.pk)
    assert group.progress == pytest.approx((1 + 30) / (1 + 60 + 30 + 7))
    assert group.left_s == pytest.approx(60, abs=2)


def test_the_time_left_follows_from_what_one_took(original):
    done = add(JobKind.PREVIEW, segment=CandidateSegmentFactory(original_file=original))
    now = timezone.now()
    Job.objects.filter(pk=done.pk).update(started_at=now - dt.timedelta(seconds=4), finished_at=now)
    for start_ms in (10_000, 20_000, 30_000):
        moment = CandidateSegmentFactory(original_file=original, start_ms=start_ms, end_ms=start_ms + 900)
        add(JobKind.PREVIEW, JobState.WAITING, segment=moment)
    assert line(original.pk).left_s == pytest.approx(12)
    assert line(original.pk).progress == pytest.approx(1 / 4)


def test_a_group_without_jobs_is_no_line(original):
    assert groups_of([original.pk]) == []


def test_opened_a_line_shows_its_single_jobs_failed_ones_first(page, original, moment):
    first = add(JobKind.PROBE, JobState.FAILED, original_file=original)
    add(JobKind.PREVIEW, segment=moment)
    answer = page.get(reverse("clips:group_jobs", args=[original.pk]), headers=AS_A_PAGE_ASKS)
    assert [job.kind for job in answer.context["rows"]] == [JobKind.PROBE, JobKind.PREVIEW]
    assert f'id="retry-{first.pk}"' in answer.content.decode()


def test_a_whole_video_is_cancelled_and_others_go_on(page, shoot, original, moment):
    other = add(JobKind.DETECT, JobState.WAITING, original_file=OriginalFileFactory(shoot=shoot))
    mine = [
        add(JobKind.DETECT, JobState.RUNNING, original_file=original),
        add(JobKind.PREVIEW, JobState.WAITING, segment=moment),
    ]
    address = reverse("clips:group_cancel", args=[original.pk])
    answer = page.post(address)
    assert answer.status_code == 200
    assert set(Job.objects.filter(pk__in=[job.pk for job in mine]).values_list("state", flat=True)) == {
        JobState.CANCELLED
    }
    assert Job.objects.active().get() == other
    assert f'id="group-line-{original.pk}" hx-swap-oob="true"' in answer.content.decode()
    assert AuditEntry.objects.get(action=Action.CANCELLED).details == {"n_jobs": 2, "group": str(original.pk)}
    assert page.post(address).status_code == 409


def test_what_failed_of_a_video_runs_again(page, original, moment, broker):
    add(JobKind.PROBE, JobState.FAILED, original_file=original)
    add(JobKind.PREVIEW, JobState.FAILED, segment=moment)
    add(JobKind.FILMSTRIP, JobState.CANCELLED, original_file=original)
    address = reverse("clips:group_retry", args=[original.pk])
    assert page.post(address).status_code == 200
    assert set(Job.objects.active().values_list("kind", flat=True)) == {JobKind.PROBE, JobKind.PREVIEW}
    assert broker.depth("light") + broker.depth("media") == 2
    assert page.post(address).status_code == 409


@pytest.mark.slow
def test_more_videos_cost_no_more_queries(page, shoot, original):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page.get(JOBS).status_code == 200
        return len(captured)

    def fill(n_files: int) -> None:
        for _ in range(n_files):
            file = OriginalFileFactory(shoot=shoot)
            add(JobKind.PROBE, original_file=file)
            for start_ms in (0, 5000):
                moment = CandidateSegmentFactory(original_file=file, start_ms=start_ms, end_ms=start_ms + 900)
                add(JobKind.PREVIEW, JobState.WAITING, segment=moment)

    fill(2)
    queries()
    few = queries()
    fill(12)
    assert queries() == few


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_curator_opens_a_video_cancels_all_of_it_and_sees_it(chromium, live_server, original, moment):
    Member.objects.create_user("cora", "long-enough-for-everyone", role=Role.CURATOR)
    add(JobKind.PREVIEW, JobState.WAITING, segment=moment)
    add(JobKind.PROBE, original_file=original)
    OriginalFile.objects.filter(pk=original.pk).update(original_filename="GX010001.MP4")
    with open_page(chromium, live_server.url, width_px=390, height_px=664) as browser:
        log_in(browser, "cora", "long-enough-for-everyone")
        browser.goto(JOBS)
        group = browser.locator(f"#group-{original.pk}")
        expect(group).to_contain_text("0 of 1 preview")
        group.locator("summary").click()
        expect(group.locator(".job-rows tbody tr")).to_have_count(2)
        browser.once("dialog", lambda dialog: dialog.accept())
        group.get_by_role("button", name="Cancel GX010001.MP4").click()
        expect(group.locator("[data-active-group]")).to_have_count(0)
        expect(group.locator(".job-rows .state[data-state='CANCELLED']")).to_have_count(1)
        expect(group.get_by_role("button", name="Cancel GX010001.MP4")).to_have_count(0)
    assert not Job.objects.active().exists()


def test_nobody_reads_the_address_of_an_upload_from_its_line(upload, page):
    upload.original_file = None
    upload.save(update_fields=["original_file"])
    job = add(JobKind.INGEST, upload=upload)
    shown = page.get(JOBS).text
    rows = page.get(reverse("clips:group_jobs", args=[job.pk]), headers=AS_A_PAGE_ASKS).text
    assert "GX010001.MP4" in shown
    assert str(job.pk) in rows
    assert str(upload.pk) not in shown + rows
