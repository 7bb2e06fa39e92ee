"""Lends a row to one holder for a while: a job to a worker, a moment to an open page.

A lease is a token and the time it runs out. Only who has the token may change the row; a lease that ran out and was
given to nobody else may still be ended by who had it, where the rows say so.
"""

import uuid
from datetime import timedelta
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

_Row = TypeVar("_Row", bound=models.Model)


class LeasedQuerySet(models.QuerySet[_Row]):
    #: What a row's fields say while somebody has it.
    LEASED: dict[str, Any] = {}
    #: What they say of a holder beside the lease itself.
    NO_HOLDER: dict[str, Any] = {}

    def leased_by(self, token: uuid.UUID | None) -> Self:
        """Return the rows that have this token, also where their lease ran out; None has no row."""
        return self.filter(**self.LEASED, lease_token=token)

    def lease_runs(self) -> Self:
        """Return the rows that somebody has at this moment."""
        # The token is named for its index alone.
        return self.filter(**self.LEASED, lease_token__isnull=False, lease_ends_at__gt=timezone.now())

    def lease_ran_out(self) -> Self:
        """Return the rows whose holder fell silent."""
        return self.filter(self.ran_out())

    def ran_out(self) -> Q:
        """Return the condition that a row's holder fell silent."""
        return Q(**self.LEASED, lease_ends_at__lte=timezone.now())

    def unleased(self) -> dict[str, Any]:
        """Return the fields of a row that nobody has."""
        return {"lease_token": None, "lease_ends_at": None, **self.NO_HOLDER}


class Leased(models.Model):
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_ends_at = models.DateTimeField(_("held until"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True


def lent(token: uuid.UUID, lasts_s: float) -> dict[str, Any]:
    """Return the fields of a row that is lent for so many seconds from now."""
    return {"lease_token": token, "lease_ends_at": timezone.now() + timedelta(seconds=lasts_s)}
