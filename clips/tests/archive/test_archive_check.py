"""Tests ``manage.py archive_check``: one screen, with advice for each fault."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def checked() -> tuple[bool, str]:
    out = StringIO()
    try:
        call_command("archive_check", stdout=out, no_color=True)
    except CommandError:
        return False, out.getvalue()
    return True, out.getvalue()


def test_a_good_archive_is_said_to_be_good(backend):
    is_good, text = checked()
    assert is_good
    assert "Clips can be archived." in text


def test_a_good_drive_is_described(on_drive):
    text = checked()[1]
    for line in ("Connected as archive@", "Crew, in a shared drive", "Files can be added"):
        assert line in text


@pytest.mark.parametrize(
    ("break_it", "what", "advice"),
    [
        (lambda drive, _: drive.accounts.revoke(), "credentials", "Connect it again"),
        (lambda drive, _: drive.troubles.always("GET", "no api"), "settings", "Enable it in the Google Cloud console"),
        (lambda _, settings: setattr(settings, "DRIVE_FOLDER_ID", "gone"), "folder", "set another one in"),
        (lambda drive, _: setattr(drive.store.items["shared-drive"], "trashed", True), "folder", "Restore it"),
        (lambda drive, _: setattr(drive.store.items["shared-drive"], "read_only", True), "permission", "Content"),
        (lambda _, settings: setattr(settings, "DRIVE_FOLDER_ID", ""), "quota", "shared drive"),
        (lambda _, settings: setattr(settings, "DRIVE_SERVICE_ACCOUNT_FILE", "/nowhere"), "settings", "new key"),
        (
            lambda _, settings: setattr(settings, "DRIVE_SERVICE_ACCOUNT_FILE", ""),
            "settings",
            "No account is connected",
        ),
        (lambda _, settings: setattr(settings, "ARCHIVE_BACKEND", "tape"), "settings", "“local” or “drive”"),
        (lambda drive, _: drive.troubles.always("GET", "503"), "connection", "cannot be reached"),
    ],
)
def test_each_fault_is_named_with_what_to_do(on_drive, settings, break_it, what, advice):
    break_it(on_drive, settings)
    is_good, text = checked()
    assert not is_good
    (bad,) = [line for line in text.splitlines() if " BAD " in line]
    assert bad.startswith(what)
    assert advice in bad


def test_a_local_folder_that_cannot_be_written_is_said(settings, tmp_path):
    settings.ARCHIVE_DIR = tmp_path / "file"
    settings.ARCHIVE_DIR.write_text("no folder")
    is_good, text = checked()
    assert not is_good
    assert "Mount its disk" in text
