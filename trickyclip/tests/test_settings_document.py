"""Tests that docs/SETTINGS.md names exactly the settings that are read."""

import re

from django.conf import settings

from people.site_settings.registry import Section, of_section

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


def test_what_admins_change_in_the_site_is_listed_by_section():
    text = (settings.BASE_DIR / "docs" / "SETTINGS.md").read_text()
    rows = re.findall(r"^\| ([\w ]+) \| ((?:`[A-Z_]+`(?:, )?)+) \|$", text, re.MULTILINE)
    listed = {title: re.findall(r"`([A-Z_]+)`", names) for title, names in rows}
    assert listed == {str(section.title): [one.name for one in of_section(section)] for section in Section}


def test_each_of_them_is_read_from_the_environment_too():
    read = set().union(*(READS.findall((settings.BASE_DIR / file).read_text()) for file in WHERE))
    assert {one.name for section in Section for one in of_section(section)} <= read
