"""Rebuilds rows from the files in the archive after the database is lost.

A clip belongs to its original, so clips whose original is missing are only counted: import the camera file again (it is
recognised by its SHA-256), and rebuild once more. Existing rows stay as they are, so that this can be repeated; if a
clip is in another place than its row says, the row is updated. Originals in the archive are listed, and are imported
like any camera file: only then are the camera's facts known, and the place of its bytes.
"""

from collections import Counter
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from clips.archive import adoption, relocation, renaming
from clips.archive.backend import ArchiveBackend, ArchivedFile
from clips.archive.configured import archive_backend
from clips.archive.naming import Named, read_names, read_original_name
from clips.jobs import pipeline
from clips.jobs.backfill import BACKFILL_PRIORITY
from clips.media.formats.suffixes import MEDIA_TYPES, with_ending
from clips.models import ArchiveCopy, ClipCategory, FileName, FinalClip, JobKind, OriginalFile, Shoot
from people.models import Person
from people.naming.slugs import UNKNOWN
from tricks.models import Trick

#: In place of a rider or a trick; a category stood there before there was ``UNKNOWN``.
NOBODY = frozenset({UNKNOWN, *ClipCategory.values})


def rebuild(*, dry_run: bool) -> tuple[Counter, dict[str, int], dict[str, str]]:
    """Make people, tricks, sessions and clips again; with ``dry_run`` only report what would be made.

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
    """Find originals by the digits in their names, without reading terabytes."""
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


def _one(backend: ArchiveBackend, lying: ArchivedFile, missing: Counter) -> str:
    """Make the rows of one file; return the outcome."""
    held = lying.held
    named = read_names(lying.folders, held.filename)
    if named is None:
        return "unknown files"
    if copy := adoption.known_copy(backend, lying.file_id, held):
        if not adoption.is_astray(copy, held):
            return "clips already here"
        pipeline.start(JobKind.ARCHIVE, copy.clip, priority=relocation.MOVE_PRIORITY)
        return "clips found in a new place"
    facts = adoption.facts_of(backend, lying.file_id, held)
    try:
        clip_id, span = UUID(facts["trickyclip_clip"]), (int(facts["trickyclip_in"]), int(facts["trickyclip_out"]))
    except (KeyError, ValueError):
        return "clips without the site's tags"
    if clip := FinalClip.objects.filter(pk=clip_id).first():
        copy = adoption.take_over(backend, clip, lying.file_id, held)
        return "clips found in a new place" if copy and _is_followed(copy) else "clips already here"
    original = OriginalFile.objects.filter(file_hash=facts.get("trickyclip_original")).first()
    if original is None:
        Shoot.objects.called(named.session_name, named.date)
        missing[facts.get("trickyclip_original", "?")] += 1
        return "clips without their original"
    clip = _made(named, clip_id, original, span, facts)
    renaming.bring_up_to_date([clip.pk])  # its name may say what its session or rider was called before the restore
    adoption.take_over(backend, clip, lying.file_id, held)
    pipeline.start(JobKind.RENDER, clip, priority=BACKFILL_PRIORITY)  # then it is brought to where it belongs by now
    return "clips"


def _is_followed(copy: ArchiveCopy) -> bool:
    """Start the job that moves a found copy to the place of its current names."""
    relocation.follow(copy, FinalClip.objects.with_names().get(pk=copy.clip_id))
    return True


def _made(named: Named, clip_id: UUID, original: OriginalFile, span: tuple[int, int], facts: dict) -> FinalClip:
    """Make a clip's row, as the same version of its lineage."""
    person, trick = _names(named)
    lineage, is_current = _version_of(named, original, span, facts)
    clip = FinalClip.objects.create(
        pk=clip_id, original_file=original, person=person, trick=trick, category=_category(named, facts),
        start_ms=span[0], end_ms=span[1], camera_id=named.camera_id, fps_label=named.fps_label, date=named.date,
        filename=_name_for(named), lineage=lineage, is_current=is_current,
    )  # fmt: skip
    if kept_at := _kept_at(facts):
        FinalClip.objects.filter(pk=clip.pk).update(created_at=kept_at)
    return clip


def _name_for(named: Named) -> str:
    """Reserve the clip's name; if a restored database gave it to another one meanwhile, the next free one."""
    told = {"ending": named.ending}
    name, _is_new = FileName.objects.get_or_create(stem=named.stem, number=named.number, defaults=told)
    if FinalClip.objects.filter(filename__in=[with_ending(str(name), ending) for ending in MEDIA_TYPES]).exists():
        name = FileName.objects.allocate(named.stem, named.ending)
    return with_ending(str(name), named.ending)


def _version_of(named: Named, original: OriginalFile, span: tuple[int, int], facts: dict) -> tuple[UUID, bool]:
    """Return the lineage of a clip, and whether it is its current version; the other one is no longer current then.

    Clips say their lineage since they are told it. Older ones are of the lineage of the current clip with which they
    share most of their time: one moment has one current clip.
    """
    said = _uuid(facts.get("trickyclip_lineage", ""))
    there = FinalClip.objects.filter(original_file=original, removed_at=None).order_by("-is_current", "created_at")
    kin = [clip for clip in there if (clip.lineage == said if said else clip.is_current and _is_same(clip, span))]
    if not kin:
        removed = FinalClip.objects.filter(lineage=said).exclude(removed_at=None)
        return said or uuid4(), not (said and removed.exists())
    newest, kept_at = kin[0], _kept_at(facts)
    if kept_at:
        is_newer = kept_at > newest.created_at
    else:
        before = read_names((), newest.filename)
        is_newer = before is None or before.stem != named.stem or named.number > before.number
    if is_newer:
        FinalClip.objects.filter(pk__in=[clip.pk for clip in kin]).update(is_current=False)
    return newest.lineage, is_newer


def _is_same(clip: FinalClip, span: tuple[int, int]) -> bool:
    """Return whether two spans share more than half of their total time."""
    shared_ms = min(clip.end_ms, span[1]) - max(clip.start_ms, span[0])
    return shared_ms * 2 > max(clip.end_ms, span[1]) - min(clip.start_ms, span[0])


def _kept_at(facts: dict) -> datetime | None:
    try:
        told = datetime.fromisoformat(facts.get("trickyclip_kept_at", ""))
    except ValueError:
        return None
    return told if told.tzinfo else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _names(named: Named) -> tuple[Person | None, Trick | None]:
    return _by_slug(Person, named.person), _by_slug(Trick, named.trick)


def _by_slug(model: type[Person] | type[Trick], slug: str) -> Person | Trick | None:
    """Return the rider or trick whose slug is in a name, creating it if needed; None for nobody."""
    if slug in NOBODY:
        return None
    return model.objects.filter(slug__iexact=slug).first() or model.objects.find_or_add(slug.replace("_", " "))


def _category(named: Named, facts: dict[str, str]) -> str:
    """Return the category in the file; older ones have it in the place of a rider or a trick."""
    said = [facts.get("trickyclip_category"), named.trick, named.person]
    return next((category for category in said if category in ClipCategory.values), ClipCategory.TRICK)
