"""Tests that each registered kind of job has a task that Celery knows: a worker drops messages of others."""

import pytest
from celery import current_app

from clips.jobs.registry import step_of
from clips.models import JobKind


@pytest.mark.parametrize("kind", JobKind)
def test_kind_has_a_task_that_a_worker_finds(kind):
    current_app.loader.import_default_modules()
    current_app.finalize()
    assert step_of(kind).task in current_app.tasks
