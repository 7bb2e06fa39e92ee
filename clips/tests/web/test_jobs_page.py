"""Tests the jobs page: running work, stuck jobs with reasons, and the actions on them."""

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clips.disk.usage import disk_use
from clips.jobs.summary import causes, kinds_of_work, seconds_left
from clips.models import Job, JobKind, JobState, OriginalFile, Shoot
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

JOBS = reverse("clips:jobs")
LIVE = reverse("clips:jobs_live")
NOT_A_VIDEO = "This is not a video, or its format is not supported."


@pytest.fixture
def page(client, curator):
    client.force_login(curator)
    return client


def add_files(shoot: Shoot, count: int) -> list[OriginalFile]:
    return OriginalFile.objects.bulk_create(
        OriginalFile(
            shoot=shoot,
            original_filename=f"GX01{number:04d}.MP4",
            stored_path=f"originals/{uuid.uuid4()}.mp4",
            file_hash=uuid.uuid4().hex * 2,
            size_bytes=1000,
        )
        for number in range(count)
    )


def add_files_of(name: str, shoot: Shoot) -> list[OriginalFile]:
    (file,) = add_files(shoot, 1)
    OriginalFile.objects.filter(pk=file.pk).update(original_filename=name)
    return [file]


def add_jobs(files: list[OriginalFile], state: JobState, reason: str = "", kind: JobKind = JobKind.PROBE) -> list[Job]:
    return Job.objects.bulk_create(Job(kind=kind, original_file=file, state=state, reason=reason) for file in files)


def group(reason: str, state: JobState = JobState.FAILED, kind: JobKind = JobKind.PROBE) -> dict:
    return {"kind": kind, "state": state, "reason": reason}


def test_work_is_grouped_by_kind_in_the_order_a_video_goes_through_it(shoot):
    files = add_files(shoot, 5)
    add_jobs(files, JobState.WAITING, kind=JobKind.DETECT)
    add_jobs(files[:2], JobState.WAITING)
    Job.objects.claim(Job.objects.filter(kind=JobKind.DETECT).first().pk, worker="one")
    Job.objects.filter(state=JobState.RUNNING).update(progress=0.4)
    work = [(one.kind, one.n_running, one.n_waiting, one.progress) for one in kinds_of_work()]
    assert work == [(JobKind.PROBE, 0, 2, 0), (JobKind.DETECT, 1, 4, 0.4)]


def test_what_is_stuck_is_grouped_by_its_sentence(shoot):
    files = add_files(shoot, 6)
    add_jobs(files[:3], JobState.FAILED, NOT_A_VIDEO)
    add_jobs(files[3:4], JobState.FAILED, "The file is empty.")
    add_jobs(files[4:5], JobState.WAITING, "The archive cannot be reached.", kind=JobKind.ARCHIVE)
    add_jobs(files[5:], JobState.WAITING)
    found = {(cause.reason, cause.n_jobs, cause.is_final) for cause in causes()}
    assert found == {
        (NOT_A_VIDEO, 3, True),
        ("The file is empty.", 1, True),
        ("The archive cannot be reached.", 1, False),
    }


def test_a_group_of_what_is_stuck_names_the_last_of_its_files(shoot):
    files = add_files(shoot, 3)
    add_jobs(files[:2], JobState.FAILED, NOT_A_VIDEO)
    add_jobs(files[2:], JobState.FAILED, "The file is empty.")
    named = [file.original_filename for file in files]
    assert {(cause.subject, cause.n_more) for cause in causes()} == {(named[1], 1), (named[2], 0)}


def test_a_failure_that_a_newer_job_has_taken_up_is_not_stuck(shoot):
    (file,) = add_files(shoot, 1)
    add_jobs([file], JobState.FAILED, NOT_A_VIDEO)
    Job.objects.for_target(JobKind.DETECT, file)
    assert len(causes()) == 1, "another kind of job takes up nothing"
    Job.objects.for_target(JobKind.PROBE, file)
    assert causes() == []


def test_a_group_is_retried_and_the_rest_stays(page, shoot, broker):
    files = add_files(shoot, 4)
    again = add_jobs(files[:3], JobState.FAILED, NOT_A_VIDEO)
    other = add_jobs(files[3:], JobState.FAILED, "The file is empty.")
    answer = page.post(reverse("clips:cause_retry"), group(NOT_A_VIDEO) | {"id": [again[0].pk]})
    assert answer.status_code == 200
    assert Job.objects.filter(pk__in=[job.pk for job in again], state=JobState.WAITING, reason="").count() == 3
    assert Job.objects.get(pk=other[0].pk).state == JobState.FAILED
    assert f'id="job-{again[0].pk}" data-state="WAITING" hx-swap-oob="true"' in answer.content.decode()
    assert broker.depth("light") == 3


def test_of_one_file_that_failed_twice_one_job_runs_again(page, shoot):
    (file,) = add_files(shoot, 1)
    old, new = (add_jobs([file], JobState.FAILED, NOT_A_VIDEO)[0] for _ in range(2))
    Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=1))
    assert [job.pk for job in Job.objects.all().retry_all()] == [new.pk]
    assert Job.objects.all().retry_all() == [new], "what waits is told again, and nothing is doubled"


def test_a_group_that_is_gone_answers_with_the_fresh_truth(page):
    answer = page.post(reverse("clips:cause_retry"), group(NOT_A_VIDEO))
    assert answer.status_code == 409
    assert 'id="jobs-live"' in answer.content.decode()
    assert page.post(reverse("clips:cause_retry"), {"kind": "NONSENSE"}).status_code == 422


def test_what_failed_for_good_can_be_let_rest_and_still_be_retried(page, shoot):
    (job,) = add_jobs(add_files(shoot, 1), JobState.FAILED, NOT_A_VIDEO)
    assert page.post(reverse("clips:cause_cancel"), group(NOT_A_VIDEO)).status_code == 200
    assert causes() == []
    job.refresh_from_db()
    assert (job.state, job.reason) == (JobState.CANCELLED, NOT_A_VIDEO)
    assert job.retry()


def test_what_waits_after_a_failure_is_tried_now_or_cancelled(page, shoot):
    reason = "The archive\ncannot be reached."
    files = add_files(shoot, 2)
    add_jobs(files, JobState.WAITING, reason)
    Job.objects.update(run_after=timezone.now() + timedelta(hours=1))
    browser_sends = group(reason.replace("\n", "\r\n"), JobState.WAITING)
    assert page.post(reverse("clips:cause_retry"), browser_sends).status_code == 200
    assert Job.objects.due().count() == 2
    assert page.post(reverse("clips:cause_cancel"), browser_sends).status_code == 200
    assert not Job.objects.active().exists()


def test_all_work_of_one_kind_can_be_cancelled(page, shoot):
    files = add_files(shoot, 3)
    add_jobs(files, JobState.WAITING, kind=JobKind.DETECT)
    add_jobs(files, JobState.WAITING)
    Job.objects.claim(Job.objects.filter(kind=JobKind.DETECT).first().pk, worker="one")
    page.post(reverse("clips:kind_cancel", args=["DETECT"]))
    assert set(Job.objects.active().values_list("kind", flat=True)) == {JobKind.PROBE}
    assert page.post(reverse("clips:kind_cancel", args=["DETECT"])).status_code == 409


def test_the_time_left_follows_from_what_is_done(shoot):
    job = Job(state=JobState.RUNNING, progress=0.25, started_at=timezone.now() - timedelta(seconds=60))
    assert seconds_left(job) == pytest.approx(180, abs=1)
    job.progress = 0.01
    assert seconds_left(job) is None, "a guess"
    assert seconds_left(Job(state=JobState.WAITING, progress=0.5)) is None


def test_one_poll_brings_the_rows_and_lines_that_were_asked_for(page, shoot):
    done, waiting = (add_jobs([file], state)[0] for file, state in zip(
        add_files(shoot, 2), (JobState.DONE, JobState.WAITING), strict=True
    ))  # fmt: skip
    body = page.get(JOBS).content.decode()
    assert body.count("data-active-group>") == 1
    assert body.count('hx-trigger="every') == 1, "the page polls once, not each line"
    asked = {"id": [waiting.pk, "nonsense"], "group": [waiting.original_file_id, "nonsense"]}
    body = page.get(LIVE, asked, headers=AS_A_PAGE_ASKS).content.decode()
    assert f'id="job-{waiting.pk}"' in body
    assert f'id="job-{done.pk}"' not in body
    assert f'id="group-line-{waiting.original_file_id}" hx-swap-oob="true"' in body
    assert "every 2s" in body
    Job.objects.update(state=JobState.DONE)
    assert "every 15s" in page.get(LIVE, headers=AS_A_PAGE_ASKS).content.decode()


@pytest.mark.slow
def test_the_list_is_filtered_and_paged_by_video(page, shoot):
    files = add_files(shoot, 30)
    add_jobs(files, JobState.FAILED, NOT_A_VIDEO)
    add_jobs(files + add_files_of("other", shoot), JobState.DONE, kind=JobKind.DETECT)
    assert page.get(JOBS).context["page"].paginator.count == 31
    assert page.get(JOBS, {"state": "FAILED", "kind": "PROBE"}).context["page"].paginator.count == 30
    second = page.get(JOBS, {"state": "FAILED", "page": 2})
    assert len(second.context["groups"]) == 10
    assert "?page=1&amp;state=FAILED" in second.content.decode()
    assert page.get(JOBS, {"state": "NONSENSE"}).context["page"].paginator.count == 31
    assert "No jobs." in page.get(JOBS, {"state": "RUNNING"}).content.decode()


@pytest.mark.parametrize("route", [pytest.param("clips:jobs", marks=pytest.mark.slow), "home"])
def test_more_jobs_cost_no_more_queries(page, shoot, route):
    def queries() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            assert page.get(reverse(route)).status_code == 200
        return len(captured)

    files = add_files(shoot, 10)
    add_jobs(files, JobState.FAILED, NOT_A_VIDEO)
    add_jobs(files, JobState.WAITING, kind=JobKind.DETECT)
    queries()  # what is asked once for each process
    few = queries()
    files = add_files(shoot, 1000)
    add_jobs(files[:500], JobState.FAILED, "The file is empty.")
    add_jobs(files[500:], JobState.WAITING, kind=JobKind.DETECT)
    assert queries() == few


def test_the_disk_is_summed_from_rows_and_kept(shoot, django_assert_num_queries):
    cache.clear()
    add_files(shoot, 3)
    parts = {str(title): size_bytes for title, size_bytes in disk_use().parts}
    assert parts["originals"] == 3000
    assert parts["database"] > 1_000_000
    with django_assert_num_queries(0):
        use = disk_use()
    assert use.left_bytes + use.floor_bytes == use.free_bytes


def test_old_sums_of_the_disk_are_shown_at_once_and_looked_at_anew(client, admin, shoot, monkeypatch):
    cache.clear()
    client.force_login(admin)
    looks_again = f'hx-get="{reverse("clips:disk")}" hx-trigger="load"'
    add_files(shoot, 1)
    assert looks_again not in client.get(JOBS).content.decode()
    add_files(shoot, 2)
    monkeypatch.setattr("clips.disk.usage.NEW_FOR_S", -1)
    page = client.get(JOBS)
    assert looks_again in page.content.decode()
    assert dict(page.context["disk"].parts)["originals"] == 1000
    monkeypatch.undo()
    box = client.get(reverse("clips:disk"), headers=AS_A_PAGE_ASKS)
    assert looks_again not in box.content.decode()
    assert dict(box.context["disk"].parts)["originals"] == 3000


@pytest.mark.parametrize(("address", "links"), [("", 0), ("http://127.0.0.1:5555/", 1)])
def test_flower_is_linked_for_admins_where_there_is_one(client, admin, curator, settings, address, links):
    settings.FLOWER_URL = address
    client.force_login(admin)
    assert client.get(JOBS).content.decode().count("Open Flower") == links
    client.force_login(curator)
    assert "Open Flower" not in client.get(JOBS).content.decode()


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/", "Home"),
        ("/sessions", "Sessions"),
        ("/clips", "Clips"),
        ("/upload", "Upload"),
        ("/jobs?state=DONE", "Jobs"),
        ("/manage/settings", "Manage"),
    ],
)
def test_the_navigation_marks_where_one_is(page, address, place):
    body = page.get(address).content.decode()
    navigation = body[body.index('<nav class="navigation"') : body.index("</nav>")]
    assert navigation.count('aria-current="page"') == 1
    marked = navigation[navigation.index('aria-current="page"') :]
    assert f"<span>{place}</span>" in marked[: marked.index("</a>")]


def test_the_navigation_offers_only_what_one_may(client, viewer, shoot):
    client.force_login(viewer)
    body = client.get(reverse("clips:session", args=[shoot.pk]), {"details": ""}).content.decode()
    navigation = body[body.index('<nav class="navigation"') : body.index("</nav>")]
    assert [
        name for name in ("Home", "Sort", "Sessions", "Clips", "Upload", "Jobs", "Manage") if f">{name}<" in navigation
    ] == [
        "Home",
        "Sessions",
        "Clips",
    ]


def test_a_kernel_that_confines_nothing_is_said_on_the_page(page, request):
    assert "Landlock" not in page.get(JOBS).content.decode()
    request.getfixturevalue("no_walls")
    assert "has no Landlock" in page.get(JOBS).content.decode()
