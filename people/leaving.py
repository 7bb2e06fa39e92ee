"""Erases who a member was, and keeps what they did: the crew's clips and decisions stay, without their name.

The row stays, without a name or a way to log in, because clips and decisions refer to it. The audit trail keeps each
entry; the database lets exactly this change of it through (people/migrations).
"""

from collections.abc import Callable
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, Q
from django.utils.translation import gettext_noop

from people.audit import Action, note
from people.models import AuditEntry, Invite, Member, Person, SecondFactor

#: Written into columns that keep the name of who did something; pages translate it.
FORMER_MEMBER = gettext_noop("former member")

_erasers: list[Callable[[Member], object]] = []
_takers_out: list[Callable[[Person, Member], object]] = []


def on_erase(erase: Callable[[Member], object]) -> None:
    """Register what erases a member's name elsewhere, called in the transaction of the erasure."""
    _erasers.append(erase)


def on_take_out(take_out: Callable[[Person, Member], object]) -> None:
    """Register what takes a rider out of everything that uses them, and deletes them."""
    _takers_out.append(take_out)


def take_out_rider(person: Person, member: Member) -> None:
    """Take a rider out of the library for good, at the wish of ``member``."""
    for take_out in _takers_out:
        take_out(person, member)


@transaction.atomic
def erase(member: Member) -> None:
    """Remove a member's login, tokens, addresses and name for good. LastAdminError for the only admin."""
    member.remove()
    SecondFactor.objects.drop(member)
    Invite.objects.filter(Q(created_by=member, used_at=None) | Q(member=member)).delete()
    for erase_elsewhere in _erasers:
        erase_elsewhere(member)
    note(Action.ERASED, member)
    member.forget_name()
    AuditEntry.objects.forget_actor(member, FORMER_MEMBER)
    forget(Member, member.pk, FORMER_MEMBER)


def forget(model: type[Model], pk: UUID, name: str) -> None:
    """Replace the name of an erased member or a deleted rider by ``name`` where it is told what was done to their row.

    The database lets exactly this change of the audit trail through.
    """
    AuditEntry.objects.forget_target(model._meta.label_lower, pk, name)
    of_row = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id=str(pk))
    of_row.update(object_repr=name, change_message="")
