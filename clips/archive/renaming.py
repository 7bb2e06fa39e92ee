"""Renames clips when the rider, trick or session in their file names is renamed, or many clips are tagged at once.

A request changes one row and starts one job. The job gives each clip a new, never used file name, updates its search
text, and has its copy moved in the archive. Every version follows, also one that was removed by an undo: if it is kept
again, it has the current name. What is in an archive's trash stays as it is. Each step looks for what is still to be
done, so a job that died can be repeated and changes nothing twice.
"""

from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Model, Q
from django.utils import timezone

from clips.archive.item import clip_folder_parts
from clips.archive.naming import file_stem
from clips.archive.relocation import copies_follow, originals_follow
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.media.formats.suffixes import ending_of
from clips.models import BulkChange, BulkKind, FileName, FinalClip, Job, JobKind, OriginalFile, Shoot
from people.models import Person
from tricks.models import Trick

#: So many clips are renamed between two reports of progress.
BATCH = 50
#: Behind what a person at the sort page waits for.
PRIORITY = 6


@transaction.atomic
def follow(named: Model) -> Job:
    """Start the job that updates the clips of a rider, trick, session or bulk change, in the caller's transaction."""
    _lock(named)  # so that a job that ends at this moment either sees the new name or is over (see ``catch_up``)
    return pipeline.start(JobKind.RENAME, named, priority=PRIORITY)


def catch_up(work: Claim) -> None:
    """Do such a job; if the names changed meanwhile, start another one."""
    named = work.job.target
    names = _names_of(named)
    clips = list(_bearing(named).order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(clips), BATCH):
        bring_up_to_date(clips[first : first + BATCH])
        work.report(min(1.0, (first + BATCH) / len(clips)))
    match named:
        case Shoot():
            originals_follow(named.files.all())
        case BulkChange(kind=BulkKind.MOVE):
            originals_follow(OriginalFile.objects.filter(pk__in=list(named.rows)))
    with transaction.atomic():
        fresh = _lock(named)
        with work.finishing():
            if _names_of(fresh) != names:
                pipeline.start(JobKind.RENAME, fresh, priority=PRIORITY)


def bring_up_to_date(clips: Iterable) -> None:
    """Give these clips their current file names and search texts, and have their copies moved.

    Each is renamed in a transaction of its own: whoever holds many of them, as a merge does, waits for one at most.
    """
    for clip in _lagging(Q(pk__in=clips)):
        _rename(clip)
    FinalClip.objects.filter(pk__in=clips).refresh_search()
    copies_follow(clips)


def follow_lagging() -> int:
    """Start the job of each session with clips whose file names are outdated; return how many."""
    shoots = {clip.original_file.shoot_id: clip.original_file.shoot for clip in _lagging(Q())}
    for shoot in shoots.values():
        follow(shoot)
    return len(shoots)


def stem_of(clip: FinalClip) -> str:
    """Return the current file name of a clip up to the version."""
    shoot = clip.original_file.shoot
    *_above, person, trick = clip_folder_parts(clip)  # the innermost folders bear the same two names
    return file_stem(
        date=shoot.date,
        session=shoot.slug,
        person=person,
        trick=trick,
        camera_id=clip.camera_id,
        fps_label=clip.fps_label,
    )


def _lagging(clips: Q) -> Iterator[FinalClip]:
    rows = FinalClip.objects.filter(clips).select_related("person", "trick", "original_file__shoot")
    rows = rows.defer("search_text", "original_file__probe").order_by("pk")
    return (clip for clip in rows.iterator() if not _is_up_to_date(clip))


def _is_up_to_date(clip: FinalClip) -> bool:
    stem, _v, _number = clip.filename.rpartition("__v")
    return stem == stem_of(clip) and clip.date == clip.original_file.shoot.date


@transaction.atomic
def _rename(clip: FinalClip) -> None:
    """Give a clip its current name; the old one stays taken."""
    list(FinalClip.objects.filter(pk=clip.pk).select_for_update(no_key=True).values_list("pk"))
    for now in _lagging(Q(pk=clip.pk)):  # as it is where nobody else can change it
        filename = str(FileName.objects.allocate(stem_of(now), ending_of(now.filename)))
        fields = {"filename": filename, "date": now.original_file.shoot.date, "updated_at": timezone.now()}
        FinalClip.objects.filter(pk=clip.pk).update(**fields)


def _bearing(named: Model):
    """Return the clips that are found by a name, some of which also have it in their file names."""
    match named:
        case Person():
            also_in = FinalClip.also.through.objects.filter(person=named.pk)
            return FinalClip.objects.filter(Q(person=named.pk) | Q(pk__in=also_in.values("finalclip")))
        case Trick():
            return FinalClip.objects.filter(trick=named.pk)
        case BulkChange(kind=BulkKind.TAG | BulkKind.UNLINK):
            return FinalClip.objects.filter(pk__in=list(named.rows))
        case BulkChange():
            return FinalClip.objects.filter(original_file__in=list(named.rows))
    return FinalClip.objects.filter(original_file__shoot=named.pk)


def _lock(named: Model) -> Model | None:
    return type(named).objects.select_for_update(no_key=True).filter(pk=named.pk).first()


def _names_of(named: Model | None) -> tuple:
    """Return all values of a row that clips have in their names or are found by."""
    match named:
        case None:
            return ()
        case Shoot():
            return (named.name, named.slug, named.date)
        case BulkChange():
            return (named.undone_at,)
    category = getattr(named, "category", "")
    return (str(named), named.slug, category, *named.aliases.order_by("pk").values_list("name", flat=True))
