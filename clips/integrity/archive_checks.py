"""Checks the archive against the rows: the copies it should hold, holds, and where.

The archive is listed once, which on Drive takes a request for each thousand files; only doubtful copies are looked up
one by one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.archive import adoption
from clips.archive.backend import ArchiveBackend, ArchiveError, ListedFile
from clips.archive.configured import archive_backend, archive_name
from clips.archive.naming import read_names, read_original_name
from clips.integrity import repair as mend
from clips.integrity.batches import batches, rows_in_batches
from clips.integrity.finding import Disagreement, Kind
from clips.models import ArchiveCopy, ArchiveFolder, CopyState, FinalClip, Job, JobKind, SessionFile

#: More copies in doubt than this are not looked at one by one: something larger is wrong, and the list says enough.
MOST_LOOKS = 1000
#: People delete a few copies; more that are gone at once are a disk or a folder that is.
HANDFUL = 5
#: How long Drive's search may not show what was just written.
LISTED_AFTER = timedelta(hours=1)
GONE = {Kind.COPY_MISSING, Kind.COPY_TRASHED}


def archive_and_rows(*, checksums: bool) -> Iterator[Disagreement]:
    try:
        backend = archive_backend()
        top = ArchiveFolder.objects.filter(backend=backend.name, parent=None).exclude(remote_id="").first()
        if top and not backend.has_folder(top.remote_id):
            says = _("its top folder is missing. Is the disk mounted? Was the folder deleted?")
            yield Disagreement(Kind.ARCHIVE_SHUT, archive_name(), says, archive_name())
            return
        yield from _Inventory(backend, checksums=checksums).check()
        yield from _session_files(backend)
    except ArchiveError as error:
        yield Disagreement(Kind.ARCHIVE_SHUT, archive_name(), str(error), archive_name())


class _Inventory:
    """One archive, listed once, and its rows."""

    def __init__(self, backend: ArchiveBackend, *, checksums: bool) -> None:
        self._backend, self._checksums = backend, checksums
        #: Keys of the copies that the list shows to be right: some bytes each, so also of 100,000 some megabytes.
        self._right: set[int] = set()
        #: Of those that lie whole somewhere else, which any number may after a restore.
        self._whole: set[int] = set()
        self._n_looks = 0
        self._ignores_case = backend.ids_are_places and backend.is_same("a", "A")

    def check(self) -> Iterator[Disagreement]:
        for batch in batches(self._backend.stock(checksums=self._checksums)):
            yield from self._hold_against_rows(batch)
        # Whatever the list did not show to be right is in doubt, also what it did not show at all.
        yield from _many_ask_first(self._in_doubt())

    def _in_doubt(self) -> Iterator[Disagreement]:
        for batch in rows_in_batches(self._copies().filter(state=CopyState.VERIFIED)):
            doubtful = [key for (key,) in batch if key not in self._right]
            for copy in self._copies().filter(pk__in=doubtful, state=CopyState.VERIFIED).order_by("pk"):
                yield from self._look_at(copy)

    def _copies(self) -> QuerySet:
        rows = ArchiveCopy.objects.filter(backend=self._backend.name)
        rows = rows.annotate(folder_id_there=F("folder__remote_id")).select_related("clip", "original_file", "folder")
        return rows.defer("clip__search_text", "original_file__probe")

    def _hold_against_rows(self, batch: list[ListedFile]) -> Iterator[Disagreement]:
        there = {found.file_id: found for found in batch}
        known = set()
        for copy in self._copies().filter(remote_id__in=there):
            known.add(copy.remote_id)
            if copy.state == CopyState.WITHDRAWN and not there[copy.remote_id].is_trashed:
                yield from self._left_there(copy)
            if self._is_right(copy, there[copy.remote_id]):
                self._right.add(copy.pk)
            elif self._is_whole(copy, there[copy.remote_id]):
                self._whole.add(copy.pk)
        for file_id in there.keys() - known:
            if self._is_known_otherwise(file_id):
                continue
            found = there[file_id]
            is_named = read_names((), found.filename) or read_original_name(found.filename)
            if is_named and not found.is_trashed and self._is_to_be_known(found):
                says = _("it is in the archive, but no row refers to it.")
                take_over = partial(mend.adopt_copy, self._backend, file_id)
                yield Disagreement(Kind.COPY_UNKNOWN, found.filename, says, file_id, take_over)

    def _is_known_otherwise(self, file_id: str) -> bool:
        """Return whether a row names a file in other letters, on a disk that takes "Mia" and "mia" for one name."""
        return self._ignores_case and self._copies().filter(remote_id__iexact=file_id).exists()

    def _is_to_be_known(self, found: ListedFile) -> bool:
        """Return whether a file without a row is the site's, in its folders: not what a person made of one of its."""
        if not self._backend.folders_of(found.folder_id):
            return False
        held = self._backend.look(found.file_id)
        return held is not None and held.is_own_content is not False

    def _left_there(self, copy: ArchiveCopy) -> Iterator[Disagreement]:
        """Report a removed clip or video in the archive, unless the list is older than its removal."""
        held, thing = self._backend.look(copy.remote_id), copy.clip or copy.original_file
        if held and not held.is_trashed and not thing.jobs.active().exists():
            says = _("it was removed, but is in the archive again.")
            yield Disagreement(Kind.COPY_LEFT, str(copy), says, str(thing.pk), partial(mend.withdraw, thing.pk))

    def _is_right(self, copy: ArchiveCopy, found: ListedFile) -> bool:
        in_place = (found.folder_id, found.filename) == (copy.folder_id_there or found.folder_id, copy.filename)
        return in_place and self._is_whole(copy, found)

    @staticmethod
    def _is_whole(copy: ArchiveCopy, found: ListedFile) -> bool:
        thing = copy.clip or copy.original_file
        is_same = found.sha256 == copy.sha256 if found.sha256 else found.size_bytes == thing.size_bytes
        return is_same and not found.is_trashed

    def _look_at(self, copy: ArchiveCopy) -> Iterator[Disagreement]:
        """Report what is wrong with one copy, if anything: it may have been added after the list was made."""
        self._n_looks += copy.pk not in self._whole
        thing = copy.clip or copy.original_file
        again = mend.rearchive if copy.clip_id else mend.rearchive_original
        repair = partial(again, thing.pk)
        tell = partial(Disagreement, subject=str(thing), key=str(thing.pk))
        if self._n_looks > MOST_LOOKS:
            yield tell(kind=Kind.COPY_MISSING, says=_("the archive's list does not match it."))
            return
        held = self._backend.look(copy.remote_id) if copy.remote_id else None
        if held is None:
            yield tell(kind=Kind.COPY_MISSING, says=_("%(path)s is gone.") % {"path": copy.path}, mend=repair)
        elif held.is_trashed:
            yield tell(kind=Kind.COPY_TRASHED, says=_("%(path)s is in the trash.") % {"path": copy.path}, mend=repair)
        elif held.sha256 != copy.sha256:
            says = _("the file at %(path)s has a different SHA-256.") % {"path": copy.path}
            yield tell(kind=Kind.COPY_CHANGED, says=says, mend=repair)
        elif adoption.is_astray(copy, held):
            says = _("it has a newer name, %(name)s, instead of %(path)s.")
            says, move = says % {"name": held.filename, "path": copy.path}, partial(mend.bring_to_place, copy.pk)
            yield tell(kind=Kind.COPY_ASTRAY, says=says, mend=move)
        elif (held.folder_id, held.filename) != (copy.folder_id_there or held.folder_id, copy.filename):
            says = _("it is now called %(name)s, or is in another folder than %(path)s.")
            yield tell(kind=Kind.COPY_MOVED, says=says % {"name": held.filename, "path": copy.path})


def _many_ask_first(found: Iterator[Disagreement]) -> Iterator[Disagreement]:
    """Yield findings; more than a handful of copies that are gone are said in one, and not put right unasked."""
    gone = []
    for disagreement in found:
        if disagreement.kind in GONE:
            gone.append(disagreement)
        else:
            yield disagreement
    if len(gone) > HANDFUL:
        says = _("%(n)d copies are gone at once.") % {"n": len(gone)}
        yield Disagreement(Kind.ARCHIVE_LOSS, archive_name(), says, archive_name())
    yield from (replace(one, asks_first=len(gone) > HANDFUL) for one in gone)


def _session_files(backend: ArchiveBackend) -> Iterator[Disagreement]:
    """Report the files of sessions and of the crew that somebody deleted or changed."""
    there = {lying.file_id: lying.held.sha256 for lying in backend.session_files()}
    settled = SessionFile.objects.filter(backend=backend.name, written_at__lt=timezone.now() - LISTED_AFTER)
    for row in settled.order_by("pk"):
        found = there.get(row.remote_id)
        if found is None:
            says = _("%(path)s is gone.") % {"path": row.path}
        elif row.sha256 and found != row.sha256:
            says = _("the file at %(path)s has a different SHA-256.") % {"path": row.path}
        else:
            continue
        again = partial(mend.describe_again, row.shoot_id)
        yield Disagreement(Kind.SESSION_FILE, row.path.rpartition("/")[2], says, str(row.pk), again)


def not_archived(*, checksums: bool) -> Iterator[Disagreement]:
    """Report finished clips without a copy that nobody removed and no job is going to send."""
    settled = [CopyState.VERIFIED, CopyState.REMOVED, CopyState.WITHDRAWN, CopyState.CHANGED]
    has_copy = ArchiveCopy.objects.filter(clip=OuterRef("pk"), backend=archive_name(), state__in=settled)
    asked = Job.objects.active().filter(clip=OuterRef("pk"), kind__in=[JobKind.RENDER, JobKind.ARCHIVE])
    cut = FinalClip.objects.current().exclude(stored_path="")
    for batch in rows_in_batches(cut.filter(~Exists(has_copy), ~Exists(asked)), "filename"):
        for key, name in batch:
            says = _("it is not in the archive, and no job is going to archive it.")
            yield Disagreement(Kind.COPY_ABSENT, name, says, str(key), partial(mend.rearchive, key))


def drive_ids(*, checksums: bool) -> Iterator[Disagreement]:
    """Report clips whose Drive file is not that of their copy."""
    copies = ArchiveCopy.objects.filter(backend="drive", state=CopyState.VERIFIED)
    other = copies.filter(clip__isnull=False).exclude(clip__drive_file_id=F("remote_id"))
    bare = FinalClip.objects.exclude(drive_file_id="").filter(~Exists(copies.filter(clip=OuterRef("pk"))))
    differing = FinalClip.objects.filter(Q(pk__in=other.values("clip")) | Q(pk__in=bare.values("pk")))
    for batch in rows_in_batches(differing, "filename"):
        for key, name in batch:
            says = _("its Drive file is not that of its copy.")
            yield Disagreement(Kind.DRIVE_ID, name, says, str(key), partial(mend.copy_drive_id, key))
