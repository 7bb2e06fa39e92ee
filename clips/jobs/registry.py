"""Registers each kind of job, and what rooms above the engine add to it: admission checks and fault handlers.

The engine knows no room. Each room that has jobs registers them in its ``job_kinds.py``, called by ``AppConfig.ready``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from clips.models import Job, JobKind

#: A few pictures and tables, and what a file system rounds up: what each job that writes files adds at least.
SMALL_BYTES = 2 * 1024**2


def _no_room(_job: Job) -> int:
    return 0


def _nothing(_job: Job, _reason: str) -> None:
    return None


def _all(_job: Job) -> None:
    return None


@dataclass(frozen=True)
class Step:
    """Describes one kind of job: its task, its queue, its needs and what follows it."""

    #: The fixed name of its Celery task.
    task: str
    queue: str
    #: What is started when it is done.
    then: tuple[JobKind, ...] = ()
    #: Whether it needs the original on this machine.
    reads_original: bool = False
    #: Whether it begins only while nobody waits for this site and stops at once otherwise (`clips.jobs.idle`). It keeps
    #: no original on the disk, and ends where it would need one that was evicted.
    when_idle: bool = False
    #: So long after it was asked for, one of those begins all the same and does not stop; None is never.
    waits_at_most: timedelta | None = None
    #: Which span of it, in milliseconds; None is all of it. A trimmed original may have a span and not the whole.
    reads_ms: Callable[[Job], tuple[int, int] | None] = _all
    #: About how much it adds to the disk.
    room_bytes: Callable[[Job], int] = _no_room
    #: Shows its final failure where people look for the thing it was about.
    on_failure: Callable[[Job, str], None] = _nothing


#: Lets a job that was just claimed wait if it may not begin yet; returns whether it has to.
AdmissionCheck = Callable[[Job], bool]
#: Looks after a job whose work raised an error; returns whether it did.
FaultHandler = Callable[[Job, Exception], bool]

_steps: dict[JobKind, Step] = {}
_admission_checks: list[AdmissionCheck] = []
_fault_handlers: list[FaultHandler] = []
_passing_faults: list[type[Exception]] = []


class RegistryError(Exception):
    """Two rooms register the same kind of job, or nobody does."""


def register(kind: JobKind, step: Step) -> None:
    """Say how a kind of job is done; RegistryError if somebody has said so before."""
    if kind in _steps:
        raise RegistryError(f"The job kind {kind} is registered twice.")
    _steps[kind] = step


def step_of(kind: str) -> Step:
    """Return how a kind of job is done; RegistryError if no room registers it."""
    try:
        return _steps[JobKind(kind)]
    except KeyError:
        raise RegistryError(f"No room registers the job kind {kind}.") from None


def originals_readers() -> frozenset[JobKind]:
    """Return the kinds of jobs that need the original on this machine."""
    return frozenset(kind for kind, step in _steps.items() if step.reads_original)


def idle_kinds() -> frozenset[JobKind]:
    """Return the kinds of jobs that run only while nobody waits for this site."""
    return frozenset(kind for kind, step in _steps.items() if step.when_idle)


def queues() -> frozenset[str]:
    """Return the queues that the registered kinds of jobs wait in."""
    return frozenset(step.queue for step in _steps.values())


def add_admission_check(check: AdmissionCheck) -> None:
    """Ask ``check`` about each job that was just claimed, in the order in which checks were added."""
    _admission_checks.append(check)


def holds_back(job: Job) -> bool:
    """Return whether a check lets a job that was just claimed wait."""
    return any(check(job) for check in _admission_checks)


def add_fault_handler(handler: FaultHandler) -> None:
    """Ask ``handler`` about each error that ends a job's work and is not the file's own."""
    _fault_handlers.append(handler)


def handles(job: Job, error: Exception) -> bool:
    """Return whether a handler looks after a job whose work raised an error."""
    return any(handler(job, error) for handler in _fault_handlers)


def add_passing_fault(fault: type[Exception]) -> None:
    """Try a job again after such an error; its text is a sentence for people."""
    _passing_faults.append(fault)


def passing_faults() -> tuple[type[Exception], ...]:
    """Return the errors after which a job is tried again."""
    return tuple(_passing_faults)
