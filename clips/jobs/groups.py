"""Groups jobs by the video that they are about: one line a video, with its steps, progress and time left.

A job about a moment, a clip or an upload is one of its video. What is about no video, as the rename of a rider, is a
group of its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import models
from django.db.models import Avg, Case, Count, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce, Now

from clips.jobs.summary import MIN_ELAPSED_S, MIN_PROGRESS
from clips.models import Job, JobKind, JobState, OriginalFile
from clips.models.job import ABOUT, ACTIVE

#: Groups are those of so many of the newest jobs; looking through a million of them would cost more than the page.
MOST_LOOKED_AT = 3000
#: The ways from a job to its video.
WAYS = ("original_file", "segment__original_file", "clip__original_file", "upload__original_file")
#: An upload that is no video yet is named by its job: whoever knows the id of an upload may go on sending it.
_IS_UPLOAD = Q(upload__isnull=False, upload__original_file=None)
#: The group of a job: its video, else what it is about.
GROUP = Case(
    When(_IS_UPLOAD, then="pk"),
    default=Coalesce(*(f"{way}_id" for way in WAYS), ABOUT, output_field=models.UUIDField()),
    output_field=models.UUIDField(),
)
#: About how much of the whole work on a video each step is, measured on two cores; every other step counts as one.
WEIGHTS = {
    JobKind.DETECT: 60,
    JobKind.LOOK: 60,
    JobKind.PREVIEW: 30,
    JobKind.FILMSTRIP: 7,
    JobKind.RENDER: 5,
    JobKind.ARCHIVE: 5,
}
#: Follow the search of a video, so they are work to come while it is not over.
TO_COME = (JobKind.FILMSTRIP, JobKind.PREVIEW)
#: That of a video's steps, in which the filmstrip comes before the many previews.
_ORDER = {kind: place for place, kind in enumerate(JobKind)} | {JobKind.FILMSTRIP: JobKind.values.index("POSTER") - 0.5}


@dataclass
class Step:
    """All jobs of one kind on a video."""

    kind: JobKind
    n: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: Of those that run, 0 to 1, and for how long they have run.
    progress: float = 0.0
    running_s: float = 0.0
    #: What one took that is done.
    each_s: float | None = None

    @property
    def n_all(self) -> int:
        return sum(self.n.values())

    @property
    def n_done(self) -> int:
        return self.n[JobState.DONE]

    @property
    def n_failed(self) -> int:
        return self.n[JobState.FAILED]

    @property
    def n_running(self) -> int:
        return self.n[JobState.RUNNING]

    @property
    def n_active(self) -> int:
        return self.n[JobState.RUNNING] + self.n[JobState.WAITING]

    @property
    def state(self) -> JobState:
        """The state that matters most: what failed, else what runs, waits, is done."""
        order = (JobState.FAILED, JobState.RUNNING, JobState.WAITING, JobState.DONE)
        return next((state for state in order if self.n[state]), JobState.CANCELLED)

    @property
    def share(self) -> float:
        """Return the part of the step that is over, 0 to 1."""
        over = self.n_all - self.n_active + self.n_running * self.progress
        return over / self.n_all if self.n_all else 0.0

    def seconds_left(self) -> float | None:
        """Estimate the rest from what one took, or from how far the running ones are; None if neither is known."""
        each_s = self.each_s
        if self.n_running and self.progress >= MIN_PROGRESS and self.running_s >= MIN_ELAPSED_S:
            each_s = self.running_s / self.progress
        if each_s is None:
            return None
        return each_s * (self.n_active - self.n_running * self.progress)


@dataclass
class JobGroup:
    """One line: a video, or what else jobs are about."""

    id: UUID
    steps: list[Step]
    title: str = ""
    #: Its session, where it is a video.
    session: str = ""
    #: What it is, where it is none: "person", "session".
    what: str = ""

    @property
    def n_active(self) -> int:
        return sum(step.n_active for step in self.steps)

    @property
    def n_failed(self) -> int:
        return sum(step.n_failed for step in self.steps)

    @property
    def is_active(self) -> bool:
        return bool(self.n_active)

    @property
    def progress(self) -> float:
        """Return the part of all work that is over, 0 to 1; what will follow the search counts before it is there."""
        shares = {step.kind: step.share for step in self.steps}
        if shares.get(JobKind.DETECT, 1.0) < 1:
            shares = dict.fromkeys(TO_COME, 0.0) | shares
        weights = {kind: WEIGHTS.get(kind, 1) for kind in shares}
        whole = sum(weights.values())
        return sum(weights[kind] * share for kind, share in shares.items()) / whole if whole else 1.0

    @property
    def left_s(self) -> float | None:
        """Estimate the time until all of it is done; None while nothing tells."""
        known = [left_s for step in self.steps if step.n_active and (left_s := step.seconds_left()) is not None]
        return sum(known) if known else None


def newest_groups(jobs: QuerySet[Job]) -> list[UUID]:
    """Return the groups of these jobs: first those that are worked on, each with the newest first."""
    rows = jobs.annotate(group=GROUP).order_by("-created_at").values_list("group", "state")[:MOST_LOOKED_AT]
    is_active: dict[UUID, bool] = {}
    for group, state in rows:  # an aggregate over a slice would have to look through all jobs to join it
        is_active[group] = is_active.get(group, False) or state in ACTIVE
    return sorted(is_active, key=lambda group: not is_active[group])  # stable, so the newest stay first


def groups_of(ids: Sequence[UUID]) -> list[JobGroup]:
    """Return these groups with their steps, in this order; without those of which no job is left."""
    steps = _steps_of(ids)
    groups = [JobGroup(pk, sorted(steps[pk].values(), key=lambda step: _ORDER[step.kind])) for pk in ids if pk in steps]
    files = OriginalFile.objects.select_related("shoot").defer("probe").in_bulk([group.id for group in groups])
    others = [group.id for group in groups if group.id not in files]
    about = _targets_of(others) if others else {}
    for group in groups:
        if file := files.get(group.id):
            group.title, group.session = file.original_filename, f"{file.shoot.name} · {file.shoot.date.isoformat()}"
        elif target := about.get(group.id):
            group.title, group.what = str(target), str(target._meta.verbose_name)
    return groups


def jobs_of(*groups: UUID) -> QuerySet[Job]:
    """Return all jobs of these groups.

    Each way to a video is a query of its own along an index: one condition with all of them looks through all jobs.
    """
    ways = [Job.objects.filter(**{f"{way}__in": groups}) for way in WAYS]
    about_none = Job.objects.filter(original_file=None, segment=None, clip=None, upload=None)
    ways.append(about_none.annotate(about_id=ABOUT).filter(about_id__in=groups))
    ways.append(Job.objects.filter(_IS_UPLOAD, pk__in=groups))
    ids = [jobs.order_by().values("pk") for jobs in ways]
    return Job.objects.filter(pk__in=ids[0].union(*ids[1:], all=True))


def _steps_of(ids: Sequence[UUID]) -> dict[UUID, dict[JobKind, Step]]:
    """Count jobs by group, step and state, without failed or cancelled ones that a newer one has taken up."""
    found: dict[UUID, dict[JobKind, Step]] = defaultdict(dict)
    if not ids:
        return found
    newer = Job.objects.filter(created_at__gt=OuterRef("created_at")).same_work()
    jobs = jobs_of(*ids).exclude(Q(state__in=[JobState.FAILED, JobState.CANCELLED]) & Exists(newer))
    counted = jobs.annotate(group=GROUP).order_by().values("group", "kind", "state").annotate(
        n=Count("pk"), done=Avg("progress"), running=Avg(Now() - F("started_at")),
        took=Avg(F("finished_at") - F("started_at")),
    )  # fmt: skip
    for row in counted:
        step = found[row["group"]].setdefault(JobKind(row["kind"]), Step(JobKind(row["kind"])))
        step.n[row["state"]] += row["n"]
        if row["state"] == JobState.RUNNING:
            step.progress, step.running_s = row["done"], row["running"].total_seconds()
        elif row["state"] == JobState.DONE and row["took"]:
            step.each_s = row["took"].total_seconds()
    return found


def _targets_of(groups: Sequence[UUID]) -> dict[UUID, models.Model]:
    """Return what these groups are about that are no videos."""
    uploads = Job.objects.filter(_IS_UPLOAD, pk__in=groups).with_targets()
    found = {job.pk: job.target for job in uploads if job.target}
    others = Job.objects.annotate(about_id=ABOUT).filter(about_id__in=groups)
    jobs = others.order_by("about_id", "-created_at").distinct("about_id").with_targets()
    return found | {job.target.pk: job.target for job in jobs if job.target}
