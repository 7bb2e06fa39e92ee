"""Tests that a run of quick tests leaves out slow files unread, and no others."""

import pytest

from trickyclip.pytest_engines import ALL_SLOW, pytest_ignore_collect

SLOW = "pytestmark = pytest.mark.slow\n"


@pytest.mark.parametrize(
    ("text", "is_slow"),
    [
        (SLOW, True),
        ("pytestmark = [pytest.mark.slow, pytest.mark.django_db]\n", True),
        ("pytestmark = [\n    pytest.mark.django_db,\n    pytest.mark.slow,\n]\n", True),
        ("pytestmark = [pytest.mark.django_db]\n\n\n@pytest.mark.slow\ndef test(): ...\n", False),
        ("    pytestmark = pytest.mark.slow\n", False),
        ("pytestmark = pytest.mark.slowly\n", False),
        ("# pytestmark = pytest.mark.slow\n", False),
    ],
)
def test_slow_files_are_known_by_their_mark(text, is_slow):
    assert bool(ALL_SLOW.search(f"import pytest\n\n{text}")) == is_slow


@pytest.mark.parametrize(
    ("expression", "name", "ignored"),
    [("not slow", "test_a.py", True), ("", "test_a.py", None), ("slow", "test_a.py", None), ("not slow", "a.py", None)],
)
def test_they_are_left_out_where_only_quick_ones_are_asked_for(
    pytestconfig, monkeypatch, tmp_path, expression, name, ignored
):
    (tmp_path / name).write_text(SLOW)
    monkeypatch.setattr(pytestconfig.option, "markexpr", expression)
    assert pytest_ignore_collect(tmp_path / name, pytestconfig) is ignored
