"""Holds the code to its floor plan: imports go one way, dotted names lead somewhere, no shell, no guessable secret.

Read from the source with ``ast``, so that no breach hides behind a lazy import, or in a line that no test runs. The
plan is drawn in docs/ARCHITECTURE.md.
"""

import ast
import graphlib
import importlib
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

PACKAGES = ("people", "tricks", "clips", "detection", "trickyclip", "bench")
#: From the bottom up: a room may import what stands in a line above its own, and in its own line one way only.
FLOOR_PLAN = (
    ("trickyclip.shared",),
    ("people",),
    ("tricks",),
    ("clips.media",),
    ("clips.storage",),
    ("clips.models",),
    ("clips.jobs",),
    ("clips.archive", "clips.previews", "clips.disk"),
    ("clips.ingest", "clips.sharing", "clips.sorting", "clips.library", "clips.reels", "clips.talk"),
    ("clips.integrity", "clips.notifications"),
    ("clips.templatetags",),
    ("clips.season",),
    ("clips.api", "clips.admin", "clips.web", "clips.demo"),
    ("clips.management", "clips.urls", "clips.apps"),
    ("detection",),
    ("bench",),
    # The project wires all of them together.
    ("trickyclip",),
)
#: Rooms that are divided further. None of their parts imports another one that imports it, by whatever way round.
DIVIDED = ("clips.media", "detection", "trickyclip")
#: Read camera files and make names on machines, and in sandboxes, where no Django is set up.
WITHOUT_DJANGO = (
    "tricks/naming.py",
    "tricks/words.py",
    "people/naming/slugs.py",
    "people/naming/spelling.py",
    "clips/media/",
    "clips/archive/naming.py",
    "clips/archive/backend.py",
    "clips/archive/local.py",
    "clips/archive/local_root.py",
    "clips/archive/session_text.py",
    "clips/archive/drive/",
    "clips/archive/clip_facts.py",
)
#: The one part of it that knows rows: whose leave it is to use a Drive.
KNOWS_DJANGO = ("clips/archive/drive/oauth.py",)
DETECTION_SHELL = {
    "apps.py", "tasks.py", "admin.py", "moments.py", "pairing.py", "by_moments.py", "by_take.py", "learning.py",
    "management",
}  # fmt: skip
DJANGO = {"django", "rest_framework", "celery", "django_filters", "django_htmx"}

#: Footage and crowds that are made up for a measurement, and how long Drive is left alone after an error.
MAY_BE_GUESSED = {
    "bench/library.py",
    "bench/management/commands/bench_crowd.py",
    "bench/management/commands/bench_season.py",
    "clips/archive/drive/requests.py",
}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "create_subprocess_shell"}
#: "clips.media.probe:probe" and the like, as settings and sandbox calls name them.
DOTTED = re.compile(rf"({'|'.join(PACKAGES)})(\.\w+)+(:\w+)?")
#: What else looks so: a check's id, a unit of systemd, a log, the list in a download.
OTHERWISE = re.compile(r"trickyclip\.[EW]\d{3}|trickyclip\.(target|log|json)|clips\.csv")


def sources(root: Path) -> list[Path]:
    """Return the code of the site and of its benches below ``root``, without tests and migrations."""
    files = [file for package in sorted(PACKAGES) for file in sorted((root / package).rglob("*.py"))]
    return [file for file in files if not {"tests", "migrations"} & set(file.relative_to(root).parts)]


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


def unexplained(root: Path) -> list[str]:
    """Return the modules below ``root`` that have code and no docstring, tests among them; migrations are left out."""
    files = [file for package in sorted(PACKAGES) for file in sorted((root / package).rglob("*.py"))]
    code = [file for file in files if "migrations" not in file.relative_to(root).parts and tree(file).body]
    return [str(file.relative_to(root)) for file in code if not ast.get_docstring(tree(file))]


def breaches(root: Path) -> list[str]:
    """Return a line for each import that the floor plan forbids below ``root``."""
    found = []
    edges: dict[tuple[str, str], str] = {}
    parts: dict[str, set[str]] = {}
    for file in sources(root):
        relative = file.relative_to(root)
        module = module_of(relative)
        for imported in sorted(imported_modules(file)):
            if imported.split(".")[0] in PACKAGES:
                if reason := why_not(module, imported):
                    found.append(f"{relative} imports {imported}: {reason}")
                if room_of(imported) != room_of(module):
                    edges.setdefault((room_of(module), room_of(imported)), f"{relative} imports {imported}")
                elif room_of(module) in DIVIDED and part_of(imported, root) != part_of(module, root):
                    parts.setdefault(part_of(module, root), set()).add(part_of(imported, root))
            if is_free_of_django(relative) and (reason := why_no_django(imported)):
                found.append(f"{relative} imports {imported}: {reason}")
    found += [
        f"{line}, and {edges[two, one]}" for (one, two), line in edges.items() if one < two and (two, one) in edges
    ]
    return found + circles(parts)


def circles(parts: dict[str, set[str]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(parts).prepare()
    except graphlib.CycleError as error:
        return [f"parts import each other in a circle: {' -> '.join(error.args[1])}"]
    return []


def module_of(file: Path) -> str:
    """Return the dotted name of a file; of a package that of its ``__init__``, so that it is a part like the others."""
    return ".".join(file.with_suffix("").parts)


def room_of(module: str) -> str:
    """Return the room of a module: of ``clips`` a folder, of the project its shared part, else a whole package."""
    first, *rest = module.split(".")
    if first == "clips" and rest:
        return f"clips.{rest[0]}"
    return "trickyclip.shared" if module.startswith("trickyclip.shared") else first


def part_of(module: str, root: Path) -> str:
    """Return which part of a divided room a module is: a folder or a file right below it."""
    depth = room_of(module).count(".") + 2
    names = module.split(".")[:depth]
    path = root.joinpath(*names)
    return ".".join(names) if path.is_dir() or path.with_suffix(".py").is_file() else room_of(module) + ".__init__"


def imported_modules(file: Path) -> set[str]:
    modules = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = file.parts[-1 - node.level : -1] if node.level else ()
            module = ".".join([*package, *filter(None, [node.module])])
            # "from clips.media import probe" names a module too
            modules |= {f"{module}.{alias.name}" for alias in node.names}
    return modules


def floor_of(room: str) -> int | None:
    return next((number for number, rooms in enumerate(FLOOR_PLAN) if room in rooms), None)


def why_not(module: str, imported: str) -> str | None:
    here, there = floor_of(room_of(module)), floor_of(room_of(imported))
    if here is None:
        return f"the floor plan knows no room {room_of(module)}"
    if there is not None and there > here:
        return f"{room_of(imported)} stands above {room_of(module)}"
    return None


def why_no_django(imported: str) -> str | None:
    if imported.split(".")[0] in DJANGO:
        return "this part knows no Django"
    if imported.split(".")[0] in PACKAGES and not is_free_of_django(as_path(imported)):
        return "this part may import only what knows no Django"
    return None


def is_free_of_django(file: Path) -> bool:
    if file.parts[0] == "detection":
        return file.parts[1:2] != () and file.parts[1] not in DETECTION_SHELL
    return f"{file}".startswith(WITHOUT_DJANGO) and f"{file}" not in KNOWS_DJANGO


def as_path(module: str) -> Path:
    """Return the file that a dotted name means, cut off where it goes on into a name inside the file."""
    root, parts = Path(settings.BASE_DIR), module.split(".")
    while parts:
        if (root / Path(*parts)).is_dir():
            return Path(*parts) / "__init__.py"
        if (root / Path(*parts)).with_suffix(".py").is_file():
            return Path(*parts).with_suffix(".py")
        parts.pop()
    return Path(module)


def dotted_names(root: Path) -> set[str]:
    """Return every string in the code that names something of ours by its dotted name."""
    found = set()
    for file in [*sources(root), *(root / "deploy").glob("*.py")]:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
                found.add(node.value)
    return {name for name in found if not OTHERWISE.fullmatch(name)}


def leads_somewhere(name: str) -> bool:
    """Return whether a dotted name is that of a module, of something in one, or of a model ("people.Member")."""
    module, _colon, inside = name.partition(":")
    names = module.split(".")
    for n_parts in range(len(names), 0, -1):
        try:
            thing = importlib.import_module(".".join(names[:n_parts]))
        except ModuleNotFoundError:
            continue
        for attribute in [*names[n_parts:], *filter(None, [inside])]:
            thing = getattr(thing, attribute, None)
        return thing is not None or is_model(names)
    return False


def is_model(names: list[str]) -> bool:
    from django.apps import apps

    try:
        return len(names) == 2 and apps.get_model(*names) is not None
    except LookupError:
        return False


@pytest.mark.slow
def test_imports_go_one_way():
    assert breaches(settings.BASE_DIR) == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"clips/media/probe.py": "from clips.models import Job"}, "stands above"),
        ({"clips/media/probe.py": "import django.utils"}, "knows no Django"),
        ({"clips/jobs/worker.py": "def f():\n    from clips.archive import outage"}, "stands above"),
        ({"clips/models/job.py": "from clips.jobs import pipeline"}, "stands above"),
        ({"clips/storage/files.py": "from clips.models import OriginalFile"}, "stands above"),
        ({"clips/library/views.py": "from clips.api import filters"}, "stands above"),
        ({"clips/sorting/undo.py": "from detection import tasks"}, "stands above"),
        ({"clips/archive/item.py": "import bench.library"}, "stands above"),
        ({"people/models/person.py": "from tricks.models import Trick"}, "stands above"),
        ({"people/views.py": "from trickyclip.http import away"}, "stands above"),
        ({"detection/propose.py": "import celery"}, "knows no Django"),
        ({"clips/attic/box.py": "from clips.models import Job"}, "knows no room"),
        (
            {"clips/sorting/a.py": "from clips.library import b", "clips/library/b.py": "from clips.sorting import a"},
            "clips/library/b.py imports clips.sorting.a, and clips/sorting/a.py imports clips.library.b",
        ),
        (
            {
                "clips/media/cut/a.py": "from clips.media.render import b",
                "clips/media/render/b.py": "from clips.media.mp4 import c",
                "clips/media/mp4/c.py": "from clips.media.cut import a",
            },
            "in a circle",
        ),
    ],
)
def test_an_import_the_wrong_way_is_found(tmp_path, files, says):
    for name, code in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{code}\n")
    assert any(says in line for line in breaches(tmp_path))


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("clips/models/job.py", "from clips.media.cameras import gopro"),
        ("clips/library/views.py", "from clips.sorting.decisions import Choice"),
        ("clips/web/home.py", "from clips.library import ordering"),
        ("tricks/models.py", "from people.naming.slugs import free_slug"),
        ("detection/tasks.py", "from clips.jobs.worker import claim"),
        ("detection/propose.py", "from clips.media.pictures import coded"),
        ("trickyclip/urls.py", "from tricks.views import pick"),
        ("people/views.py", "from trickyclip.shared import whole_pages"),
        ("clips/media/cut/clip.py", "import av"),
    ],
)
def test_an_import_the_right_way_is_not(tmp_path, file, line):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(f"{line}\n")
    assert breaches(tmp_path) == []


@pytest.mark.slow
def test_every_dotted_name_leads_somewhere():
    names = dotted_names(settings.BASE_DIR)
    assert {"people.access.AccessMiddleware", "clips.media.probe:probe", "people.Member"} <= names
    assert [name for name in sorted(names) if not leads_somewhere(name)] == []


@pytest.mark.parametrize(
    "name", ["clips.media.moved:probe", "clips.media.probe:prob", "people.access.Access", "clips.Clip"]
)
def test_a_dotted_name_that_leads_nowhere_is_found(name):
    assert not leads_somewhere(name)


@pytest.mark.slow
def test_every_module_says_what_it_is_for():
    assert unexplained(settings.BASE_DIR) == []


def test_a_module_that_says_nothing_is_found(tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "__init__.py").touch()
    (tmp_path / "clips" / "views.py").write_text("ROOT = 1\n")
    assert unexplained(tmp_path) == ["clips/views.py"]


@pytest.mark.slow
def test_no_code_gives_text_to_a_shell():
    assert shells(settings.BASE_DIR) == []


@pytest.mark.parametrize("call", ["subprocess.run(name, shell=True)", "os.system(name)", "os.popen(f'ls {name}')"])
def test_a_shell_is_found(tmp_path, call):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "views.py").write_text(f"def view(name):\n    {call}\n")
    assert len(shells(tmp_path)) == 1


@pytest.mark.slow
def test_only_made_up_data_and_waits_are_drawn_by_random():
    """Secrets come from ``secrets``; each module that uses ``random`` is listed with its purpose."""
    users = {str(file.relative_to(settings.BASE_DIR)) for file in sources(settings.BASE_DIR)
             if {name.split(".")[0] for name in imported_modules(file)} & {"random"}
             or {"numpy.random"} & imported_modules(file)}  # fmt: skip
    assert users == MAY_BE_GUESSED
