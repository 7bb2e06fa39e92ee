"""Registers the job that reads an original back from the disk."""

from clips.jobs import registry
from clips.models import JobKind


def register() -> None:
    """Register this room's kind of job."""
    registry.register(JobKind.READ_BACK, registry.Step("read_back", "light"))
