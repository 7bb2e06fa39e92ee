"""Reports what fills the data folder, as sums of rows, because walking 100,000 files takes minutes."""

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from clips.disk.reclaimable import Freeable, freeable
from clips.models import (
    ArchiveCopy,
    CopyState,
    Filmstrip,
    FinalClip,
    HandleCut,
    KeptPart,
    OriginalFile,
    Preview,
    ReelMusic,
    ReelRender,
    SharedCopy,
    Upload,
)
from clips.storage.files import free_bytes

#: Sums over every clip take a third of a second of a large library. Until then they are new enough; after that a page
#: shows the last ones at once, and asks for new ones.
NEW_FOR_S = 60
KEPT_FOR_S = 24 * 60 * 60
LOCAL = "local"


@dataclass(frozen=True)
class DiskUse:
    """Bytes by purpose, and the disk's own figures."""

    #: (title, bytes), in the order in which footage goes through the folders.
    parts: tuple[tuple[str, int], ...]
    total_bytes: int
    free_bytes: int
    #: What may be deleted now, and what could be after an action.
    freeable: tuple[Freeable, ...]
    #: Free bytes above the floor: left for uploads, which are refused when it is negative.
    left_bytes: int
    #: Whether the sums are out of date.
    is_old: bool

    @property
    def used_bytes(self) -> int:
        return self.total_bytes - self.free_bytes

    @property
    def floor_bytes(self) -> int:
        return self.free_bytes - self.left_bytes

    @property
    def high_bytes(self) -> int:
        """Bytes that may be used before the floor is reached."""
        return self.total_bytes - self.floor_bytes

    @property
    def may_go_bytes(self) -> int:
        """Bytes that a curator's button deletes."""
        return sum(one.size_bytes for one in self.freeable if not one.first)


def disk_use(*, fresh: bool = False) -> DiskUse:
    """Return what fills the disk: the current free space, and the last computed sums unless ``fresh``."""
    disk = shutil.disk_usage(settings.DATA_DIR)
    key = f"disk_use:{settings.DATA_DIR}"
    sums = None if fresh else cache.get(key)
    if sums is None:
        sums = (time.time(), _parts(), freeable())
        cache.set(key, sums, KEPT_FOR_S)
    summed_at_s, parts, may_go = sums
    is_old = time.time() - summed_at_s > NEW_FOR_S
    return DiskUse(parts, disk.total, disk.free, may_go, free_bytes(), is_old)


def _parts() -> tuple[tuple[str, int], ...]:
    copies = ArchiveCopy.objects.filter(backend=LOCAL, state=CopyState.VERIFIED)
    return (
        (_("originals"), _sum(OriginalFile.objects.on_disk(), "size_bytes")),
        (_("trimmed originals"), _sum(KeptPart.objects, "size_bytes")),
        (_("uploads in progress"), _sum(Upload.objects.receiving(), "offset_bytes")),
        (_("previews"), _sum(Preview.objects, "size_bytes") + _sum(Filmstrip.objects, "size_bytes")),
        (_("clips"), _sum(FinalClip.objects, "size_bytes")),
        (_("share videos"), _sum(SharedCopy.objects, "size_bytes")),
        (_("films of edits"), sum(_sum(model.objects, "size_bytes") for model in (ReelRender, ReelMusic, HandleCut))),
        (_("archive"), _sum(copies, "clip__size_bytes") + _sum(copies, "original_file__size_bytes")),
        (_("work in progress"), _scratch_bytes()),
        (_("database"), _database_bytes()),
    )


def _sum(rows, field: str) -> int:
    return rows.aggregate(total=Sum(field))["total"] or 0


def _scratch_bytes() -> int:
    """Return the bytes of files in progress: a few, which have no rows."""
    n_bytes = 0
    for path in [*settings.SCRATCH_DIR.glob("*"), *settings.SCRATCH_DIR.glob("*/*")]:
        with suppress(FileNotFoundError):
            facts = path.lstat()
            n_bytes += facts.st_size if S_ISREG(facts.st_mode) else 0
    return n_bytes


def _database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return cursor.fetchone()[0]
