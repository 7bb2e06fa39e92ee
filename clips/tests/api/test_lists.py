"""Tests the API's lists (clips, people, tricks, jobs, uploads) and its own description."""

import json
import uuid

import pytest
from django.urls import reverse

from clips.models import FinalClip, Job, JobKind, JobState, Upload
from clips.tests.factories import FinalClipFactory
from people.models import Person, PersonAlias
from tricks.models import Trick


@pytest.fixture
def clips(original) -> dict[str, FinalClip]:
    miller, jo = Person.objects.add("Miller Downey"), Person.objects.add("Jo")
    PersonAlias.objects.create(person=miller, name="Mills")
    kfed, britney = Trick.objects.add("KFED", category="RAIL"), Trick.objects.add("Britney", category="RAIL")

    def clip(name: str, **fields) -> FinalClip:
        common = {
            "start_ms": 0,
            "end_ms": 4000,
            "camera_id": "CAM_GOPRO11",
            "fps_label": "240FPS",
            "date": "2024-12-01",
        }
        return FinalClipFactory(original_file=original, filename=f"{name}.mp4", **(common | fields))

    made = {
        "one": clip("one", person=miller, trick=kfed),
        "two": clip("two", person=jo, trick=britney, date="2024-12-15", camera_id="CAM_IPHONE_XR", fps_label="60FPS"),
        "three": clip("three", category="CRASH", person=jo),
    }
    made["three"].also.set([miller])
    clip("old", lineage=made["one"].lineage, is_current=False, person=miller)
    FinalClip.objects.all().refresh_search()
    return made


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"one", "two", "three"}),
        ("person=Miller Downey", {"one", "three"}),
        ("person=miller_downey", {"one", "three"}),
        ("person=mills", {"one", "three"}),
        ("person=Nobody", set()),
        ("trick=kfed", {"one"}),
        ("date=2024-12-15", {"two"}),
        ("date_from=2024-12-02", {"two"}),
        ("date_to=2024-12-02", {"one", "three"}),
        ("session=backyard rails", {"one", "two", "three"}),
        ("session=BackyardRails&trick=Britney", {"two"}),
        ("camera=cam_gopro11", {"one", "three"}),
        ("fps=60FPS", {"two"}),
        ("person=mills&person=Jo&trick=kfed&trick=britney", {"one", "two"}),
        ("fps=60FPS&fps=240fps&category=TRICK", {"one", "two"}),
        ("q=no trick dez 2024", {"three"}),
        ("category=CRASH", {"three"}),
        ("q=THRE", {"three"}),
        ("q=mil kf 240", {"one"}),
        ("q=MILLS", {"one", "three"}),
        ("q=bri%20ipho", {"two"}),
        ("q=CAM_GOPRO11", {"one", "three"}),
        ("q=ills", set()),
        ("q=milller", set()),
        ("q=' %26 | !", {"one", "two", "three"}),
        ("person=Miller Downey&all_versions=true", {"one", "three", "old"}),
    ],
)
def test_clips_are_found_by(client, viewer, clips, query, names):
    client.force_login(viewer)
    results = client.get(f"/api/clips?{query}").json()["results"]
    assert {clip["filename"].removesuffix(".mp4") for clip in results} == names


@pytest.mark.parametrize("query", ["date=yesterday", "category=FUN", "date_from=2024-13-01"])
def test_a_filter_that_makes_no_sense_gets_a_sentence(client, viewer, clips, query):
    client.force_login(viewer)
    answer = client.get(f"/api/clips?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")


def test_the_description_says_which_filters_take_several_values(client, viewer):
    client.force_login(viewer)
    described = client.get("/api/schema", headers={"Accept": "application/json"}).json()
    asked = {each["name"]: each for each in described["paths"]["/api/clips"]["get"]["parameters"]}
    several = {name for name, each in asked.items() if each["schema"]["type"] == "array"}
    kinds = {"session", "person", "trick", "untagged", "category", "camera", "fps", "clip", "hearts", "stars", "edit"}
    kinds.add("kept_by")
    assert several == kinds
    assert asked["category"]["schema"]["items"]["enum"] == ["TRICK", "BROLL", "CRASH"]
    assert "alias" in asked["person"]["description"]


def test_a_list_of_clips_costs_a_fixed_number_of_queries(
    client, viewer, clips, original, django_assert_max_num_queries
):
    FinalClip.objects.bulk_create(
        FinalClip(
            original_file=original, filename=f"{n}.mp4", start_ms=0, end_ms=1, camera_id="C", fps_label="F",
            date="2024-12-01", person=clips["one"].person, trick=clips["one"].trick,
        )
        for n in range(100)
    )  # fmt: skip
    client.force_login(viewer)
    with django_assert_max_num_queries(10):
        assert len(client.get("/api/clips?limit=100").json()["results"]) == 100


def test_an_unknown_clip_is_not_found_with_a_sentence(client, viewer, clips):
    client.force_login(viewer)
    answer = client.get(f"/api/clips/{uuid.uuid4()}")
    assert answer.status_code == 404
    assert answer.json()["detail"]


def test_somebody_new_gets_a_slug_and_a_second_of_that_name_is_refused(client, sorter, clips):
    client.force_login(sorter)
    answer = client.post("/api/people", {"display_name": "Zoë Müller"}, content_type="application/json")
    assert (answer.status_code, answer.json()["slug"]) == (201, "Zoe_Muller")
    for name in ("zoë müller", "MILLS"):
        answer = client.post("/api/people", {"display_name": name}, content_type="application/json")
        assert answer.status_code == 409, name
        assert answer.json()["detail"].endswith(" already has this name.")


@pytest.mark.parametrize(
    ("route", "field", "name"),
    [
        ("people", "display_name", "\u200b\u2060"),
        ("people", "display_name", "Mia, Jo"),
        ("tricks", "name", "\u200b\u3164"),
    ],
)
def test_a_name_that_nobody_sees_or_no_box_holds_is_refused(client, sorter, route, field, name):
    client.force_login(sorter)
    answer = client.post(f"/api/{route}", {field: name}, content_type="application/json")
    assert answer.status_code == 422, answer.json()


def test_a_new_trick_says_its_category_and_direction(client, sorter):
    client.force_login(sorter)
    fields = {"name": "Boardslide", "direction": "FS", "category": "RAIL"}
    answer = client.post("/api/tricks", fields, content_type="application/json")
    assert (answer.status_code, answer.json()["slug"]) == (201, "FS_Boardslide")
    assert client.post("/api/tricks", fields, content_type="application/json").status_code == 409
    fields["category"] = "on rails"
    assert client.post("/api/tricks", fields, content_type="application/json").status_code == 422


def test_jobs_are_listed_cancelled_and_tried_again(client, curator, original):
    job = Job.objects.for_target(JobKind.DETECT, original)
    client.force_login(curator)
    (row,) = client.get("/api/jobs?state=WAITING").json()["results"]
    assert (row["kind"], row["target"]) == ("DETECT", "GX010001.MP4")
    assert client.post(reverse("api:job_cancel", args=[job.pk])).json()["state"] == JobState.CANCELLED
    assert client.post(reverse("api:job_cancel", args=[job.pk])).status_code == 409
    assert client.post(reverse("api:job_retry", args=[job.pk])).json()["state"] == JobState.WAITING
    assert client.post(reverse("api:job_retry", args=[job.pk])).status_code == 409
    assert client.post(reverse("api:job_retry", args=[uuid.uuid4()])).status_code == 404


def test_an_upload_is_begun_through_the_api_and_filled_through_tus(client, sorter):
    client.force_login(sorter)
    fields = {"filename": "a.mp4", "size_bytes": 4, "session_name": "Night", "session_date": "2024-12-15"}
    answer = client.post("/api/upload", fields, content_type="application/json")
    assert answer.status_code == 201
    sent = client.patch(
        answer["Location"], b"abcd", content_type="application/offset+octet-stream",
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
    )  # fmt: skip
    assert sent.status_code == 204
    row = client.get(reverse("api:upload", args=[Upload.objects.get().pk])).json()
    assert (row["state"], row["session_name"], row["session_date"]) == ("RECEIVED", "Night", "2024-12-15")
    assert client.post("/api/upload", fields | {"size_bytes": 0}, content_type="application/json").status_code == 400


def test_the_description_names_every_route(client, viewer):
    client.force_login(viewer)
    schema = json.loads(client.get("/api/schema?format=json").content)
    assert {
        "/api/upload", "/api/sort/next", "/api/sort/save", "/api/sort/trash", "/api/clips", "/api/clips/{id}/edit",
        "/api/people",
        "/api/tricks", "/api/jobs",
    } <= set(schema["paths"])  # fmt: skip
