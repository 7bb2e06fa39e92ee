"""Views of the jobs page: running work, stuck jobs and their reasons, and disk usage."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clips.archive import outage
from clips.jobs import pipeline
from clips.jobs.groups import groups_of, newest_groups
from clips.jobs.summary import causes, kinds_of_work, stuck, told_to
from clips.media.sandbox import confine
from clips.models import AuditReport, Job, JobKind, JobState
from clips.web.disk import disk_context
from people.access import requires
from people.audit import Action, note
from people.models import Role
from trickyclip.shared.page_events import announce
from trickyclip.shared.whole_pages import part_of

#: Videos on a page.
PER_PAGE = 20
#: So many open rows, and lines of videos, one poll brings.
MOST_ASKED = 50
#: Told to the broker at once; of more than this the sweep tells it, so that nobody waits for the answer.
MOST_PUBLISHED = 200


class CauseForm(forms.Form):
    """One group of stuck jobs: the same work, the same reason."""

    kind = forms.ChoiceField(choices=JobKind.choices)
    state = forms.ChoiceField(choices=[(state, state) for state in (JobState.FAILED, JobState.WAITING)])
    reason = forms.CharField(strip=False, max_length=1000)

    def clean_reason(self) -> str:
        """Normalise line ends, since a browser may send each as two characters."""
        return self.cleaned_data["reason"].replace("\r\n", "\n")

    def jobs(self) -> QuerySet:
        asked = self.cleaned_data
        return stuck(JobState(asked["state"])).filter(kind=asked["kind"], reason=asked["reason"])


@requires(Role.SORTER)
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """List the videos with jobs, one line each; ``?state=FAILED``, ``?kind=DETECT`` those with such jobs."""
    rows = Job.objects.all()
    asked = {name: request.GET.get(name) for name in ("state", "kind")}
    if asked["state"] in JobState.values:
        rows = rows.filter(state=asked["state"])
    if asked["kind"] in JobKind.values:
        rows = rows.filter(kind=asked["kind"])
    page = Paginator(newest_groups(rows), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "groups": groups_of(list(page)),
        "states": JobState.choices,
        "kinds": JobKind.choices,
        "state": asked["state"] if asked["state"] in JobState.values else "",
        "kind": asked["kind"] if asked["kind"] in JobKind.values else "",
        "report": AuditReport.objects.latest_ended(),
        "flower_url": settings.FLOWER_URL,
        "unconfined": confine.says() if confine.lacking() else "",
    }
    return render(request, "clips/web/jobs.html", context | disk_context() | _live_context(request))


@requires(Role.SORTER)
@require_safe
@part_of("clips:jobs")
def jobs_live(request: HttpRequest) -> HttpResponse:
    """Answer with the current work, and with the lines and rows that were active when the page last asked."""
    return _live(request, request.GET)


@requires(Role.SORTER)
@require_safe
@part_of(lambda pk: f"{reverse('clips:jobs')}#job-{pk}")
def job_row(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _row(request, pk)


@requires(Role.CURATOR)
@require_POST
def job_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Run a failed or cancelled job again."""
    job = get_object_or_404(Job, pk=pk)
    retried = job.retry()
    if retried:
        note(Action.RETRIED, job)
        pipeline.publish(job)
    return _row(request, pk, status=200 if retried else 409)


@requires(Role.CURATOR)
@require_POST
def job_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop a waiting or running job."""
    job = get_object_or_404(Job, pk=pk)
    if cancelled := job.cancel():
        note(Action.CANCELLED, job)
    return _row(request, pk, status=200 if cancelled else 409)


@requires(Role.CURATOR)
@require_POST
def cause_retry(request: HttpRequest) -> HttpResponse:
    """Run all jobs of one group again; 409 if somebody else just started one of them."""
    form = CauseForm(request.POST)
    if not form.is_valid():
        return _live(request, request.POST, status=422)
    try:
        again = form.jobs().retry_all()
    except IntegrityError:
        return _live(request, request.POST, status=409)
    note(Action.RETRIED, n_jobs=len(again), **form.cleaned_data)
    for job in again[:MOST_PUBLISHED]:
        pipeline.publish(job)
    return _live(request, request.POST, status=200 if again else 409)


@requires(Role.CURATOR)
@require_POST
def cause_cancel(request: HttpRequest) -> HttpResponse:
    """Stop the waiting jobs of one group, or dismiss failed ones; they can still be retried one by one."""
    form = CauseForm(request.POST)
    if not form.is_valid():
        return _live(request, request.POST, status=422)
    n_cancelled = form.jobs().cancel_all()
    note(Action.CANCELLED, n_jobs=n_cancelled, **form.cleaned_data)
    return _live(request, request.POST, status=200 if n_cancelled else 409)


@requires(Role.CURATOR)
@require_POST
def kind_cancel(request: HttpRequest, kind: str) -> HttpResponse:
    """Stop all waiting and running jobs of one kind."""
    n_cancelled = Job.objects.active().filter(kind=kind).cancel_all()
    note(Action.CANCELLED, n_jobs=n_cancelled, kind=kind)
    return _live(request, request.POST, status=200 if n_cancelled else 409)


def jobs_with_targets() -> QuerySet:
    return Job.objects.with_targets()


def _live_context(request: HttpRequest) -> dict:
    work = kinds_of_work()
    stuck_here = causes(told_to(request.user, everything=True))
    return {
        "work": work,
        "causes": stuck_here,
        "archive_block": outage.current_outage(),
        "is_busy": any(not one.waits_for_quiet for one in work),
    }


def _live(request: HttpRequest, asked: dict, *, status: int = 200) -> HttpResponse:
    ids, lines = ([UUID(pk) for pk in asked.getlist(name)[:MOST_ASKED] if _is_uuid(pk)] for name in ("id", "group"))
    rows = jobs_with_targets().filter(pk__in=ids) if ids else []
    news = {"rows": rows, "news": groups_of(lines)}
    return render(request, "clips/web/_jobs_live.html", _live_context(request) | news, status=status)


def _row(request: HttpRequest, pk: UUID, *, status: int = 200) -> HttpResponse:
    job = get_object_or_404(jobs_with_targets(), pk=pk)
    response = render(request, "clips/web/_job.html", {"job": job}, status=status)
    return response if request.method == "GET" else announce(response, "jobs-changed")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
