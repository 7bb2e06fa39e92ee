"""``manage.py up --reload``, which deploy/dev starts: what was changed is there without a start by hand."""

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from trickyclip.runtime import embedded, programs
from trickyclip.tests import site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NEEDED = (*programs.CODE, "templates", "static", "deploy", "manage.py", "requirements.txt")
PATIENCE_S = 90


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the site's code, to be changed."""
    folder = tmp_path_factory.mktemp("project")
    for name in NEEDED:
        source = embedded.BASE_DIR / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def up(project, started_site) -> Iterator[site.Up]:
    """The copy, running."""
    with tempfile.TemporaryDirectory(prefix="trickyclip-site-", ignore_cleanup_errors=True) as folder:
        up = site.Up(site.copied(started_site, Path(folder)), "--reload", project=project)
        try:
            yield up.wait_until_ready()
        finally:
            up.stop()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def page(up: site.Up, path: str) -> str:
    """Return what the site answers; nothing while its web server starts anew."""
    try:
        return requests.get(f"{up.base_url}{path}", timeout=20).text
    except requests.ConnectionError:
        return ""


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def program(up: site.Up, name: str) -> psutil.Process | None:
    """Return what runs now of the program, below the process that watches the code."""
    children = site.still_running(psutil.Process(up.pid(name)).children())
    return children[0] if children else None


def test_a_changed_template_is_on_the_next_page(up, project):
    assert "Come in" not in page(up, "/login")
    replace(project / "templates" / "people" / "login.html", "<h1>", "<h1>Come in: ")
    assert "Come in" in page(up, "/login")


def test_a_changed_static_file_is_asked_for_again_and_there(up, project):
    [path] = re.findall(r'href="(/static/\w+/css/base\.css)"', page(up, "/login"))
    before = requests.get(f"{up.base_url}{path}", timeout=20)
    assert "max-age=0" in before.headers["Cache-Control"]
    file = project / "static" / "css" / "base.css"
    file.write_text(f"{file.read_text()}\n/* changed */\n")
    after = requests.get(f"{up.base_url}{path}", timeout=20)
    assert "/* changed */" in after.text


def test_changed_code_is_in_the_next_answers_and_in_the_workers(up, project):
    names = [name for name in programs.names() if name != "flower"]
    wait_until(lambda: all(program(up, name) for name in names))
    before = {name: program(up, name) for name in names}
    replace(project / "trickyclip" / "http" / "health.py", '"ok\\n"', '"better\\n"')
    wait_until(lambda: page(up, "/healthz") == "better\n")
    wait_until(lambda: all(program(up, name) not in {None, before[name]} for name in names))
    assert site.still_running(list(before.values())) == []


def test_an_error_in_the_code_is_waited_out(up, project):
    file = project / "people" / "models" / "__init__.py"
    right = file.read_text()
    file.write_text("from nowhere import nothing\n")
    wait_until(lambda: "No module named 'nowhere'" in up.text)
    file.write_text(right)
    wait_until(lambda: "TrickyClip" in page(up, "/login"))
