"""Writes the audit trail: one call where something is done, in its transaction.

Own rows and not django-auditlog: that library listens to the signals of ``save`` and ``delete``, but a change of state
here is one conditional UPDATE, which sends none. It also keeps values of fields, whereas this trail records who let
whom in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib import admin
from django.contrib.admin import helpers
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from people.models.audit import Action, AuditEntry
from people.models.member import Member

#: What stands in the place of a name when no request is answered: commands, workers, the site by itself.
THE_SITE = "(the site)"
NOBODY = "(not logged in)"

_request: ContextVar[HttpRequest | None] = ContextVar("request that is being answered", default=None)


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """Record who asked, and from where, with every entry written within this block."""
    before = _request.set(request)
    try:
        yield
    finally:
        _request.reset(before)


def note(action: Action, target: Model | None = None, *, actor: Member | None = None, **details: object) -> None:
    """Record that ``actor`` (by default whoever sent the request) did something to ``target``.

    Call it in the transaction of what was done, so that neither is there without the other.
    """
    request = _request.get()
    asks = getattr(request, "user", None)
    if actor is None and asks is not None and asks.is_authenticated:
        actor = asks
    AuditEntry.objects.create(
        action=action,
        actor=actor,
        actor_name=str(actor or (THE_SITE if request is None else NOBODY))[:60],
        address=(request.META.get("REMOTE_ADDR") or None) if request else None,
        target_type=target._meta.label_lower if target else "",
        target_id=str(target.pk)[:60] if target else "",
        target_name=str(target)[:200] if target else "",
        details=details,
    )


class AuditedAdmin(admin.ModelAdmin):
    """An admin page whose changes are in the trail; Django's own log of them forgets who was deleted."""

    def response_action(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        """Refuse an action on malformed row ids, which Django would pass to the database."""
        for chosen in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
            try:
                self.model._meta.pk.clean(chosen, None)
            except (ValueError, ValidationError) as error:
                raise BadRequest("This is not a valid row id.") from error
        return super().response_action(request, queryset)

    def log_addition(self, request: HttpRequest, obj: Model, message: object) -> object:
        note(Action.ADDED, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: object) -> object:
        note(Action.CHANGED, obj, what=message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> object:
        for row in queryset:
            note(Action.DELETED, row)
        return super().log_deletions(request, queryset)
