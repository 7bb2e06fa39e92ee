"""Tests in which language the site answers: the member's own, else the browser's, and English for programs."""

import json

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from people.models import ApiToken, Member
from people.models.token import Scope

ACCOUNT, CHOOSE, LOGIN = reverse("people:account"), reverse("people:language_choose"), reverse("people:login")
GERMAN, ENGLISH = '<html lang="de">', '<html lang="en">'


@pytest.fixture
def page(client, viewer):
    client.force_login(viewer)
    return client


def choose(client, code: str) -> None:
    assert client.post(CHOOSE, {"language": code}).url == ACCOUNT + "#language"


@pytest.mark.django_db
def test_a_page_before_the_login_speaks_as_the_browser_asks(client):
    answer = client.get(LOGIN, headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert GERMAN in answer.content.decode()
    assert "Anmelden" in answer.content.decode()
    assert answer["Content-Language"] == "de"
    assert "Accept-Language" in answer["Vary"]
    assert ENGLISH in client.get(LOGIN, headers={"Accept-Language": "fr"}).content.decode()


def test_a_members_choice_counts_on_every_device_for_more_than_the_browser(page, client, viewer):
    choose(page, "de")
    assert Member.objects.get(pk=viewer.pk).language == "de"
    answer = page.get(ACCOUNT, headers={"Accept-Language": "en"})
    assert GERMAN in answer.content.decode()
    assert answer["Content-Language"] == "de"


def test_without_a_choice_the_browser_is_asked_again(page):
    choose(page, "de")
    choose(page, "")
    assert ENGLISH in page.get(ACCOUNT).content.decode()
    assert GERMAN in page.get(ACCOUNT, headers={"Accept-Language": "de"}).content.decode()


def test_what_is_no_language_means_none(page, viewer):
    choose(page, "de")
    choose(page, "xx")
    assert Member.objects.get(pk=viewer.pk).language == ""


def test_a_language_that_is_gone_does_no_harm(page, viewer):
    viewer.choose_language("xx")
    assert ENGLISH in page.get(ACCOUNT).content.decode()


def test_the_choice_is_marked_on_the_account_page(page):
    choose(page, "de")
    body = " ".join(page.get(ACCOUNT).content.decode().split())
    assert 'name="language" value="de" lang="de" aria-pressed="true">Deutsch' in body
    assert body.count('aria-pressed="true"') == 2  # and the theme


def test_no_language_is_left_for_the_next_request_or_the_job_of_a_thread(page, client):
    choose(page, "de")
    page.get(ACCOUNT)
    assert translation.get_language() == settings.LANGUAGE_CODE
    client.logout()
    assert ENGLISH in client.get(LOGIN).content.decode()


def test_the_api_and_tokens_are_answered_in_english(client, sorter):
    sorter.choose_language("de")
    _token, secret = ApiToken.objects.issue(sorter, "script", Scope.READ, None)
    german = {"Accept-Language": "de"}
    refused = client.get(reverse("api:clip_list"), headers=german | {"Authorization": "Bearer wrong"})
    assert refused.json()["detail"] == "This API token is unknown, expired or revoked."
    answer = client.get(reverse("api:clip_list"), headers=german | {"Authorization": f"Bearer {secret}"})
    assert answer["Content-Language"] == "en"
    client.force_login(sorter)
    assert client.get(reverse("api:clip_list"), headers=german)["Content-Language"] == "en"


def test_a_picture_varies_with_no_language(client):
    answer = client.get("/favicon.ico", headers={"Accept-Language": "de"})
    assert "Content-Language" not in answer
    assert "Accept-Language" not in answer.get("Vary", "")


@pytest.mark.parametrize(("language", "says"), [("de", "Keine Verbindung"), ("en", "No connection")])
def test_each_language_has_a_worker_and_an_offline_page_of_its_own(client, language, says):
    other = {"Accept-Language": "en" if language == "de" else "de"}
    worker = client.get(reverse("service_worker"), {"language": language}, headers=other).content.decode()
    shell = json.loads(worker.partition("const shell = ")[2].partition(";\n")[0])
    assert shell["language"] == language
    page = client.get(shell["offline"], headers=other)
    assert says in page.content.decode()
    assert page["Content-Language"] == language
    manifest = client.get(reverse("manifest"), {"language": language}, headers=other).json()
    assert manifest["lang"] == language


def test_who_leaves_leaves_no_language_behind(viewer):
    viewer.choose_language("de")
    viewer.forget_name()
    assert Member.objects.get(pk=viewer.pk).language == ""
