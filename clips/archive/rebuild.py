"""Rows made again from what lies in the archive, after the database is lost.

A clip belongs to its original, so clips whose original is not here are only counted: bring the camera file in again (it
is known by its SHA-256), and rebuild once more. What is here already stays as it is, so that this can be repeated.

Originals that the archive has itself are named, and come in like any camera file: only then is known what a camera said
of itself, and the rows say where the bytes are.
"""

from collections import Counter
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from clips.archive.backend import ArchiveBackend, Lying
from clips.archive.configured import archive_backend
from clips.archive.local import LocalArchive
from clips.archive.path import Named, read_names, read_original_name
from clips.media import MediaError, sandbox
from clips.models import ArchiveCopy, ClipCategory, CopyState, FileName, FinalClip, OriginalFile, Shoot
from people.models import Person
from tricks.models import Trick
from trickyclip.names import UNKNOWN

#: In place of a rider or a trick; a category stood there before there was ``UNKNOWN``.
NOBODY = frozenset({UNKNOWN, *ClipCategory.values})


def rebuild(*, dry_run: bool) -> tuple[Counter, dict[str, int], dict[str, str]]:
    """Make people, tricks, sessions and clips again; with ``dry_run`` find out what would be made, and make nothing.

    Returns
    -------
    tuple
        How many of what were made or left out; of each missing original (SHA-256) how many clips wait for it; and of
        those that the archive has itself what they are called there.
    """
    backend, told, missing = archive_backend(), Counter(), Counter()
    with transaction.atomic():
        n_before = _counted()
        for lying in backend.walk():
            told[_one(backend, lying, missing)] += 1
        told.update({what: n - n_before[what] for what, n in _counted().items()})
        transaction.set_rollback(dry_run)
    return told, dict(missing), _archived(backend, missing)


def _archived(backend: ArchiveBackend, missing: Counter) -> dict[str, str]:
    """Look for originals by the digits in their names, which tell them apart without reading terabytes."""
    if not missing:
        return {}
    by_digits, found = {sha256[:8]: sha256 for sha256 in missing}, {}
    for stocked in backend.stock(checksums=False):
        _name, digits = read_original_name(stocked.filename) or ("", "")
        if digits in by_digits and not stocked.is_trashed:
            found[by_digits[digits]] = stocked.filename
    return found


def _counted() -> dict[str, int]:
    made = {"people": Person, "tricks": Trick, "sessions": Shoot}
    return {what: model.objects.count() for what, model in made.items()}


def _one(backend: ArchiveBackend, lying: Lying, missing: Counter) -> str:
    """Make the rows of one file; return what became of it."""
    named = read_names(lying.folders, lying.filename)
    if named is None:
        return "files that are not ours"
    person, trick = _names(named)
    Shoot.objects.called(named.session_name, named.date)
    try:
        facts = lying.facts or _facts_inside(backend, lying)
        clip_id, spans = UUID(facts["trickyclip_clip"]), (int(facts["trickyclip_in"]), int(facts["trickyclip_out"]))
    except (KeyError, ValueError):
        return "clips that do not say what they are"
    clip = FinalClip.objects.filter(pk=clip_id).first()
    original = OriginalFile.objects.filter(file_hash=facts.get("trickyclip_original")).first()
    if clip is None and original is None:
        missing[facts.get("trickyclip_original", "?")] += 1
        return "clips without their original"
    if is_new := clip is None:
        FileName.objects.get_or_create(stem=named.stem, number=named.number)
        clip = FinalClip.objects.create(
            pk=clip_id, original_file=original, person=person, trick=trick, category=_category(named, facts),
            start_ms=spans[0], end_ms=spans[1], camera_id=named.camera_id, fps_label=named.fps_label, date=named.date,
            filename=lying.filename, drive_file_id=lying.file_id if backend.name == "drive" else "",
        )  # fmt: skip
        FinalClip.objects.filter(pk=clip.pk).refresh_search()
    _note_copy(backend, clip, lying)
    return "clips" if is_new else "clips that were here"


def _names(named: Named) -> tuple[Person | None, Trick | None]:
    return _by_slug(Person, named.person), _by_slug(Trick, named.trick)


def _by_slug(model: type[Person] | type[Trick], slug: str) -> Person | Trick | None:
    """Return the rider or trick whose slug stands in a name, made when there is none; None for nobody."""
    if slug in NOBODY:
        return None
    return model.objects.filter(slug__iexact=slug).first() or model.objects.find_or_add(slug.replace("_", " "))


def _category(named: Named, facts: dict[str, str]) -> str:
    """Return what the file says itself; older ones have it in the place of a rider or a trick."""
    said = [facts.get("trickyclip_category"), named.trick, named.person]
    return next((category for category in said if category in ClipCategory.values), ClipCategory.TRICK)


def _facts_inside(backend: ArchiveBackend, lying: Lying) -> dict[str, str]:
    if not isinstance(backend, LocalArchive):
        return {}
    try:
        return sandbox.run("clips.archive.facts:facts_of", {"path": str(backend.root / lying.file_id)})
    except MediaError:
        return {}


def _note_copy(backend: ArchiveBackend, clip: FinalClip, lying: Lying) -> None:
    held = {"remote_id": lying.file_id, "sha256": lying.sha256, "path": "/".join([*lying.folders, lying.filename])}
    verified = {"state": CopyState.VERIFIED, "verified_at": timezone.now()}
    ArchiveCopy.objects.get_or_create(clip=clip, backend=backend.name, defaults=held | verified)
