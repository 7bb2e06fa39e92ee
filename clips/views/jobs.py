"""What the machine is doing, and what it could not do."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from clips import pipeline
from clips.models import Job, JobState
from people.access import requires
from people.models import Role

PER_PAGE = 50


@requires(Role.SORTER)
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """List the jobs, newest first; ``?state=FAILED`` those of one state."""
    rows = jobs_with_targets()
    state = request.GET.get("state")
    if state in JobState.values:
        rows = rows.filter(state=state)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "clips/jobs.html", {"page": page, "states": JobState.choices, "state": state})


@requires(Role.SORTER)
@require_safe
def job_row(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _row(request, pk)


@requires(Role.CURATOR)
@require_POST
def job_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let a failed or cancelled job run again."""
    job = get_object_or_404(Job, pk=pk)
    retried = job.retry()
    if retried:
        pipeline.publish(job)
    return _row(request, pk, status=200 if retried else 409)


@requires(Role.CURATOR)
@require_POST
def job_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop a waiting or running job."""
    cancelled = get_object_or_404(Job, pk=pk).cancel()
    return _row(request, pk, status=200 if cancelled else 409)


def jobs_with_targets() -> QuerySet:
    return Job.objects.select_related("upload", "original_file", "segment__original_file", "clip")


def _row(request: HttpRequest, pk: UUID, *, status: int = 200) -> HttpResponse:
    job = get_object_or_404(jobs_with_targets(), pk=pk)
    return render(request, "clips/_job.html", {"job": job}, status=status)
