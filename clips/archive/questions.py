"""Asks people what they meant, where the archive was changed so much that sending would only make it worse.

The top folder in the trash, many copies gone at once, another folder in the settings: each is an outage that only an
answer ends. Until then nothing is sent, so that no second archive comes to lie beside the first.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from clips.archive.backend import ArchiveBackend, ArchiveBlockedError, ArchiveError, BlockReason
from clips.archive.configured import archive_backend, place_in_use
from clips.models import (
    ArchiveBlock,
    ArchiveCopy,
    ArchiveCursor,
    ArchiveFolder,
    ArchiveRoot,
    ArchiveTouch,
    CopyState,
    FinalClip,
    Job,
    JobKind,
    JobState,
    SessionFile,
    Shoot,
)

#: More copies than this are not deleted by the way.
HANDFUL = 5
#: What was deleted within this time was deleted at once: not each is noticed in the same minute.
AT_ONCE = dt.timedelta(hours=1)
BATCH = 1000


class Answer(StrEnum):
    BACK = "back"
    AGAIN = "again"
    LEAVE = "leave"
    MOVE = "move"
    ANEW = "anew"


@dataclass(frozen=True)
class Choice:
    """One possible answer, and what it does."""

    answer: Answer
    title: object
    says: object


_GONE = [
    Choice(
        Answer.BACK, _lazy("Bring back"), _lazy("Restores what is in the trash. What was deleted for good stays so.")
    ),
    Choice(Answer.AGAIN, _lazy("Send again"), _lazy("Restores what is in the trash and sends the rest again.")),
    Choice(Answer.LEAVE, _lazy("Leave it"), _lazy("What was deleted stays so. New clips are archived as before.")),
]
_MOVED = [
    Choice(Answer.MOVE, _lazy("Move the archive there"), _lazy("Moves its folder to the new place. Nothing is sent.")),
    Choice(Answer.ANEW, _lazy("Begin anew there"), _lazy("Sends all clips to the new place. The old archive stays.")),
]
CHOICES = {BlockReason.GONE: _GONE, BlockReason.TOP_GONE: _GONE, BlockReason.MOVED: _MOVED}


# --- questions ------------------------------------------------------------------------------------------------------


def check_place(backend_name: str) -> None:
    """Raise ArchiveBlockedError if the rows are about another place than the settings, and it holds something."""
    place = place_in_use(backend_name)
    if not place:
        return
    root, is_new = ArchiveRoot.objects.get_or_create(backend=backend_name, defaults={"place": place})
    if is_new or root.place == place:
        return
    if not root.place:  # rows from before places were kept
        ArchiveRoot.objects.filter(pk=root.pk, place="").update(place=place)
        return
    if not _copies(backend_name).exists():
        _begin_anew(root, place)
        return
    says = _("The settings name another place for the archive than the one it is in. Nothing is sent until you answer.")
    raise ArchiveBlockedError(BlockReason.MOVED, says)


def check_top(backend: ArchiveBackend, top: ArchiveFolder) -> None:
    """Raise ArchiveBlockedError if the archive's top folder was there and is not any more."""
    root = ArchiveRoot.objects.filter(backend=backend.name).first()
    was_seen = root is not None and top.remote_id and root.top_id == top.remote_id
    if was_seen and not backend.has_folder(top.remote_id):
        says = _("The archive’s folder is in the trash of Google Drive, or deleted. Nothing is sent until you answer.")
        raise ArchiveBlockedError(BlockReason.TOP_GONE, says)


def note_top(folder: ArchiveFolder) -> None:
    """Save that the top folder was seen."""
    if folder.parent is None:
        ArchiveRoot.objects.filter(backend=folder.backend).exclude(top_id=folder.remote_id).update(
            top_id=folder.remote_id
        )


def check_gone(backend: ArchiveBackend, copy: ArchiveCopy) -> None:
    """Raise ArchiveBlockedError if one more copy that is gone makes too many at once."""
    if backend.ids_are_places:
        return
    others = ArchiveCopy.objects.filter(backend=backend.name, gone_at__gt=timezone.now() - AT_ONCE)
    n_gone = others.exclude(pk=copy.pk).count() + 1
    if n_gone > HANDFUL:
        raise many_gone(backend, n_gone)


def many_gone(backend: ArchiveBackend, n_copies: int) -> ArchiveBlockedError:
    """Return the question about many copies that are gone: about the top folder, if that is why."""
    try:
        if top := ArchiveFolder.objects.filter(backend=backend.name, parent=None).first():
            check_top(backend, top)
    except ArchiveBlockedError as error:
        return error
    says = _("%(n)d or more archived files were deleted on Google Drive at once. Nothing is sent until you answer.")
    return ArchiveBlockedError(BlockReason.GONE, says % {"n": n_copies})


def has_ended(block: ArchiveBlock) -> bool:
    """Return whether a question answered itself, because people put right what it is about."""
    try:
        if block.reason == BlockReason.MOVED:
            check_place(block.backend)
            return True
        top = ArchiveFolder.objects.filter(backend=block.backend, parent=None).first()
        return block.reason == BlockReason.TOP_GONE and bool(top) and archive_backend().has_folder(top.remote_id)
    except ArchiveError:
        return False


# --- answers --------------------------------------------------------------------------------------------------------


def choices(block: ArchiveBlock) -> list[Choice]:
    """Return the possible answers to a question; none to an outage that is no question."""
    return CHOICES.get(BlockReason(block.reason), [])


def settle(block: ArchiveBlock, given: Answer) -> None:
    """Do what was answered; ArchiveError, with the question as it was, if that cannot be."""
    if given == Answer.MOVE:
        _move_archive(block)
    elif given == Answer.ANEW:
        root = ArchiveRoot.objects.get(backend=block.backend)
        _begin_anew(root, place_in_use(block.backend))
    else:
        _settle_gone(block, given)


def _settle_gone(block: ArchiveBlock, given: Answer) -> None:
    is_whole = block.reason == BlockReason.TOP_GONE
    top = ArchiveFolder.objects.filter(backend=block.backend, parent=None).first()
    if is_whole and top and given == Answer.BACK:
        backend = archive_backend()
        backend.restore(top.remote_id)
        if not backend.has_folder(top.remote_id):
            raise ArchiveError(_("Google Drive did not bring the folder back. Restore it there, or send again."))
    with transaction.atomic():
        if is_whole and top and given != Answer.BACK:  # another one may be made now
            ArchiveRoot.objects.filter(backend=block.backend).update(top_id="")
            top.take_id("", instead_of=top.remote_id)
            _touch_all()
        copies = _copies(block.backend)
        if not is_whole or given == Answer.BACK:  # what nobody has looked at yet is right again with its folder
            held = Job.objects.active().filter(kind=JobKind.ARCHIVE)
            of_held = Q(clip__in=held.values("clip")) | Q(original_file__in=held.values("original_file"))
            copies = copies.filter(of_held) | _gone(block.backend)
        in_use = Q(clip__isnull=False, clip__removed_at=None) | Q(original_file__isnull=False)
        for name in ("clip", "original_file"):
            ids = copies.filter(in_use).exclude(**{name: None}).values_list(f"{name}_id", flat=True)
            _start(name, list(ids), {given.value: True})
        _gone(block.backend).update(gone_at=None)


def _start(name: str, ids: list[UUID], params: dict[str, object]) -> None:
    """Start the job of each clip or original; one that waits already gets these parameters. The sweep publishes them.

    One that runs began before the answer: another follows it. In few statements, for they may be all clips there are.
    """
    for first in range(0, len(ids), BATCH):
        part = ids[first : first + BATCH]
        jobs = [Job(kind=JobKind.ARCHIVE, params=params, **{f"{name}_id": pk}) for pk in part]
        Job.objects.bulk_create(jobs, ignore_conflicts=True)
        active = Job.objects.active().filter(kind=JobKind.ARCHIVE, **{f"{name}__in": part})
        active.filter(state=JobState.WAITING).update(params=params)
        active.have_followed(params)


def _copies(backend_name: str) -> QuerySet[ArchiveCopy]:
    return ArchiveCopy.objects.filter(backend=backend_name, state=CopyState.VERIFIED)


def _gone(backend_name: str) -> QuerySet[ArchiveCopy]:
    return ArchiveCopy.objects.filter(backend=backend_name, state=CopyState.REMOVED, gone_at__isnull=False)


def _move_archive(block: ArchiveBlock) -> None:
    from clips.archive.drive.client import GoogleDriveArchive

    backend = archive_backend()
    top = ArchiveFolder.objects.filter(backend=block.backend, parent=None).exclude(remote_id="").first()
    if top and isinstance(backend, GoogleDriveArchive):
        backend.move_folder(top.remote_id)
    ArchiveRoot.objects.filter(backend=block.backend).update(place=place_in_use(block.backend))


@transaction.atomic
def _begin_anew(root: ArchiveRoot, place: str) -> None:
    """Keep the rows under a name of that place, bring up those of an earlier time at the new one, and send the rest."""
    kept, back = _name_of(root.backend, root.place), _name_of(root.backend, place)
    for model in (ArchiveFolder, ArchiveCopy, ArchiveCursor, SessionFile):
        model.objects.filter(backend=root.backend).update(backend=kept)
        model.objects.filter(backend=back).update(backend=root.backend)
    ArchiveRoot.objects.filter(pk=root.pk).update(place=place, top_id="")
    here = _copies(root.backend).filter(clip=OuterRef("pk")).values("remote_id")[:1]
    FinalClip.objects.update(drive_file_id=Coalesce(Subquery(here), Value("")))
    absent = FinalClip.objects.current().exclude(stored_path="").exclude(pk__in=_copies(root.backend).values("clip"))
    _start("clip", list(absent.values_list("pk", flat=True)), {})
    _touch_all()


def _touch_all() -> None:
    """Have the files of all sessions, and the crew's, looked at again."""
    shoots = Shoot.objects.values_list("pk", flat=True)
    ArchiveTouch.objects.bulk_create([ArchiveTouch(shoot_id=pk) for pk in [None, *shoots]], batch_size=BATCH)


def _name_of(backend_name: str, place: str) -> str:
    """Return the name under which the rows of a place are kept while the archive is elsewhere."""
    return f"{backend_name} {hashlib.sha256(place.encode()).hexdigest()[:8]}"
