"""Tests that docs/SETTINGS.md names exactly the settings that are read."""

import re

from django.conf import settings

READS = re.compile(r'(?:\benv(?:\.\w+)?\(|environ\.get\()\s*"([A-Z][A-Z0-9_]*)"')
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \|", re.MULTILINE)
WHERE = (
    "trickyclip/settings.py",
    "deploy/gunicorn.conf.py",
    "trickyclip/pytest_engines.py",
    "clips/media/sandbox/confine.py",
)
#: Set by our own tools for their children, not by people.
NOT_FOR_PEOPLE = {"PYTEST_XDIST_WORKER", "SITE_PROGRAM"}


def test_every_setting_is_in_the_table_and_every_row_is_a_setting():
    read = set()
    for file in WHERE:
        read |= set(READS.findall((settings.BASE_DIR / file).read_text()))
    table = set(ROW.findall((settings.BASE_DIR / "docs" / "SETTINGS.md").read_text()))
    assert table == read - NOT_FOR_PEOPLE
