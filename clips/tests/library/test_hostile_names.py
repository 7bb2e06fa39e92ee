"""Tests hostile names: paths, tags, queries, formulas and commands stay plain names."""

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import content_disposition_header
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clips.archive.naming import folder_parts, original_folder_parts
from clips.ingest.register import display_name
from clips.ingest.tus_headers import clean_session_name
from clips.models import CameraName, Job, JobKind, JobState, OriginalFile, Shoot, Upload
from clips.sorting import decisions
from people.models import ApiToken, Member, Person, PersonAlias
from people.naming.slugs import slugify
from tricks.models import Trick
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

TAG, ATTRIBUTE = "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>"
BAITS = [
    TAG,
    ATTRIBUTE,
    "'; DROP TABLE people_member; --",
    "' or name contains '",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    '=HYPERLINK("http://evil.example")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "$(touch pwned)`touch pwned`; touch pwned | x",
    "-rf",
    "%s%n%(password)s",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "x\r\nSet-Cookie: planted=1",
    "\u202egpj.exe",
    "CON.mp4",
    "a" * 90,
]
PAGES = ["home", "clips:library", "clips:sessions", "clips:sort", "clips:jobs", "clips:upload", "people:account"]
LISTS = ["people_person", "tricks_trick", "clips_shoot", "clips_originalfile", "clips_upload", "clips_job",
         "clips_finalclip", "clips_cameraname", "people_apitoken", "people_auditentry"]  # fmt: skip
CALLS = ["api:clip_list", "api:person_list", "api:trick_list", "api:job_list", "api:upload_list"]
TYPED = st.text(max_size=60) | st.sampled_from(BAITS)


@pytest.fixture
def baited(admin, shoot, original) -> Shoot:
    """A crew with hostile names, with a clip of each."""
    for number, bait in enumerate(BAITS):
        person, trick = Person.objects.add(bait), Trick.objects.add(f"{bait}{number}")
        PersonAlias.objects.create(person=person, name=f"alias {bait}"[:100])
        OriginalFile.objects.filter(pk=original.pk).update(original_filename=display_name(bait))
        decisions.make_clip(original, decisions.Choice(start_ms=0, end_ms=1_000, person=person, trick=trick), admin)
        Upload.objects.create(owner=admin, shoot=shoot, original_filename=display_name(bait), size_bytes=1, reason=bait)
        ApiToken.objects.issue(admin, bait[:60])
        CameraName.objects.create(camera_id=f"CAM_{number}", name=bait[:60])
    Job.objects.for_target(JobKind.DETECT, original)
    Job.objects.update(state=JobState.FAILED, reason=TAG + ATTRIBUTE)
    Shoot.objects.filter(pk=shoot.pk).update(name=f"{TAG}{ATTRIBUTE}")
    return shoot


@pytest.mark.slow
def test_no_page_renders_a_name(client, admin, baited):
    client.force_login(admin)
    addresses = [reverse(name) for name in PAGES + CALLS] + [reverse(f"admin:{name}_changelist") for name in LISTS]
    addresses += [reverse("clips:session", args=[baited.pk]), *(f"{reverse('people:pick')}?q={bait}" for bait in BAITS)]
    for address in addresses:
        answer = client.get(address, headers=AS_A_PAGE_ASKS)
        html = answer.content.decode()
        assert answer.status_code == 200, address
        assert "planted" not in answer.cookies
        if answer["Content-Type"].startswith("text/html"):
            assert TAG not in html, address
            assert "<img src=x" not in html, address
    assert Member.objects.exists()


@pytest.mark.slow
def test_every_name_is_found_as_it_is_written(client, admin, baited):
    client.force_login(admin)
    for bait in BAITS:
        for address in ("clips:library", "api:clip_list"):
            assert client.get(reverse(address), {"q": bait}).status_code == 200
            assert client.get(reverse(address), {"person": bait}).status_code in {200, 422}


@pytest.mark.slow
def test_what_an_upload_is_called_names_nothing_on_the_disk(own_data_dir, sorter):
    client = Client(headers={"Authorization": f"Bearer {ApiToken.objects.issue(sorter, 'up')[1]}"})
    for bait in BAITS:
        fields = {"filename": bait, "size_bytes": 9, "session_name": bait[:100]}
        assert client.post(reverse("api:upload_list"), fields, content_type="application/json").status_code == 201
    ids = {str(pk) for pk in Upload.objects.values_list("pk", flat=True)}
    on_disk = {path.name.partition(".")[0] for path in own_data_dir.rglob("*") if path.is_file()}
    assert len(ids) == len(BAITS)
    assert on_disk <= ids


@pytest.mark.slow
@settings(derandomize=True, max_examples=60, database=None, deadline=None)
@given(session=TYPED, person=TYPED, trick=TYPED)
@example(session="..", person="..", trick="..")
@example(session="/", person="~", trick="a/../..")
def test_no_name_leaves_its_folder_in_the_archive(session, person, trick):
    date, root = dt.date(2024, 12, 1), Path("/archive")
    names = {"person": slugify(person, fallback="Person"), "trick": slugify(trick, fallback="Trick")}
    session = clean_session_name(session)
    for parts, depth in (
        (folder_parts(date=date, session_name=session, **names), 5),
        (original_folder_parts(date=date, session_name=session), 4),
    ):
        folder = Path(*parts)
        assert len(folder.parts) == depth
        assert not {".", ".."} & set(folder.parts)
        assert root in (root / folder).resolve().parents
        assert not [part for part in parts if any(ord(letter) < 32 for letter in part) or part.startswith("-")]


@settings(derandomize=True, max_examples=100, database=None, deadline=None)
@given(name=TYPED)
def test_a_name_is_one_line_and_no_path_in_logs_and_headers(name):
    shown = display_name(name)
    assert shown == " ".join(shown.splitlines())
    assert "/" not in shown
    assert "\\" not in shown
    header = content_disposition_header(True, shown)
    assert header.isascii()
    assert not {"\r", "\n"} & set(header)
