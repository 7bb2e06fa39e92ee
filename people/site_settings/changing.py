"""Changes settings: only what an admin has seen, all or nothing, and with an entry in the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from people.audit import Action, note
from people.models import Member, SiteSetting
from people.sealed import SealedError
from people.site_settings import snapshot
from people.site_settings.registry import Setting

MAX_TRIES = 3


class ChangedMeanwhileError(Exception):
    """Somebody else changed one of the settings since the page was drawn. Nothing was changed."""

    def __init__(self, setting: Setting[Any]) -> None:
        super().__init__(setting.name)
        self.setting = setting


@dataclass(frozen=True)
class Change:
    """A new value of a setting; None is back to the default."""

    setting: Setting[Any]
    value: Any
    #: The version of the row that the page showed; empty if there was none.
    seen: str


@transaction.atomic
def apply(changes: Sequence[Change], member: Member) -> None:
    """Make these changes.

    Raises
    ------
    ChangedMeanwhileError
        If one of the rows is no longer the one that the page showed.
    """
    rows = SiteSetting.objects.in_bulk([change.setting.name for change in changes])
    for change in changes:
        _apply(change, rows.get(change.setting.name), member)
    snapshot.forget()  # for the rest of this transaction, and then for everybody in this process
    transaction.on_commit(snapshot.forget)


def set_values(values: dict[Setting[Any], Any], member: Member) -> None:
    """Set values that a person chose in steps of their own, whatever was there before; None is the default.

    Raises
    ------
    ChangedMeanwhileError
        If others change the same at the same moment, again and again.
    """
    for tries_left in reversed(range(MAX_TRIES)):
        seen = {name: row.version for name, row in SiteSetting.objects.in_bulk([one.name for one in values]).items()}
        try:
            return apply([Change(one, value, seen.get(one.name, "")) for one, value in values.items()], member)
        except ChangedMeanwhileError:
            if not tries_left:
                raise


def _apply(change: Change, row: SiteSetting | None, member: Member) -> None:
    setting, rows = change.setting, SiteSetting.objects
    if change.seen != (row.version if row else ""):
        raise ChangedMeanwhileError(setting)
    if change.value is None:
        if row is None:
            return
        if not rows.drop(setting.name, seen=row.changed_at):
            raise ChangedMeanwhileError(setting)
        note(Action.SETTING_RESET, row, actor=member, **_values(setting, row, setting.default))
        return
    is_done = rows.change(
        setting.name, setting.kept(change.value), seen=row.changed_at if row else None, by=member
    )  # fmt: skip
    if not is_done:
        raise ChangedMeanwhileError(setting)
    note(Action.SETTING_CHANGED, SiteSetting(setting.name), actor=member, **_values(setting, row, change.value))


def _values(setting: Setting[Any], row: SiteSetting | None, value: Any) -> dict[str, str]:
    """Return what the trail says of a change; of a secret only whether there is one."""
    try:
        before = setting.read(row.value) if row else setting.default
    except (ValueError, SealedError):
        return {"after": setting.kind.shown(value)}
    return {"before": setting.kind.shown(before), "after": setting.kind.shown(value)}
