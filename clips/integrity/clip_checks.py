"""Checks clips against each other: their versions, the moments they were kept from, and their names."""

from collections.abc import Iterator
from functools import partial

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from clips.archive.naming import read_names
from clips.integrity import repair
from clips.integrity.batches import rows_in_batches
from clips.integrity.finding import Disagreement, Kind
from clips.models import CandidateSegment, FileName, FinalClip, Job, JobKind, SegmentStatus


def lineages(*, checksums: bool) -> Iterator[Disagreement]:
    """Report lineages without a current version (unless removed), or cut from several camera files."""
    same = FinalClip.objects.filter(lineage=OuterRef("lineage"))
    living = same.filter(Q(is_current=True) | Q(removed_at__isnull=False))
    newer = same.filter(created_at__gt=OuterRef("created_at"))
    lost = FinalClip.objects.filter(~Exists(living), ~Exists(newer), is_current=False)
    for batch in rows_in_batches(lost, "filename"):
        for key, name in batch:
            yield Disagreement(Kind.LINEAGE, name, _("none of its versions is the current one."), str(key))
    mixed = FinalClip.objects.order_by().values("lineage").annotate(n=Count("original_file", distinct=True))
    for lineage in mixed.filter(n__gt=1).values_list("lineage", flat=True).iterator():
        for clip in FinalClip.objects.filter(lineage=lineage).order_by("-is_current", "-created_at")[:1]:
            says = _("its versions were cut from different camera files.")
            yield Disagreement(Kind.LINEAGE, clip.filename, says, str(clip.pk))


def moments_and_clips(*, checksums: bool) -> Iterator[Disagreement]:
    """Report kept moments without a clip, and clips whose moment is not kept."""
    is_there = Q(removed_at=None) | Q(bin_entry__isnull=False)
    clips = FinalClip.objects.filter(is_there, candidate_segment=OuterRef("pk"))
    bare = CandidateSegment.objects.filter(~Exists(clips), status=SegmentStatus.ACCEPTED)
    for batch in rows_in_batches(bare, "original_file__original_filename", "start_ms", "end_ms"):
        for key, name, start_ms, end_ms in batch:
            says = _("its moment at %(start).1f to %(end).1f s was kept, but has no clip.")
            told = {"start": start_ms / 1000, "end": end_ms / 1000}
            yield Disagreement(Kind.KEPT_WITHOUT_CLIP, name, says % told, str(key))
    unkept = FinalClip.objects.current().exclude(candidate_segment=None)
    for batch in rows_in_batches(unkept.exclude(candidate_segment__status=SegmentStatus.ACCEPTED), "filename"):
        for key, name in batch:
            says = _("its moment is not marked as kept.")
            yield Disagreement(Kind.LINEAGE, name, says, str(key))


def names(*, checksums: bool) -> Iterator[Disagreement]:
    """Report current clips whose name differs from its row, unless a job is renaming that session's clips."""
    asked = Job.objects.active().filter(kind=JobKind.RENAME, shoot=OuterRef("original_file__shoot"))
    fields = ("filename", "date", "camera_id", "fps_label", "original_file__shoot__slug", "original_file__shoot__date")
    for batch in rows_in_batches(FinalClip.objects.current().filter(~Exists(asked)), *fields):
        for key, filename, date, camera_id, fps_label, session, session_date in batch:
            said = read_names((), filename)
            if said is None:
                yield Disagreement(Kind.NAME, filename, _("this is not a name given by the site."), str(key))
                continue
            wanted = {
                _("date"): (said.date, date),
                _("session's date"): (date, session_date),
                _("session"): (said.session_name, session),
                _("camera"): (said.camera_id, camera_id),
                _("frame rate"): (said.fps_label, fps_label),
            }
            if wrong := [what for what, (is_, should_be) in wanted.items() if is_ != should_be]:
                says = _("its name differs from its row: %(what)s.") % {"what": ", ".join(wrong)}
                yield Disagreement(Kind.NAME, filename, says, str(key), partial(repair.rename, key))


def names_taken(*, checksums: bool) -> Iterator[Disagreement]:
    """Report clips whose name is not recorded as used, so that a later clip could get it."""
    for batch in rows_in_batches(FinalClip.objects.all(), "filename"):
        wanted = {key: (name, said) for key, name in batch if (said := read_names((), name))}
        stems = {said.stem.lower() for _name, said in wanted.values()}
        alike = FileName.objects.annotate(low=Lower("stem")).filter(low__in=stems)
        taken = set(alike.values_list("low", "number"))
        for key, (name, said) in wanted.items():
            if (said.stem.lower(), said.number) not in taken:
                says = _("its name is not recorded as taken.")
                take = partial(repair.take_name, said.stem, said.number, said.ending)
                yield Disagreement(Kind.NAME_NOT_TAKEN, name, says, str(key), take)
