"""Runs jobs in forks of this process, each killed with SIGKILL at one step: before a statement, or before a file goes.

A program of its own: it reads the number of a step and the id of a job from each line of its input, and answers whether
the fork ended by itself. No connection is opened before a fork, so none is shared.
"""

import os
import signal
import sys
from collections.abc import Callable

import django

DELETES = {"os.remove", "os.rmdir", "shutil.rmtree"}


def count_to(last: int) -> Callable[[], None]:
    """Return a function that kills this process when it is called for the ``last`` time."""
    n_steps = 0

    def step() -> None:
        nonlocal n_steps
        n_steps += 1
        if n_steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def work(job_id: str, task: str, last: int) -> None:
    from celery import current_app
    from django.db import connection

    step = count_to(last)
    sys.addaudithook(lambda event, _args: step() if event in DELETES else None)

    def statement(execute, sql, params, many, context):
        step()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(statement):
        current_app.tasks[task](job_id)


def main(task: str) -> None:
    django.setup()
    from celery import current_app

    current_app.loader.import_default_modules()
    for line in sys.stdin:
        n_steps, job_id = line.split()
        child = os.fork()
        if not child:
            work(job_id, task, int(n_steps))
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
