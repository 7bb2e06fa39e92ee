"""Keeps old names of riders and tricks as aliases after a rename, and notifies whatever uses the name.

People and tricks know nothing of clips, so clips register their handler (``on_rename``) when the site starts.
"""

from collections.abc import Callable, Iterable

from django.db import models, transaction

_followers: list[Callable[[models.Model], object]] = []


def on_rename(follow: Callable[[models.Model], object]) -> None:
    """Register a handler for each rider or trick whose names changed, called in the transaction of the change."""
    _followers.append(follow)


def announce(named: models.Model) -> None:
    """Call all handlers after a name of this rider or trick changed: its name, its slug, or an alias."""
    for follow in _followers:
        follow(named)


@transaction.atomic
def keep_old_names(renamed: models.Model, old_names: Iterable[str]) -> list[str]:
    """Make the old names of a renamed rider or trick its aliases, except those that belong to somebody else.

    Returns
    -------
    list[str]
        The new aliases.
    """
    model, longest = type(renamed), renamed.aliases.model._meta.get_field("name").max_length
    for alias in renamed.aliases.all():
        if model.form_of(alias.name) == model.form_of(str(renamed)):
            alias.delete()  # it became the name itself
    new_aliases = []
    for name in old_names:
        if not model.objects.named(name := name[:longest]).exists():
            renamed.aliases.create(name=name)
            new_aliases.append(name)
    return new_aliases
