"""Describes a clip or camera file for the archive: its place, its name, and where its bytes are."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from clips.archive.backend import Report
from clips.archive.naming import folder_parts, original_folder_parts, original_name
from clips.models import FinalClip, Job, OriginalFile
from clips.storage.files import local_clip, local_copy
from people.naming.slugs import UNKNOWN

#: Drive keeps 30 facts of a file, each with as many bytes: https://developers.google.com/workspace/drive/api/guides/properties
MAX_FACT_BYTES = 124
CUT = "…"


@dataclass(frozen=True)
class Item:
    """An item as it should be in the archive by its current names."""

    thing: FinalClip | OriginalFile
    folders: tuple[str, ...]
    filename: str
    sha256: str
    #: What the archive keeps beside it, so that it can be told apart without the database.
    facts: dict[str, str]

    @property
    def path(self) -> str:
        return "/".join([*self.folders, self.filename])

    @property
    def known_by(self) -> dict[str, str]:
        """The fact shared by files of the same bytes: a version of the same frames took over the previous one's."""
        names = ("clip", "lineage") if isinstance(self.thing, FinalClip) else ("original",)
        return {f"trickyclip_{name}": self.facts[f"trickyclip_{name}"] for name in names}

    @property
    def owner(self) -> dict[str, FinalClip | OriginalFile]:
        """The field by which a copy's row refers to it."""
        return {"clip" if isinstance(self.thing, FinalClip) else "original_file": self.thing}

    def on_this_machine(self, report: Report) -> AbstractContextManager[Path]:
        """Yield the path of its bytes for the duration of the block; StorageError if there are none."""
        give = local_clip if isinstance(self.thing, FinalClip) else local_copy
        return give(self.thing, report)


def item_of(thing: FinalClip | OriginalFile) -> Item:
    """Describe a clip (``with_names``) or an original (with its session)."""
    if isinstance(thing, FinalClip):
        return Item(thing, clip_folder_parts(thing), thing.filename, thing.file_hash, clip_facts(thing))
    shoot, name = thing.shoot, original_name(thing.original_filename, thing.file_hash)
    folders = original_folder_parts(date=shoot.date, session_name=shoot.name)
    facts = {"original": thing.file_hash, "file": thing.pk, "session": shoot.pk, "session_name": shoot.name}
    facts = {name: fitting(name, str(value)) for name, value in _prefixed(facts).items()}
    return Item(thing, folders, name, thing.file_hash, facts)


def current_item(thing: FinalClip | OriginalFile) -> Item:
    """Describe it by the current values of its row and names."""
    if isinstance(thing, FinalClip):
        return item_of(FinalClip.objects.with_names().get(pk=thing.pk))
    return item_of(OriginalFile.objects.select_related("shoot").get(pk=thing.pk))


def item_of_job(job: Job) -> Item:
    return current_item(job.clip or job.original_file)


def clip_folder_parts(clip: FinalClip) -> tuple[str, ...]:
    return folder_parts(
        date=clip.date,
        session_name=clip.original_file.shoot.name,
        person=clip.person.slug if clip.person else UNKNOWN,
        trick=clip.trick.slug if clip.trick else UNKNOWN,
    )


def clip_facts(clip: FinalClip) -> dict[str, str]:
    facts = {"clip": clip.pk, "original": clip.original_file.file_hash, "in": clip.start_ms, "out": clip.end_ms}
    facts["category"] = clip.category  # in no name: a clip without a trick is called Unknown there, whatever its kind
    facts |= {"lineage": clip.lineage, "kept_at": clip.created_at.isoformat()}
    facts |= {"session": clip.original_file.shoot_id, "session_name": clip.original_file.shoot.name}
    facts |= {"video": clip.original_file.original_filename, "video_bytes": clip.original_file.size_bytes}
    if clip.person:
        facts |= {"rider": clip.person_id, "rider_name": clip.person.display_name}
    if clip.trick:
        facts |= {"trick": clip.trick_id, "trick_name": str(clip.trick)}
    others = sorted(clip.also.all(), key=lambda person: person.pk)
    facts |= {f"also_{number}": person.pk for number, person in enumerate(others, 1)}
    return {name: fitting(name, str(value)) for name, value in _prefixed(facts).items()}


def _prefixed(facts: dict[str, object]) -> dict[str, object]:
    return {f"trickyclip_{name}": value for name, value in facts.items()}


def fitting(name: str, value: str) -> str:
    """Return a fact in the bytes that Drive has for it and its name; one that was cut ends with ``CUT``."""
    if len(f"{name}{value}".encode()) <= MAX_FACT_BYTES:
        return value
    left = MAX_FACT_BYTES - len(f"{name}{CUT}".encode())
    return value.encode()[:left].decode(errors="ignore") + CUT
