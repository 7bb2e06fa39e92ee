"""Checks jobs for those that wait although they are due, or run without a sign of life."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.integrity import repair
from clips.integrity.finding import Disagreement, Kind
from clips.models import Job, JobState

#: A queue of a night's footage is no fault; a job that waits for a day is one.
WAITS_TOO_LONG = timedelta(days=1)
#: The sweep returns a silent job within a minute or two.
SILENT_TOO_LONG = timedelta(minutes=10)


def stuck_jobs(*, checksums: bool) -> Iterator[Disagreement]:
    now = timezone.now()
    overdue = Q(state=JobState.WAITING, run_after__lt=now - WAITS_TOO_LONG)
    silent = Q(state=JobState.RUNNING, lease_ends_at__lt=now - SILENT_TOO_LONG)
    rows = Job.objects.active().filter(overdue | silent).select_related("upload", "original_file", "segment", "clip")
    rows = rows.defer("original_file__probe", "segment__features", "clip__search_text")
    for job in rows.order_by("run_after").iterator(chunk_size=500):
        if job.state == JobState.WAITING:
            says = _("it has been waiting since %(since)s, and no worker takes it.") % {
                "since": f"{job.run_after:%Y-%m-%d %H:%M}"
            }
        else:
            says = _("its worker went silent at %(at)s.") % {"at": f"{job.lease_ends_at:%Y-%m-%d %H:%M}"}
        subject = f"{job.get_kind_display()} {job.clip or job.original_file or job.upload or job.segment_id or ''}"
        yield Disagreement(Kind.JOB_STUCK, subject.strip(), says, str(job.pk), partial(repair.retell, job.pk))
