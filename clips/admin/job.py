"""Admin pages of background jobs: read, retry and stop them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clips.admin.record import RecordAdmin, row_link
from clips.jobs import pipeline
from clips.models import Job
from people.audit import Action, note


@admin.register(Job)
class JobAdmin(RecordAdmin):
    fields = [
        "kind", "about", "state", "reason", "percent", "attempts", "kills", "priority", "params", "worker", "node",
        "created_at", "run_after", "published_at", "started_at", "lease_ends_at", "finished_at",
    ]  # fmt: skip
    list_display = [
        "kind_name",
        "about",
        "state",
        "percent",
        "attempts",
        "reason",
        "created_at",
        "finished_at",
    ]
    list_filter = ["state", "kind", "created_at"]
    search_fields = [
        "reason", "upload__original_filename", "original_file__original_filename", "clip__filename",
        "shoot__name", "person__display_name", "trick__name",
    ]  # fmt: skip
    actions = ["retry", "cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        long = ["original_file__probe", "segment__features", "segment__original_file__probe"]
        return super().get_queryset(request).with_targets().defer(*long)

    @admin.display(description=_("kind"), ordering="kind")
    def kind_name(self, job: Job) -> str:
        return job.get_kind_display()

    @admin.display(description=_("about"))
    def about(self, job: Job) -> str:
        return row_link(job.target)

    @admin.display(description=_("progress"))
    def percent(self, job: Job) -> str:
        return f"{job.progress:.0%}"

    @admin.action(description=_("Try again"))
    def retry(self, request: HttpRequest, jobs: QuerySet) -> None:
        retried = [job for job in jobs if job.retry()]
        for job in retried:
            note(Action.RETRIED, job)
            pipeline.publish(job)
        one, many = "%(n)d job will run again.", "%(n)d jobs will run again."
        self._say(request, ngettext(one, many, len(retried)) % {"n": len(retried)}, len(jobs) - len(retried))

    @admin.action(description=_("Cancel"))
    def cancel(self, request: HttpRequest, jobs: QuerySet) -> None:
        cancelled = [job for job in jobs if job.cancel()]
        for job in cancelled:
            note(Action.CANCELLED, job)
        n_cancelled = len(cancelled)
        one, many = "%(n)d job is cancelled.", "%(n)d jobs are cancelled."
        self._say(request, ngettext(one, many, n_cancelled) % {"n": n_cancelled}, len(jobs) - n_cancelled)

    def _say(self, request: HttpRequest, done: str, n_left: int) -> None:
        self.message_user(request, done, messages.SUCCESS)
        if n_left:
            one, many = "%(n)d job was left unchanged.", "%(n)d jobs were left unchanged."
            self.message_user(request, ngettext(one, many, n_left) % {"n": n_left}, messages.WARNING)
