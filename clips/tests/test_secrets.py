"""Secrets are where their owner alone reads them, and not in what a broken page says."""

import os
from pathlib import Path

import pytest
from django.urls import reverse


def test_secrets_lie_in_files_that_their_owner_alone_reads(tmp_path):
    from trickyclip import embedded

    embedded.secret(tmp_path, "planted")
    (file,) = [path for path in Path(tmp_path).rglob("planted") if path.is_file()]
    assert file.stat().st_mode & 0o077 == 0
    assert os.access(file, os.R_OK)


@pytest.mark.django_db
def test_a_page_that_breaks_tells_nothing(client, admin, monkeypatch):
    def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError("planted-detail")

    monkeypatch.setattr("clips.views.home.render", broken)
    client.raise_request_exception = False
    client.force_login(admin)
    answer = client.get(reverse("home"))
    assert answer.status_code == 500
    assert "planted-detail" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
