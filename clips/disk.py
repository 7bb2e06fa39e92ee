"""What fills the data folder. Sums of what the rows know, because walking 100,000 files takes minutes."""

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from clips.models import ArchiveCopy, CopyState, Filmstrip, FinalClip, OriginalFile, Preview, SharedCopy, Upload
from clips.storage import free_bytes

#: A sum over every clip takes some time, and the disk does not fill within a minute.
KEPT_FOR_S = 60
LOCAL = "local"


@dataclass(frozen=True)
class DiskUse:
    """Bytes by what they are for, and what the disk itself says."""

    #: (title, bytes), in the order in which footage goes through the folders.
    parts: tuple[tuple[str, int], ...]
    total_bytes: int
    free_bytes: int
    #: How much may still come before uploads are refused; negative when they are refused now.
    left_bytes: int

    @property
    def used_bytes(self) -> int:
        return self.total_bytes - self.free_bytes

    @property
    def floor_bytes(self) -> int:
        return self.free_bytes - self.left_bytes

    @property
    def high_bytes(self) -> int:
        """What may be used before the floor is reached."""
        return self.total_bytes - self.floor_bytes


def disk_use() -> DiskUse:
    """Return what fills the disk; the sums are at most a minute old, what is free is as of now."""
    disk = shutil.disk_usage(settings.DATA_DIR)
    parts = cache.get_or_set(f"disk_use:{settings.DATA_DIR}", _parts, KEPT_FOR_S)
    return DiskUse(parts, disk.total, disk.free, free_bytes())


def _parts() -> tuple[tuple[str, int], ...]:
    copies = ArchiveCopy.objects.filter(backend=LOCAL, state=CopyState.VERIFIED)
    return (
        (_("camera files"), _sum(OriginalFile.objects, "size_bytes")),
        (_("uploads under way"), _sum(Upload.objects.receiving(), "offset_bytes")),
        (_("previews"), _sum(Preview.objects, "size_bytes") + _sum(Filmstrip.objects, "size_bytes")),
        (_("clips"), _sum(FinalClip.objects, "size_bytes")),
        (_("copies for sharing"), _sum(SharedCopy.objects, "size_bytes")),
        (_("archive"), _sum(copies, "clip__size_bytes")),
        (_("database"), _database_bytes()),
    )


def _sum(rows, field: str) -> int:
    return rows.aggregate(total=Sum(field))["total"] or 0


def _database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return cursor.fetchone()[0]
