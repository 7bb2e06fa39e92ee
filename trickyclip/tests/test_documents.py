"""The documents name what exists: links and their anchors, files, commands, modules. Their lists leave nothing out."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
FOR_CONTRIBUTORS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCUMENTS = [*FOR_CONTRIBUTORS, ROOT / "CHANGELOG.md", *sorted((ROOT / "deploy").glob("*.md"))]
MOST_README_LINES = 150

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
#: In a list of a document's own sections.
LISTED = re.compile(r"^- \[(?P<title>[^\]]+)\]\(#", re.MULTILINE)
SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"`(?P<word>[^`\s]+)[^`]*`")
#: With an ending like this a path is one of ours, whatever folder it begins with.
SOURCE = re.compile(r"[\w.-]+(/[\w.-]+)+\.(py|js|cjs|css|html|json|md|txt|toml|ini|yaml|sh)")
SCRIPT = re.compile(r"(?<!\.)\./(?P<path>(deploy|\.ci)/[\w-]+)")
COMMAND = re.compile(r"\bmanage\.py (?P<name>[a-z_]+)")
MODULE = re.compile(r"\bpython -m (?P<name>[\w.]+)")
#: Come with the next change.
NOT_YET: set[str] = set()


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as Markdown's readers make them."""
    titles = (found["title"] for found in HEADING.finditer(FENCED.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def dead_links(document: Path) -> list[str]:
    """Return the relative links of a document that lead nowhere."""
    dead = []
    for found in LINK.finditer(document.read_text()):
        path, _, anchor = found["target"].partition("#")
        if ":" in path:
            continue
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            dead.append(found["target"])
    return dead


def is_of_this_project(word: str) -> bool:
    """Return whether a word names a file or folder of the project: by its first folder, or by its ending."""
    first, slash, _rest = word.partition("/")
    return bool(slash) and bool(first) and (first in folders() or SOURCE.fullmatch(word) is not None)


def folders() -> set[str]:
    """Return the names of the project's own folders; what a running site or a tool makes there is none."""
    return {path.parent.name for path in ROOT.glob("*/__init__.py")} | {
        "deploy",
        "docs",
        "static",
        "templates",
        ".ci",
        ".github",
    }


def unknown_paths(text: str) -> set[str]:
    """Return the files and folders in backticks, and the scripts anywhere, that do not exist."""
    words = {found["word"].removeprefix("./") for found in QUOTED.finditer(FENCED.sub("", text))}
    named = {word for word in words if is_of_this_project(word)} | {found["path"] for found in SCRIPT.finditer(text)}
    return {path for path in named - NOT_YET if not (ROOT / path).exists()}


def unknown_commands(text: str) -> set[str]:
    """Return the ``manage.py`` commands and ``python -m`` modules that do not exist."""
    commands = {found["name"] for found in COMMAND.finditer(text)} - set(get_commands())
    modules = {found["name"].rstrip(".") for found in MODULE.finditer(text)}
    return commands | {name for name in modules if find_spec(name) is None}


def unlisted_sections(text: str) -> set[str]:
    """Return the sections that a document's own table of contents leaves out; none if it has no such table."""
    listed = set(LISTED.findall(text))
    return set(SECTION.findall(FENCED.sub("", text))) - listed if listed else set()


def relative(document: Path) -> str:
    return str(document.relative_to(ROOT))


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_README_LINES


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_relative_link_leads_somewhere(document):
    assert dead_links(document) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_a_table_of_contents_has_every_section(document):
    assert unlisted_sections(document.read_text()) == set()


def test_a_section_that_is_not_listed_is_found():
    assert unlisted_sections("- [One](#one)\n\n## One\n\n## Two\n") == {"Two"}


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "DECISIONS"
    listed = {found["target"] for found in LINK.finditer((folder / "README.md").read_text())}
    assert listed == {page.name for page in folder.glob("*.md")} - {"README.md"}


@pytest.mark.parametrize("document", FOR_CONTRIBUTORS, ids=relative)
def test_every_file_that_is_named_exists(document):
    assert unknown_paths(document.read_text()) == set()


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if d.name != "CHANGELOG.md"], ids=relative)
def test_every_command_that_is_named_exists(document):
    assert unknown_commands(document.read_text()) == set()


@pytest.mark.parametrize("link", ["[a](GONE.md)", "[a](#gone)", "[a](there.md#gone)", "![a](gone.png)"])
def test_a_link_that_leads_nowhere_is_found(tmp_path, link):
    (tmp_path / "there.md").write_text("# Here\n")
    document = tmp_path / "document.md"
    document.write_text(
        f"# Start, stop\n\n[good](there.md#here), [good](#start-stop), [far](https://example.org#x)\n\n{link}\n"
    )
    assert len(dead_links(document)) == 1


@pytest.mark.parametrize(
    "path", ["clips/gone.py", "clips/media/gone/", "gone/tests/test_gone.py", "./deploy/gone --fast"]
)
def test_a_file_that_is_gone_is_found(path):
    fine = "`clips/apps.py`, `clips/media/`, `./deploy/test -q`, `incoming/done/`, `/etc/fstab`, `utils.py`, `s3://bucket/x`"
    assert unknown_paths(fine) == set()
    assert unknown_paths(f"{fine} `{path}`") == {path.split()[0].removeprefix("./")}


def test_a_script_in_a_block_of_commands_is_found():
    assert unknown_paths("    ./deploy/run\n    ./deploy/gone --fast\n") == {"deploy/gone"}


@pytest.mark.parametrize("command", ["manage.py gone", "python -m clips.gone"])
def test_a_command_that_is_gone_is_found(command):
    fine = "`manage.py up`, `manage.py …`, `python -m clips.media cut`, `python -m detection`"
    assert unknown_commands(fine) == set()
    assert len(unknown_commands(f"{fine} `{command}`")) == 1
