"""Tests edits, links and actions of curators in the admin."""

import datetime as dt

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from clips.admin.record import clock, size
from clips.library.search import matching
from clips.models import (
    FileName,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Shoot,
)
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, FinalClipFactory
from detection.admin import CURVE_WIDTH, highest
from people.models import Person
from tricks.models import Trick

FILES = reverse("admin:clips_originalfile_changelist")
SHOOTS = reverse("admin:clips_shoot_changelist")
SEGMENTS = reverse("admin:clips_candidatesegment_changelist")
JOBS = reverse("admin:clips_job_changelist")


@pytest.fixture(autouse=True)
def curating(client: Client, curator) -> Client:
    client.force_login(curator)
    return client


@pytest.fixture
def clip(segments) -> FinalClip:
    segment = segments[0]
    return FinalClipFactory(
        candidate_segment=segment,
        original_file=segment.original_file,
        person=Person.objects.add("Miller Downey"),
        trick=Trick.objects.add("KFED", category="RAIL"),
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        date=dt.date(2024, 12, 1),
        filename=str(FileName.objects.allocate("2024-12-01__BackyardRails__Miller_Downey__KFED")),
    )


def change_page(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def shoot_fields(**changes: object) -> dict:
    fields = {"date": "2024-12-01", "name": "Backyard Rails", "slug": "BackyardRails", "time_zone": "UTC"}
    return fields | {"sensitivity": 50} | changes


@pytest.mark.parametrize(("duration_ms", "text"), [(0, "0:00"), (41_999, "0:41"), (3_723_000, "1:02:03"), (None, "–")])
def test_clock_reads_like_a_clock(duration_ms, text):
    assert clock(duration_ms) == text


def test_size_is_for_people():
    assert size(3 * 1024**3) == "3.0\xa0GB"


def test_file_page_leads_to_its_segments_clips_runs_jobs_and_uploads(client, original, clip):
    Job.objects.create(kind=JobKind.PROBE, original_file=original)
    html = client.get(change_page(original)).content.decode()
    of_file = f"?original_file__id__exact={original.pk}"
    assert f'{SEGMENTS}{of_file}">10</a>' in html
    assert f"{reverse('admin:clips_finalclip_changelist')}{of_file}&amp;is_current__exact=1" in html
    assert f'{reverse("admin:clips_detectionrun_changelist")}{of_file}">1</a>' in html
    assert f'{JOBS}{of_file}">1</a>' in html
    assert f'{reverse("admin:clips_upload_changelist")}{of_file}">0</a>' in html


def test_link_of_a_count_lists_just_those_rows(client, shoot, segments):
    waiting = {"original_file__shoot__id__exact": shoot.pk, "queue": "to_sort"}
    assert client.get(SEGMENTS, waiting).context["cl"].result_count == 7  # three are below the sensitivity
    assert f"{SEGMENTS}?original_file__shoot__id__exact={shoot.pk}&amp;queue=to_sort" in (
        client.get(SHOOTS).content.decode()
    )


def test_session_list_counts_without_multiplying(client, shoot, clip):
    listed = client.get(SHOOTS).context["cl"].result_list[0]
    assert (listed.n_files, listed.n_to_sort, listed.n_clips) == (1, 7, 1)


def test_clip_page_leads_to_file_segment_copies_and_versions(client, clip):
    html = client.get(change_page(clip)).content.decode()
    assert change_page(clip.original_file) in html
    assert change_page(clip.candidate_segment) in html
    assert f"{reverse('admin:clips_archivecopy_changelist')}?clip__id__exact={clip.pk}" in html
    assert f"lineage__exact={clip.lineage}" in html


def test_sensitivity_is_set_in_the_list(client, shoot):
    form = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": shoot.pk, "form-0-sensitivity": 80}
    client.post(SHOOTS, form | {"_save": "Save"})
    shoot.refresh_from_db()
    assert shoot.sensitivity == 80


def test_new_session_without_a_slug_gets_one_from_its_name(client, shoot):
    client.post(reverse("admin:clips_shoot_add"), shoot_fields(name="backyard rails!", slug=""))
    assert Shoot.objects.get(name="backyard rails!").slug == "BackyardRails-2"


def test_session_slug_that_is_no_part_of_a_file_name_is_refused_with_a_better_one(client, db):
    response = client.post(reverse("admin:clips_shoot_add"), shoot_fields(slug="../up"))
    assert "Try “up”" in response.content.decode()
    assert not Shoot.objects.exists()


def test_wrong_time_zone_is_refused_with_a_sentence(client, shoot):
    response = client.post(change_page(shoot), shoot_fields(time_zone="Vienna"))
    assert "“Vienna” is not a time zone" in response.content.decode()


def test_clips_follow_the_date_and_the_slug_of_their_session(client, shoot, clip, work_off):
    client.post(change_page(shoot), shoot_fields(date="2025-01-01", slug="Other", name="Backyard"))
    assert work_off() == [JobKind.RENAME]
    clip.refresh_from_db()
    assert (clip.filename[:19], str(clip.date)) == ("2025-01-01__Other__", "2025-01-01")


def test_camera_and_session_of_a_file_are_corrected(client, original, clip, work_off):
    other = Shoot.objects.called("Street", dt.date(2024, 12, 2))
    client.post(change_page(original), {"shoot": other.pk, "camera_id": "cam_iphone_15"})
    original.refresh_from_db()
    assert (original.shoot, original.camera_id) == (other, "CAM_IPHONE_15")
    work_off()
    assert matching(FinalClip.objects.current(), "street").get() == clip


@pytest.mark.parametrize("camera_id", ["../../etc", "GOPRO", "CAM_", "CAM__X", "CAM_É", ""])
def test_camera_that_is_no_part_of_a_file_name_is_refused(client, original, camera_id):
    response = client.post(change_page(original), {"shoot": original.shoot_id, "camera_id": camera_id})
    assert response.status_code == 200
    assert response.context["errors"]
    original.refresh_from_db()
    assert original.camera_id == "CAM_GOPRO11"


def test_correcting_a_file_leaves_alone_what_a_probe_writes_meanwhile(client, original, monkeypatch):
    """The probe ends between the moment the page reads the row and the moment it writes."""

    def clean_camera_id(form):
        OriginalFile.objects.filter(pk=original.pk).update(duration_ms=1234)
        return form.cleaned_data["camera_id"]

    monkeypatch.setattr("clips.admin.footage.OriginalFileForm.clean_camera_id", clean_camera_id)
    client.post(change_page(original), {"shoot": original.shoot_id, "camera_id": "CAM_B"})
    original.refresh_from_db()
    assert (original.camera_id, original.duration_ms) == ("CAM_B", 1234)


def test_file_without_segments_is_deleted_with_its_jobs_and_its_video_is_named(client, original, run):
    Job.objects.create(kind=JobKind.PROBE, original_file=original)
    delete = reverse("admin:clips_originalfile_delete", args=[original.pk])
    assert "Are you sure" in client.get(delete).content.decode()
    response = client.post(delete, {"post": "yes"})
    assert not OriginalFile.objects.exists()
    assert not Job.objects.exists()
    assert "originals/one.mp4" in said(response)[0]


def test_file_with_segments_cannot_be_deleted(client, original, segments):
    delete = reverse("admin:clips_originalfile_delete", args=[original.pk])
    assert "Cannot delete" in client.get(delete).content.decode()
    client.post(delete, {"post": "yes"})
    assert OriginalFile.objects.filter(pk=original.pk).exists()


def test_several_files_at_once_are_held_to_the_same_rule(client, original, segments):
    several = {"action": "delete_selected", "_selected_action": [original.pk], "post": "yes"}
    client.post(FILES, several)
    assert OriginalFile.objects.filter(pk=original.pk).exists()


def test_who_else_is_in_a_clip_is_curated_and_its_name_parts_are_not(client, clip):
    jo, before = Person.objects.add("Jo"), clip.updated_at
    client.post(change_page(clip), {"also": [jo.pk], "person": jo.pk, "category": "CRASH", "is_current": ""})
    clip.refresh_from_db()
    assert list(clip.also.all()) == [jo]
    assert matching(FinalClip.objects.current(), "jo").get() == clip
    assert (str(clip.person), clip.category, clip.is_current) == ("Miller Downey", "TRICK", True)
    assert clip.updated_at > before


def test_clip_cannot_be_deleted(client, clip):
    assert client.post(reverse("admin:clips_finalclip_delete", args=[clip.pk]), {"post": "yes"}).status_code == 403


def test_ended_jobs_are_tried_again_and_the_broker_is_told(client, original, broker):
    job = Job.objects.create(kind=JobKind.PROBE, original_file=original, state=JobState.FAILED, reason="bad")
    response = client.post(JOBS, {"action": "retry", "_selected_action": [job.pk]})
    job.refresh_from_db()
    assert (job.state, job.reason) == (JobState.WAITING, "")
    assert broker.depth("light") == 1
    assert said(response) == ["1 job will run again."]


def test_active_jobs_are_cancelled_and_ended_ones_left(client, original):
    waiting = Job.objects.create(kind=JobKind.PROBE, original_file=original)
    done = Job.objects.create(kind=JobKind.DETECT, original_file=original, state=JobState.DONE)
    response = client.post(JOBS, {"action": "cancel", "_selected_action": [waiting.pk, done.pk]})
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.CANCELLED, JobState.DONE}
    assert said(response) == ["1 job is cancelled.", "1 job was left unchanged."]


def test_curve_of_a_run_is_drawn(client, original):
    run = DetectionRunFactory(original_file=original, version="1", curve={"values": [0.0, 1.0]})
    assert "<polyline" in client.get(change_page(run)).content.decode()


def test_drawn_curve_keeps_the_peak_of_a_long_one():
    values = [0.0] * 36_000
    values[20_001] = 1.0
    drawn = highest(values)
    assert len(drawn) == CURVE_WIDTH
    assert drawn.index(1.0) == 20_001 * CURVE_WIDTH // 36_000


def test_segment_made_by_hand_says_so(client, original):
    CandidateSegmentFactory(original_file=original, start_ms=0, end_ms=1000)
    assert "by hand" in client.get(SEGMENTS).content.decode()
