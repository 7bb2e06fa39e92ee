"""Hearts: which members like a clip, in whatever version."""

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import Member


class HeartQuerySet(models.QuerySet["Heart"]):
    def of(self, lineages: Iterable[uuid.UUID], member: Member | None = None) -> "HeartQuerySet":
        """Return the hearts of these clips, of one member if given."""
        hearts = self.filter(lineage__in=list(lineages))
        return hearts.filter(member=member) if member else hearts

    def give(self, lineages: Iterable[uuid.UUID], member: Member) -> None:
        """Give each of these clips the member's heart, where it has none of them yet."""
        self.bulk_create((Heart(lineage=lineage, member=member) for lineage in lineages), ignore_conflicts=True)

    def take_away(self, lineages: Iterable[uuid.UUID], member: Member) -> int:
        """Take the member's hearts off these clips; return how many there were."""
        return self.of(lineages, member).delete()[0]

    def toggle(self, lineage: uuid.UUID, member: Member) -> bool:
        """Give a clip the member's heart, or take it away; return whether it has one now."""
        if self.take_away([lineage], member):
            return False
        self.give([lineage], member)
        return True

    def having(self, member: Member) -> Q:
        """Return the condition that a clip has a member's heart."""
        return Q(lineage__in=self.filter(member=member).order_by().values("lineage"))


class Heart(models.Model):
    #: Of a clip's lineage and not of the clip, so that a new version keeps it.
    lineage = models.UUIDField(_("clip"), editable=False)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hearts", verbose_name=_("member")
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = HeartQuerySet.as_manager()

    class Meta:
        verbose_name = _("heart")
        verbose_name_plural = _("hearts")
        constraints = [models.UniqueConstraint(fields=["lineage", "member"], name="heart_once_a_member")]

    def __str__(self) -> str:
        return f"{self.member} ♥ {self.lineage}"
