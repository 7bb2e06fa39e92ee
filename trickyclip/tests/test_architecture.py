"""Imports go one way; read from the source with ``ast``, so that a breach cannot hide behind a lazy import."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

APPS = {"people", "tricks", "clips", "detection", "trickyclip"}
#: Which of our packages each may import. ``trickyclip`` is the project: it wires all of them together.
MAY_IMPORT = {
    "people": {"people", "trickyclip"},
    "tricks": {"tricks", "trickyclip"},
    "clips": {"clips", "people", "tricks", "trickyclip"},
    "detection": {"detection", "clips", "trickyclip"},
    "trickyclip": APPS,
}
#: Of the project itself an app may use these; the rest of it stands above the apps.
FOR_EVERY_APP = {
    "trickyclip.names",
    "trickyclip.logs",
    "trickyclip.celery",
    "trickyclip.merging",
    "trickyclip.merge_admin",
    "trickyclip.sealed",
    "trickyclip.visible",
}
WITHOUT_DJANGO = (
    "clips/media/",
    "clips/archive/path.py",
    "clips/archive/backend.py",
    "clips/archive/local.py",
    "clips/archive/drive",
    "clips/archive/facts.py",
)
DETECTION_SHELL = {"apps.py", "tasks.py", "admin.py", "proposals.py", "management"}
DJANGO = {"django", "rest_framework", "celery", "django_filters", "django_htmx"}


def breaches(root: Path) -> list[str]:
    """Return a line for each import that goes the wrong way below ``root``."""
    found = []
    for app in sorted(APPS):
        for file in sorted((root / app).rglob("*.py")):
            relative = file.relative_to(root)
            if "tests" in relative.parts:
                continue
            for module in imported_modules(file):
                if reason := why_not(relative, module):
                    found.append(f"{relative} imports {module}: {reason}")
    return found


def imported_modules(file: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = file.parts[-1 - node.level : -1] if node.level else ()
            module = ".".join([*package, *filter(None, [node.module])])
            # "from clips.media import probe" names a module too
            modules |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return modules


def why_not(file: Path, module: str) -> str | None:
    app, package = file.parts[0], module.split(".")[0]
    if package in APPS and package not in MAY_IMPORT[app]:
        return f"{app} may not import {package}"
    if package == "trickyclip" != app and not any(
        name == module or name.startswith(f"{module}.") or module.startswith(f"{name}.") for name in FOR_EVERY_APP
    ):
        return "this part of the project stands above the apps"
    if is_free_of_django(file):
        if package in DJANGO:
            return "this part knows no Django"
        if package in APPS and not is_free_of_django(as_path(module)):
            return "this part may import only what knows no Django"
    return None


def is_free_of_django(file: Path) -> bool:
    if file.parts[0] == "detection":
        return file.name != "detection" and file.parts[1:2] != () and file.parts[1] not in DETECTION_SHELL
    return f"{file}".startswith(WITHOUT_DJANGO) or f"{file}/".startswith(WITHOUT_DJANGO)


def as_path(module: str) -> Path:
    """Return the file that a dotted name means, cut off where it goes on into a name inside the file."""
    root = Path(settings.BASE_DIR)
    parts = module.split(".")
    while parts:
        if (root / Path(*parts)).is_dir():
            return Path(*parts) / "__init__.py"
        if (root / Path(*parts)).with_suffix(".py").is_file():
            return Path(*parts).with_suffix(".py")
        parts.pop()
    return Path(module)


def test_imports_go_one_way():
    assert breaches(settings.BASE_DIR) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("people/views.py", "from clips.models import FinalClip"),
        ("tricks/models.py", "import people.models"),
        ("clips/pipeline.py", "from detection.tasks import detect"),
        ("clips/views/upload.py", "from trickyclip.settings import DATA_DIR"),
        ("clips/media/cut.py", "from django.conf import settings"),
        ("clips/media/cut.py", "from clips.models import FinalClip"),
        ("clips/archive/path.py", "from django.utils.text import slugify"),
        ("detection/motion.py", "from clips.models import DetectionRun"),
        ("detection/motion.py", "from detection.tasks import detect"),
    ],
)
def test_an_import_the_wrong_way_is_found(tmp_path, file, line):
    for app in APPS:
        (tmp_path / app).mkdir()
    breach = tmp_path / file
    breach.parent.mkdir(parents=True, exist_ok=True)
    breach.write_text(f"def lazily():\n    {line}\n")
    assert breaches(tmp_path)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("detection/read.py", "from clips.media.container import open_media"),
        ("detection/tasks.py", "from clips.models import Job"),
        ("clips/models/clip.py", "from people.models import Person"),
        ("people/models/person.py", "from trickyclip.names import free_slug"),
        ("trickyclip/celery.py", "from clips.media.sandbox import die_with_parent"),
    ],
)
def test_an_import_the_right_way_is_not(tmp_path, file, line):
    for app in APPS:
        (tmp_path / app).mkdir()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(f"{line}\n")
    assert breaches(tmp_path) == []
