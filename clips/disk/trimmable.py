"""Decides which originals may be trimmed, explains why the others stay whole, and which spans of one are kept."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import (
    Aggregate,
    BigIntegerField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
)
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.disk import evictable
from clips.jobs import registry
from clips.media.cut.kept_file import merged
from clips.models import (
    BinEntry,
    CandidateSegment,
    Decision,
    FinalClip,
    Job,
    OriginalFile,
    SegmentStatus,
    Shoot,
)
from people.site_settings.registry import ARCHIVE_ORIGINALS, TRIM_AFTER_DAYS, TRIM_HANDLE_S

#: Two spans that lie nearer to each other are kept as one.
JOIN_MS = 2_000
#: About how much a span needs beside what is in it: from the keyframe before it to what a decoder reads ahead.
AROUND_MS = 2_500
#: The beginning that is kept with the index, which FFmpeg reads to open the file; at most so much.
OPENING_MS, OPENING_BYTES = 7_000, 8 * 1024**2
#: The small video of the rest takes about one part in so many.
GLANCE_PART = 50
#: Less than this share of a file is not worth that the rest is gone.
LEAST_SHARE = 0.2
#: A second look that was asked for comes first, for it may find more; a site never quiet in so long gives it up.
LOOK_WITHIN = timedelta(days=7)
Span = tuple[int, int]


@dataclass(frozen=True)
class Estimate:
    """About what trimming some originals would free, and what would stay of them."""

    n_videos: int
    size_bytes: int
    kept_bytes: int

    @property
    def freed_bytes(self) -> int:
        return self.size_bytes - self.kept_bytes


def with_reasons(originals: QuerySet) -> QuerySet:
    """Annotate each original with its reasons to stay whole, as booleans."""
    decided = CandidateSegment.objects.filter(original_file=OuterRef("pk")).decided()
    rows = evictable.with_ties(originals).annotate(is_decided=Exists(decided), is_to_look=Exists(_looks_to_come()))
    return with_estimate(rows)


def trimmable() -> QuerySet:
    """Return the originals that may be trimmed: whole, sorted, with all their clips archived and verified.

    Where originals are archived too, those whose copy is there.
    """
    return _trimmable().filter(trim_problem="")


def _trimmable() -> QuerySet:
    """Return those with the ones that could not be trimmed when it was tried: a person may have it tried again."""
    rows = with_reasons(OriginalFile.objects.on_disk().in_use()).filter(
        is_open=False, is_analysed=True, is_decided=True, has_loose_clips=False, is_worked_on=False, is_fresh=False,
        damaged_at=None, low_res_of=None, duration_ms__isnull=False,
        kept_bytes__lte=F("size_bytes") * (1 - LEAST_SHARE),
    )  # fmt: skip
    return rows.filter(is_archived=True) if wants_archive() else rows


def due() -> QuerySet:
    """Return those whose time has come, unless they are still to be looked at a second time, or paired."""
    return trimmable().filter(~Exists(_looks_to_come()), trim_at__lte=timezone.now())


def _looks_to_come() -> QuerySet:
    asked = Job.objects.active().filter(kind__in=registry.idle_kinds(), original_file=OuterRef("pk"))
    return asked.filter(created_at__gt=timezone.now() - LOOK_WITHIN)


def by_policy() -> QuerySet:
    """Return those that the site's setting has trimmed: nobody decided anything about them for some days."""
    recent = Decision.objects.filter(created_at__gt=timezone.now() - timedelta(days=TRIM_AFTER_DAYS.value()))
    own = recent.filter(segment__original_file=OuterRef("pk"))
    # A trick that several cameras filmed is decided once, on the moment of one of them.
    with_angles = recent.filter(segment__angle__group__angles__segment__original_file=OuterRef("pk"))
    return trimmable().filter(~Exists(own), ~Exists(with_angles), trim_at=None, stays_whole_at=None)


def wants_archive() -> bool:
    """Return whether originals are archived, so that none is trimmed without its copy."""
    return ARCHIVE_ORIGINALS.value() != "never"


def why_whole(original: OriginalFile) -> str:
    """Return the first reason why an original (``with_reasons``) stays whole; empty if there is none."""
    if original.trim_problem:
        return _("it could not be trimmed when it was tried (%(why)s)") % {"why": original.trim_problem.rstrip(".")}
    if original.is_open:
        return _("it has moments to sort")
    if not original.is_analysed or original.duration_ms is None:
        return _("it has not been searched yet")
    if not original.is_decided:
        return _("nobody has kept or trashed anything in it")
    if original.has_loose_clips:
        return _("not all its clips are in the archive")
    if wants_archive() and not original.is_archived:
        return _("it is not in the archive yet")
    if original.damaged_at:
        return _("its bytes on the disk are damaged")
    if original.low_res_of_id:
        return _("it is a camera’s small copy")
    if original.is_worked_on:
        return _("jobs for it are running or waiting")
    if original.is_fresh:
        return _("it was just restored")
    return "" if is_worth_it(original.size_bytes, original.kept_bytes) else _("nearly all of it would stay")


def why_it_waits(original: OriginalFile) -> str:
    """Return why an original (``with_reasons``) that is to be trimmed is not, or will not be; empty if nothing is."""
    if why := why_whole(original):
        return why
    return _("it waits to be looked at more closely") if original.is_to_look else ""


def kept_spans_ms(original: OriginalFile) -> list[Span]:
    """Return what is kept of an original: around each clip that is there or may be restored, and each kept moment."""
    length_ms, handle_ms = original.duration_ms or 0, 1000 * TRIM_HANDLE_S.value()
    needed = Q(removed_at=None) | Q(bin_entry__in=BinEntry.objects.lying())
    clips = FinalClip.objects.filter(needed, original_file=original).values_list("start_ms", "end_ms")
    moments = CandidateSegment.objects.filter(original_file=original, status=SegmentStatus.ACCEPTED)
    spans = [
        (max(0, start_ms - handle_ms), max(end_ms, min(length_ms, end_ms + handle_ms))) for start_ms, end_ms in clips
    ]
    spans += [(start_ms, min(length_ms, end_ms)) for start_ms, end_ms in moments.values_list("start_ms", "end_ms")]
    lengths = [(start_ms, end_ms - start_ms) for start_ms, end_ms in spans if end_ms > start_ms]
    return [(start_ms, start_ms + length) for start_ms, length in merged(lengths, gap=JOIN_MS)]


def clips_within_ms(original: OriginalFile, span: Span) -> list[Span]:
    """Return the spans of the clips, in any version, that lie within one that is kept."""
    clips = FinalClip.objects.filter(original_file=original, start_ms__gte=span[0], end_ms__lte=span[1])
    clips = clips.exclude(stored_path="")
    return sorted(set(clips.values_list("start_ms", "end_ms")))


def with_estimate(originals: QuerySet) -> QuerySet:
    """Annotate each original with about how many bytes stay of it when it is trimmed, as ``kept_bytes``."""
    handle_ms = 1000 * TRIM_HANDLE_S.value()
    from_ms = Greatest(0, F("start_ms") - handle_ms - AROUND_MS, output_field=BigIntegerField())
    span = Func(from_ms, F("end_ms") + handle_ms, function="int8range")
    clips = FinalClip.objects.current().filter(original_file=OuterRef("pk")).order_by().values("original_file")
    kept_ms = Coalesce(_Covered(clips.annotate(spans=_RangeAgg(span)).values("spans")), 0)
    as_bytes = {"output_field": BigIntegerField()}
    spans = F("size_bytes") * Least(kept_ms, F("duration_ms"), **as_bytes) / F("duration_ms")
    opening = Least(OPENING_BYTES, F("size_bytes") * OPENING_MS / F("duration_ms"), **as_bytes)
    all_of_it = spans + opening + F("size_bytes") / GLANCE_PART
    return originals.annotate(kept_bytes=Least(F("size_bytes"), all_of_it, **as_bytes))


class _RangeAgg(Aggregate):
    """Joins ranges to what they cover together, each part once."""

    function = "RANGE_AGG"
    output_field = TextField()


class _Covered(Subquery):
    """Sums up how long the parts are of what a query covers, in its one column ``spans``."""

    template = (
        "(SELECT SUM(UPPER(part) - LOWER(part))::bigint FROM (SELECT UNNEST(spans) part FROM (%(subquery)s) q) p)"
    )
    output_field = BigIntegerField()


def estimate(originals: QuerySet) -> Estimate:
    """Return what trimming these would free."""
    told = with_estimate(originals.order_by()).aggregate(n=Count("pk"), size=Sum("size_bytes"), kept=Sum("kept_bytes"))
    return Estimate(told["n"], told["size"] or 0, told["kept"] or 0)


def is_worth_it(size_bytes: int, kept_bytes: int) -> bool:
    return size_bytes - kept_bytes >= LEAST_SHARE * size_bytes


def of_session(shoot: Shoot) -> QuerySet:
    """Return what a person may have trimmed of a session."""
    return _trimmable().filter(shoot=shoot)
