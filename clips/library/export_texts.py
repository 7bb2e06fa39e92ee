"""Writes what an export says beside its files: JSON that people and programs read, row by row.

Each kind of row names the fields that it tells. So a new column is in no export before somebody puts it here, and what
is secret (passwords, hashes of tokens and links, second factors, others' addresses) is never read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery

from clips.archive.item import clip_folder_parts
from clips.models import (
    BinEntry,
    BulkChange,
    CameraClock,
    CameraName,
    CandidateSegment,
    CollectionLink,
    Comment,
    Decision,
    FinalClip,
    OriginalFile,
    Reaction,
    Reel,
    ReelChange,
    SavedView,
    ShareLink,
    Shoot,
    Upload,
)
from people.models import Action, AuditEntry, Member, Merge, Person
from tricks.models import Trick

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

#: Raised when a program that reads the older one would misread the newer.
FORMAT = 1
BATCH = 500
LOGINS = (Action.LOGGED_IN, Action.LOGGED_OUT, Action.LOGIN_FAILED, Action.LOGINS_ENDED)

_json = DjangoJSONEncoder(ensure_ascii=False).encode

Row = dict[str, Any]
Rows = Iterable[Row]


def write_document(out: "SupportsWrite[str]", head: Row, sections: Mapping[str, Rows]) -> None:
    """Write a JSON object with these fields and lists: a line for each field and each row, none held in memory."""
    out.write("{\n")
    fields = [f" {_json(name)}: {_json(value)}" for name, value in {"format": FORMAT, **head}.items()]
    out.write(",\n".join(fields))
    for name, rows in sections.items():
        out.write(f",\n {_json(name)}: [")
        for number, row in enumerate(rows):
            out.write(f"{',' if number else ''}\n  {_json(row)}")
        out.write("\n ]")
    out.write("\n}\n")


def crew_sections(videos: Callable[[QuerySet], Rows]) -> dict[str, Rows]:
    """Return all that a crew has, for its administrators; ``videos`` says of each where its file is in the ZIP.

    Saved views are the crew's: those of one member are in that member's own export.
    """
    members = Member.objects.order_by("date_joined", "pk")
    return {
        "members": _values(members, "username", "role", "is_active", joined=F("date_joined")),
        "people": _named(Person.objects.order_by("name_key"), name="display_name"),
        "tricks": _named(Trick.objects.order_by("normal_name"), "category", "stance", "direction", name="name"),
        "merges": merges(Merge.objects.all()),
        "camera_names": _values(CameraName.objects.order_by("pk"), "camera_id", "serial", "name"),
        "camera_clocks": _values(CameraClock.objects.order_by("pk"), "camera_id", "serial", "day", "offset_s"),
        "sessions": map(session_row, Shoot.objects.in_use().order_by("date", "slug").iterator()),
        "videos": videos(OriginalFile.objects.in_use()),
        "moments": moments(CandidateSegment.objects.in_use()),
        "clips": clips(FinalClip.objects.filter(removed_at=None)),
        "decisions": decisions(Decision.objects.all()),
        "bulk_changes": bulk_changes(BulkChange.objects.all()),
        "bin": bin_entries(BinEntry.objects.all()),
        "edits": edits(Reel.objects.in_use()),
        "comments": comments(Comment.objects.all()),
        "reactions": reactions(Reaction.objects.all()),
        "share_links": share_links(ShareLink.objects.all()),
        "share_links_of_many": links_of_many(CollectionLink.objects.all()),
        "saved_views": saved_views(SavedView.objects.filter(is_crews=True)),
    }  # fmt: skip


def member_sections(member: Member, videos: Callable[[QuerySet], Rows]) -> dict[str, Rows]:
    """Return what the site keeps of one member and of what they did."""
    audit = AuditEntry.objects.filter(Q(actor=member) | Q(target_type=Member._meta.label_lower, target_id=member.pk))
    return {
        "logins": audit_entries(audit.filter(action__in=LOGINS), member),
        "audit": audit_entries(audit.exclude(action__in=LOGINS), member),
        "tokens": _values(member.tokens.order_by("pk"), "name", "scope", "created_at", "expires_at", "last_used_at"),
        "uploads": uploads(Upload.objects.filter(owner=member)),
        "videos": videos(OriginalFile.objects.in_use().filter(uploader=member)),
        "clips": clips(FinalClip.objects.filter(removed_at=None, created_by=member)),
        "decisions": decisions(Decision.objects.filter(member=member)),
        "bulk_changes": bulk_changes(BulkChange.objects.filter(member=member)),
        "bin": bin_entries(BinEntry.objects.filter(thrown_by=member)),
        "edits": edits(Reel.objects.in_use().filter(made_by=member)),
        "edit_changes": edit_changes(ReelChange.objects.filter(member=member)),
        "comments": comments(Comment.objects.filter(member=member)),
        "reactions": reactions(Reaction.objects.filter(member=member)),
        "share_links": share_links(ShareLink.objects.filter(created_by=member)),
        "share_links_of_many": links_of_many(CollectionLink.objects.filter(created_by=member)),
        "saved_views": saved_views(SavedView.objects.filter(member=member)),
    }


def account_of(member: Member) -> Row:
    factor = getattr(member, "second_factor", None)
    return {
        "username": member.username,
        "role": member.role,
        "joined": member.date_joined,
        "last_login": member.last_login,
        "on_leaderboard": member.is_on_board,
        "rider": str(member.rider or ""),
        "second_factor_since": factor.confirmed_at if factor else None,
    }


def session_row(shoot: Shoot) -> Row:
    fields = ("id", "date", "name", "slug", "time_zone", "sensitivity")
    return {field: getattr(shoot, field) for field in fields}


def video_rows(videos: QuerySet, paths: Mapping[UUID, str]) -> Iterator[Row]:
    """Yield videos; ``paths`` are those of the videos that are in the ZIP."""
    rows = _values(
        videos.order_by("created_at", "pk"), "id", "size_bytes", "recorded_at", "utc_offset_min", "duration_ms",
        "width_px", "height_px", "codec", "camera_id", "camera_serial", "problem", name=F("original_filename"),
        session=F("shoot_id"), sha256=F("file_hash"), fps=F("fps_label"), uploaded_by=F("uploader__username"),
        added_at=F("created_at"), set_aside_at=F("aside_at"), low_res_copy_of=F("low_res_of_id"),
    )  # fmt: skip
    return ({**row, "file": paths.get(row["id"])} for row in rows)


def clips(rows: QuerySet) -> Iterator[Row]:
    """Yield clips, all versions; those of one lineage were edited from one kept moment."""
    found = rows.order_by("date", "filename").with_tags().select_related("original_file__shoot", "created_by")
    found = found.defer("search_text", "tracks", "original_file__probe")
    return (_clip_row(clip) for clip in found.iterator(chunk_size=BATCH))


def _clip_row(clip: FinalClip) -> Row:
    return {
        "id": clip.pk,
        "lineage": clip.lineage,
        "is_current": clip.is_current,
        "file": "/".join([*clip_folder_parts(clip), clip.filename]),
        "sha256": clip.file_hash or None,
        "size_bytes": clip.size_bytes,
        "date": clip.date,
        "session": clip.original_file.shoot_id,
        "rider": str(clip.person) if clip.person else None,
        "others": sorted(str(person) for person in clip.also.all()),
        "trick": str(clip.trick) if clip.trick else None,
        "category": clip.category,
        "stars": clip.stars,
        "video": clip.original_file_id,
        "moment": clip.candidate_segment_id,
        "start_ms": clip.start_ms,
        "end_ms": clip.end_ms,
        "camera": clip.camera_id,
        "fps": clip.fps_label,
        "kept_by": clip.created_by.username if clip.created_by else None,
        "kept_at": clip.created_at,
    }


def moments(rows: QuerySet) -> Iterator[Row]:
    fields = ("id", "start_ms", "end_ms", "score", "status", "skipped_at")
    renamed = {"video": F("original_file_id"), "split_from": F("parent_id"), "found_at": F("created_at")}
    return _values(rows.order_by("original_file_id", "start_ms", "pk"), *fields, **renamed)


def decisions(rows: QuerySet) -> Iterator[Row]:
    return _values(
        rows.order_by("created_at", "pk"), "id", "kind", "before", "after", "undone_by_id",
        by=F("member_name"), at=F("created_at"), moment=F("segment_id"),
        start_ms=F("segment__start_ms"), end_ms=F("segment__end_ms"),
        video=F("segment__original_file__original_filename"),
    )  # fmt: skip


def bulk_changes(rows: QuerySet) -> Iterator[Row]:
    renamed = {"by": F("member_name"), "at": F("created_at")}
    fields = ("id", "kind", "label", "n_changed", "states", "rows", "undone_at")
    return _values(rows.order_by("created_at", "pk"), *fields, batch=20, **renamed)


def bin_entries(rows: QuerySet) -> Iterator[Row]:
    fields = ("id", "kind", "title", "reason", "thrown_at", "n_clips", "n_videos", "n_moments", "size_bytes")
    fields += ("restored_at", "emptied_at")
    return _values(rows.order_by("thrown_at", "pk"), *fields, by=F("thrown_by_name"))


def merges(rows: QuerySet) -> Iterator[Row]:
    return _values(rows.order_by("pk"), "kind", "merged_name", "survivor_name", "created_at", "undone_at")


def share_links(rows: QuerySet) -> Iterator[Row]:
    """Yield share links without the secret that opens them, of which the site has a hash alone."""
    return _values(
        rows.order_by("created_at", "pk"), "created_at", "ends_at", "ended_at", clip=F("copy__clip__filename"),
        slowed_down=F("copy__slow_down"), by=F("created_by__username"),
    )  # fmt: skip


def edits(rows: QuerySet) -> Iterator[Row]:
    """Yield edits, each with its clips in their order; these by the file name that each has now."""
    now = FinalClip.objects.current().filter(lineage=OuterRef("lineage")).values("filename")
    fields = ("position", "start_ms", "end_ms", "speed", "title", "has_sound", "crop")
    for reel in rows.order_by("created_at", "pk").select_related("shoot").iterator():
        places = reel.clips.order_by("position").annotate(file=Subquery(now)).values("file", *fields)
        yield {
            "id": reel.pk,
            "name": reel.name,
            "session": reel.shoot_id,
            "by": reel.made_by_name,
            "created_at": reel.created_at,
            "changed_at": reel.changed_at,
            "clips": list(places),
        }


def comments(rows: QuerySet) -> Iterator[Row]:
    """Yield comments; those on a clip name its lineage, which all its versions have."""
    return _values(
        rows.order_by("created_at", "pk"), "id", "lineage", "text", "is_guest", "state", "created_at",
        edit=F("reel_id"), by=F("name"),
    )  # fmt: skip


def reactions(rows: QuerySet) -> Iterator[Row]:
    """Yield reactions; a guest's bears no name."""
    return _values(
        rows.order_by("created_at", "pk"), "lineage", "kind", "created_at",
        edit=F("reel_id"), by=F("member__username"),
    )  # fmt: skip


def edit_changes(rows: QuerySet) -> Iterator[Row]:
    return _values(rows.order_by("created_at", "pk"), "kind", "n_clips", "state", "created_at", edit=F("reel__name"))


def links_of_many(rows: QuerySet) -> Iterator[Row]:
    """Yield links to several clips without the secret and the password, of which the site has hashes alone."""
    return _values(
        rows.order_by("created_at", "pk"), "created_at", "ends_at", "ended_at", "title", "may_download", "n_views",
        edit=F("reel__name"), session=F("shoot_id"), by=F("created_by__username"),
    )  # fmt: skip


def saved_views(rows: QuerySet) -> Iterator[Row]:
    return _values(rows.order_by("created_at", "pk"), "name", "query", "is_crews", "created_at")


def uploads(rows: QuerySet) -> Iterator[Row]:
    return _values(
        rows.order_by("created_at", "pk"), "id", "size_bytes", "offset_bytes", "state", "source", "reason",
        name=F("original_filename"), session=F("shoot_id"), video=F("original_file_id"), at=F("created_at"),
    )  # fmt: skip


def audit_entries(rows: QuerySet, member: Member) -> Iterator[Row]:
    """Yield what ``member`` did, and what was done to them: of others neither address nor data."""
    for entry in rows.order_by("pk").iterator(chunk_size=BATCH):
        is_own = entry.actor_id == member.pk
        is_of_other = entry.target_type == Member._meta.label_lower and entry.target_id != str(member.pk)
        yield {
            "at": entry.at,
            "action": entry.action,
            "by": entry.actor_name,
            "from": entry.address if is_own else None,
            "to": entry.target_type,
            "name": None if is_of_other else entry.target_name,
            "details": {} if is_of_other else entry.details,
        }


def _named(rows: QuerySet, *fields: str, name: str) -> Iterator[Row]:
    """Yield riders or tricks with all their names."""
    for row in rows.prefetch_related("aliases").iterator(chunk_size=BATCH):
        more = {field: getattr(row, field) for field in fields}
        aliases = [alias.name for alias in row.aliases.all()]
        yield {"id": row.pk, "name": getattr(row, name), "slug": row.slug, **more, "aliases": aliases}


def _values(rows: QuerySet, *fields: str, batch: int = BATCH, **renamed: F) -> Iterator[Row]:
    found: QuerySet[Model, Row] = rows.values(*fields, **renamed)
    return iter(found.iterator(chunk_size=batch))
