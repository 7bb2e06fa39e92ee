"""Put a clip into the archive: its folder, its name, its copy, and the proof that it arrived."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clips.archive.backend import ArchiveBackend, ArchiveError
from clips.archive.local import LocalArchive
from clips.archive.path import folder_parts
from clips.models import ArchiveCopy, ArchiveFolder, CopyState, FinalClip


def archive_backend() -> ArchiveBackend:
    """Return the archive that the settings name."""
    return LocalArchive(settings.ARCHIVE_DIR)


def clip_folder_parts(clip: FinalClip) -> tuple[str, ...]:
    return folder_parts(
        date=clip.date,
        session_name=clip.original_file.shoot.name,
        person=clip.person.slug if clip.person else clip.category,
        trick=clip.trick.slug if clip.trick else clip.category,
    )


def send_clip(clip: FinalClip, source: Path, report: Callable[[float], None]) -> dict[str, str]:
    """Copy a cut clip to its folder and read its checksum back.

    Returns
    -------
    dict
        The fields of its ``ArchiveCopy``, to be written by ``note_copy`` in the transaction that ends the job.

    Raises
    ------
    ArchiveError
        If the archive cannot take it, or what arrived is not what was sent.
    """
    backend = archive_backend()
    parts = clip_folder_parts(clip)
    folder = ensure_folder(backend, parts)
    file_id = backend.put(source, folder_id=folder.remote_id, filename=clip.filename, report=report)
    if backend.sha256(file_id) != clip.file_hash:
        raise ArchiveError(
            "The copy in the archive differs from the clip. Try again; check the disk if it happens twice."
        )
    return {"backend": backend.name, "path": "/".join([*parts, clip.filename]), "remote_id": file_id}


def note_copy(clip: FinalClip, copy: dict[str, str]) -> None:
    """Write down that the archive holds the clip, verified just now."""
    ArchiveCopy.objects.update_or_create(
        clip=clip,
        backend=copy["backend"],
        defaults={
            **copy,
            "sha256": clip.file_hash,
            "state": CopyState.VERIFIED,
            "verified_at": timezone.now(),
        },
    )


def take_back(clip: FinalClip) -> None:
    """Move a removed clip's file out of the archive, also one that a stopped worker left there unnoted."""
    backend = archive_backend()
    folder = ensure_folder(backend, clip_folder_parts(clip))
    noted = clip.copies.filter(backend=backend.name).values_list("remote_id", flat=True)
    for remote_id in {*noted, backend.find(folder.remote_id, clip.filename)} - {None}:
        backend.trash(remote_id)


def note_withdrawn(clip: FinalClip) -> None:
    """Write down that the archive does not hold the clip any more."""
    ArchiveCopy.objects.filter(clip=clip).update(state=CopyState.WITHDRAWN, verified_at=None)


def ensure_folder(backend: ArchiveBackend, parts: tuple[str, ...]) -> ArchiveFolder:
    """Return the row of the innermost folder; each is made once, also when two workers want it at the same time."""
    parent = None
    for name in parts:
        with transaction.atomic():
            row, _made = ArchiveFolder.objects.get_or_create(backend=backend.name, parent=parent, name=name)
            row = ArchiveFolder.objects.select_for_update().get(pk=row.pk)
            # Asked every time: a folder that somebody deleted by hand comes back.
            remote_id = backend.make_folder(parent.remote_id if parent else None, name)
            if remote_id != row.remote_id:
                ArchiveFolder.objects.filter(pk=row.pk).update(remote_id=remote_id)
                row.remote_id = remote_id
        parent = row
    return parent
