"""Tests the admin page on which a person grants the archive access to their Drive."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import reverse

from clips.archive import configured
from clips.archive.backend import ArchiveBlockedError, BlockReason
from clips.archive.configured import archive_backend
from clips.archive.drive import oauth
from clips.models import CopyState, DriveGrant
from clips.tests.archive.drive_accounts import CLIENT, PERSON_EMAIL
from people.models import Action, AuditEntry

pytestmark = pytest.mark.django_db
CONNECT, CONNECTED = "admin:clips_drivegrant_connect", "admin:clips_drivegrant_connected"


@pytest.fixture
def on_drive(on_drive, settings):
    """The same Drive, but with the account of whoever grants it."""
    settings.DRIVE_SERVICE_ACCOUNT_FILE, settings.DRIVE_FOLDER_ID = "", ""
    settings.DRIVE_OAUTH_CLIENT_ID, settings.DRIVE_OAUTH_CLIENT_SECRET = CLIENT.values()
    return on_drive


def asked_of_google(client) -> dict[str, str]:
    """Return the parameters of the page's link to Google."""
    address = client.get(reverse(CONNECT)).context["google_address"]
    assert address.startswith("https://accounts.google.com/")
    return dict(parse_qsl(urlsplit(address).query))


def come_back(client, **answer):
    return client.get(reverse(CONNECTED), answer, follow=True)


@pytest.fixture
def asked(on_drive, client, admin) -> dict[str, str]:
    client.force_login(admin)
    return asked_of_google(client)


def test_an_account_that_is_granted_is_used(on_drive, asked, client, make_clip, archived):
    code = on_drive.accounts.consent(asked)
    page = come_back(client, state=asked["state"], code=code)
    assert f"Clips now go to the Drive of {PERSON_EMAIL}." in page.content.decode()
    clip = archived(make_clip())
    assert clip.copies.get().state == CopyState.VERIFIED
    assert on_drive.store.items[clip.drive_file_id].owner == PERSON_EMAIL
    assert on_drive.store.path(on_drive.store.items[clip.drive_file_id]).startswith("My Drive/TrickyClip Archive/2024/")


def test_the_token_is_in_no_row_as_it_is(on_drive, asked, client):
    come_back(client, state=asked["state"], code=on_drive.accounts.consent(asked))
    (token,) = on_drive.accounts.refresh_tokens
    given = DriveGrant.objects.get()
    assert token not in given.sealed_token
    assert oauth.unseal(given.sealed_token) == token


def test_who_connected_which_account_is_in_the_trail_without_its_token(on_drive, asked, client):
    come_back(client, state=asked["state"], code=on_drive.accounts.consent(asked))
    (token,) = on_drive.accounts.refresh_tokens
    entry = AuditEntry.objects.get(action=Action.CONNECTED)
    assert (entry.actor_name, PERSON_EMAIL in entry.target_name) == ("ada", True)
    assert token not in str(vars(entry))


def test_no_more_is_asked_for_than_is_needed(asked, settings, client):
    assert asked["scope"] == oauth.OWN_FILES
    assert (asked["access_type"], asked["code_challenge_method"]) == ("offline", "S256")
    settings.DRIVE_FOLDER_ID = "made-by-a-person"
    assert asked_of_google(client)["scope"] == oauth.WHOLE_DRIVE


@pytest.mark.parametrize("state", ["forged", "", "gefälscht"])
def test_an_answer_to_somebody_elses_question_is_refused(on_drive, asked, client, state):
    page = come_back(client, state=state, code=on_drive.accounts.consent(asked))
    assert "does not match" in page.content.decode()
    assert not DriveGrant.objects.exists()


def test_an_answer_counts_once(on_drive, asked, client):
    come_back(client, state=asked["state"], error="access_denied")
    page = come_back(client, state=asked["state"], code=on_drive.accounts.consent(asked))
    assert "does not match" in page.content.decode()
    assert not DriveGrant.objects.exists()


def test_a_refusal_changes_nothing_and_is_said(asked, client):
    page = come_back(client, state=asked["state"], error="access_denied")
    assert "access_denied" in page.content.decode()
    assert not DriveGrant.objects.exists()


def test_a_box_that_was_not_ticked_is_said(on_drive, asked, client):
    page = come_back(client, state=asked["state"], code=on_drive.accounts.consent(asked, scope="openid"))
    assert "tick it" in page.content.decode()
    assert not DriveGrant.objects.exists()


def test_a_code_that_somebody_caught_is_of_no_use_without_the_verifier(on_drive, asked, client):
    code = on_drive.accounts.consent(asked | {"code_challenge": "of another browser"})
    page = come_back(client, state=asked["state"], code=code)
    assert "Google refused" in page.content.decode()
    assert not DriveGrant.objects.exists()


@pytest.mark.parametrize("page", [CONNECT, CONNECTED, "admin:clips_drivegrant_changelist"])
def test_only_admins_connect(on_drive, client, curator, page):
    client.force_login(curator)
    assert client.get(reverse(page)).status_code == 403


def test_without_a_client_the_page_says_how_to_make_one(client, admin):
    client.force_login(admin)
    text = client.get(reverse(CONNECT)).content.decode()
    assert "http://testserver/admin/clips/drivegrant/connected/" in text


def test_another_secret_key_opens_no_token(on_drive, asked, client, settings):
    come_back(client, state=asked["state"], code=on_drive.accounts.consent(asked))
    settings.SECRET_KEY = "another" * 8
    configured._of_grant.cache_clear()
    with pytest.raises(ArchiveBlockedError, match="Connect it again") as caught:
        archive_backend()
    assert caught.value.reason == BlockReason.CREDENTIALS
