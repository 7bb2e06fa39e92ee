"""Uploads the demo film, drawn at once by a command or by a job, through the same rows and jobs as any other upload."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.ingest.part_file import part_path
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.models import Job, JobKind, Shoot, Upload, UploadState
from clips.storage.files import scratch_folder
from people.models import Member, Role

SESSION_NAME = "Demo Session"
#: The film is known by its name: whoever renamed or sorted the session does not get a second one.
FILENAME = "TrickyClip demo.mp4"
#: Somebody looks at the page that it is drawn for.
PRIORITY = 1


class DemoError(Exception):
    """The demo session cannot be made. The text is one sentence."""


def is_here() -> bool:
    """Return whether the demo film was imported before, or is being imported."""
    return Upload.objects.filter(original_filename=FILENAME).exclude(state=UploadState.FAILED).exists()


@transaction.atomic
def ask_for(member: Member) -> Job | None:
    """Start the job that draws the film and uploads it as a member's; None if the session exists already.

    Pressed twice, it is drawn once: a session has one such job at a time.
    """
    if is_here():
        return None
    shoot = Shoot.objects.called(SESSION_NAME, timezone.localdate())
    return pipeline.start(JobKind.DEMO, shoot, priority=PRIORITY, owner=str(member.pk))


def draw(work: Claim) -> None:
    """Do the DEMO job; a film that was handed over meanwhile is not drawn twice."""
    owner = Member.objects.filter(pk=work.job.params.get("owner")).first()
    with scratch_folder() as folder:
        drawn = _film(folder, on_progress=work.report)
        with work.finishing():
            if not is_here():
                _hand_over(drawn, owner, work.job.shoot.date)


def make(*, seed: int = 1) -> Upload:
    """Draw the film and hand it to the pipeline as the first admin's. DemoError if nobody could own it."""
    owner = Member.objects.filter(role=Role.ADMIN, is_active=True).order_by("date_joined").first()
    if owner is None:
        raise DemoError(_("There is no admin to upload as. Start the site once first."))
    with scratch_folder() as folder:
        drawn = _film(folder, seed=seed)
        with transaction.atomic():
            return _hand_over(drawn, owner, timezone.localdate())


def _film(folder: Path, *, seed: int = 1, on_progress: Callable[[float], None] = lambda _share: None) -> Path:
    from clips.demo import film  # its libraries would lie in the memory of every program, for a film drawn once

    drawn = folder / "demo.mp4"
    film.write(drawn, seed=seed, on_progress=on_progress)
    return drawn


def _hand_over(drawn: Path, owner: Member | None, date: dt.date) -> Upload:
    size_bytes = drawn.stat().st_size
    upload = Upload.objects.start(
        owner=owner, filename=FILENAME, size_bytes=size_bytes, shoot_name=SESSION_NAME, shoot_date=date
    )
    part = part_path(upload.pk)
    part.parent.mkdir(parents=True, exist_ok=True)
    drawn.replace(part)
    upload.advance(from_bytes=0, to_bytes=size_bytes)
    upload.mark_received()
    pipeline.start(JobKind.INGEST, upload)
    return upload
