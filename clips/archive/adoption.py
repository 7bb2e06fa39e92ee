"""Adopts archived files that are in another place than their rows say: recognises them by content and updates the rows.

A restored database is older than the archive: what was renamed or tagged since then was moved there, and no row knows
where. A clip's file names its clip, inside or (on Drive) beside it, and any file is known by its SHA-256; so each file
is adopted where it is, instead of being counted as gone and sent a second time.
"""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from clips.archive.backend import ArchiveBackend, RemoteFile
from clips.archive.item import Item, current_item
from clips.archive.local import LocalArchive
from clips.archive.naming import read_names, read_original_name
from clips.media import MediaError
from clips.media.sandbox import runner
from clips.models import ArchiveCopy, CopyState, FinalClip, OriginalFile

Thing = FinalClip | OriginalFile


def facts_of(backend: ArchiveBackend, file_id: str, held: RemoteFile) -> dict[str, str]:
    """Return the facts about a clip's file: kept beside it, or read from inside it where the archive has none."""
    if held.facts or not isinstance(backend, LocalArchive):
        return held.facts
    return facts_inside(backend.root / file_id)


def facts_inside(path: Path) -> dict[str, str]:
    """Return the facts that a clip's file says of itself; empty if it says none."""
    try:
        return runner.run("clips.archive.clip_facts:facts_of", {"path": str(path)})
    except MediaError:
        return {}


def clip_said(facts: dict[str, str]) -> FinalClip | None:
    """Return the clip that a file names; None if it has no row."""
    try:
        return FinalClip.objects.filter(pk=UUID(facts["trickyclip_clip"])).first()
    except (KeyError, ValueError):
        return None


def thing_at(backend: ArchiveBackend, file_id: str, held: RemoteFile) -> Thing | None:
    """Return the clip or the camera file at this place; None if it has no row.

    Beside a file may stand a later version of the same frames, which no row is: then the very bytes tell.
    """
    if read_names((), held.filename):
        same = FinalClip.objects.filter(file_hash=held.sha256, removed_at=None).order_by("-is_current", "created_at")
        return clip_said(facts_of(backend, file_id, held)) or same.first()
    _name, digits = read_original_name(held.filename) or ("", "")
    return OriginalFile.objects.filter(file_hash=held.sha256).first() if held.sha256.startswith(digits or "-") else None


def known_copy(backend: ArchiveBackend, file_id: str, held: RemoteFile) -> ArchiveCopy | None:
    """Return the clip's copy whose row is for exactly this file and these bytes."""
    there = ArchiveCopy.objects.filter(backend=backend.name, remote_id=file_id, sha256=held.sha256)
    return there.filter(state=CopyState.VERIFIED, clip__isnull=False).select_related("folder", "clip").first()


def is_astray(copy: ArchiveCopy, held: RemoteFile) -> bool:
    """Return whether the site moved a file after its row was written, as after restoring an older backup."""
    if copy.folder is None or copy.next_folder_id:  # made again from the archive; being moved
        return False
    return bool(held.is_ours) and (held.folder_id, held.filename) != (copy.folder.remote_id, copy.filename)


def take_over(backend: ArchiveBackend, thing: Thing, file_id: str, held: RemoteFile) -> ArchiveCopy | None:
    """Point the row of a lost copy to this file; None if the archive has the thing already."""
    for owner in _owners(thing, held.sha256):
        copy = ArchiveCopy.objects.filter(**owner, backend=backend.name).first()
        if copy is None or is_lost(backend, copy):
            return _point(backend, owner, file_id, held)
        if copy.remote_id == file_id or copy.sha256 == held.sha256:
            return None
    return None


def twin_of(backend: ArchiveBackend, thing: Thing, file_id: str, held: RemoteFile) -> ArchiveCopy | None:
    """Return the whole copy elsewhere with the same bytes, which makes this file a duplicate."""
    for owner in _owners(thing, held.sha256):
        for copy in ArchiveCopy.objects.filter(**owner, backend=backend.name, sha256=held.sha256):
            if not copy.remote_id or backend.is_same(copy.remote_id, file_id):
                continue
            there = backend.look(copy.remote_id)
            if there and not there.is_trashed and there.sha256 == held.sha256:
                return copy
    return None


def is_lost(backend: ArchiveBackend, copy: ArchiveCopy) -> bool:
    """Return whether the place in a copy's row is empty, or only in the trash."""
    held = backend.look(copy.remote_id) if copy.remote_id else None
    return held is None or held.is_trashed


def is_another(backend: ArchiveBackend, file_id: str, held: RemoteFile, item: Item) -> bool:
    """Return whether the file in a clip's place says that it is another clip, and may not be overwritten."""
    if held.sha256 == item.sha256 or not isinstance(item.thing, FinalClip):
        return False
    facts = facts_of(backend, file_id, held)
    if not facts.get("trickyclip_clip") or facts.get("trickyclip_lineage") == str(item.thing.lineage):
        return False
    said = clip_said(facts)
    return said is None or said.lineage != item.thing.lineage


def elsewhere(backend: ArchiveBackend, item: Item) -> Iterator[tuple[str, RemoteFile]]:
    """Yield files with the same bytes in the archive's own folders that have no row."""
    for found in backend.alike(item.known_by, item.thing.size_bytes):
        if found.sha256 not in {"", item.sha256}:
            continue
        if ArchiveCopy.objects.filter(backend=backend.name, remote_id=found.file_id).exists():
            continue
        held = backend.look(found.file_id)
        is_same = held and not held.is_trashed and held.sha256 == item.sha256
        if is_same and backend.folders_of(held.folder_id):
            yield found.file_id, held


def _owners(thing: Thing, sha256: str) -> list[dict[str, Thing]]:
    """Return the possible owners of a copy, likeliest first; versions of the same frames share a file."""
    if isinstance(thing, OriginalFile):
        return [{"original_file": thing}]
    versions = FinalClip.objects.filter(lineage=thing.lineage, file_hash=sha256, removed_at=None)
    versions = sorted(versions.prefetch_related("copies"), key=lambda one: (not one.copies.all(), not one.is_current))
    is_gone = thing.removed_at and not (thing.bin_entry and thing.bin_entry.is_lying)  # what lies in the bin comes back
    alone = [] if is_gone or thing in versions else [thing]
    return [{"clip": clip} for clip in [*versions, *alone]]


def _point(backend: ArchiveBackend, owner: dict[str, Thing], file_id: str, held: RemoteFile) -> ArchiveCopy | None:
    """Save the copy's place; if the id is not a place, the row gets the place that a job will move it to.

    There two files of one name may lie in one folder, and the names that a restored database gives are given again.
    """
    (thing,) = owner.values()
    path = file_id if backend.ids_are_places else current_item(thing).path
    lies = {"remote_id": file_id, "path": path, "sha256": held.sha256, "folder": None, "session": ""}
    lies |= {"next_folder": None, "next_name": "", "state": CopyState.VERIFIED, "verified_at": timezone.now()}
    try:
        with transaction.atomic():
            copy, _new = ArchiveCopy.objects.update_or_create(**owner, backend=backend.name, defaults=lies)
    except IntegrityError:
        return None  # another row names that path; it is looked at by itself
    if backend.name == "drive" and "clip" in owner:
        FinalClip.objects.filter(pk=owner["clip"].pk).update(drive_file_id=file_id)
    return copy
