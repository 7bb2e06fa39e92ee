"""Makes probed files in a session."""

import datetime as dt

from clips.models import OriginalFile, Shoot
from clips.tests.factories import OriginalFileFactory

SERIAL = "C3471325123456"
SAID = {
    "camera_id": "CAM_GOPRO8", "serial": SERIAL, "fps_label": "60FPS", "rate_num": 60_000, "rate_den": 1001,
    "duration_ms": 530_000, "width": 1920, "height": 1080, "rotation": 0, "codec": "h264", "has_audio": True,
    "warning": None, "recorded_at": "2024-12-01T10:00:00+00:00", "utc_offset_min": None, "clock_is_local": False,
}  # fmt: skip


def utc(hour: int, minute: int = 0, second: int = 0, *, day: int = 1, month: int = 12) -> dt.datetime:
    return dt.datetime(2024, month, day, hour, minute, second, tzinfo=dt.UTC)


def add_probed(shoot: Shoot, name: str = "GX010001.MP4", **said: object) -> OriginalFile:
    """Add a file with the facts of ``SAID``, changed by ``said``; its bytes are on no disk."""
    number = OriginalFile.objects.count()
    fields = {"stored_path": f"originals/{number}", "file_hash": f"{number:064x}", "size_bytes": 1}
    file = OriginalFileFactory(shoot=shoot, original_filename=name, **fields)
    file.apply_probe(SAID | said)
    return file
