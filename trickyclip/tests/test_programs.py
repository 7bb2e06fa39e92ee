"""What supervisord is told of the programs."""

from configparser import RawConfigParser
from pathlib import Path
from signal import SIGTERM

from trickyclip.supervise import programs


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
