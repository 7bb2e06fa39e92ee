"""Reports of audits of rows, files and archive."""

from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

#: An audit that says nothing for so long has died; its row is closed by the next one.
SILENT_AFTER = timedelta(minutes=15)
REPORTS_KEPT = 60


class AuditState(models.TextChoices):
    RUNNING = "RUNNING", _("running")
    DONE = "DONE", _("done")
    BROKEN_OFF = "BROKEN_OFF", _("interrupted")


class AuditReportQuerySet(models.QuerySet["AuditReport"]):
    def begin(self, *, checksums: bool, repairs: bool) -> "AuditReport | None":
        """Return the row of an audit that begins now; None if another one is running."""
        silent = self.filter(state=AuditState.RUNNING, seen_at__lt=timezone.now() - SILENT_AFTER)
        silent.update(state=AuditState.BROKEN_OFF, ended_at=timezone.now())
        try:
            with transaction.atomic():
                return self.create(checksums=checksums, repairs=repairs)
        except IntegrityError:
            return None

    def latest_ended(self) -> "AuditReport | None":
        return self.filter(state=AuditState.DONE).order_by("-started_at").first()

    def forget_old(self) -> None:
        kept = self.order_by("-started_at").values("pk")[:REPORTS_KEPT]
        self.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


class AuditReport(models.Model):
    """One audit; it keeps the first few findings of each kind and their total number."""

    state = models.CharField(_("state"), max_length=10, choices=AuditState, default=AuditState.RUNNING)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last active"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    checksums = models.BooleanField(_("with checksums"), default=False)
    repairs = models.BooleanField(_("with repairs"), default=False)
    n_wrong = models.PositiveIntegerField(_("wrong"), default=0, help_text=_("Without what was repaired."))
    n_mended = models.PositiveIntegerField(_("repaired"), default=0)
    counts = models.JSONField(_("by kind"), default=dict, help_text=_("Number of each kind."))
    found = models.JSONField(_("found"), default=dict, help_text=_("The first few sentences of each kind."))

    objects = AuditReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit")
        verbose_name_plural = _("audits")
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=AuditState.values), name="audit_state_known"),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=AuditState.RUNNING), name="audit_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    def note(self, **fields: object) -> bool:
        """Save the progress; False if somebody declared this audit dead."""
        running = AuditReport.objects.filter(pk=self.pk, state=AuditState.RUNNING)
        return bool(running.update(seen_at=timezone.now(), **fields))

    def end(self, **fields: object) -> bool:
        """Save the final findings; False if somebody declared this audit dead."""
        return self.note(state=AuditState.DONE, ended_at=timezone.now(), **fields)
