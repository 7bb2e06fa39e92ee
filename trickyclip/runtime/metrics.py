"""Exports metrics to Prometheus from the database, Redis and the disk, read at each scrape.

So any number of processes report the same. All but the uploads' bytes are gauges, of now or of the last hour. Sums over
all time would cost more each year, and would shrink when a new analysis deletes moments with their jobs, which a
counter must never do.
"""

import platform
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

import django
from celery import current_app
from django.conf import settings
from django.db.models import Aggregate, Avg, Count, F, FloatField, Min, Q, Sum
from django.db.models.functions import Extract
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from kombu.exceptions import OperationalError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis import RedisError

from clips.archive import outage
from clips.jobs import registry
from clips.models import (
    AuditReport,
    BlockReason,
    CandidateSegment,
    Decision,
    DecisionKind,
    FinalClip,
    Job,
    JobKind,
    JobState,
    Upload,
    UploadState,
)
from clips.storage.files import free_bytes
from people.models import Role
from trickyclip.http.health import asks_from_outside

LAST_HOUR = timedelta(hours=1)
QUANTILES = (0.5, 0.95)
MOST_CAUSES = 20
#: A sentence that says why may name a file; what lies behind this many letters tells no causes apart.
CAUSE_CHARS = 80


class Quantile(Aggregate):
    """PostgreSQL's ``percentile_cont``, an aggregate over ordered values."""

    function = "percentile_cont"
    template = "%(function)s(%(at)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer requests with the token, requests from this machine itself, and admins."""
    if not _may_scrape(request):
        return JsonResponse(
            {"detail": "Send METRICS_TOKEN as “Authorization: Bearer …”, or ask from the machine itself."}, status=401
        )
    registry = CollectorRegistry()
    registry.register(SiteCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    wanted = settings.METRICS_TOKEN
    if wanted and secrets.compare_digest(sent.encode(), wanted.encode()):
        return True
    if request.user.is_authenticated and request.user.may(Role.ADMIN):
        return True
    return not sent and not asks_from_outside(request)


class SiteCollector:
    """Collects the metrics with a fixed number of queries, each on an index or a table that stays small."""

    def collect(self) -> Iterator[Metric]:
        yield _gauge("build_info", "The running version; always 1.", {_build(): 1}, "release", "python", "django")
        yield from _jobs_now()
        yield from _jobs_ended()
        yield from _failures()
        yield _broker_messages()
        yield from _uploads()
        yield from _sorting()
        yield from _disk()
        yield from _archive()


def _gauge(name: str, says: str, values: dict[tuple, float], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"trickyclip_{name}", says, labels=labels)
    for names, value in values.items():
        family.add_metric([str(each) for each in names], value)
    return family


def _last_hour() -> tuple[datetime, datetime]:
    now = timezone.now()
    return now - LAST_HOUR, now


def _build() -> tuple[str, str, str]:
    return settings.RELEASE, platform.python_version(), django.get_version()


def _jobs_now() -> Iterator[Metric]:
    now = timezone.now()
    due = Q(state=JobState.WAITING, run_after__lte=now)
    rows = Job.objects.active().order_by().values("kind", "state")
    rows = list(rows.annotate(n=Count("pk"), n_due=Count("pk", filter=due), oldest=Min("run_after", filter=due)))
    counts = {(kind.value, state.value): 0 for kind in JobKind for state in (JobState.WAITING, JobState.RUNNING)}
    depth = {(queue,): 0 for queue in registry.queues()}
    oldest_s = {(queue,): 0.0 for queue in registry.queues()}
    for row in rows:
        counts[row["kind"], row["state"]] = row["n"]
        queue = (registry.step_of(row["kind"]).queue,)
        depth[queue] += row["n_due"]
        if row["oldest"]:
            oldest_s[queue] = max(oldest_s[queue], (now - row["oldest"]).total_seconds())
    yield _gauge("jobs", "Jobs waiting or running.", counts, "kind", "state")
    yield _gauge("queue_depth", "Jobs ready to run now.", depth, "queue")
    yield _gauge("queue_oldest_seconds", "Seconds that the longest waiting of these has been ready.", oldest_s, "queue")


def _jobs_ended() -> Iterator[Metric]:
    took = Extract(F("finished_at") - F("started_at"), "epoch", output_field=FloatField())
    quantiles = {f"q{number}": Quantile(took, at=at) for number, at in enumerate(QUANTILES)}
    rows = Job.objects.filter(finished_at__range=_last_hour()).order_by().values("kind", "state")
    rows = list(rows.annotate(n=Count("pk"), average=Avg(took), **quantiles))
    counts = {(row["kind"], row["state"]): row["n"] for row in rows}
    done = [row for row in rows if row["state"] == JobState.DONE and row["average"] is not None]
    seconds = {
        (row["kind"], str(at)): row[f"q{number}"] for row in done for number, at in enumerate(QUANTILES)
    }  # fmt: skip
    averages = {(row["kind"],): row["average"] for row in done}
    yield _gauge("jobs_ended", "Jobs finished in the last hour.", counts, "kind", "state")
    yield _gauge("job_seconds", "Duration of the jobs done in the last hour.", seconds, "kind", "quantile")
    yield _gauge("job_seconds_average", "Average duration of the jobs done in the last hour.", averages, "kind")


def _failures() -> Iterator[Metric]:
    rows = Job.objects.filter(state=JobState.FAILED).order_by().values("kind", "reason").annotate(n=Count("pk"))
    causes: dict[tuple, int] = {}
    for row in rows.order_by("-n", "kind", "reason")[:MOST_CAUSES]:
        cause = (row["kind"], row["reason"][:CAUSE_CHARS])
        causes[cause] = causes.get(cause, 0) + row["n"]
    says = f"Jobs failed for good, by reason; the {MOST_CAUSES} most frequent."
    yield _gauge("jobs_failed", says, causes, "kind", "cause")


def _broker_messages() -> Metric:
    messages: dict[tuple, float] = {}
    try:
        with current_app.connection_for_read() as connection:
            for queue in registry.queues():
                declared = connection.default_channel.queue_declare(queue, passive=False)
                messages[queue,] = declared.message_count
    except (OperationalError, RedisError, OSError):
        messages.clear()  # a broker that is away has no line here
    return _gauge(
        "broker_messages", "Messages in each queue of the broker; missing while it is away.", messages, "queue"
    )


def _uploads() -> Iterator[Metric]:
    rows = list(Upload.objects.order_by().values("state").annotate(n=Count("pk"), size=Sum("offset_bytes")))
    states = {(state.value,): 0 for state in UploadState}
    counts = states | {(row["state"],): row["n"] for row in rows}
    sizes = states | {(row["state"],): row["size"] for row in rows}
    yield _gauge("uploads", "Uploads by state.", counts, "state")
    yield _gauge("upload_bytes", "Bytes received for them.", sizes, "state")


def _sorting() -> Iterator[Metric]:
    rows = Decision.objects.filter(created_at__range=_last_hour()).order_by().values("kind").annotate(n=Count("pk"))
    decisions = {(kind.value,): 0 for kind in DecisionKind} | {(row["kind"],): row["n"] for row in rows}
    yield _gauge("decisions", "Decisions in the last hour.", decisions, "decision")
    kept = FinalClip.objects.filter(created_at__range=_last_hour()).count()
    yield _gauge("clips_kept", "Clips made in the last hour, including new versions.", {(): kept})
    yield _gauge("clips", "Current clips.", {(): FinalClip.objects.current().count()})
    left = CandidateSegment.objects.undecided().shown().count()
    yield _gauge("moments_to_sort", "Moments shown and not sorted yet.", {(): left})


def _disk() -> Iterator[Metric]:
    disk = shutil.disk_usage(settings.DATA_DIR)
    above_floor = free_bytes()
    yield _gauge("disk_total_bytes", "Size of the data folder's disk.", {(): disk.total})
    yield _gauge("disk_free_bytes", "Free bytes on it.", {(): disk.free})
    yield _gauge("disk_floor_bytes", "Bytes kept free; below this, uploads are refused.", {(): disk.free - above_floor})


def _archive() -> Iterator[Metric]:
    block = outage.current_outage()
    blocked = {(reason.value,): int(bool(block) and block.reason == reason) for reason in BlockReason}
    yield _gauge("archive_blocked", "1 for each reason why the archive takes no clips.", blocked, "reason")
    report = AuditReport.objects.latest_ended()
    if report:
        yield _gauge("audit_wrong", "Faults found by the last audit.", {(): report.n_wrong})
        yield _gauge(
            "audit_time_seconds", "Start of the last audit, in seconds since 1970.", {(): report.started_at.timestamp()}
        )
