"""Decisions about segments. Rows are only ever added."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clips.models.segment import CandidateSegment


class DecisionKind(models.TextChoices):
    KEEP = "KEEP", _("keep")
    TRASH = "TRASH", _("trash")
    SKIP = "SKIP", _("skip")
    ASIDE = "ASIDE", _("set video aside")
    SPLIT = "SPLIT", _("split")
    ADD = "ADD", _("add a moment")
    UNDO = "UNDO", _("undo")


class DecisionQuerySet(models.QuerySet["Decision"]):
    def not_undone(self) -> "DecisionQuerySet":
        """Return decisions that were not undone."""
        return self.filter(undone_by=None).exclude(kind=DecisionKind.UNDO)


class Decision(models.Model):
    """Its id is the client's idempotency key: the same request twice finds the first one's row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(_("decision"), max_length=10, choices=DecisionKind)
    segment = models.ForeignKey(
        CandidateSegment, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("moment")
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="decisions",
        verbose_name=_("by"),
    )
    member_name = models.CharField(_("by (name)"), max_length=40, help_text=_("Kept when the member is deleted."))
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    undone_by = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="undoes",
        verbose_name=_("undone by"),
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=DecisionKind.values), name="decision_kind_known")]
        indexes = [
            models.Index(fields=["member", "-created_at"], name="decision_pace"),
            models.Index(fields=["-created_at"], name="decision_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d %H:%M:%S}"
