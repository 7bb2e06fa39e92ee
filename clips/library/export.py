"""Takes everything home: a member's own data, or all of the crew's, as one ZIP in the folders of the archive.

Both hold every version of a clip whose file is here, for an earlier version is work too; ``clips.csv`` says which is
the current one. What lies in the bin is told and not sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from clips.archive.naming import folder_parts
from clips.library import export_file, export_originals, export_texts
from clips.library.download import COLUMNS, LIST_NAME, Line, Summary, lines_of, summary_of
from clips.library.export_file import About, ExportWriter
from clips.models import FinalClip, OriginalFile, Shoot
from people.audit import Action, note
from people.models import Member
from trickyclip.shared.spreadsheet import write_table

CREW, MEMBER = "crew", "member"
SESSION_NAME = "session.json"


@dataclass(frozen=True)
class Scope:
    """Whose data: one member's, or the whole crew's."""

    kind: str
    member: Member

    @property
    def clips(self) -> QuerySet[FinalClip]:
        made = Q() if self.kind == CREW else Q(created_by=self.member)
        return FinalClip.objects.filter(made, removed_at=None)

    @property
    def videos(self) -> QuerySet[OriginalFile]:
        brought = Q() if self.kind == CREW else Q(uploader=self.member)
        return OriginalFile.objects.in_use().filter(brought)

    @property
    def sessions(self) -> QuerySet[Shoot]:
        used = Q(files__in=self.videos) | Q(files__clips__in=self.clips)
        used = Q() if self.kind == CREW else Q(pk__in=Shoot.objects.filter(used).values("pk"))
        return Shoot.objects.in_use().filter(used).order_by("date", "slug")

    def of_session(self, shoot: Shoot) -> "tuple[QuerySet[OriginalFile], QuerySet[FinalClip]]":
        """Return what of a session is in it."""
        return self.videos.filter(shoot=shoot), self.clips.filter(original_file__shoot=shoot)


@dataclass(frozen=True)
class Contents:
    """Amounts of clips and originals in an export, said before it is made."""

    clips: Summary
    n_originals: int
    originals_bytes: int
    #: Of videos whose file is in the archive alone.
    n_away: int

    @property
    def with_originals_bytes(self) -> int:
        return self.clips.size_bytes + self.originals_bytes


def contents_of(scope: Scope) -> Contents:
    """Return how much an export will be."""
    n_originals, originals_bytes = export_originals.sum_of(scope.videos)
    return Contents(summary_of(scope.clips), n_originals, originals_bytes, scope.videos.evicted().count())


def make(scope: Scope, *, with_originals: bool) -> UUID:
    """Write the texts and the list of files of an export down, and return its key."""
    export_file.clear_old()
    export_file.clear_of(scope.member, newest_kept=export_file.MAX_KEPT - 1)
    key, now = uuid4(), timezone.localtime()
    about = About(scope.kind, f"TrickyClip_{scope.kind}_{now:%Y-%m-%d}.zip")
    with export_file.new_export(scope.member, key, about, timezone.make_naive(now)) as writer:
        originals = export_originals.entries_of(scope.videos) if with_originals else []
        paths = {original.pk: original.path for original in originals}
        _write_main(writer, scope, now, paths)
        _write_sessions(writer, scope, paths)
        versions = [(line, is_current, why) for is_current in (True, False) for line, why in _lines(scope, is_current)]
        with writer.text(LIST_NAME) as text:
            write_table(text, (*COLUMNS, "version"), (_listed(*version) for version in versions))
        for line, _is_current, why in versions:
            if not why:
                writer.stored(line.path, line.stored_path, line.size_bytes, line.crc32, line.modified, line.file_hash)
        for one in originals:
            writer.stored(one.path, one.stored_path, one.size_bytes, one.crc32, one.modified, one.file_hash)
        facts = {"kind": scope.kind, "n_files": writer.n_files, "size_bytes": writer.size_bytes}
    with transaction.atomic():
        note(Action.EXPORTED, scope.member, actor=scope.member, with_originals=with_originals, **facts)
    return key


def _write_main(writer: ExportWriter, scope: Scope, now: datetime, paths: Mapping[UUID, str]) -> None:
    videos = partial(export_texts.video_rows, paths=paths)
    head = {"kind": scope.kind, "exported_at": now, "exported_by": scope.member.username}
    with writer.text(f"{scope.kind}.json") as text:
        if scope.kind == CREW:
            export_texts.write_document(text, head, export_texts.crew_sections(videos))
        else:
            head["account"] = export_texts.account_of(scope.member)
            export_texts.write_document(text, head, export_texts.member_sections(scope.member, videos))


def _write_sessions(writer: ExportWriter, scope: Scope, paths: Mapping[UUID, str]) -> None:
    taken: set[str] = set()
    for shoot in scope.sessions.iterator():
        videos, clips = scope.of_session(shoot)
        head = {"kind": "session", **export_texts.session_row(shoot)}
        with writer.text(_sidecar_path(shoot, taken)) as text:
            rows = {"videos": export_texts.video_rows(videos, paths), "clips": export_texts.clips(clips)}
            export_texts.write_document(text, head, rows)


def _sidecar_path(shoot: Shoot, taken: set[str]) -> str:
    """Return where a session's facts go: two names may lead to one folder, as "Park?" and "Park:" do."""
    folder = "/".join(folder_parts(date=shoot.date, session_name=shoot.name, person="", trick="")[:3])
    path = f"{folder}/{SESSION_NAME}"
    if path.casefold() in taken:
        path = f"{folder}/session__{shoot.slug}.json"
    taken.add(path.casefold())
    return path


def _lines(scope: Scope, is_current: bool) -> list[tuple[Line, str]]:
    return lines_of(scope.clips.filter(is_current=is_current))


def _listed(line: Line, is_current: bool, why: str) -> tuple[str, ...]:
    return (*line.facts, why, "current" if is_current else "earlier")
