"""Keeps what the search learned from the crew's decisions: a row for each time, of which the newest counts."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models import Member


class LayerState(models.TextChoices):
    IN_USE = "IN_USE", _("in use")
    PAUSED = "PAUSED", _("paused")
    REVERTED = "REVERTED", _("reverted by itself")
    NO_GAIN = "NO_GAIN", _("no gain")
    REPLACED = "REPLACED", _("replaced")
    FORGOTTEN = "FORGOTTEN", _("forgotten")


#: The states in which a layer can be put to use.
USABLE = (LayerState.PAUSED, LayerState.REVERTED)


class CrewLayerQuerySet(models.QuerySet["CrewLayer"]):
    def newest(self) -> "CrewLayer | None":
        """Return the one that counts; None before the site has learned anything."""
        return self.order_by("-version").first()

    def in_use(self) -> "CrewLayer | None":
        """Return the one that scores moments; None where the search's own scores count."""
        return self.filter(state=LayerState.IN_USE).first()

    def forgotten_at(self) -> datetime | None:
        """Return when somebody had everything forgotten for the last time: what was decided before is not learned."""
        forgotten = self.filter(state=LayerState.FORGOTTEN).order_by("-changed_at")
        return forgotten.values_list("changed_at", flat=True).first()

    def add(
        self, made: dict[str, Any], *, state: LayerState, learned_until: datetime, used_since: datetime | None
    ) -> "CrewLayer":
        """Write down what was learned, in the caller's transaction; it replaces the one before."""
        before = self.newest()
        self.filter(state=LayerState.NO_GAIN).delete()
        self.exclude(state=LayerState.FORGOTTEN).update(state=LayerState.REPLACED)
        return self.create(
            version=before.version + 1 if before else 1,
            state=state,
            layer=made,
            n_decisions=made["decisions"],
            n_kept=made["kept"],
            n_sessions=made["sessions"],
            gain=made["gain"],
            more=made["more"],
            learned_until=learned_until,
            used_since=used_since,
            changed_at=timezone.now(),
        )


class CrewLayer(models.Model):
    """A correction of the search's scores, from `detection.scoring.crew`, with what it was learned from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(_("version"), unique=True)
    state = models.CharField(_("state"), max_length=9, choices=LayerState)
    layer = models.JSONField(_("weights"), default=dict, help_text=_("Empty once forgotten."))
    n_decisions = models.PositiveIntegerField(_("decisions"))
    n_kept = models.PositiveIntegerField(_("kept"))
    n_sessions = models.PositiveIntegerField(_("sessions"))
    gain = models.FloatField(_("gain"), default=0.0, help_text=_("How far the loss fell in sessions left out."))
    more = models.FloatField(_("more tricks"), default=0.0, help_text=_("Share of tricks more in as many cards."))
    learned_until = models.DateTimeField(_("last decision"))
    used_since = models.DateTimeField(_("used since"), null=True, blank=True)
    learned_at = models.DateTimeField(_("learned"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("changed by"), help_text=_("Empty if the site did it itself."),
    )  # fmt: skip

    objects = CrewLayerQuerySet.as_manager()

    class Meta:
        verbose_name = _("learned layer")
        verbose_name_plural = _("learned layers")
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=LayerState.values), name="crew_layer_state_known"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="IN_USE"), name="crew_layer_one_in_use"),
            models.CheckConstraint(
                condition=~Q(state="IN_USE") | Q(used_since__isnull=False), name="crew_layer_used_since_when"
            ),
            models.CheckConstraint(condition=Q(n_kept__lte=models.F("n_decisions")), name="crew_layer_kept_of_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.version}"

    @property
    def has_gain(self) -> bool:
        """Return whether it was accepted for some kind of footage, and is not forgotten."""
        return bool(self.layer.get("kinds"))

    @property
    def more_percent(self) -> int:
        """Return by how many percent more tricks are found in as many cards; never below 0."""
        return max(0, round(100 * self.more))

    def use(self, member: Member | None) -> bool:
        """Score moments by it from now on; False if it is not paused or reverted any more."""
        return self._becomes(LayerState.IN_USE, member, of=USABLE, used_since=timezone.now())

    def pause(self, member: Member | None) -> bool:
        """Let the search's own scores count; False if it is not in use any more."""
        return self._becomes(LayerState.PAUSED, member, of=[LayerState.IN_USE])

    def revert(self) -> bool:
        """Take it out of use because cards did worse with it; False if it is not in use any more."""
        return self._becomes(LayerState.REVERTED, None, of=[LayerState.IN_USE])

    def forget(self, member: Member | None) -> bool:
        """Delete what was learned, and learn only from what is decided from now on; False if somebody was faster."""
        left = [LayerState.IN_USE, LayerState.PAUSED, LayerState.REVERTED, LayerState.NO_GAIN]
        if not self._becomes(LayerState.FORGOTTEN, member, of=left, layer={}):
            return False
        CrewLayer.objects.filter(state=LayerState.REPLACED).delete()
        return True

    def _becomes(
        self, state: LayerState, member: Member | None, *, of: Collection[LayerState], **fields: object
    ) -> bool:
        rows = CrewLayer.objects.filter(pk=self.pk, state__in=of)
        return bool(rows.update(state=state, changed_at=timezone.now(), changed_by=member, **fields))
