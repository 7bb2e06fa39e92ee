"""Downloads many clips as one ZIP: named as in the archive, with a list of them, resumable at any byte."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from uuid import UUID
from zlib import crc32

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.archive.item import clip_folder_parts
from clips.library.zip_stream import Entry, ZipStream
from clips.models import FinalClip
from clips.models.camera import camera_name, rate_name
from clips.storage import files
from clips.storage.files import MissingFileError, StorageError
from trickyclip.shared.spreadsheet import write_table

LIST_NAME = "clips.csv"
COLUMNS = (
    "file", "date", "session", "rider", "others", "trick", "category", "camera", "fps", "seconds", "left out",
)  # fmt: skip
#: ZIPs at once in each process of the web server, of its threads for long answers; the others stay for who plays.
AT_ONCE = 12
#: Rows in memory at once while the list is made.
BATCH = 2000
_TO_DOWNLOAD = ~Q(stored_path="")


@dataclass(frozen=True)
class Summary:
    """Amounts of clips in a download, said before it begins."""

    n_clips: int
    size_bytes: int
    #: Some of the clips that are left out because they are not cut yet, and how many there are.
    uncut: list[str]
    n_uncut: int


class Slots:
    """Counts the downloads that are being sent by this process."""

    def __init__(self, n_slots: int) -> None:
        self._n_slots, self._n_taken, self._lock = n_slots, 0, threading.Lock()

    @property
    def are_taken(self) -> bool:
        return self._n_taken >= self._n_slots

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one for as long as the block lasts."""
        with self._lock:
            self._n_taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_taken -= 1


slots = Slots(AT_ONCE)


def summary_of(clips: QuerySet) -> Summary:
    """Return what a download of these clips will have in it."""
    clips = clips.order_by()
    there = Q(~Q(stored_path=""))
    said = clips.aggregate(n=Count("pk", filter=there), size=Sum("size_bytes", filter=there), n_all=Count("pk"))
    uncut = clips.filter(stored_path="").order_by("filename").values_list("filename", flat=True)[:5]
    n_uncut = said["n_all"] - said["n"]
    return Summary(said["n"], said["size"] or 0, list(uncut) if n_uncut else [], n_uncut)


def fill_checksums(clips: QuerySet, *, for_s: float) -> int:
    """Read files of clips whose CRC-32 is not known yet and save it; return how many were not reached in that time.

    Clips are cut with their checksum since there are ZIPs, so each older one is read once. A missing file stays
    without one, and is left out.
    """
    lacking = list(clips.order_by().filter(_TO_DOWNLOAD, crc32=None).values_list("pk", "stored_path", "file_hash"))
    until_s = time.monotonic() + for_s
    for n_done, (pk, stored_path, file_hash) in enumerate(lacking):
        if n_done and time.monotonic() > until_s:
            return len(lacking) - n_done
        try:
            found = files.crc32_of(stored_path)
        except MissingFileError:
            continue
        # Not of a file that was cut anew meanwhile.
        FinalClip.objects.filter(pk=pk, stored_path=stored_path, file_hash=file_hash).update(crc32=found)
    return 0


def zip_of(clips: QuerySet) -> ZipStream:
    """Return the ZIP of these clips; those whose file is not here are named in its list alone."""
    listed, entries = [], []
    for line, missing in lines_of(clips):
        listed.append((*line.facts, missing))
        if not missing:
            entries.append(line.entry)
    return ZipStream([_list_entry(listed, entries), *entries], while_sent=slots.one)


def lines_of(clips: QuerySet) -> list[tuple["Line", str]]:
    """Return the clips in the order of the archive, whatever order they were shown in, each with why it is left out."""
    rows = clips.order_by().with_tags().select_related("original_file__shoot").with_camera_names()
    rows = rows.defer("search_text", "tracks", "original_file__probe")
    lines = sorted((_line(clip) for clip in rows.iterator(chunk_size=BATCH)), key=lambda line: line.path)
    lengths_bytes = files.sizes_bytes(line.stored_path for line in lines if line.stored_path)
    return [(line, _why_left_out(line, lengths_bytes)) for line in lines]


@dataclass(frozen=True, slots=True)
class Line:
    """A clip as the ZIP and its list need it: some hundred bytes, for there may be many thousands."""

    pk: UUID
    path: str
    stored_path: str
    size_bytes: int | None
    crc32: int | None
    file_hash: str
    modified: datetime
    facts: tuple[str, ...]

    @property
    def entry(self) -> Entry:
        blocks = partial(blocks_of, self.stored_path, self.size_bytes)
        return Entry(self.path, self.size_bytes, self.crc32, self.modified, blocks, self.file_hash)


def _line(clip: FinalClip) -> Line:
    path = "/".join([*clip_folder_parts(clip), clip.filename])
    facts = (
        path, clip.date.isoformat(), clip.original_file.shoot.name, str(clip.person or ""),
        ", ".join(sorted(str(person) for person in clip.also.all())), str(clip.trick or ""),
        str(clip.get_category_display()), clip.own_camera_name or camera_name(clip.camera_id),
        rate_name(clip.fps_label).removesuffix(" fps"), f"{clip.duration_ms / 1000:.2f}",
    )  # fmt: skip
    return Line(
        clip.pk, path, clip.stored_path, clip.size_bytes, clip.crc32, clip.file_hash, _filmed_at(clip), facts
    )  # fmt: skip


def _filmed_at(clip: FinalClip) -> datetime:
    """Return when a clip was filmed, by the clock on the wall; noon of its day if its camera did not say."""
    recorded_at = clip.original_file.recorded_at
    if recorded_at is None:
        return datetime.combine(clip.date, time_of_day(12))
    return timezone.make_naive(recorded_at + timedelta(milliseconds=clip.start_ms))


def _why_left_out(line: Line, lengths_bytes: dict[str, int | None]) -> str:
    if not line.stored_path:
        return _("not cut yet")
    length_bytes = lengths_bytes[line.stored_path]
    return "" if length_bytes == line.size_bytes and line.crc32 is not None else _("its file is missing")


def _list_entry(listed: list[tuple[str, ...]], entries: list[Entry]) -> Entry:
    """Return the list of all clips, those that were left out too, as spreadsheets open it."""
    text = io.StringIO()
    write_table(text, COLUMNS, listed)
    data = text.getvalue().encode()
    newest = max((entry.modified for entry in entries), default=datetime(1980, 1, 1))  # noqa: DTZ001 - as ZIP keeps it
    return Entry(LIST_NAME, len(data), crc32(data), newest, lambda first, last: iter([data[first : last + 1]]))


def blocks_of(stored_path: str, size_bytes: int, first: int, last: int) -> Iterator[bytes]:
    """Yield a part of a stored file in blocks; StorageError once it has another length than was announced."""
    with closing(files.read(stored_path)) as file:
        if file.size_bytes != size_bytes:  # cut anew since the ZIP was begun: no half of each
            raise StorageError(_("A clip changed while it was being downloaded."))
        file.narrow(first, last)
        yield from file
