"""Stands in for camera files that are lost, so that their clips live without them: they play, download, and are tagged.

All that is known of such a file is what its clips say, and what the archive calls it if it has it. It is a row whose
bytes are not here, as that of a file that was removed to free space: whoever uploads the file again, or fetches it from
the archive, makes it whole.
"""

import re
import uuid
from pathlib import Path, PurePosixPath

from django.utils import timezone

from clips.archive.backend import ArchiveBackend
from clips.archive.item import CUT
from clips.archive.naming import Named, read_original_name
from clips.jobs.worker import Claim
from clips.media import MediaError
from clips.media.sandbox import runner
from clips.models import FinalClip, OriginalFile, Shoot

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
#: A size has to be known, and nothing is one only here.
UNKNOWN_BYTES = 1
#: Of a clip's facts: those that are its camera file's too, for packets are copied.
_SAME_IN_CLIPS = {"codec": "codec", "has_audio": "has_audio", "rate_num": "rate_num", "rate_den": "rate_den",
                  "width_px": "width", "height_px": "height", "rotation_deg": "rotation"}  # fmt: skip


class LostOriginals:
    """The camera files that a rebuild misses; the archive is listed once, when the first of them is asked for."""

    def __init__(self, backend: ArchiveBackend) -> None:
        self._backend = backend
        self._archived: dict[str, tuple[str, int]] | None = None

    def stand_in(self, facts: dict[str, str], named: Named) -> OriginalFile | None:
        """Return a new row for the camera file of a clip; None if the clip does not say which it is."""
        sha256, key = facts.get("trickyclip_original", ""), uuid.uuid4()
        if not _SHA256.fullmatch(sha256):
            return None
        name, size_bytes = self._said_by_archive().get(sha256[:8]) or _said_by_clip(facts, sha256)
        suffix = PurePosixPath(name).suffix.lower()
        return OriginalFile.objects.create(
            pk=key, shoot=_session_of(facts, named), original_filename=name, file_hash=sha256, size_bytes=size_bytes,
            stored_path=f"originals/{key}{suffix if _SUFFIX.fullmatch(suffix) else ''}", evicted_at=timezone.now(),
            camera_id=named.camera_id, fps_label=named.fps_label, clip_ending=named.ending,
        )  # fmt: skip

    def _said_by_archive(self) -> dict[str, tuple[str, int]]:
        """Return name and size of each camera file in the archive, by the first digits of its checksum."""
        if self._archived is None:
            self._archived = {}
            for stocked in self._backend.stock(checksums=False):
                name, digits = read_original_name(stocked.filename) or ("", "")
                if digits and stocked.size_bytes and not stocked.is_trashed:
                    self._archived[digits] = (name, stocked.size_bytes)
        return self._archived


def _said_by_clip(facts: dict[str, str], sha256: str) -> tuple[str, int]:
    name, size = facts.get("trickyclip_video", ""), facts.get("trickyclip_video_bytes", "")
    is_known = name and not name.endswith(CUT)
    return (name if is_known else made_up_name(sha256)), (int(size) if size.isdecimal() else 0) or UNKNOWN_BYTES


def made_up_name(sha256: str) -> str:
    """Return the name of a camera file that nothing names any more."""
    return f"Video {sha256[:8]}"


def _session_of(facts: dict[str, str], named: Named) -> Shoot:
    """Return the session that the facts beside a file name, with its id if it is new; else as the folders name it."""
    name = facts.get("trickyclip_session_name", "")
    try:
        key = uuid.UUID(facts.get("trickyclip_session", ""))
    except ValueError:
        return Shoot.objects.called(named.session_name, named.date)
    there = Shoot.objects.filter(pk=key).first()
    if there and there.bin_entry_id is None:
        return there
    is_known = name and not name.endswith(CUT)
    return Shoot.objects.called(name if is_known else named.session_name, named.date, key=None if there else key)


def learn_from(clip: FinalClip, path: Path, work: Claim) -> None:
    """Save what a clip's file tells of its camera file, which nobody has read: how its pictures and sound are coded."""
    unread = OriginalFile.objects.filter(pk=clip.original_file_id, probed_at=None, codec="")
    if not unread.exists():
        return
    try:
        facts = runner.run("clips.media.probe:probe", {"path": str(path)}, on_tick=work.report)
    except MediaError:
        return  # the file came as it was sent, whatever it is
    coded = {name: facts[name] for name in ("pix_fmt", "audio_codec") if facts.get(name)}
    unread.update(probe=coded, **{field: facts[name] for field, name in _SAME_IN_CLIPS.items()})
