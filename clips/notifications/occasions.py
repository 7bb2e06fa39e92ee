"""Finds occasions for notices in the current rows.

A session becomes ready by whatever happens last: a preview is made or cannot be; a video has no trick; an upload is
given up. So no single step sends a notice. The rows are checked each minute, and the outbox never sends the same notice
twice.
"""

import datetime as dt
from collections import Counter
from hashlib import sha256

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.archive import outage
from clips.models import (
    AuditReport,
    CandidateSegment,
    Comment,
    Decision,
    DecisionKind,
    FinalClip,
    Job,
    JobKind,
    JobState,
    Notice,
    NoticeChannel,
    NoticeKind,
    OriginalFile,
    Reaction,
    Receipt,
    Reel,
    Shoot,
    Upload,
    WaitsFor,
)
from clips.models.public_text import told
from clips.storage.files import free_bytes
from people.site_settings.registry import NOTICE_HOUR, SITE_LANGUAGE
from trickyclip.shared.retold import retold

#: Files that came longer ago are no news, whatever becomes of them now.
NEWS = dt.timedelta(days=3)
#: An upload without data for so long does not delay the notice.
UPLOAD_RESTS = dt.timedelta(minutes=10)
#: What clears up within this time is no news.
BLOCK_STANDS = dt.timedelta(minutes=5)
#: Of one hour; a disk that fails makes everything fail.
MOST_CAUSES = 5
#: Comments in one digest, and of each.
MOST_QUOTED, QUOTED_CHARS = 10, 100
UNTIL_SEEN = (JobKind.INGEST, JobKind.PROBE, JobKind.DETECT, JobKind.POSTER, JobKind.PREVIEW)
SORTING = (DecisionKind.KEEP, DecisionKind.TRASH)


def look() -> int:
    """Create the notices for all current occasions; return how many are new."""
    if not NoticeChannel.objects.filter(is_on=True).exists():
        return 0
    with translation.override(SITE_LANGUAGE.value()):
        return ready_sessions() + sorted_sessions() + cards() + blocked() + day() + talk()


# --- a session is ready to sort --------------------------------------------------------------------------------------


@transaction.atomic
def ready_sessions() -> int:
    """Create notices for sessions whose files are all searched, with a preview for each shown moment."""
    n_new = 0
    for shoot in _settled():
        moments = CandidateSegment.objects.in_session(shoot.pk).undecided().shown()
        told = moments.aggregate(n=Count("pk"), n_bare=Count("pk", filter=~_has_preview()))
        if not told["n"] or told["n_bare"]:
            continue
        title = ngettext("%(session)s: %(n)d moment to sort", "%(session)s: %(n)d moments to sort", told["n"])
        text = ngettext("%(n)d video is done.", "%(n)d videos are done.", shoot.n_files) % {"n": shoot.n_files}
        n_new += Notice.objects.write(
            NoticeKind.READY,
            f"{shoot.pk} {shoot.last_file.isoformat()}",  # what comes later is told of once more
            title=title % {"session": shoot.name, "n": told["n"]},
            text=text,
            path=f"{reverse('clips:sort')}?session={shoot.pk}",
            at=shoot.last_file,
        )
    return n_new


def _settled() -> QuerySet:
    """Return the sessions in which no job is active that would bring moments to sort."""
    files = OriginalFile.objects.in_use().filter(shoot=OuterRef("pk"))
    work = Job.objects.active().filter(kind__in=UNTIL_SEEN).exclude(waits_for=WaitsFor.BIN)
    of_file = work.filter(Q(original_file__shoot=OuterRef("pk")) | Q(segment__original_file__shoot=OuterRef("pk")))
    coming = Upload.objects.unfinished().filter(
        shoot=OuterRef("pk"), updated_at__gte=timezone.now() - UPLOAD_RESTS
    )  # fmt: skip
    recent = Shoot.objects.filter(Exists(files.filter(created_at__gte=timezone.now() - NEWS)))
    recent = recent.filter(~Exists(of_file), ~Exists(coming))
    return recent.annotate(last_file=Max("files__created_at"), n_files=Count("files", distinct=True))


def _has_preview() -> Q:
    """Return the condition that a moment has a preview, or never will: its job failed or was cancelled."""
    given_up = Job.objects.filter(
        kind=JobKind.PREVIEW, segment=OuterRef("pk"), state__in=[JobState.FAILED, JobState.CANCELLED]
    )  # fmt: skip
    return Q(preview__isnull=False) | Q(Exists(given_up))


# --- a session is sorted ---------------------------------------------------------------------------------------------


@transaction.atomic
def sorted_sessions() -> int:
    """Create notices for sessions whose edit was made by itself, and is there to be watched."""
    n_new = 0
    drafted = Reel.objects.in_use().filter(is_drafted=True, created_at__gte=timezone.now() - NEWS)
    for reel in drafted.exclude(shoot=None).select_related("shoot").annotate(n_clips=Count("clips")):
        text = ngettext("%(n)d clip. Change it as you like.", "%(n)d clips. Change it as you like.", reel.n_clips)
        n_new += Notice.objects.write(
            NoticeKind.SORTED,
            str(reel.pk),
            title=_("%(session)s is sorted: watch the edit") % {"session": reel.shoot.name},
            text=text % {"n": reel.n_clips},
            path=reverse("clips:reel", args=[reel.pk]),
            at=reel.created_at,
        )
    return n_new


# --- a card may be formatted, or may not ------------------------------------------------------------------------------


@transaction.atomic
def cards() -> int:
    """Create notices for receipts that are safe, and for complete ones that nothing under way will make safe."""
    since, n_new = timezone.now() - NEWS, 0
    rests = Q(safe_at=None, closed_at__gte=since, last_file_at__lt=timezone.now() - UPLOAD_RESTS)
    for receipt in Receipt.objects.filter(Q(safe_at__gte=since) | rests).with_counts().order_by("created_at"):
        if not receipt.safe_at and receipt.is_under_way:
            continue
        n_missing = receipt.n_files - receipt.n_safe - receipt.n_trimmed
        if receipt.safe_at and receipt.n_safe == receipt.n_files:
            title = _("%(name)s is safe to format")
            text = ngettext("%(n)d video is stored.", "%(n)d videos are stored.", receipt.n_files)
            text, subject = text % {"n": receipt.n_files}, f"{receipt.pk} safe {receipt.safe_at.isoformat()}"
        elif n_missing:
            title = _("Do not format %(name)s yet")
            text = ngettext("%(n)d of %(of)d videos is not safe.", "%(n)d of %(of)d videos are not safe.", n_missing)
            text, subject = text % {"n": n_missing, "of": receipt.n_files}, f"{receipt.pk} missing"
        else:
            continue
        n_new += Notice.objects.write(
            NoticeKind.CARD, subject, title=title % {"name": receipt.name}, text=text,
            path=reverse("clips:receipt", args=[receipt.pk]), at=receipt.safe_at or receipt.closed_at,
        )  # fmt: skip
    return n_new


# --- something needs attention ----------------------------------------------------------------------------------------


@transaction.atomic
def blocked() -> int:
    """Create notices for a blocked archive, a full disk, failed jobs, findings of an audit, and damaged originals."""
    return _archive_blocked() + _disk_full() + _jobs_failed() + _audit_worse() + _damaged()


def _archive_blocked() -> int:
    block = outage.current_outage()
    if block is None or block.since > timezone.now() - BLOCK_STANDS:
        return 0
    title = _("The archive does not accept files")
    return _tell_blocked(f"archive {block.pk}", title, retold(told(block.sentence)), reverse("clips:jobs"))


def _disk_full() -> int:
    if (room_bytes := free_bytes()) > 0:
        return 0
    text = _("Uploads are refused until %(size)s are free.") % {"size": filesizeformat(-room_bytes)}
    return _tell_blocked(f"disk {timezone.localdate()}", _("The disk is too full"), text, reverse("clips:jobs"))


def _jobs_failed() -> int:
    """Create one notice a day for each kind of job and each reason."""
    now = timezone.now()
    failed = Job.objects.filter(finished_at__range=(now - dt.timedelta(hours=1), now), state=JobState.FAILED)
    causes = failed.order_by().values("kind", "reason").annotate(n=Count("pk")).order_by("-n", "kind", "reason")
    n_new = 0
    for cause in causes[:MOST_CAUSES]:
        kind, reason = JobKind(cause["kind"]), cause["reason"]
        subject = f"failed {timezone.localdate()} {kind.value} {sha256(reason.encode()).hexdigest()[:16]}"
        title = _("%(n)d × %(work)s failed") % {"n": cause["n"], "work": kind.label}
        n_new += _tell_blocked(subject, title, retold(reason), f"{reverse('clips:jobs')}?state=FAILED")
    return n_new


def _audit_worse() -> int:
    last, before = [*AuditReport.objects.filter(state="DONE").order_by("-started_at")[:2], None, None][:2]
    if last is None or not last.n_wrong or (before and before.n_wrong >= last.n_wrong):
        return 0
    title = ngettext("The audit found %(n)d problem", "The audit found %(n)d problems", last.n_wrong)
    return _tell_blocked(f"audit {last.pk}", title % {"n": last.n_wrong}, "", reverse("clips:audit"))


def _damaged() -> int:
    """Create a notice for each original that was damaged on the disk, and one for each that was mended."""
    since, n_new = timezone.now() - NEWS, 0
    told = OriginalFile.objects.filter(Q(damaged_at__gte=since) | Q(mended_at__gte=since)).order_by("created_at")
    for original in told.defer("probe")[:MOST_CAUSES]:
        name, path = {"name": original.original_filename}, reverse("clips:session", args=[original.shoot_id])
        if original.damaged_at:
            text = _("It is restored if the archive has it. Otherwise upload it again, from the card or a backup.")
            subject = f"damaged {original.pk} {original.damaged_at.isoformat()}"
            n_new += _tell_blocked(subject, _("%(name)s is damaged on the disk") % name, text, path)
        elif original.mended_at:
            text = _("Good bytes took the place of the damaged ones. The disk may be failing.")
            subject = f"mended {original.pk} {original.mended_at.isoformat()}"
            n_new += _tell_blocked(subject, _("%(name)s was damaged on the disk, and is restored") % name, text, path)
    return n_new


def _tell_blocked(subject: str, title: str, text: str, path: str) -> int:
    return Notice.objects.write(NoticeKind.BLOCKED, subject, title=title, text=text, path=path)


# --- the day ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def day() -> int:
    """Create the summary of the last 24 hours: who sorted and the results; none for a day without events."""
    if (lately := _last_day()) is None:
        return 0
    since, until = lately
    text = summary(since, until)
    if not text:
        return 0
    title = _("Last 24 hours: %(date)s") % {"date": f"{since:%d.%m.}–{until:%d.%m.%Y}"}
    return Notice.objects.write(
        NoticeKind.DAILY, until.date().isoformat(), title=title, text=text, path=reverse("home"), at=until
    )  # fmt: skip


def _last_day() -> tuple[dt.datetime, dt.datetime] | None:
    """Return the 24 hours that a summary is about; None before its hour."""
    now = timezone.localtime()
    if now.hour < NOTICE_HOUR.value():
        return None
    until = now.replace(hour=NOTICE_HOUR.value(), minute=0, second=0, microsecond=0)
    return until - dt.timedelta(days=1), until


def summary(since: dt.datetime, until: dt.datetime) -> str:
    """Return a few lines on what happened in that time; empty for nothing."""
    happened = {"created_at__gte": since, "created_at__lt": until}
    sorted_by = Counter(
        dict(
            Decision.objects.not_undone().filter(kind__in=SORTING, **happened).order_by().values("member_name")
            .annotate(n=Count("pk")).values_list("member_name", "n")
        )
    )  # fmt: skip
    n_clips = FinalClip.objects.current().filter(**happened).count()
    n_files = OriginalFile.objects.filter(**happened).count()
    if not (sorted_by or n_clips or n_files):
        return ""
    lines = []
    if sorted_by:
        who = ", ".join(f"{name} {n}" for name, n in sorted_by.most_common())
        lines.append(_("Sorted: %(who)s.") % {"who": who})
    lines.append(ngettext("%(n)d new clip.", "%(n)d new clips.", n_clips) % {"n": n_clips})
    if n_files:
        lines.append(ngettext("%(n)d new video.", "%(n)d new videos.", n_files) % {"n": n_files})
    n_left = CandidateSegment.objects.undecided().shown().count()
    lines.append(ngettext("%(n)d moment is left to sort.", "%(n)d moments are left to sort.", n_left) % {"n": n_left})
    return "\n".join(lines)


# --- what was said ---------------------------------------------------------------------------------------------------


@transaction.atomic
def talk() -> int:
    """Create the digest of the last 24 hours' comments and reactions; none for a day on which nobody said anything."""
    if (lately := _last_day()) is None:
        return 0
    since, until = lately
    lately_said = {"created_at__gte": since, "created_at__lt": until}
    rows = Comment.objects.shown().filter(**lately_said).select_related("reel").order_by("created_at", "pk")
    n_reactions = Reaction.objects.filter(**lately_said).count()
    n_waiting = Comment.objects.waiting().count()
    if not (n_reactions or rows.exists() or Comment.objects.waiting().filter(**lately_said).exists()):
        return 0
    lines = _quoted(rows)
    if n_reactions:
        lines.append(ngettext("%(n)d reaction.", "%(n)d reactions.", n_reactions) % {"n": n_reactions})
    if n_waiting:
        said = ngettext("%(n)d comment of a guest waits.", "%(n)d comments of guests wait.", n_waiting)
        lines.append(said % {"n": n_waiting})
    n = rows.count()
    title = ngettext("%(n)d new comment", "%(n)d new comments", n) % {"n": n}
    subject, path = until.date().isoformat(), reverse("clips:comments")
    return Notice.objects.write(NoticeKind.TALK, subject, title=title, text="\n".join(lines), path=path, at=until)


def _quoted(rows: QuerySet) -> list[str]:
    """Return the last comments, a line for each: who said what about which clip or edit."""
    last = list(rows.order_by("-created_at", "-pk")[:MOST_QUOTED])[::-1]
    lineages = {comment.lineage for comment in last if comment.lineage}
    clips = FinalClip.objects.current().filter(lineage__in=lineages).select_related("person", "trick")
    names = {clip.lineage: " ".join(map(str, filter(None, [clip.person, clip.trick]))) for clip in clips}
    lines = []
    for comment in last:
        about = comment.reel.name if comment.reel else names.get(comment.lineage) or _("a clip")
        text = Truncator(" ".join(comment.text.split())).chars(QUOTED_CHARS)
        said = {"name": comment.name, "about": about, "text": text}
        lines.append(_("%(name)s on %(about)s: “%(text)s”") % said)
    return lines
