"""Tests the programs in supervisord's configuration."""

import importlib
import os
import re
import subprocess
import sys
import time
from configparser import RawConfigParser
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest
from celery import current_app
from django.core.management import CommandError, call_command

from trickyclip.celery import app
from trickyclip.management.commands.program import Command as CommandLine
from trickyclip.runtime import embedded, launch, programs
from trickyclip.tests.site import MANAGE, environment
from trickyclip.tests.test_architecture import PACKAGES, as_path, imported_modules

OPERATIONS = embedded.BASE_DIR / "docs" / "OPERATIONS.md"
UNIT = embedded.BASE_DIR / "deploy" / "systemd" / "trickyclip@.service"
ENGINES = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")


def told(*site: programs.Program) -> RawConfigParser:
    parser = RawConfigParser()
    outputs = {program.name: number for number, program in enumerate(site, start=5)}
    text = programs.configuration([], list(site), run_dir=Path("/run/site"), outputs=outputs, as_root=False)
    parser.read_string(text)
    return parser


def test_what_stays_up_is_started_again_when_it_dies():
    section = told(programs.Program("web", ["serve"], SIGTERM))["program:web"]
    assert section["autorestart"] == "true"
    assert int(section["startsecs"]) > 0


def test_demo_ends_by_itself_and_is_not_started_again():
    section = told(programs.demo(Path("/run/site")))["program:demo"]
    assert "make_demo" in section["command"]
    assert (section["autorestart"], section["startsecs"]) == ("false", "0")


def test_supervised_programs_are_those_that_containers_and_units_run(tmp_path):
    places = {"bind": "127.0.0.1:8000", "flower_bind": "127.0.0.1:5555"}
    for supervised, bare in zip(programs.of_site(tmp_path, **places), programs.commands(**places), strict=True):
        assert supervised.arguments[-len(bare.arguments) :] == bare.arguments
        assert supervised.name == bare.name


def test_help_document_and_the_unit_name_the_same_programs():
    """Fails when one of them names others than there are: take `incoming` out of the table in docs/OPERATIONS.md."""
    [row] = [line for line in OPERATIONS.read_text().splitlines() if line.startswith("| `manage.py program NAME`")]
    assert re.findall(r"`([a-z]+)`", re.search(r"\((.*?)\)", row)[1]) == programs.names()
    shown = " ".join(CommandLine().create_parser("manage.py", "program").format_help().split())
    assert f"one of {', '.join(programs.names())}" in shown
    [comment] = re.findall(r"^# One program of the site .*?: (.*?)\.", UNIT.read_text(), re.MULTILINE)
    assert comment.split(", ") == programs.names()


def test_an_unknown_program_is_one_sentence():
    with pytest.raises(CommandError, match=r"no program sorting; there are web, detect, media, light, beat, .*flower"):
        call_command("program", "sorting")


@pytest.mark.slow
def test_a_worker_shows_that_it_lives_and_ends_well_on_sigterm(tmp_path):
    alive = tmp_path / "alive"
    worker = subprocess.Popen(
        launch.arguments([sys.executable, str(MANAGE), "program", "light"], death_signal=SIGKILL),
        env=environment(tmp_path / "data", ALIVE_FILE=str(alive), **{n: os.environ[n] for n in ENGINES}),
        cwd=MANAGE.parent,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not alive.exists():  # the test's own limit ends it
        assert worker.poll() is None, worker.stderr.read()
        time.sleep(0.001)  # a stop may come as soon as it says that it lives
    worker.send_signal(SIGTERM)
    assert worker.wait() == 0, worker.stderr.read()


ENDS = """
import atexit, gc
atexit.register(lambda: print(len(gc.get_objects())))  # the first is called last
import django
django.setup()
assert gc.isenabled()
import trickyclip.urls
print(gc.get_freeze_count(), len(gc.get_objects()))
"""


@pytest.mark.slow
def test_a_program_that_ends_does_not_look_for_garbage_in_its_code(tmp_path):
    told = environment(tmp_path, DJANGO_SETTINGS_MODULE="trickyclip.settings")
    done = subprocess.run(
        [sys.executable, "-c", ENDS], cwd=embedded.BASE_DIR, env=told, capture_output=True, text=True, check=True
    )
    n_frozen_at_start, n_later, n_at_end = map(int, done.stdout.split())
    assert n_at_end < n_later < n_frozen_at_start
    assert n_at_end < 100


#: What only the children need that a worker starts.
OF_CHILDREN = ("numpy", "scipy", "av")
#: Draws its film itself, once, and reads no file of anybody.
DRAWS_ITSELF = "clips.demo.film"
LOADED = f"""
import os, sys
import trickyclip.celery
trickyclip.celery.app.loader.import_default_modules()
print([name for name in {(*OF_CHILDREN, "trickyclip.urls")} if name in sys.modules])
print(*(name for name in sys.modules if name.split(".")[0] in {PACKAGES}))
"""


@pytest.mark.slow
def test_a_worker_loads_neither_pages_nor_what_only_the_children_that_it_starts_need(tmp_path):
    """Fails when a task's module imports what is needed only in a sandbox: import numpy in detection/moments.py.

    Also in a function, at its first job of a kind: from then on the worker would hold it in its memory.
    """
    options = programs.commands("127.0.0.1:8000", "127.0.0.1:5555")[1].arguments
    assert "--skip-checks" in options
    told = environment(tmp_path, DJANGO_SETTINGS_MODULE="trickyclip.settings", CELERY_SKIP_CHECKS="true")
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=embedded.BASE_DIR, env=told, capture_output=True, text=True, check=True
    )
    at_once, ours, *_rest = done.stdout.split("\n")
    assert at_once == "[]"
    assert ways_to_libraries(ours.split()) == []


def ways_to_libraries(loaded: list[str]) -> list[str]:
    """Return how these modules lead to what is the children's, by imports anywhere in them."""
    led_by = dict.fromkeys(loaded, "")
    waiting = [*loaded]
    while waiting:
        file = embedded.BASE_DIR / as_path(module := waiting.pop())
        if module == DRAWS_ITSELF or not file.is_file():
            continue
        for name in imported_modules(file):
            if name not in led_by:
                led_by[name] = module
                waiting.append(name)
    ways = [[name] for name in led_by if name.split(".")[0] in OF_CHILDREN]
    for way in ways:
        while before := led_by[way[-1]]:
            way.append(before)
    return [" < ".join(way) for way in ways]


@pytest.mark.slow
def test_flower_loads_no_rows_and_no_tasks(tmp_path):
    """Fails when Flower is started with the site's own Celery app, which loads all of Django's for an address."""
    loads = "from trickyclip.runtime.flower import app"
    code = f"import sys; {loads}; print(app.conf.broker_url, 'clips.models' in sys.modules)"
    told = environment(tmp_path, DJANGO_SETTINGS_MODULE="trickyclip.settings", REDIS_URL="redis://127.0.0.1:1/7")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=embedded.BASE_DIR, env=told, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["redis://127.0.0.1:1/7", "False"]
    assert programs.commands("127.0.0.1:8000", "127.0.0.1:5555")[-1].arguments[4:6] == [
        "--app",
        "trickyclip.runtime.flower",
    ]


def test_importing_flower_leaves_the_sites_own_app_in_its_place():
    importlib.import_module("trickyclip.runtime.flower")
    assert current_app._get_current_object() is app
