"""Tests that a browser keeps whether pages are dark or light, and that each colour has a value in both."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

CHOOSE, ACCOUNT = reverse("people:theme_choose"), reverse("people:account")
COLOURS = re.compile(r"(--[a-z-]+): (?:#|rgb)")


@pytest.fixture
def page(client, viewer):
    client.force_login(viewer)
    return client


def pressed(body: str) -> list[str]:
    return re.findall(r'name="theme" value="(\w*)"\s+aria-pressed="true"', body)


@pytest.mark.parametrize("chosen", ["dark", "light"])
def test_choice_is_kept_and_marks_the_page(page, chosen):
    assert page.post(CHOOSE, {"theme": chosen}).url == ACCOUNT + "#appearance"
    body = page.get(ACCOUNT).content.decode()
    assert f'<html lang="en" data-theme="{chosen}">' in body
    assert pressed(body) == [chosen]


@pytest.mark.parametrize("said", ["", "neon"])
def test_without_a_choice_the_page_is_as_the_device_asks(page, said):
    page.post(CHOOSE, {"theme": "light"})
    page.post(CHOOSE, {"theme": said})
    body = page.get(ACCOUNT).content.decode()
    assert '<html lang="en">' in body
    assert '<meta name="color-scheme" content="dark light">' in body
    assert pressed(body) == [""]


def test_a_cookie_that_somebody_wrote_by_hand_does_nothing(page):
    page.cookies["theme"] = '"><script>'
    assert '<html lang="en">' in page.get(ACCOUNT).content.decode()


def test_each_colour_has_a_value_in_both():
    sheet = (settings.BASE_DIR / "static/css/base.css").read_text(encoding="utf-8")
    dark, by_device, by_choice = (
        set(COLOURS.findall(block.split("}")[0]))
        for block in (
            sheet[sheet.index(":root {") :],
            sheet[sheet.index(':root:not([data-theme="dark"]') :],
            sheet[sheet.index(':root[data-theme="light"]') :],
        )
    )
    assert len(dark) > 20
    assert dark == by_device == by_choice
