"""Tests the architecture with ``ast``: imports go one way, no shell is started, no secret is guessable.

So a breach cannot hide behind a lazy import, or in a line that no test runs.
"""

import ast
from functools import cache
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
    "people.naming.slugs",
    "people.naming.fields",
    "people.naming.spelling",
    "people.naming.picking",
    "trickyclip.shared.redact",
    "trickyclip.shared.logs",
    "trickyclip.celery",
    "people.merging",
    "people.merge_admin",
    "people.renaming",
    "people.rename_admin",
    "people.rename_form",
    "people.sealed",
    "trickyclip.shared.whole_pages",
}
WITHOUT_DJANGO = (
    "tricks/naming.py",
    "tricks/words.py",
    "people/naming/slugs.py",
    "people/naming/spelling.py",
    "clips/media/",
    "clips/archive/naming.py",
    "clips/archive/backend.py",
    "clips/archive/local.py",
    "clips/archive/drive",
    "clips/archive/clip_facts.py",
)
DETECTION_SHELL = {"apps.py", "tasks.py", "admin.py", "proposals.py", "management"}
DJANGO = {"django", "rest_framework", "celery", "django_filters", "django_htmx"}


#: Footage and crowds that are made up for a measurement, and how long Drive is left alone after an error.
MAY_BE_GUESSED = {"bench/library.py", "bench/management/commands/bench_crowd.py", "clips/archive/drive/client.py"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "create_subprocess_shell"}


def sources(root: Path) -> list[Path]:
    """Return the code of the site below ``root``, without its tests."""
    files = [file for app in sorted(APPS) for file in sorted((root / app).rglob("*.py"))]
    return [file for file in files if "tests" not in file.relative_to(root).parts]


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def shells(root: Path) -> list[str]:
    """Return a line for each call below ``root`` that gives text to a shell."""
    found = []
    for file in sources(root):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call):
                asks = [word.arg for word in node.keywords if word.arg == "shell"]
                called = ast.unparse(node.func)
                if asks or called.endswith(tuple(SHELLS)):
                    found.append(f"{file.relative_to(root)}: {called}")
    return found


def breaches(root: Path) -> list[str]:
    """Return a line for each import that goes the wrong way below ``root``."""
    found = []
    for file in sources(root):
        relative = file.relative_to(root)
        for module in imported_modules(file):
            if reason := why_not(relative, module):
                found.append(f"{relative} imports {module}: {reason}")
    return found


def imported_modules(file: Path) -> set[str]:
    modules = set()
    for node in ast.walk(tree(file)):
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
    """Return the file of a dotted name, without the part that names something inside the file."""
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
        ("clips/jobs/pipeline.py", "from detection.tasks import detect"),
        ("clips/ingest/views.py", "from trickyclip.settings import DATA_DIR"),
        ("clips/media/cut/clip.py", "from django.conf import settings"),
        ("clips/media/cut/clip.py", "from clips.models import FinalClip"),
        ("clips/archive/naming.py", "from django.utils.text import slugify"),
        ("detection/features/motion.py", "from clips.models import DetectionRun"),
        ("detection/features/motion.py", "from detection.tasks import detect"),
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
        ("detection/decode/read.py", "from clips.media.formats.opening import open_media"),
        ("detection/tasks.py", "from clips.models import Job"),
        ("clips/models/clip.py", "from people.models import Person"),
        ("people/models/person.py", "from people.naming.slugs import free_slug"),
        ("trickyclip/celery.py", "from clips.media.sandbox import die_with_parent"),
    ],
)
def test_an_import_the_right_way_is_not(tmp_path, file, line):
    for app in APPS:
        (tmp_path / app).mkdir()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(f"{line}\n")
    assert breaches(tmp_path) == []


def test_no_code_gives_text_to_a_shell():
    assert shells(settings.BASE_DIR) == []


@pytest.mark.parametrize("call", ["subprocess.run(name, shell=True)", "os.system(name)", "os.popen(f'ls {name}')"])
def test_a_shell_is_found(tmp_path, call):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "views.py").write_text(f"def view(name):\n    {call}\n")
    assert len(shells(tmp_path)) == 1


def test_only_made_up_data_and_waits_are_drawn_by_random():
    """Secrets come from ``secrets``; each module that uses ``random`` is listed with its purpose."""
    users = {str(file.relative_to(settings.BASE_DIR)) for file in sources(settings.BASE_DIR)
             if imported_modules(file) & {"random", "numpy.random"}}  # fmt: skip
    assert users == MAY_BE_GUESSED
