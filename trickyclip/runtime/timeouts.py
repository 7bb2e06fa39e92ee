"""Sets PostgreSQL's lock and statement timeouts for each program.

A lock that never comes would otherwise hold a web server's thread, or a worker, for ever.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Timeouts in seconds; 0 means no limit."""

    lock_s: float
    statement_s: float


#: Somebody waits before the page, and a tunnel gives up after 100 s.
WEB = Patience(lock_s=5, statement_s=30)
#: Waiting must end well before a job's lease does (60 s); the audit's longest statement takes seconds.
WORKER = Patience(lock_s=15, statement_s=600)
#: A migration that waits for a table holds up all who come after it; what it then does may take as long as it likes.
COMMAND = Patience(lock_s=60, statement_s=0)


def patience_of(program: str) -> Patience:
    """Return the timeouts of a program of `trickyclip.runtime.programs`; empty is a command typed by a person."""
    return {"web": WEB, "": COMMAND}.get(program, WORKER)


def connection_options(*, lock_s: float, statement_s: float) -> str:
    """Return the timeouts as libpq options of a connection; empty if both are unlimited."""
    told = {"lock_timeout": lock_s, "statement_timeout": statement_s}
    return " ".join(f"-c {name}={round(1000 * seconds)}" for name, seconds in told.items() if seconds)
