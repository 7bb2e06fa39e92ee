"""Deletes what is in excess of an original: its whole once it is trimmed, and its parts once it is whole again."""

import hashlib
import logging
from contextlib import closing
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from clips.models import Job, JobKind, JobState, KeptPart, OriginalFile
from clips.storage import files, local_cache
from clips.storage.files import MissingFileError

logger = logging.getLogger(__name__)

#: Of what was trimmed in this time it is looked whether a worker died before it could delete the whole.
LOOKED_AT_FOR = timedelta(days=2)


def stays_trimmed() -> Q:
    """Return the condition that an original was trimmed, and nobody asked for all of it since.

    Its file is known then and not taken in again: a card that is read once more does not undo what was trimmed.
    """
    asked = Job.objects.filter(kind=JobKind.FETCH, original_file=OuterRef("pk"), created_at__gt=OuterRef("trimmed_at"))
    return Q(trimmed_at__isnull=False) & ~Q(Exists(asked.exclude(state__in=[JobState.DONE, JobState.CANCELLED])))


def drop_parts(original: OriginalFile) -> None:
    """Forget the parts of an original that has all its bytes again, in the caller's transaction."""
    parts = KeptPart.objects.filter(original_file=original)
    paths = list(parts.values_list("stored_path", flat=True))
    parts.delete()
    if paths:
        transaction.on_commit(lambda: files.discard(paths))


def delete_leftovers() -> int:
    """Delete the wholes of trimmed originals that are still there; return how many."""
    recent = list(OriginalFile.objects.filter(trimmed_at__gt=timezone.now() - LOOKED_AT_FOR).defer("probe"))
    there = files.sizes_bytes(original.stored_path for original in recent)
    return sum(delete_whole(original) for original in recent if there[original.stored_path] is not None)


def delete_whole(original: OriginalFile) -> bool:
    """Delete the whole of a trimmed original; False if it stays, because a part of it is not as it was written.

    Then it is whole again, and its parts go. Nobody writes into parts, so what was read is what stays.
    """
    are_good = all(_is_good(part) for part in original.kept_parts.all())
    with transaction.atomic():
        # It may have been brought back meanwhile; whoever does that holds this lock while he puts it in its place.
        still = OriginalFile.objects.select_for_update().trimmed().filter(pk=original.pk)
        if not still.exists():
            return False
        if not are_good:
            if not files.exists(original.stored_path):
                return False  # somebody else read them well and has deleted it: they are all that is left
            logger.error("%s stays whole: a part of it cannot be read back from the disk.", original)
            OriginalFile.objects.filter(pk=original.pk).update(evicted_at=None, trimmed_at=None)
            drop_parts(original)
            return False
        files.delete([original.stored_path])
    local_cache.drop(original.file_hash)
    return True


def _is_good(part: KeptPart) -> bool:
    """Return whether a part's bytes on the disk, not in memory, are those that were written."""
    digest = hashlib.sha256()
    files.drop_from_memory(part.stored_path)
    try:
        with closing(files.read(part.stored_path)) as file:
            for block in file:
                digest.update(block)
    except (MissingFileError, OSError):
        return False
    return digest.hexdigest() == part.file_hash
