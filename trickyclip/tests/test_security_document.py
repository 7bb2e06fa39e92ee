"""Tests that each promise in deploy/SECURITY.md names existing tests that show it.

The rule is simple, so that no promise is missed: below "What you have to do" each block is a heading, a list of
promises, a table of promises, or a paragraph that begins with one of ``MARKS`` and promises nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from django.conf import settings

DOCUMENT = settings.BASE_DIR / "deploy" / "SECURITY.md"
APPS = ("trickyclip", "people", "tricks", "clips", "detection", "bench")
#: Instructions and how to read the document stand before the promises; this heading is the first of those.
PROMISES_BEGIN = "\n## Decisions\n"
MARKS = ("**Not covered.**", "**Why.**", "**Not used.**")
TEST = re.compile(r"`(test_\w+)`")
#: A sentence, then its tests.
PROMISE = re.compile(r"(?P<sentence>.*?)\s*(?P<tests>(?:`test_\w+`(?:, )?)*)", re.DOTALL)
#: A full stop within a line, or a semicolon: what follows is a second promise, which might have no test.
GOES_ON = re.compile(r"[.!?]\s|;")


def names_of_tests() -> Counter[str]:
    """Return how many tests of the site have each name."""
    sources = [path.read_text() for app in APPS for path in (settings.BASE_DIR / app).rglob("test_*.py")]
    return Counter(name for source in sources for name in re.findall(r"^ *def (test_\w+)\(", source, re.MULTILINE))


def faults(document: str, there: Counter[str]) -> list[str]:
    """Return the promises of a document that name no test, one line each."""
    _before, begin, promises = document.partition(PROMISES_BEGIN)
    if not begin:
        return [f"no heading {PROMISES_BEGIN.strip()}"]
    return [fault for block in re.split(r"\n\s*\n", promises.strip()) for fault in faults_of(block.strip(), there)]


def faults_of(block: str, there: Counter[str]) -> Iterator[str]:
    if block.startswith("- "):
        for item in re.split(r"^- ", block, flags=re.MULTILINE)[1:]:
            yield from faults_of_promise(" ".join(item.split()), there)
    elif block.startswith("|"):
        yield from faults_of_table(block.splitlines(), there)
    elif re.fullmatch(r"#{2,3} .+", block):
        return
    elif not block.startswith(MARKS):
        yield f"neither a promise nor marked: {block[:60]}"


def faults_of_table(lines: list[str], there: Counter[str]) -> Iterator[str]:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    if rows[0][-1] != "tests":
        yield f"a table whose last column is not called tests: {lines[0][:60]}"
    for *cells, tests in rows[2:]:
        for cell in cells[:1]:
            yield from faults_of_promise(f"{cell} {tests}", there)
        yield from (f"two sentences: {cell[:60]}" for cell in cells[1:] if GOES_ON.search(cell))


def faults_of_promise(text: str, there: Counter[str]) -> Iterator[str]:
    found = PROMISE.fullmatch(text)
    sentence, tests = found["sentence"], TEST.findall(found["tests"])
    if not tests:
        yield f"no test: {sentence[:60]}"
    if GOES_ON.search(sentence):
        yield f"two sentences: {sentence[:60]}"
    if not sentence.endswith("."):
        yield f"no sentence: {sentence[:60]}"
    yield from (f"no such test: {name}" for name in tests if not there[name])
    yield from (f"{there[name]} tests of this name: {name}" for name in tests if there[name] > 1)


def test_every_sentence_that_promises_something_names_its_tests():
    assert faults(DOCUMENT.read_text(), names_of_tests()) == []
    assert len(set(TEST.findall(DOCUMENT.read_text()))) > 150


GOOD = """# Security

Read me.

## Decisions

### Doors

- Doors are shut. `test_doors`
- Windows of the ground floor
  are shut as well, at 22.30. `test_windows`,
  `test_shutters`

**Not covered.** The chimney is open. Nobody climbs up there.

| wall | stands where | tests |
|---|---|---|
| Walls are high. | in the north | `test_walls` |
"""
NAMES = Counter(["test_doors", "test_windows", "test_shutters", "test_walls", "test_twice", "test_twice"])


def test_the_check_finds_nothing_where_each_promise_has_its_tests():
    assert faults(GOOD, NAMES) == []


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        (" `test_doors`", "", "no test: Doors are shut."),
        ("Doors are shut.", "Doors are shut. Locks are good.", "two sentences: Doors are shut. Locks are good."),
        ("Doors are shut.", "Doors are shut; locks are good.", "two sentences: Doors are shut; locks are good."),
        ("shut. `test_doors`", "shut. `test_doors` So is it.", "no test: Doors are shut. `test_doors` So is it."),
        ("`test_doors`", "`test_dors`", "no such test: test_dors"),
        ("`test_windows`,", "`test_window`,", "no such test: test_window"),
        ("`test_doors`", "`test_twice`", "2 tests of this name: test_twice"),
        ("`test_doors`", "`clips/tests/test_doors.py`", "no test: Doors are shut. `clips/tests/test_doors.py`"),
        ("### Doors", "### Doors\n\nDoors are shut.", "neither a promise nor marked: Doors are shut."),
        ("**Not covered.** The", "The", "neither a promise nor marked: The chimney is open. Nobody climbs up there."),
        ("| `test_walls` |", "| |", "no test: Walls are high."),
        ("| `test_walls` |", "| `test_wall` |", "no such test: test_wall"),
        ("in the north", "in the north. In the south", "two sentences: in the north. In the south"),
        ("| tests |", "| why |", "a table whose last column is not called tests: | wall | stands where | why |"),
        ("## Decisions", "## Doors", "no heading ## Decisions"),
    ],
)  # fmt: skip
def test_the_check_finds_a_promise_without_a_test(right, wrong, fault):
    assert GOOD.count(right) == 1
    assert fault in faults(GOOD.replace(right, wrong), NAMES)


def named(pattern: str) -> set[str]:
    return set(re.findall(pattern, DOCUMENT.read_text()))


def test_every_file_and_setting_it_names_exists():
    assert [path for path in named(r"`([\w/]+/[\w.]+\.(?:py|md))`") if not (settings.BASE_DIR / path).is_file()] == []
    known = (settings.BASE_DIR / "docs" / "SETTINGS.md").read_text()
    assert {name for name in named(r"`([A-Z]+_[A-Z_]+)(?:=1)?`") if f"`{name}`" not in known} == set()


@pytest.mark.parametrize("chapter", range(1, 18))
def test_no_chapter_is_left_out(chapter):
    assert f"\n## V{chapter} " in DOCUMENT.read_text()
