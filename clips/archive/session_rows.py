"""Makes rows of what the archive's session files say. Rows that are there already stay as they are.

A row has its own id again. Where somebody made a new row of the same name meanwhile (a rider, a session), what referred
to the old one refers to that one.
"""

from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.utils import timezone

from clips.archive import session_facts as written
from clips.archive.row_text import fields_of, row_of, save_as_is
from clips.archive.session_facts import Facts
from clips.models import (
    BinEntry,
    CameraClock,
    CameraName,
    CandidateSegment,
    Comment,
    CrewLayer,
    Decision,
    DetectionRun,
    FileName,
    FinalClip,
    Heart,
    KeptPart,
    OriginalFile,
    Reaction,
    Reel,
    ReelClip,
    SavedView,
    Shoot,
    VideoPair,
)
from clips.storage import files
from people.models import Member, Person
from people.models.person import PersonAlias
from people.naming.fields import called
from tricks import naming
from tricks.models import Trick, TrickAlias

#: What the parts of the files are called in a report.
WORDS = {
    Person: "people", Trick: "tricks", Member: "members", Shoot: "sessions", OriginalFile: "videos", FinalClip: "clips",
    CandidateSegment: "moments", Decision: "decisions", Heart: "hearts", Reel: "edits",
    Reaction: "reactions", Comment: "comments", VideoPair: "pairs of videos",
    CrewLayer: "learned layers",
}  # fmt: skip
#: The errors of a row that does not fit to what is there, or to its table.
MISFITS = (IntegrityError, DataError, ValidationError, TypeError, ValueError)
Same = Callable[[Any], models.Model | None]


@dataclass
class Taking:
    """One rebuild's rows: what was made, and which row took the place of which."""

    made: Counter = field(default_factory=Counter)
    left_out: Counter = field(default_factory=Counter)
    #: Clips that were made, of which the files may be missing.
    clips: list[Any] = field(default_factory=list)
    _instead: dict[tuple[type[models.Model], str], Any] = field(default_factory=dict)

    def take_crew(self, facts: Facts) -> None:
        self._named(Person, facts, _same_person)
        self._rows(Member, facts.get("members"), _same_member, prepare=_without_login, without=written.MEMBER_WITHOUT)
        self._named(Trick, facts, _same_trick)
        self._rows(CameraName, facts.get("cameras"), without=("id",))
        self._rows(CameraClock, facts.get("clocks"), without=("id",))
        self._rows(BinEntry, facts.get("bin"))
        self._rows(CrewLayer, facts.get("learned"))

    def take_session(self, facts: Facts) -> None:
        self._named(Person, facts, _same_person)
        self._named(Trick, facts, _same_trick)
        self._rows(BinEntry, facts.get("bin"))
        shoots = [facts["session"]] if facts.get("session") else []
        self._rows(Shoot, shoots, _same_shoot, later=("cover",))
        videos = self._rows(OriginalFile, facts.get("videos"), _same_original, prepare=_where, later=("low_res_of",))
        self._rows(VideoPair, facts.get("pairs"), prepare=_in_order)
        self._rows(KeptPart, facts.get("kept_parts"), prepare=_part, without=written.PART_WITHOUT)
        self._rows(DetectionRun, facts.get("searches"), without=written.SEARCH_WITHOUT)
        without = written.MOMENT_WITHOUT
        moments = self._rows(
            CandidateSegment, facts.get("moments"), prepare=_picture, later=("parent",), without=without
        )
        self._rows(FileName, facts.get("names"), without=("id",))
        clips = self._rows(FinalClip, facts.get("clips"), prepare=_name, without=written.CLIP_WITHOUT)
        self._also(facts.get("clips") or [], clips)
        decisions = self._rows(Decision, facts.get("decisions"), later=("undone_by",))
        self._rows(Heart, facts.get("hearts"), without=("id",))
        self._talk(facts)
        self._later(Shoot, shoots, "cover")
        self._later(OriginalFile, facts.get("videos"), "low_res_of", videos)
        self._later(CandidateSegment, facts.get("moments"), "parent", moments)
        self._later(Decision, facts.get("decisions"), "undone_by", decisions)
        self.clips += clips

    def take_edits(self, facts: Facts) -> None:
        """Make edits and saved searches, once there are the sessions that they were made of."""
        edits = self._rows(Reel, facts.get("edits"), prepare=_edit_name, without=written.EDIT_WITHOUT)
        for edit in facts.get("edits") or []:
            if str(edit.get("id")) in edits:
                clips = [clip | {"reel": edit["id"]} for clip in edit.get("clips", [])]
                self._rows(ReelClip, clips)
        self._talk(facts)
        self._rows(SavedView, facts.get("views"))

    def _talk(self, facts: Facts) -> None:
        """Make reactions and comments, once there is what they are about."""
        self._rows(Reaction, facts.get("reactions"), without=written.REACTION_WITHOUT)
        self._rows(Comment, facts.get("comments"), without=written.COMMENT_WITHOUT)

    def _named(self, model: type[models.Model], facts: Facts, same: Same) -> None:
        part, alias = ("people", PersonAlias) if model is Person else ("tricks", TrickAlias)
        made = self._rows(model, facts.get(part), same, prepare=_normal_name if model is Trick else None)
        to = "person" if model is Person else "trick"
        for one in facts.get(part) or []:
            for name in one.get("aliases", []) if str(one.get("id")) in made else []:
                with _tried():
                    alias.objects.create(**{f"{to}_id": one["id"], "name": name})

    def _rows(
        self, model: type[models.Model], facts: object, same: Same | None = None, *,
        prepare: Callable[[Any], None] | None = None, later: Container[str] = (), without: Container[str] = (),
    ) -> set[str]:  # fmt: skip
        """Make rows of one table; return the ids of those that were made."""
        made = set()
        for one in facts if isinstance(facts, list) else []:
            try:
                row = self._row(model, {name: value for name, value in one.items() if name not in later}, without)
                if "id" in one and model.objects.filter(pk=row.pk).exists():
                    continue
                if same and (there := same(row)):
                    self._instead[model, str(one.get("id"))] = there.pk
                    continue
                if prepare:
                    prepare(row)
                with transaction.atomic():
                    save_as_is(row)
            except MISFITS:
                self.left_out[WORDS.get(model, str(model._meta.verbose_name_plural))] += 1
                continue
            made.add(str(row.pk))
        self.made[WORDS.get(model, "")] += len(made)
        return made

    def _row(self, model: type[models.Model], facts: Facts, without: Container[str]) -> models.Model:
        """Return a row whose references lead to rows that are there, or nowhere where that is allowed."""
        facts = dict(facts)
        for column in fields_of(model, without):
            if isinstance(column, models.ForeignKey) and facts.get(column.name) is not None:
                target = column.related_model
                key = self._instead.get((target, str(facts[column.name])), facts[column.name])
                is_there = target.objects.filter(pk=key).exists()
                if not is_there and not column.null:
                    raise ValidationError(f"{column.name} is not there.")
                facts[column.name] = str(key) if is_there else None
        return row_of(model, facts, without)

    def _later(self, model: type[models.Model], facts: object, name: str, made: set[str] | None = None) -> None:
        """Set a reference from a row to one of its own table, or of one that was made after it."""
        for one in facts if isinstance(facts, list) else []:
            if one.get(name) and (made is None or str(one["id"]) in made):
                with _tried():
                    target = model._meta.get_field(name).related_model
                    if target.objects.filter(pk=one[name]).exists():
                        rows = model.objects.filter(pk=one["id"], **{name: None})
                        rows.update(**{name: one[name]})

    def _also(self, facts: list[Facts], made: set[str]) -> None:
        links = FinalClip.also.through.objects
        for one in facts:
            for person in one.get("also", []) if str(one.get("id")) in made else []:
                with _tried():
                    links.get_or_create(finalclip_id=one["id"], person_id=self._instead.get((Person, person), person))


class _tried(transaction.Atomic):  # noqa: N801
    """A part of the transaction that may fail by itself: what does not fit is left out."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        super().__exit__(kind, error, trace)
        return isinstance(error, MISFITS)


def _same_person(row: Person) -> Person | None:
    return Person.objects.filter(called(row.display_name)).first()


def _same_trick(row: Trick) -> Trick | None:
    return Trick.objects.filter(normal_name=naming.normal_form(str(row))).first()


def _same_member(row: Member) -> Member | None:
    return Member.objects.filter(username__iexact=row.username).first()


def _same_shoot(row: Shoot) -> Shoot | None:
    if row.bin_entry_id:
        return None
    return Shoot.objects.in_use().filter(called(row.name), date=row.date).first()


def _same_original(row: OriginalFile) -> OriginalFile | None:
    return OriginalFile.objects.filter(file_hash=row.file_hash).first()


def _without_login(row: Member) -> None:
    """Leave a member without a password: an admin makes a link for them."""
    row.password = make_password(None)


def _normal_name(row: Trick) -> None:
    row.normal_name = naming.normal_form(str(row))


def _where(row: OriginalFile) -> None:
    """Note that a video's bytes are not here, if they are not."""
    if row.evicted_at is None and files.size_bytes(row.stored_path) != row.size_bytes:
        row.evicted_at = timezone.now()


def _in_order(row: VideoPair) -> None:
    """Leave out a pair whose videos are named the other way round, since another row took the place of one."""
    if row.first_id >= row.second_id or VideoPair.objects.filter(first=row.first, second=row.second).exists():
        raise ValidationError("This pair of videos does not fit what is there.")


def _part(row: KeptPart) -> None:
    """Leave out a part of a trimmed video whose bytes are not here."""
    if files.size_bytes(row.stored_path) != row.size_bytes:
        raise ValidationError("stored_path leads nowhere.")


def _picture(row: CandidateSegment) -> None:
    if row.poster_path and not files.exists(row.poster_path):
        row.poster_path = ""


def _name(row: FinalClip) -> None:
    """Give a clip another name where its own was given again meanwhile."""
    if FinalClip.objects.filter(filename=row.filename).exists():
        stem = row.filename.rpartition("__v")[0]
        row.filename = str(FileName.objects.allocate(stem))
    if row.is_current and FinalClip.objects.filter(lineage=row.lineage, is_current=True).exists():
        row.is_current = False


def _edit_name(row: Reel) -> None:
    name, number = row.name, 2
    while row.bin_entry_id is None and Reel.objects.named(row.name).exists():
        row.name, number = f"{name} ({number})", number + 1
