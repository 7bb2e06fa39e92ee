"""Tests pages that need only their template: they wear what the browser chose, or what its device asks for."""

import pytest
from django.test import RequestFactory
from django.urls import reverse

from trickyclip.http import away, request_id

BY_DEVICE = '<meta name="color-scheme" content="dark light">'


def pages(request) -> dict[int, str]:
    """Return each such page by its status, as the site answers it."""
    try:
        raise ValueError
    except ValueError:
        broken = request_id.server_error(request)
    answers = [request_id.bad_request(request, ValueError()), broken, away.answer(request, ConnectionError("gone"))]
    return {answer.status_code: answer.content.decode() for answer in answers}


@pytest.mark.parametrize("status", [400, 500, 503])
def test_an_error_page_is_as_light_as_the_browser_chose(status):
    request = RequestFactory().get("/")
    assert BY_DEVICE in pages(request)[status]
    request.COOKIES["theme"] = "light"
    page = pages(request)[status]
    assert '<html lang="en" data-theme="light">' in page
    assert '<meta name="color-scheme" content="light">' in page
    assert 'class="top-bar"' in page


@pytest.mark.django_db
def test_ended_links_and_api_pages_follow_the_choice_too(client, viewer):
    client.force_login(viewer)
    client.cookies["theme"] = "light"
    for address in (reverse("clips:shared", args=["nobody-has-this"]), reverse("api:docs")):
        assert 'data-theme="light"' in client.get(address).content.decode(), address


@pytest.mark.django_db
def test_a_request_that_cannot_be_read_gets_a_page(client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    answer = client.post(reverse("people:login"), {"username": "a", "password": "b", "c": "d"})
    assert answer.status_code == 400
    assert "Request not understood" in answer.content.decode()
