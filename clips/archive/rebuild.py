"""Rebuilds rows from the archive after the database is lost.

The session files (``trickyclip.json``) say all that the rows said, so they are read first. What they do not say, or
where they are missing, is read from the clips' own tags, names and folders. Where an original is lost as well, a row
stands in for it (``lost_originals``), so that its clips live without it. Existing rows stay as they are, so that this
can be repeated.

Nothing in the archive is moved: a file that lies elsewhere than its names say stays there, whatever jobs follow, until
somebody has seen the list and confirmed it (``move_listed``).
"""

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from clips.archive import adoption, clip_return, relocation, renaming, session_filing, session_text
from clips.archive.backend import ArchiveBackend, ArchivedFile, FileRefusedError, silent
from clips.archive.configured import archive_backend, archive_name
from clips.archive.item import CUT, current_item
from clips.archive.lost_originals import LostOriginals
from clips.archive.naming import Named, is_session_file, read_names, read_original_name
from clips.archive.session_rows import Taking
from clips.archive.session_text import Told
from clips.jobs import kept, pipeline
from clips.jobs.backfill import BACKFILL_PRIORITY
from clips.media.formats.suffixes import MEDIA_TYPES, ending_of, with_ending
from clips.models import (
    ArchiveCopy,
    ArchiveFolder,
    ClipCategory,
    CopyState,
    FileName,
    FinalClip,
    JobKind,
    OriginalFile,
    SessionFile,
    Shoot,
)
from clips.storage import files
from people.models import Person
from people.naming.slugs import UNKNOWN
from tricks.models import Trick

#: In place of a rider or a trick; a category stood there before there was ``UNKNOWN``.
NOBODY = frozenset({UNKNOWN, *ClipCategory.values})


@dataclass
class Rebuilt:
    """Counts the rows that a rebuild made, or would make."""

    #: How many of what were made or left out.
    told: Counter = field(default_factory=Counter)
    #: Of each missing original (SHA-256) how many clips were made without it.
    missing: Counter = field(default_factory=Counter)
    #: Those of them that the archive has itself.
    archived: set[str] = field(default_factory=set)
    #: Session files that were not read because another site signed them, or nobody: by whom → how many.
    unread: Counter = field(default_factory=Counter)
    #: Session files that cannot be read: path → why.
    damaged: dict[str, str] = field(default_factory=dict)
    #: Of each file that lies elsewhere than its names say, where it lies and where it belongs.
    moves: list[tuple[str, str]] = field(default_factory=list)


def rebuild(*, dry_run: bool, accepted: Container[str] = ()) -> Rebuilt:
    """Make the crew's rows again; with ``dry_run`` only report what would be made.

    Session files with this site's signature are believed, and those of the ``accepted`` signers.
    """
    backend, result = archive_backend(), Rebuilt()
    with transaction.atomic():
        n_before = _counted()
        taking = _take_session_files(backend, accepted, result)
        lost = LostOriginals(backend)
        for lying in backend.walk():
            if not is_session_file(lying.held.filename):
                result.told[_one(backend, lying, lost, result.missing)] += 1
        result.told["camera files found"] = _originals(backend)
        FinalClip.objects.filter(pk__in=taking.clips).refresh_search()
        result.told.update(_bring_back(taking))
        result.told.update({what: n - n_before[what] for what, n in _counted().items()})
        result.told.update({f"{what} left out: they do not fit": n for what, n in taking.left_out.items()})
        result.moves = [move for _copy, move in _misplaced()]
        result.archived = _archived(result.missing)
        transaction.set_rollback(dry_run)
    return result


def other_signers(accepted: Iterable[str] = ()) -> Counter:
    """Return who else signed how many of the archive's session files."""
    ours = session_filing.our_name()
    told = (told for _lying, told, _why in session_filing.all_told(archive_backend(), silent) if told)
    return Counter(one.signed_by for one in told if one.signed_by not in {*accepted, ours})


@transaction.atomic
def move_listed(n_listed: int) -> bool:
    """Start the jobs that move misplaced files to the places of their names; False if they are not ``n_listed``."""
    found = _misplaced()
    if len(found) != n_listed:
        return False
    for copy, _move in found:
        copy.note(stays_put=False)
        pipeline.start(JobKind.ARCHIVE, copy.clip or copy.original_file, priority=relocation.MOVE_PRIORITY)
    return True


def _misplaced() -> list[tuple[ArchiveCopy, tuple[str, str]]]:
    copies = ArchiveCopy.objects.filter(backend=archive_name(), stays_put=True).order_by("path")
    copies = copies.select_related("clip", "original_file")
    return [(copy, (copy.path, current_item(copy.clip or copy.original_file).path)) for copy in copies]


def _take_session_files(backend: ArchiveBackend, accepted: Container[str], result: Rebuilt) -> Taking:
    """Make the rows that the newest believed files say."""
    ours = session_filing.our_name()
    newest: dict[str, tuple[ArchivedFile, Told]] = {}
    for lying, told, why in session_filing.all_told(backend, silent):
        if told is None:
            result.damaged["/".join([*lying.folders, lying.held.filename])] = why
        elif told.signed_by != ours and told.signed_by not in accepted:
            result.unread[told.signed_by] += 1
        elif told.about not in newest or newest[told.about][1].revision < told.revision:
            newest[told.about] = (lying, told)
    result.told["session files"] = len(newest)
    taking, crew = Taking(), newest.get("", (None, None))[1]
    if crew:
        taking.take_crew(crew.facts)
    for about, (_lying, told) in sorted(newest.items()):
        if about:
            taking.take_session(told.facts)
    if crew:
        taking.take_edits(crew.facts)
    for about, (lying, told) in newest.items():
        _keep_writing(backend, about, lying, told)
    return taking


def _keep_writing(backend: ArchiveBackend, about: str, lying: ArchivedFile, told: Told) -> None:
    """Let the site write further into a file that it has read, instead of beside it."""
    shoot = Shoot.objects.filter(pk=about).first() if about else None
    if about and shoot is None:
        return
    says = {
        "remote_id": lying.file_id, "path": "/".join([*lying.folders, lying.held.filename]),
        "folder": _folder_of(backend, lying), "digest": session_text.digest_of(told.facts), "revision": told.revision,
        "sha256": lying.held.sha256, "signed_by": told.signed_by,
    }  # fmt: skip
    SessionFile.objects.get_or_create(backend=backend.name, shoot=shoot, defaults=says)


def _folder_of(backend: ArchiveBackend, lying: ArchivedFile) -> ArchiveFolder | None:
    """Return the row of the folder that a file lies in; None if the row of these names is for another folder."""
    row, path = None, ""
    for name in lying.folders:
        row, _made = ArchiveFolder.objects.get_or_create(backend=backend.name, parent=row, name=name)
        path = f"{path}/{name}" if path else name
        if backend.ids_are_places and not row.remote_id:
            row.take_id(path)
    if row and not row.remote_id:
        row.take_id(lying.held.folder_id)
    return row if row and row.remote_id == lying.held.folder_id else None


def _bring_back(taking: Taking) -> Counter:
    """Start the jobs that bring the files of clips back which are not in the data folder."""
    told: Counter = Counter()
    clips = FinalClip.objects.filter(pk__in=taking.clips, removed_at=None).select_related("original_file")
    for clip in clips.defer("search_text", "original_file__probe"):
        if clip.stored_path and files.size_bytes(clip.stored_path) == clip.size_bytes:
            continue
        if clip.stored_path and clip_return.want(clip):
            told["clips to be fetched from the archive"] += 1
        elif kept.has(clip.original_file, clip.start_ms, clip.end_ms):
            pipeline.start(JobKind.RENDER, clip, priority=BACKFILL_PRIORITY)
            told["clips to be cut"] += 1
        else:
            told["clips without a file, until their original is uploaded again"] += 1
    return told


def _archived(missing: Counter) -> set[str]:
    """Return which of these originals can be fetched from the archive."""
    there = ArchiveCopy.objects.filter(original_file__file_hash__in=list(missing), state=CopyState.VERIFIED)
    return set(there.values_list("original_file__file_hash", flat=True))


def _counted() -> dict[str, int]:
    made = {"people": Person, "tricks": Trick, "sessions": Shoot, "videos": OriginalFile}
    return {what: model.objects.count() for what, model in made.items()}


def _one(backend: ArchiveBackend, lying: ArchivedFile, lost: LostOriginals, missing: Counter) -> str:
    """Make the rows of one file; return the outcome."""
    held = lying.held
    named = read_names(lying.folders, held.filename)
    if named is None:
        return "unknown files"
    if copy := adoption.known_copy(backend, lying.file_id, held):
        if not adoption.is_astray(copy, held):
            return "clips already here"
        _lies(backend, copy, lying)
        return "clips found in a new place"
    known = FinalClip.objects.filter(file_hash=held.sha256).order_by("-is_current", "created_at").first()
    if known:  # by its very bytes, as a session file says them
        copy = adoption.take_over(backend, known, lying.file_id, held)
        return "clips found" if copy and _lies(backend, copy, lying) else "clips already here"
    facts = adoption.facts_of(backend, lying.file_id, held) or _facts_inside(backend, lying)
    try:
        clip_id, span = UUID(facts["trickyclip_clip"]), (int(facts["trickyclip_in"]), int(facts["trickyclip_out"]))
    except (KeyError, ValueError):
        return "clips without the site's tags"
    if clip := FinalClip.objects.filter(pk=clip_id).first():
        copy = adoption.take_over(backend, clip, lying.file_id, held)
        return "clips found" if copy and _lies(backend, copy, lying) else "clips already here"
    original = OriginalFile.objects.filter(file_hash=facts.get("trickyclip_original")).first()
    original = original or lost.stand_in(facts, named)
    if original is None:
        return "clips without the site's tags"
    clip = _made(named, clip_id, original, span, facts)
    renaming.bring_up_to_date([clip.pk])  # its name may say what its session or rider was called before the restore
    if original.evicted_at:
        missing[original.file_hash] += 1
        return _live_without(backend, lying, clip)
    if copy := adoption.take_over(backend, clip, lying.file_id, held):
        _lies(backend, copy, lying)
    pipeline.start(JobKind.RENDER, clip, priority=BACKFILL_PRIORITY)
    return "clips"


def _live_without(backend: ArchiveBackend, lying: ArchivedFile, clip: FinalClip) -> str:
    """Let a clip whose original is not here have the archive's file; return the outcome."""
    held, stored_path = lying.held, f"final_clips/{clip.pk}.{ending_of(lying.held.filename)}"
    file_fields = {"stored_path": stored_path, "file_hash": held.sha256, "size_bytes": held.size_bytes}
    FinalClip.objects.filter(pk=clip.pk).update(**file_fields)
    clip.refresh_from_db()
    if copy := adoption.take_over(backend, clip, lying.file_id, held):
        _lies(backend, copy, lying)
    clip_return.want(clip)
    return "clips without their original"


def _facts_inside(backend: ArchiveBackend, lying: ArchivedFile) -> dict[str, str]:
    """Return what a clip's file says inside, where nothing is kept beside it, as after somebody copied the archive."""
    if lying.held.facts or backend.ids_are_places:
        return {}
    with files.scratch_folder() as folder:
        try:
            backend.fetch(lying.file_id, folder / "clip")
        except FileRefusedError:
            return {}
        return adoption.facts_inside(folder / "clip")


def _originals(backend: ArchiveBackend) -> int:
    """Find the archive's copies of camera files that have rows and no copy; only those are read."""
    alone = OriginalFile.objects.exclude(copies__backend=backend.name).values_list("file_hash", "size_bytes", "pk")
    wanted = {(sha256[:8], size_bytes): key for sha256, size_bytes, key in alone}
    n_found = 0
    for stocked in backend.stock(checksums=False) if wanted else ():
        _name, digits = read_original_name(stocked.filename) or ("", "")
        key = wanted.get((digits, stocked.size_bytes))
        held = backend.look(stocked.file_id) if key and not stocked.is_trashed else None
        folders = backend.folders_of(held.folder_id) if held else None
        original = OriginalFile.objects.filter(pk=key).first()
        if held and folders and original and held.sha256 == original.file_hash:
            copy = adoption.take_over(backend, original, stocked.file_id, held)
            n_found += bool(copy and _lies(backend, copy, ArchivedFile(stocked.file_id, folders, held)))
    return n_found


def _lies(backend: ArchiveBackend, copy: ArchiveCopy, lying: ArchivedFile) -> bool:
    """Write down where a copy lies, and that it stays there if its names say another place."""
    path = "/".join([*lying.folders, lying.held.filename])
    belongs = current_item(copy.clip or copy.original_file).path
    try:
        with transaction.atomic():
            copy.note(path=path, folder=_folder_of(backend, lying), stays_put=path != belongs)
    except IntegrityError:  # two files of one name lie in one folder, as Drive allows
        copy.refresh_from_db()
        copy.note(stays_put=True)
    return True


def _made(named: Named, clip_id: UUID, original: OriginalFile, span: tuple[int, int], facts: dict) -> FinalClip:
    """Make a clip's row, as the same version of its lineage."""
    person, trick = _rider(facts, named), _trick(facts, named)
    lineage, is_current = _version_of(named, original, span, facts)
    clip = FinalClip.objects.create(
        pk=clip_id, original_file=original, person=person, trick=trick, category=_category(named, facts),
        start_ms=span[0], end_ms=span[1], camera_id=named.camera_id, fps_label=named.fps_label, date=named.date,
        filename=_name_for(named), lineage=lineage, is_current=is_current,
    )  # fmt: skip
    clip.also.set(Person.objects.filter(pk__in=_others(facts)))
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


def _rider(facts: dict, named: Named) -> Person | None:
    """Return the rider that the facts beside a file name, with their id if they are new; else as the file's name."""
    key, name = _uuid(facts.get("trickyclip_rider", "")), facts.get("trickyclip_rider_name", "")
    if key and (there := Person.objects.filter(pk=key).first()):
        return there
    if not key or not name or name.endswith(CUT):
        return _by_slug(Person, named.person)
    known = Person.objects.named(name).first()
    return known or Person.objects.create(pk=key, display_name=name, slug=Person.objects.slug_for(name))


def _trick(facts: dict, named: Named) -> Trick | None:
    key, name = _uuid(facts.get("trickyclip_trick", "")), facts.get("trickyclip_trick_name", "")
    if key and (there := Trick.objects.filter(pk=key).first()):
        return there
    return Trick.objects.find_or_add(name) if name and not name.endswith(CUT) else _by_slug(Trick, named.trick)


def _others(facts: dict) -> list[UUID]:
    keys = (_uuid(value) for name, value in facts.items() if name.startswith("trickyclip_also_"))
    return [key for key in keys if key]


def _by_slug(model: type[Person] | type[Trick], slug: str) -> Person | Trick | None:
    """Return the rider or trick whose slug is in a name, creating it if needed; None for nobody."""
    if slug in NOBODY:
        return None
    return model.objects.filter(slug__iexact=slug).first() or model.objects.find_or_add(slug.replace("_", " "))


def _category(named: Named, facts: dict[str, str]) -> str:
    """Return the category in the file; older ones have it in the place of a rider or a trick."""
    said = [facts.get("trickyclip_category"), named.trick, named.person]
    return next((category for category in said if category in ClipCategory.values), ClipCategory.TRICK)
