"""Tests the page on which an admin connects Google Drive, against a server that speaks Google's protocols."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from clips.archive import configured, tasks
from clips.archive.configured import archive_backend, archive_name
from clips.archive.drive import key_file, oauth
from clips.models import ArchiveBlock, CopyState, DriveGrant, JobKind, JobState
from clips.tests.archive.conftest import CHUNK_BYTES
from clips.tests.archive.drive_accounts import CLIENT, PERSON_EMAIL, SERVICE_EMAIL
from clips.tests.archive.drive_store import FOLDER_TYPE
from people.models import Action, AuditEntry, SiteSetting
from people.site_settings.registry import DRIVE_FOLDER_ID, DRIVE_SERVICE_ACCOUNT_KEY

pytestmark = pytest.mark.django_db
CLIENT_FILE = json.dumps({"web": CLIENT | {"redirect_uris": ["http://localhost/manage/drive/connected"]}})


@pytest.fixture
def google(drive, settings):
    """That Drive as Google; nothing of it is set in the environment."""
    settings.DRIVE_API_URL, settings.DRIVE_TOKEN_URL = drive.url, drive.token_url
    settings.DRIVE_CONSENT_URL, settings.DRIVE_REVOKE_URL = drive.consent_url, drive.revoke_url
    settings.DRIVE_DEVICE_URL = drive.device_url
    settings.DRIVE_CHUNK_BYTES, settings.DRIVE_BACK_OFF_SECONDS = CHUNK_BYTES, 0.002
    configured.of_key.cache_clear()
    configured._of_grant.cache_clear()
    return drive


@pytest.fixture
def client(google, client, admin):
    client.force_login(admin)
    client.defaults["SERVER_NAME"] = "localhost"
    return client


def post(client, name: str, data: dict | None = None):
    return client.post(reverse(f"clips:{name}"), data or {}, follow=True)


def text_of(answer) -> str:
    return answer.content.decode()


def connect_person(client, google, *, access: str = "", **answer):
    """Paste the client's file, consent, and come back."""
    post(client, "drive_key", {"text": CLIENT_FILE})
    to_google = client.get(reverse("clips:drive_connect"), {"access": access} if access else {})
    asked = dict(parse_qsl(urlsplit(to_google.url).query))
    code = google.accounts.consent(asked)
    answer = answer or {"code": code}
    return client.get(reverse("clips:drive_connected"), {"state": asked["state"], **answer}, follow=True)


def connect_service(client, google):
    return post(client, "drive_key", {"text": json.dumps(google.accounts.key(google.token_url), indent=2)})


@pytest.mark.slow
def test_a_service_account_is_connected_by_its_file_and_used(client, google, make_clip, archived):
    key = SimpleUploadedFile("key.json", json.dumps(google.accounts.key("https://elsewhere.example/")).encode())
    assert f"Connected: {SERVICE_EMAIL}" in text_of(post(client, "drive_key", {"file": key}))
    post(client, "drive_folder", {"folder": "shared-drive", "name": "Archive of the crew"})
    assert "All good. New clips are archived on Google Drive." in text_of(post(client, "drive_test", {"use": "1"}))
    assert archive_name() == "drive"
    clip = archived(make_clip())
    assert clip.copies.get().state == CopyState.VERIFIED
    path = google.store.path(google.store.items[clip.drive_file_id])
    assert path.startswith("Crew/Archive of the crew/TrickyClip Archive/2024/")


@pytest.mark.slow
def test_a_persons_account_is_connected_and_used(client, google, make_clip, archived):
    assert f"Connected: {PERSON_EMAIL}" in text_of(connect_person(client, google))
    post(client, "drive_folder", {"name": "Tricks"})
    assert "All good" in text_of(post(client, "drive_test", {"use": "1"}))
    clip = archived(make_clip())
    path = google.store.path(google.store.items[clip.drive_file_id])
    assert path.startswith("My Drive/Tricks/TrickyClip Archive/2024/")


def test_the_top_of_my_drive_needs_no_folder(client, google):
    connect_person(client, google)
    assert "All good" in text_of(post(client, "drive_test", {"use": "1"}))
    assert (archive_name(), DRIVE_FOLDER_ID.value()) == ("drive", "")


def test_no_secret_is_in_a_row_in_the_trail_or_on_the_page(client, google):
    connect_service(client, google)
    page = text_of(connect_person(client, google))
    (token,) = google.accounts.refresh_tokens
    rows = str([row.value for row in SiteSetting.objects.all()]) + str(DriveGrant.objects.values_list())
    trail = str([vars(entry) for entry in AuditEntry.objects.all()])
    for secret in (CLIENT["client_secret"], "BEGIN PRIVATE KEY", token):
        assert secret not in rows + trail + page


def test_a_person_who_connects_takes_the_place_of_a_service_account(client, google):
    connect_service(client, google)
    assert SERVICE_EMAIL in text_of(client.get(reverse("clips:drive")))
    connect_person(client, google)
    assert DRIVE_SERVICE_ACCOUNT_KEY.value() == ""
    assert PERSON_EMAIL in text_of(client.get(reverse("clips:drive")))


def test_disconnecting_forgets_and_gives_access_back(client, google, django_capture_on_commit_callbacks):
    connect_person(client, google)
    post(client, "drive_folder", {"name": "Tricks"})
    post(client, "drive_test", {"use": "1"})
    with django_capture_on_commit_callbacks(execute=True):
        post(client, "drive_disconnect")
    assert (archive_name(), DRIVE_FOLDER_ID.value(), DriveGrant.objects.count()) == ("local", "", 0)
    assert not google.accounts.refresh_tokens
    assert AuditEntry.objects.filter(action=Action.DISCONNECTED).count() == 1


def test_folders_and_shared_drives_are_found_by_name(client, google):
    store = google.store
    store.add("1tricks", "Tricks of the crew", FOLDER_TYPE, ["shared-drive"], owner="", drive_id="shared-drive")
    store.add("1deep", "Deep tricks", FOLDER_TYPE, ["1tricks"], owner="", drive_id="shared-drive")
    store.add("1mine", "Mine", FOLDER_TYPE, ["root-of-person"], owner=PERSON_EMAIL)
    connect_service(client, google)

    def names(**query: str) -> list[str]:
        answer = client.get(reverse("clips:drive_places"), query, headers={"HX-Request": "true"})
        return [place.name for place in answer.context["places"]]

    assert names() == ["Crew", "Tricks of the crew"], "a service account owns no storage outside of shared drives"
    assert names(q="trick") == ["Tricks of the crew", "Deep tricks"]
    assert names(q="it's") == []
    connect_person(client, google, access="all")
    assert names() == ["Crew", "Mine", "Tricks of the crew"]


def test_a_folder_that_is_there_is_not_made_twice(client, google):
    connect_person(client, google)
    post(client, "drive_folder", {"name": "Tricks"})
    first = DRIVE_FOLDER_ID.value()
    google.store.items[first].found_from_s = 0
    post(client, "drive_folder", {"name": "Tricks"})
    assert (DRIVE_FOLDER_ID.value(), len(google.store.folders())) == (first, 1)


def test_the_test_leaves_nothing_behind(client, google):
    connect_person(client, google)
    page = text_of(post(client, "drive_test"))
    assert "A small file was written, read back and deleted." in page
    assert google.store.files() == []
    assert archive_name() == "local", "a test alone changes nothing"


def test_where_only_managers_delete_the_test_file_goes_into_the_trash(client, google):
    connect_service(client, google)
    post(client, "drive_folder", {"folder": "shared-drive"})
    assert "A small file was written" in text_of(post(client, "drive_test"))
    assert [item.trashed for item in google.store.files()] == [True]


def test_a_service_account_without_a_folder_is_told_to_choose_one(client, google):
    connect_service(client, google)
    page = text_of(post(client, "drive_test", {"use": "1"}))
    assert "choose a folder in a shared drive" in page
    assert archive_name() == "local"


def test_a_folder_without_permission_is_said_and_not_used(client, google):
    connect_service(client, google)
    google.store.items["shared-drive"].read_only = True
    post(client, "drive_folder", {"folder": "shared-drive"})
    assert "Make it a Content manager" in text_of(post(client, "drive_test", {"use": "1"}))
    assert archive_name() == "local"


def test_a_folder_that_is_gone_is_refused(client, google):
    connect_service(client, google)
    assert "Choose another one" in text_of(post(client, "drive_folder", {"folder": "no-such-folder"}))
    assert DRIVE_FOLDER_ID.value() == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Paste the whole file"),
        ("{", "Paste the whole file"),
        ("[" * 10_000, "Paste the whole file"),
        ("[]", "Paste the whole file"),
        ("{}", "neither an OAuth client nor a service account"),
        ('{"installed": {}}', "Create one of type Web application"),
        ('{"web": {"client_id": "x"}}', "no client secret"),
        ('{"type": "service_account", "client_email": "a@b.c"}', "This key is incomplete"),
        ('{"type": "service_account", "client_email": "a@b.c", "private_key": "no key"}', "is damaged"),
        ('{"type": "authorized_user"}', "neither an OAuth client nor a service account"),
    ],
)
def test_a_file_of_no_use_is_refused_with_what_to_do(client, text, says):
    answer = post(client, "drive_key", {"text": text})
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not SiteSetting.objects.exists()


def test_a_key_that_google_refuses_is_not_kept(client, google):
    google.accounts.revoke()
    answer = connect_service(client, google)
    assert answer.status_code == 422
    assert "Google no longer accepts" in text_of(answer)
    assert not SiteSetting.objects.exists()


def test_a_project_without_the_api_is_said(client, google):
    google.troubles.once("GET /drive/v3/about", "no api")
    assert "Enable it in the Google Cloud console" in text_of(connect_service(client, google))


@pytest.mark.parametrize("error", sorted(oauth.WHAT_TO_DO))
def test_each_refusal_of_googles_says_what_to_do(client, google, error):
    page = text_of(connect_person(client, google, error=error))
    assert f"({error})" in page
    assert not DriveGrant.objects.exists()


def test_a_wrong_secret_says_what_to_do(client, google, monkeypatch):
    monkeypatch.setitem(CLIENT, "client_secret", "another one since")
    page = text_of(connect_person(client, google))
    assert "Paste a newly downloaded file" in page
    assert not DriveGrant.objects.exists()


def test_an_answer_to_another_browsers_question_is_refused(client, google):
    connect_person(client, google, error="access_denied")
    page = text_of(client.get(reverse("clips:drive_connected"), {"state": "forged", "code": "x"}, follow=True))
    assert "does not match" in page


def test_without_https_nobody_is_sent_to_google(client, google):
    post(client, "drive_key", {"text": CLIENT_FILE})
    page = client.get(reverse("clips:drive"), SERVER_NAME="clips.example.org")
    assert "without HTTPS" in text_of(page)
    assert f'href="{reverse("clips:drive_connect")}' not in text_of(page)
    assert client.get(reverse("clips:drive_connect"), SERVER_NAME="clips.example.org").url == reverse("clips:drive")
    page = client.get(reverse("clips:drive"), SERVER_NAME="clips.example.org", secure=True)
    assert "https://clips.example.org/manage/drive/connected" in text_of(page)
    assert f'href="{reverse("clips:drive_connect")}' in text_of(page)


@pytest.fixture(autouse=True)
def any_host(settings):
    settings.ALLOWED_HOSTS = ["*"]


def test_a_redirect_address_that_the_client_lacks_is_said(client, google):
    other = json.dumps({"web": CLIENT | {"redirect_uris": ["https://elsewhere.example/"]}})
    assert "Add the redirect address below" in text_of(post(client, "drive_key", {"text": other}))


def test_an_account_of_the_environment_is_not_changed_here(client, google, settings, tmp_path):
    settings.DRIVE_SERVICE_ACCOUNT_FILE = str(google.key_file(tmp_path))
    page = text_of(client.get(reverse("clips:drive")))
    assert "The environment names this account" in page
    assert "Disconnect" not in page
    answer = post(client, "drive_key", {"text": CLIENT_FILE})
    assert (answer.status_code, SiteSetting.objects.count()) == (422, 0)


def test_no_more_access_is_asked_for_than_is_chosen(client, google):
    post(client, "drive_key", {"text": CLIENT_FILE})
    scopes = [
        dict(parse_qsl(urlsplit(client.get(reverse("clips:drive_connect"), query).url).query))["scope"]
        for query in ({}, {"access": "all"})
    ]
    assert scopes == [oauth.OWN_FILES, oauth.WHOLE_DRIVE]


def test_a_key_names_no_other_server_than_googles(google):
    key = key_file.read(json.dumps(google.accounts.key("https://elsewhere.example/token"))).key
    assert configured.of_key(key)._token_uri == google.token_url


def test_only_admins_connect_drive(client, curator):
    client.force_login(curator)
    for name in ("drive", "drive_connect", "drive_connected", "drive_places"):
        assert client.get(reverse(f"clips:{name}")).status_code == 403
    for name in ("drive_key", "drive_folder", "drive_test", "drive_disconnect"):
        assert client.post(reverse(f"clips:{name}")).status_code == 403


def test_a_worker_uses_the_account_that_was_connected_last(client, google):
    connect_service(client, google)
    assert archive_backend(name="drive").credentials.service_account_email == SERVICE_EMAIL


def test_the_page_says_what_a_loss_of_the_server_would_cost(client, google, original, settings):
    settings.ARCHIVE_BACKEND = "drive"
    page = client.get(reverse("clips:drive")).content.decode()
    assert "If this server is lost, so is 1 original" in page
    settings.ARCHIVE_ORIGINALS = "at_once"
    assert "If this server is lost" not in client.get(reverse("clips:drive")).content.decode()


@pytest.mark.slow
def test_another_folder_is_asked_about_at_once_where_the_old_one_holds_clips(client, google, make_clip, archived):
    google.store.add("another-folder", "Other", FOLDER_TYPE, ["shared-drive"], owner="", drive_id="shared-drive")
    connect_service(client, google)
    client.post(reverse("clips:drive_folder"), {"folder": "shared-drive"})
    client.post(reverse("clips:drive_test"), {"use": "1"})
    clip = archived(make_clip())
    assert clip.copies.get().state == CopyState.VERIFIED
    page = client.post(reverse("clips:drive_folder"), {"folder": "another-folder"}, follow=True).content.decode()
    assert archive_name() == "drive"
    assert "The settings name another place for the archive" in page
    assert reverse("clips:archive_question") in page
    client.post(reverse("clips:drive_folder"), {"folder": "shared-drive"}, follow=True)
    ArchiveBlock.objects.update(look_again_at=ArchiveBlock.objects.get().since)
    tasks.look_after_archive()
    assert not ArchiveBlock.objects.exists(), "set back, so there is nothing to ask"


def test_a_site_without_https_is_connected_by_a_code(client, google):
    client.defaults["SERVER_NAME"] = "clips.example.org"
    post(client, "drive_key", {"text": json.dumps({"installed": CLIENT})})
    page = text_of(post(client, "drive_code"))
    (code,) = google.accounts.device_codes.values()
    assert code in page
    assert "https://www.google.com/device" in page
    assert "Google has not got the code yet" in text_of(post(client, "drive_code", {"done": "1"}))
    google.accounts.entered.add(code)
    assert f"Connected: {PERSON_EMAIL}" in text_of(post(client, "drive_code", {"done": "1"}))
    assert DriveGrant.objects.get().scope == oauth.OWN_FILES
    google.accounts.device_codes.clear()
    assert "does not match a request" in text_of(post(client, "drive_code", {"done": "1"})), "a code counts once"


def test_a_code_that_is_too_old_is_said(client, google):
    post(client, "drive_key", {"text": json.dumps({"installed": CLIENT})})
    post(client, "drive_code")
    google.accounts.device_codes.clear()
    assert "Get another one" in text_of(post(client, "drive_code", {"done": "1"}))
    assert not DriveGrant.objects.exists()


@pytest.mark.slow
def test_clips_from_before_are_sent_by_a_button(client, google, make_clip, archived, broker):
    before = archived(make_clip())
    assert [copy.backend for copy in before.copies.all()] == ["local"]
    connect_service(client, google)
    post(client, "drive_send_earlier")
    assert broker.depth("light") == 0, "they have their archive"
    post(client, "drive_folder", {"folder": "shared-drive"})
    assert "1 clip from before is not on Google Drive yet." in text_of(post(client, "drive_test", {"use": "1"}))
    assert "Earlier clips are sent" in text_of(post(client, "drive_send_earlier"))
    assert broker.depth("light") == 1
    tasks.send_earlier_clips()
    assert "from before" not in text_of(client.get(reverse("clips:drive")))
    archived(before)
    assert before.copies.filter(backend="drive", state=CopyState.VERIFIED).count() == 1
    assert [job.state for job in before.jobs.filter(kind=JobKind.ARCHIVE)] == [JobState.DONE] * 2
