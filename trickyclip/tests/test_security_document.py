"""What deploy/SECURITY.md names is there."""

import re

import pytest
from django.conf import settings

DOCUMENT = settings.BASE_DIR / "deploy" / "SECURITY.md"
APPS = ("trickyclip", "people", "tricks", "clips", "detection")


def named(pattern: str) -> set[str]:
    return set(re.findall(pattern, DOCUMENT.read_text()))


def test_every_test_it_names_exists():
    sources = [path.read_text() for app in APPS for path in (settings.BASE_DIR / app).rglob("test_*.py")]
    there = {name for source in sources for name in re.findall(r"def (test_\w+)\(", source)}
    claimed = named(r"`(test_\w+)`")
    assert len(claimed) > 40
    assert claimed - there == set()


def test_every_file_and_setting_it_names_exists():
    assert [path for path in named(r"`([\w/]+/[\w.]+\.(?:py|md))`") if not (settings.BASE_DIR / path).is_file()] == []
    readme = (settings.BASE_DIR / "README.md").read_text()
    assert {name for name in named(r"`([A-Z]+_[A-Z_]+)(?:=1)?`") if f"`{name}`" not in readme} == set()


@pytest.mark.parametrize("chapter", range(1, 18))
def test_no_chapter_is_left_out(chapter):
    assert f"\n## V{chapter} " in DOCUMENT.read_text()


def test_no_paragraph_promises_something_without_a_test():
    """Files taken and how they are opened are shown by the tests in the table of walls."""
    told = DOCUMENT.read_text().partition("## Decisions")[2].split("\n\n")
    says_less = (
        "## ",
        "Not met",
        "Not used",
        "**Files taken**",
        "**What reads an uploaded file**",
        "Passwords of at least",
    )
    paragraphs = [text.strip() for text in told if text.strip() and not text.strip().startswith(says_less)]
    assert len(paragraphs) > 15
    assert [text[:60] for text in paragraphs if not re.search(r"`test_\w+`|`clips/tests/[\w/]+\.py`", text)] == []
