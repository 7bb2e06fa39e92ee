"""Live figures of the places of Manage: a few words each, from one query at most."""

from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import date, filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.disk.usage import disk_use
from clips.jobs.summary import stuck
from clips.models import AuditReport, BinEntry, CrewLayer, JobState, NoticeChannel, OriginalFile, Shoot
from people.models import AuditEntry, Member, Person
from tricks.models import Trick


@dataclass(frozen=True)
class Figure:
    """What there is at a place; ``is_wrong`` where it wants to be looked at."""

    words: str
    is_wrong: bool = False


def members() -> Figure:
    n = Member.objects.filter(is_active=True).count()
    return Figure(ngettext("%(n)s member", "%(n)s members", n) % {"n": n})


def riders() -> Figure:
    n = Person.objects.count()
    return Figure(ngettext("%(n)s rider", "%(n)s riders", n) % {"n": n})


def tricks() -> Figure:
    n = Trick.objects.count()
    return Figure(ngettext("%(n)s trick", "%(n)s tricks", n) % {"n": n})


def sessions() -> Figure:
    n = Shoot.objects.in_use().count()
    return Figure(ngettext("%(n)s session", "%(n)s sessions", n) % {"n": n})


def cameras() -> Figure:
    n = OriginalFile.objects.in_use().order_by().values("camera_id", "camera_serial").distinct().count()
    return Figure(ngettext("%(n)s camera", "%(n)s cameras", n) % {"n": n})


def jobs() -> Figure:
    n = stuck(JobState.FAILED).count()
    return Figure(ngettext("%(n)s failed", "%(n)s failed", n) % {"n": n}, is_wrong=True) if n else Figure(_("fine"))


def learned() -> Figure:
    n = CrewLayer.objects.order_by("-version").values_list("n_decisions", flat=True).first() or 0
    return Figure(ngettext("%(n)s decision", "%(n)s decisions", n) % {"n": n})


def storage() -> Figure:
    """From sums that are kept for a while, so that opening Manage reads no disk."""
    use = disk_use()
    return Figure(_("%(size)s free") % {"size": filesizeformat(use.free_bytes)}, is_wrong=use.left_bytes <= 0)


def binned() -> Figure:
    n = BinEntry.objects.lying().count()
    return Figure(ngettext("%(n)s entry", "%(n)s entries", n) % {"n": n} if n else _("empty"))


def check() -> Figure:
    report = AuditReport.objects.latest_ended()
    if report is None:
        return Figure(_("not yet"))
    if report.n_wrong:
        words = ngettext("%(n)s problem", "%(n)s problems", report.n_wrong) % {"n": report.n_wrong}
        return Figure(words, is_wrong=True)
    return Figure(_("fine, %(at)s") % {"at": _time(report.started_at)})


def channels() -> Figure:
    n = NoticeChannel.objects.filter(is_on=True).count()
    return Figure(_("%(n)s on") % {"n": n} if n else _("none"))


def last_entry() -> Figure:
    at = AuditEntry.objects.order_by("-at").values_list("at", flat=True).first()
    return Figure(_time(at) if at else _("empty"))


def _time(at: datetime) -> str:
    """Return a time of today, or a day."""
    local = timezone.localtime(at)
    return date(local, "TIME_FORMAT") if local.date() == timezone.localdate() else date(local, "DATE_FORMAT")
