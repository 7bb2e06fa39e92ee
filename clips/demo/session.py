"""Uploads the demo film for the first admin, through the same rows and jobs as any other upload."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.demo import film
from clips.ingest.part_file import part_path
from clips.jobs import pipeline
from clips.models import JobKind, Upload, UploadState
from clips.storage.files import scratch_folder
from people.models import Member, Role

SESSION_NAME = "Demo Session"
#: The film is known by its name: whoever renamed or sorted the session does not get a second one.
FILENAME = "TrickyClip demo.mp4"


class DemoError(Exception):
    """The demo session cannot be made. The text is one sentence."""


def is_here() -> bool:
    """Return whether the demo film was imported before, or is being imported."""
    return Upload.objects.filter(original_filename=FILENAME).exclude(state=UploadState.FAILED).exists()


def make(*, seed: int = 1) -> Upload:
    """Make the film and hand it to the pipeline. DemoError if nobody could own it."""
    owner = Member.objects.filter(role=Role.ADMIN, is_active=True).order_by("date_joined").first()
    if owner is None:
        raise DemoError(_("There is no admin to upload as. Start the site once first."))
    with scratch_folder() as folder:
        made = folder / "demo.mp4"
        film.write(made, seed=seed)
        size_bytes = made.stat().st_size
        with transaction.atomic():
            upload = Upload.objects.start(
                owner=owner,
                filename=FILENAME,
                size_bytes=size_bytes,
                shoot_name=SESSION_NAME,
                shoot_date=timezone.localdate(),
            )
            part = part_path(upload.pk)
            part.parent.mkdir(parents=True, exist_ok=True)
            made.replace(part)
            upload.advance(from_bytes=0, to_bytes=size_bytes)
            upload.mark_received()
            pipeline.start(JobKind.INGEST, upload)
    return upload
