"""Writes the ``trickyclip.json`` of sessions and of the crew into the archive, whenever something changed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

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
    _sign_anew()
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


def our_name() -> str:
    """Return the name of the key with which this site signs."""
    return session_text.name_of(session_text.key_of(settings.SECRET_KEY).public_key())


def _sign_anew() -> None:
    """Touch the sessions whose files another key signed: SECRET_KEY changed, or a rebuild took what another site wrote.

    With the next loss nobody is asked then whose they are.
    """
    touched = ArchiveTouch.objects.values_list("shoot_id", flat=True)
    of_others = SessionFile.objects.filter(backend=archive_name()).exclude(signed_by__in=["", our_name()])
    behind = set(of_others.values_list("shoot_id", flat=True)) - set(touched)
    ArchiveTouch.objects.bulk_create([ArchiveTouch(shoot_id=pk) for pk in behind])


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
    if is_worth_a_file(shoot) or _has_file(shoot):
        parts = session_folder_parts(date=shoot.date, session_name=shoot.name)
        _write(archive_backend(work.report), shoot, session_facts(shoot), parts)
    with work.finishing():
        ArchiveTouch.objects.filter(pk__in=seen).delete()


def _has_file(shoot: Shoot) -> bool:
    """Return whether a session has a file already, which then says also that nothing of it is kept any more."""
    return SessionFile.objects.filter(backend=archive_name(), shoot=shoot).exclude(remote_id="").exists()


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
    is_whole = held and held.sha256 == (row.sha256 or held.sha256)
    if is_whole and (row.digest, row.path) == (digest, path) and row.signed_by in {"", our_name()}:
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
        sha256 = sha256_of(source)
    row.note(digest=digest, path=path, sha256=sha256, signed_by=our_name(), written_at=timezone.now())


def _send(backend: ArchiveBackend, row: SessionFile, held: RemoteFile | None, source: Path, path: str) -> None:
    folders, filename = tuple(path.split("/")[:-1]), path.rpartition("/")[2]
    folder = ensure_folder(backend, folders)
    # A rebuild read it, and may not have understood all of it; or somebody changed it since it was written.
    if held and (row.written_at is None or _is_theirs(backend, row, held)):
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


def _is_theirs(backend: ArchiveBackend, row: SessionFile, held: RemoteFile) -> bool:
    """Return whether somebody put another content into a file; a worker that was cut off leaves a signed one."""
    if held.sha256 == (row.sha256 or held.sha256):
        return False
    try:
        return _read(backend, row.remote_id).signed_by != our_name()
    except session_text.NotOursError:
        return True


def _set_aside(backend: ArchiveBackend, file_id: str, folder_id: str) -> None:
    """Keep an earlier file under a name that nobody reads any more."""
    name = f"trickyclip before {timezone.now():%Y-%m-%d %H%M%S} {uuid4().hex[:6]}.json"  # two may lie in one folder
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
    for lying in backend.session_files():
        try:
            yield lying, _read(backend, lying.file_id), ""
        except session_text.NotOursError as error:
            yield lying, None, str(error)
        report(None)


def _read(backend: ArchiveBackend, file_id: str) -> session_text.Told:
    """Return what a file in the archive says; NotOursError if it says nothing that this version understands."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / session_file_name()
        backend.fetch(file_id, target)
        if target.stat().st_size > session_text.MAX_BYTES:
            raise session_text.NotOursError("This file is too large.")
        return session_text.read(target.read_bytes())
