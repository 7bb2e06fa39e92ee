"""Lists the programs of a running site, and writes the supervisord configuration that keeps them running."""

import shlex
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGKILL, SIGQUIT, SIGTERM, Signals

from django.conf import settings

from trickyclip.runtime import embedded, launch

# Stopping is web and workers first, then the engines: together under the 10 s that a person waits.
SITE_STOP_S, ENGINES_STOP_S = 5, 3
# A program that ends within START_S is started again after 1, 2, 3 … s, and given up after this many times.
START_S, START_RETRIES = 2, 6

#: Folders with code that runs in the site.
CODE = ("clips", "detection", "people", "tricks", "trickyclip")

# Whoever starts the site as root means it; what opens uploaded files is confined by clips/media/sandbox anyway.
AS_ROOT_ON_PURPOSE = "ignore:You're running the worker"


@dataclass(frozen=True)
class Program:
    """One supervised program; passwords go into its environment, because everyone may read a command line."""

    name: str
    arguments: list[str]
    stop_signal: Signals
    environment: dict[str, str] = field(default_factory=dict)
    #: It ends by itself, and is not started again.
    once: bool = False


def of_engines(engines: list[embedded.Engine]) -> list[Program]:
    return [Program(engine.name, engine.arguments, engine.stop_signal) for engine in engines]


def of_site(run_dir: Path, *, bind: str, flower_bind: str, reload: bool = False) -> list[Program]:
    """Return web server, workers, beat and Flower as ``manage.py up`` supervises them.

    With ``reload`` each but Flower, which has next to no code of ours, follows changes of the code.
    """

    def launched(program: Program) -> Program:
        # Without a supervisor nobody would end a program that takes its time: it loses nothing by being killed.
        pid_file = run_dir / f"{program.name}.pid"
        return replace(program, arguments=launch.arguments(program.arguments, death_signal=SIGKILL, pid_file=pid_file))

    programs = commands(bind, flower_bind)
    if reload:
        programs = [program if program.name == "flower" else reloading(program) for program in programs]
    return [launched(program) for program in programs]


def reloading(program: Program) -> Program:
    """Return the program as one that starts anew whenever code of the site changes; after an error it waits for that.

    The web server also reads templates and static files anew for each page (``DEBUG``).
    """
    folders = [word for name in CODE for word in ("--directory", str(embedded.BASE_DIR / name))]
    options = [
        *folders, "--recursive", "--patterns", "**/*.py", "--ignore-patterns", "**/tests/**",
        "--debounce-interval", "0.3", "--signal", program.stop_signal.name, "--kill-after", str(SITE_STOP_S - 1),
        "--no-restart-on-command-exit",
    ]  # fmt: skip
    # It leads a process group of its own, so it is told by itself when what watches over it was killed; and it goes
    # through a shell, because watchdog takes every "--" for its own.
    line = shlex.join(launch.arguments(program.arguments, death_signal=SIGKILL))
    command = [sys.executable, "-m", "watchdog.watchmedo", "auto-restart", *options, "--", "sh", "-c", f"exec {line}"]
    debug = {"DEBUG": "1"} if program.name == "web" else {}
    return replace(program, arguments=command, stop_signal=SIGTERM, environment=program.environment | debug)


def commands(bind: str, flower_bind: str) -> list[Program]:
    """Return the same programs unsupervised, for containers and systemd (``manage.py program``)."""

    def program(name: str, module: str, *arguments: str, stop: Signals = SIGTERM, **environment: str) -> Program:
        return Program(name, [sys.executable, "-m", module, *arguments], stop, {"SITE_PROGRAM": name} | environment)

    # Django's checks, whose result Celery throws away, would load every page into each of these programs.
    celery = ("celery", "--quiet", "--app", "trickyclip.celery", "--skip-checks")
    flower_address, _, flower_port = flower_bind.rpartition(":")
    manage = [sys.executable, "-u", str(embedded.BASE_DIR / "manage.py")]
    watch = Program("incoming", [*manage, "watch_incoming"], SIGTERM, {"SITE_PROGRAM": "incoming"})
    incoming = [watch] if settings.INCOMING_DIR else []
    gunicorn_conf = embedded.BASE_DIR / "deploy" / "gunicorn.conf.py"
    return [
        program("web", "gunicorn", "--config", str(gunicorn_conf), "--bind", bind, "trickyclip.wsgi"),
        *(
            program(
                queue, *celery, "worker", "--queues", queue, "--concurrency", str(at_once),
                "--hostname", f"{queue}@%h", "--without-gossip", "--without-mingle",
                stop=SIGQUIT,  # Celery's soft shutdown: running jobs get a moment, then go back
                PYTHONWARNINGS=AS_ROOT_ON_PURPOSE,
            )
            for queue, at_once in settings.WORKERS.items()
        ),
        program("beat", *celery, "beat", "--pidfile="),
        *incoming,
        program(
            "flower", "trickyclip.runtime.flower", "--quiet", "--app", "trickyclip.runtime.flower",
            "flower", f"--address={flower_address}", f"--port={flower_port}", "--logging=none",
            FLOWER_BASIC_AUTH=f"flower:{flower_password()}",
            FLOWER_MAX_TASKS="2000",  # its 100,000 would be all of a small machine's memory; the jobs page has the rest
            LOG_LEVEL="ERROR",  # it warns of every worker that has not answered yet
        ),
    ]  # fmt: skip


def names() -> list[str]:
    """Return the names of the programs in the order of their start."""
    return [program.name for program in commands("", "")]


def flower_password() -> str:
    """Return Flower's password; if none is set, the stored one."""
    return settings.FLOWER_PASSWORD or embedded.secret(settings.DATA_DIR, "flower")


def demo(run_dir: Path) -> Program:
    """Return the program that imports the demo session; it ends after some seconds."""
    command = [sys.executable, "-u", str(embedded.BASE_DIR / "manage.py"), "make_demo"]
    line = launch.arguments(command, death_signal=SIGKILL, pid_file=run_dir / "demo.pid")
    return Program("demo", line, SIGTERM, once=True)


def configuration(
    engines: list[Program], site: list[Program], *, run_dir: Path, outputs: dict[str, int], as_root: bool
) -> str:
    """Return the text of supervisord's configuration.

    Parameters
    ----------
    outputs : dict of program name to file descriptor
        Where supervisord, which inherits the descriptors, writes each program's lines.
    """
    lines = [
        "[supervisord]",
        "nodaemon = true",
        "logfile = /dev/null",  # its own log goes to its standard output
        "logfile_maxbytes = 0",
        f"pidfile = {_escaped(str(run_dir / 'supervisord.number'))}",
        f"directory = {_escaped(str(embedded.BASE_DIR))}",
    ]
    if as_root:
        lines.append("user = root")  # said out loud, it does not warn
    for priority, (group, programs) in enumerate({"engines": engines, "site": site}.items(), start=1):
        if not programs:
            continue
        names = ",".join(program.name for program in programs)
        lines += ["", f"[group:{group}]", f"programs = {names}", f"priority = {priority}"]
        stop_s = ENGINES_STOP_S if group == "engines" else SITE_STOP_S
        for program in programs:
            lines += _section(program, output=outputs[program.name], stop_s=stop_s)
    return "\n".join(lines) + "\n"


def _section(program: Program, *, output: int, stop_s: int) -> list[str]:
    lines = [
        "",
        f"[program:{program.name}]",
        f"command = {_escaped(shlex.join(program.arguments))}",
        f"autorestart = {'false' if program.once else 'true'}",
        f"startsecs = {0 if program.once else START_S}",
        f"startretries = {START_RETRIES}",
        f"stopsignal = {program.stop_signal.name.removeprefix('SIG')}",
        f"stopwaitsecs = {stop_s}",
        "killasgroup = true",
        "redirect_stderr = true",
        f"stdout_logfile = /dev/fd/{output}",
        "stdout_logfile_maxbytes = 0",
    ]
    if program.environment:
        pairs = ",".join(f'{name}="{value}"' for name, value in program.environment.items())
        lines.append(f"environment = {_escaped(pairs)}")
    return lines


def _escaped(value: str) -> str:
    return value.replace("%", "%%")
