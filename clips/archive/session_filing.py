"""Writes the ``trickyclip.json`` of sessions and of the crew into the archive, whenever something changed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from clips.archive import questions, session_text
from clips.archive.backend import (
    ArchiveBackend,
    ArchiveBlockedError,
    ArchivedFile,
    ArchiveError,
    Parcel,
    RemoteFile,
    Report,
)
from clips.archive.configured import archive_backend, archive_name
from clips.archive.naming import ROOT, session_file_name, session_folder_parts
from clips.archive.outage import current_outage, note
from clips.archive.session_facts import Facts, crew_facts, is_worth_a_file, session_facts
from clips.archive.uploader import ensure_folder, remove_empty
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.models import ArchiveTouch, Job, JobKind, SessionFile, Shoot
from clips.storage.files import sha256_of

#: Behind everything that somebody waits for.
PRIORITY = 8
#: Of sessions at once, so that a site that is new to this does not fill its queue.
MOST_AT_ONCE = 50


def follow_changes() -> int:
    """Start a job for each session that changed since its file was written; write the crew's file. Return how many.

    Called each minute, so that an evening of decisions is not a thousand files.
    """
    under_way = Job.objects.active().filter(kind=JobKind.RECORD)
    touched = ArchiveTouch.objects.exclude(shoot_id=None).exclude(shoot_id__in=under_way.values("shoot"))
    room = max(0, MOST_AT_ONCE - under_way.count())
    wanted = touched.order_by("shoot_id").values_list("shoot_id", flat=True).distinct()[:room]
    shoots = list(Shoot.objects.filter(pk__in=list(wanted)))
    for shoot in shoots:
        pipeline.start(JobKind.RECORD, shoot, priority=PRIORITY)
    known = Shoot.objects.values("pk")
    ArchiveTouch.objects.exclude(shoot_id=None).exclude(shoot_id__in=known).delete()  # of deleted sessions
    return len(shoots) + _follow_crew()


def _follow_crew() -> bool:
    seen = _seen(None)
    if not seen or current_outage():
        return False
    try:
        _write(archive_backend(), None, crew_facts(), (ROOT,))
    except ArchiveBlockedError as error:
        note(error)
        return False
    except ArchiveError:
        return False  # it is tried again the next minute
    ArchiveTouch.objects.filter(pk__in=seen).delete()
    return True


def describe(work: Claim) -> None:
    """Do the RECORD job of a session: write its file, if it says anything new."""
    shoot = work.job.shoot
    seen = _seen(shoot.pk)  # before the rows are read: what changes from here on touches it again
    shoot.refresh_from_db()
    if is_worth_a_file(shoot):
        parts = session_folder_parts(date=shoot.date, session_name=shoot.name)
        _write(archive_backend(work.report), shoot, session_facts(shoot), parts)
    with work.finishing():
        ArchiveTouch.objects.filter(pk__in=seen).delete()


def _seen(shoot_id: UUID | None) -> list[int]:
    return list(ArchiveTouch.objects.filter(shoot_id=shoot_id).values_list("pk", flat=True))


def _write(backend: ArchiveBackend, shoot: Shoot | None, facts: Facts, parts: tuple[str, ...]) -> None:
    """Write a file to its place, unless it is there and says just this."""
    questions.check_place(archive_name())
    row, _made = SessionFile.objects.get_or_create(backend=archive_name(), shoot=shoot)
    path = _free_path(row, parts, shoot)
    digest = session_text.digest_of(facts)
    held = backend.look(row.remote_id) if row.remote_id else None
    if held and held.is_trashed:
        held = None
    if held and (row.digest, row.path) == (digest, path):
        return
    row.note(revision=row.revision + 1)  # before it is written: no two files have one number
    text = session_text.written(
        facts,
        revision=row.revision,
        written_at=timezone.now().isoformat(timespec="seconds"),
        key=session_text.key_of(settings.SECRET_KEY),
    )
    with _file_of(text) as source:
        _send(backend, row, held, source, path)
    row.note(digest=digest, path=path, written_at=timezone.now())


def _send(backend: ArchiveBackend, row: SessionFile, held: RemoteFile | None, source: Path, path: str) -> None:
    folders, filename = tuple(path.split("/")[:-1]), path.rpartition("/")[2]
    folder = ensure_folder(backend, folders)
    if held and row.written_at is None:  # a rebuild read it, and may not have understood all of it
        _set_aside(backend, row.remote_id, folder.remote_id)
        held = None
    if held is None and backend.ids_are_places and backend.look(path):
        _set_aside(backend, path, folder.remote_id)  # another site's, or one that nobody has confirmed yet
    if held is None:
        row.note(remote_id=backend.new_file_id(folder.remote_id, filename), folder=folder)
    elif (held.folder_id, held.filename) != (folder.remote_id, filename):
        left = row.folder
        moved = backend.move(row.remote_id, to_folder_id=folder.remote_id, filename=filename, facts={})
        row.note(remote_id=moved, folder=folder)
        if left != folder:
            remove_empty(backend, left)
    sha256 = sha256_of(source)
    backend.put(Parcel(source, row.remote_id, folder.remote_id, filename, sha256, replaces=held is not None))
    there = backend.look(row.remote_id)
    if there is None or there.sha256 != sha256:
        raise ArchiveError(f"{filename} did not arrive whole in the archive. It will be written again.")


def _set_aside(backend: ArchiveBackend, file_id: str, folder_id: str) -> None:
    """Keep an earlier file under a name that nobody reads any more."""
    name = f"trickyclip before {timezone.now():%Y-%m-%d %H%M%S}.json"
    backend.move(file_id, to_folder_id=folder_id, filename=name, facts={})


def _free_path(row: SessionFile, parts: tuple[str, ...], shoot: Shoot | None) -> str:
    """Return the place of a file; where two sessions share a folder, the second one's name has its slug."""
    path = "/".join([*parts, session_file_name()])
    others = SessionFile.objects.filter(backend=row.backend, path__iexact=path).exclude(pk=row.pk)
    return "/".join([*parts, session_file_name(shoot.slug)]) if shoot and others.exists() else path


@contextmanager
def _file_of(text: bytes) -> Iterator[Path]:
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.SCRATCH_DIR) as folder:
        path = Path(folder) / session_file_name()
        path.write_bytes(text)
        yield path


def all_told(backend: ArchiveBackend, report: Report) -> Iterator[tuple[ArchivedFile, session_text.Told | None, str]]:
    """Yield each such file in the archive and what it says, or None and why it cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        for number, lying in enumerate(backend.session_files()):
            target = Path(folder) / str(number)
            backend.fetch(lying.file_id, target)
            try:
                if target.stat().st_size > session_text.MAX_BYTES:
                    raise session_text.NotOursError("This file is too large.")
                yield lying, session_text.read(target.read_bytes()), ""
            except session_text.NotOursError as error:
                yield lying, None, str(error)
            target.unlink()
            report(None)
