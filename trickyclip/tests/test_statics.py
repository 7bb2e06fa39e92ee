"""Tests the addresses of static files: cached for good, and new when a file changes."""

import re

import pytest
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from trickyclip.http.statics import version_of


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["css/base.css", "js/connection.js", "admin/css/base.css"])
def test_a_static_file_is_kept_for_good(client, name):
    answer = client.get(static(name))
    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]


def test_a_changed_a_new_and_a_renamed_file_each_make_another_version(tmp_path):
    (tmp_path / "one.js").write_text("1")
    seen = [version_of([tmp_path])]
    (tmp_path / "one.js").write_text("2")
    seen.append(version_of([tmp_path]))
    (tmp_path / "two.js").write_text("")
    seen.append(version_of([tmp_path]))
    (tmp_path / "two.js").rename(tmp_path / "three.js")
    seen.append(version_of([tmp_path]))
    assert len(set(seen)) == 4


def test_the_same_files_make_the_same_version_everywhere():
    places = [*settings.STATICFILES_DIRS, settings.BASE_DIR / "requirements.txt"]
    assert f"/static/{version_of(places)}/" == settings.STATIC_URL


@pytest.mark.django_db
def test_all_style_sheets_come_as_one_file_that_is_kept_for_good(client):
    page = client.get(reverse("people:login")).content.decode()
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer["Cache-Control"]
    text = answer.content.decode()
    assert text.index("--ground: #0d1117") < text.index(".clip-grid") < text.index(".sorter {"), "in their order"
    for font in re.findall(r'url\("([^"]+)"\)', text):
        assert client.get(font).status_code == 200, font
    assert client.get(reverse("stylesheet", args=["of-before"])).status_code == 404
