"""Views of one group of jobs: the single jobs of a video, and retrying or cancelling all of them."""

from uuid import UUID

from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clips.jobs import pipeline
from clips.jobs.groups import groups_of, jobs_of
from clips.models import Job, JobState
from people.access import requires
from people.audit import Action, note
from people.models import Role
from trickyclip.shared.page_events import announce
from trickyclip.shared.whole_pages import part_of

#: More single jobs than this help nobody; a long video has some hundred previews.
MOST_JOBS = 200
#: Told to the broker at once; of more than this the sweep tells it, so that nobody waits for the answer.
MOST_PUBLISHED = 200


@requires(Role.SORTER)
@require_safe
@part_of(lambda group: f"{reverse('clips:jobs')}#group-{group}")
def group_jobs(request: HttpRequest, group: UUID) -> HttpResponse:
    """Answer with the single jobs of a video: those that failed or are worked on first, then the newest."""
    jobs = list(_in_order(group)[: MOST_JOBS + 1])
    context = {"group_id": group, "rows": jobs[:MOST_JOBS], "has_more": len(jobs) > MOST_JOBS}
    return render(request, "clips/web/_group_jobs.html", context)


@requires(Role.CURATOR)
@require_POST
def group_retry(request: HttpRequest, group: UUID) -> HttpResponse:
    """Run what failed of a video again; 409 if nothing of it had failed."""
    again = jobs_of(group).filter(state=JobState.FAILED).retry_all()
    if again:
        note(Action.RETRIED, n_jobs=len(again), group=group)
    for job in again[:MOST_PUBLISHED]:
        pipeline.publish(job)
    return _answer(request, group, status=200 if again else 409)


@requires(Role.CURATOR)
@require_POST
def group_cancel(request: HttpRequest, group: UUID) -> HttpResponse:
    """Stop all work on a video that waits or runs; 409 if there is none."""
    n_cancelled = Job.objects.active().filter(pk__in=jobs_of(group).values("pk")).cancel_all()
    if n_cancelled:
        note(Action.CANCELLED, n_jobs=n_cancelled, group=group)
    return _answer(request, group, status=200 if n_cancelled else 409)


def _answer(request: HttpRequest, group: UUID, *, status: int) -> HttpResponse:
    response = render(request, "clips/web/_group_news.html", {"news": groups_of([group])}, status=status)
    return announce(response, "jobs-changed", "group-changed")


def _in_order(group: UUID) -> QuerySet[Job]:
    rank = {JobState.FAILED: 0, JobState.RUNNING: 1, JobState.WAITING: 2}
    whens = [When(state=state, then=place) for state, place in rank.items()]
    return jobs_of(group).with_targets().order_by(Case(*whens, default=3), "-created_at", "pk")
