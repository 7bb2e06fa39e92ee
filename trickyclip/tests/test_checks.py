"""Tests the checks of settings that contradict each other."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from clips.storage import addresses
from trickyclip import checks

NO_OPTIONS = {"s3": {}, "gs": {}}


def said(found) -> list[str]:
    return [message.id for message in found]


@pytest.mark.parametrize("address", ["s3:/x", "s3://", "https://x/y", "s3://key@bucket/x", "bucket"])
def test_an_address_that_is_none_is_told_what_one_looks_like(address):
    with pytest.raises(ImproperlyConfigured, match="write s3://bucket/prefix"):
        addresses.storage("STORAGE_URL", address, NO_OPTIONS)


def test_an_address_names_bucket_and_prefix_and_leaves_the_rest_to_the_library():
    entry = addresses.storage(
        "STORAGE_URL", "s3://crew/a/b/", {"s3": {"region_name": "eu-central-1", "access_key": ""}}
    )
    assert entry["OPTIONS"] == {"bucket_name": "crew", "location": "a/b", "region_name": "eu-central-1"}


@pytest.fixture
def in_bucket(settings):
    def all_in(scheme: str, *aliases: str, **options: str) -> None:
        entry = addresses.storage("STORAGE_URL", f"{scheme}://crew", NO_OPTIONS)
        settings.STORAGES = settings.STORAGES | dict.fromkeys(aliases or checks.ALIASES, entry)
        own = settings.BUCKET_OPTIONS[scheme] | options
        settings.BUCKET_OPTIONS = settings.BUCKET_OPTIONS | {scheme: own}

    return all_in


def test_half_a_key_is_an_error(in_bucket):
    in_bucket("s3", access_key="key", secret_key="")
    (found,) = checks.bucket_keys(None)
    assert found.msg == "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not. Set both or neither."


def test_a_key_file_that_is_not_there_is_an_error(in_bucket, tmp_path):
    in_bucket("gs", credentials_file=str(tmp_path / "key.json"))
    assert said(checks.bucket_keys(None)) == ["trickyclip.E002"]


def test_several_machines_are_told_what_they_must_share(in_bucket, monkeypatch):
    in_bucket("s3", "originals", access_key="key", secret_key="secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://a:b@c/d")
    monkeypatch.setenv("SECRET_KEY", "")
    assert said(checks.several_machines(None)) == ["trickyclip.W001", "trickyclip.W002", "trickyclip.W003"]
    monkeypatch.setenv("DATABASE_URL", "")
    assert checks.several_machines(None) == []


def test_the_data_folder_alone_needs_nothing(capsys):
    call_command("storage_check")
    assert "Files can be stored and read." in capsys.readouterr().out
    assert checks.confined_readers(None) == []
    assert checks.bucket_keys(None) == []
    assert checks.several_machines(None) == []


def test_a_kernel_that_confines_nothing_is_a_warning_be_it_accepted_or_not(monkeypatch, no_walls):
    assert said(checks.confined_readers(None)) == ["trickyclip.W004"]
    monkeypatch.setenv("SANDBOX_WITHOUT_LANDLOCK", "1")
    assert said(checks.confined_readers(None)) == ["trickyclip.W005"]
