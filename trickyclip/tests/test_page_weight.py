"""Tests what JavaScript pages load: little of our own, and what they need that is filled when it is opened."""

import re
from pathlib import Path, PurePosixPath

import pytest
from django.conf import settings

STATIC = settings.BASE_DIR / "static"
TEMPLATES = settings.BASE_DIR / "templates"
#: Uncompressed; libraries of others are not counted.
MAX_BYTES = 120 * 1024

SCRIPT = re.compile(r"""<script[^>]*\bsrc="{% static '(?!vendor/)([^']+\.js)' %}""")
EXTENDS = re.compile(r"""{% extends "([^"]+)" %}""")
INCLUDES = re.compile(r"""{% include "([^"]+)\"""")
MODULE = r"""\s*["'](\.{1,2}/[^"']+\.m?js)["']"""
#: import "./x.js"; import { y } from "./x.js"; export * from "./x.js"; new Worker(new URL("./x.js", …)).
WITH_THE_PAGE = re.compile(r"(?:\bfrom|\bimport|\bURL\()" + MODULE)
#: A box that htmx fills when it is opened.
FILLED_WHEN_OPENED = re.compile(r"""<details[^>]*\bhx-trigger="toggle""")
#: import("./x.js"), when somebody first needs it.
LATER = re.compile(r"\bimport\(" + MODULE)


def parts_of(name: str, seen: set[str] | None = None) -> set[str]:
    """Return the templates that a page is drawn from."""
    seen = set() if seen is None else seen
    if name in seen or not (TEMPLATES / name).is_file():
        return seen
    seen.add(name)
    text = (TEMPLATES / name).read_text()
    for other in [*EXTENDS.findall(text), *INCLUDES.findall(text)]:
        parts_of(other, seen)
    return seen


def modules_of(scripts: set[str], *, also_later: bool = False) -> set[str]:
    """Return these modules with all that they import, ours only; ``also_later`` with what they load at need."""
    found: set[str] = set()
    waiting = list(scripts)
    while waiting:
        module = waiting.pop()
        if module in found or module.startswith("vendor/"):
            continue
        found.add(module)
        text = (STATIC / module).read_text()
        for other in [*WITH_THE_PAGE.findall(text), *(LATER.findall(text) if also_later else [])]:
            path = (STATIC / PurePosixPath(module).parent / other).resolve().relative_to(STATIC.resolve())
            waiting.append(str(path))
    return found


def scripts_of(page: str) -> set[str]:
    return {script for part in parts_of(page) for script in SCRIPT.findall((TEMPLATES / part).read_text())}


PAGES = sorted(
    str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html") if not path.name.startswith("_")
)  # fmt: skip


def test_imports_are_followed_as_far_as_they_lead():
    modules = modules_of(scripts_of("clips/sorting/sort.html"))
    assert {"js/sorting/page.js", "js/previews/shuttle.js", "js/connection.js"} <= modules
    assert "js/ingest/hash-worker.js" in modules_of(scripts_of("clips/ingest/upload.html")), (
        "also by a worker's address"
    )


def test_every_module_is_on_some_page():
    loaded = {module for page in PAGES for module in modules_of(scripts_of(page), also_later=True)}
    there = {str(path.relative_to(STATIC)) for path in Path(STATIC / "js").rglob("*.js")}
    assert not {one for one in there - loaded if not one.startswith("js/worker/")}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_light(page):
    sizes = {module: (STATIC / module).stat().st_size for module in modules_of(scripts_of(page))}
    assert sum(sizes.values()) <= MAX_BYTES, sorted(sizes.items(), key=lambda one: -one[1])


def test_what_is_filled_when_it_is_opened_is_so_also_before_the_scripts_are_there():
    boxes = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if FILLED_WHEN_OPENED.search(path.read_text())
    }
    on_pages = {page: parts_of(page) & boxes for page in PAGES}
    assert boxes == set().union(*on_pages.values())
    for page in (page for page, its_boxes in on_pages.items() if its_boxes):
        assert "js/web/folded.js" in scripts_of(page), f"{page} would leave {on_pages[page]} empty if opened early"
