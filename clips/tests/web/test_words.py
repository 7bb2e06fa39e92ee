"""The pages keep to the product's words, and their templates and sheets to a shape that people can read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from trickyclip.shared import styles

#: Ways of saying things that are out, with what is said instead.
OUT = {
    r"proposals?": "moment",
    r"suspicions?|suspected": "how likely a trick is",
    r"lets? (\w+ )?rest": "dismiss",
    r"puts? ([\w ]+ )?aside": "set aside",
    r"go(es)? on": "resume, continue, next",
    r"user name": "username",
    r"(taken?|take this link) back": "revoke, undo, bring back",
    r"does not fit|fits all of this": "wrong, no matches",
    r"somebody who left": "former member",
    r"fetch(ed)? (it )?back": "restore",
    r"comes again": "comes back",
    r"may still come": "available",
    r"not handed out": "skipped",
    r"as the one before": "same as last",
    r"without end": "never expires",
}
#: The same for the labels of models, which the admin shows.
OUT_OF_LABELS = OUT | {
    r"(candidate )?segments?": "moment",
    r"shoots?": "session",
    r"detection runs?|analysed": "search",
    r"let(s|ting)? go": "remove",
    r"put (away|right)|mended": "moved, repaired",
    r"cop(y|ies) for sharing|share cop(y|ies)": "share video",
}
ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODULES = sorted((ROOT / "static" / "js").rglob("*.js"))
VIEWS = sorted({*ROOT.glob("clips/*/views.py"), *ROOT.glob("clips/*/*_views.py"), *ROOT.glob("clips/web/*.py"),
                ROOT / "people/views.py", ROOT / "people/login.py", ROOT / "people/second_factor.py"})  # fmt: skip
MAX_LINE, MAX_LINES = 160, 150


def docstrings(path: Path) -> Iterator[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield text


def read(path: Path) -> str:
    text = " ".join(docstrings(path)) if path.suffix == ".py" else path.read_text()
    return " ".join(text.split())


def test_the_files_that_are_looked_through_are_there():
    assert len(TEMPLATES) > 80
    assert len(MODULES) > 40
    assert len(VIEWS) > 12


@pytest.mark.parametrize("out", OUT, ids=OUT.values())
def test_no_page_says_what_is_out(out):
    pattern = re.compile(rf"\b({out})\b", re.IGNORECASE)
    found = [
        (path.relative_to(ROOT), hit[0])
        for path in [*TEMPLATES, *MODULES, *VIEWS]
        for hit in pattern.finditer(read(path))
    ]
    assert not found, f"say “{OUT[out]}”: {found}"


def labels() -> Iterator[tuple[str, str]]:
    for model in apps.get_models():
        if model._meta.app_label in {"clips", "people", "tricks"}:
            yield model.__name__, f"{model._meta.verbose_name} {model._meta.verbose_name_plural}"
            for field in model._meta.get_fields():
                choices = [label for _value, label in getattr(field, "choices", None) or ()]
                said = [getattr(field, "verbose_name", ""), getattr(field, "help_text", ""), *choices]
                # Without what Django makes of the name of a field that has no label.
                yield f"{model.__name__}.{field.name}", " · ".join(str(text) for text in said if type(text) is not str)


def test_the_labels_that_are_looked_through_are_there():
    assert sum(bool(said) for _name, said in labels()) > 200


@pytest.mark.parametrize("out", OUT_OF_LABELS, ids=OUT_OF_LABELS.values())
def test_no_label_says_what_is_out(out):
    pattern = re.compile(rf"\b({out})\b", re.IGNORECASE)
    found = [(name, hit[0]) for name, said in labels() for hit in pattern.finditer(said)]
    assert not found, f"say “{OUT_OF_LABELS[out]}”: {found}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_is_read_without_scrolling_sideways(path):
    lines = path.read_text().splitlines()
    assert max(map(len, lines), default=0) <= MAX_LINE
    assert len(lines) <= MAX_LINES


def test_every_page_has_every_sheet_with_the_common_ones_first():
    assert "{% stylesheets %}" in (ROOT / "templates/base.html").read_text()
    assert styles.SHEETS[:3] == ("base", "layout", "components")
    alone = {"api"}  # of a page that is not drawn from base.html
    assert sorted({*styles.SHEETS, *alone}) == sorted(path.stem for path in (ROOT / "static" / "css").glob("*.css"))
