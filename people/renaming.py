"""What follows when a rider or a trick gets another name: old names lead to it, and whoever uses the name is told.

People and tricks know nothing of clips, so clips register what they do about it (``on_rename``) when the site starts.
"""

from collections.abc import Callable, Iterable

from django.db import models, transaction

_followers: list[Callable[[models.Model], object]] = []


def on_rename(follow: Callable[[models.Model], object]) -> None:
    """Have ``follow`` called with each rider or trick whose names changed, in the transaction that changed them."""
    _followers.append(follow)


def announce(named: models.Model) -> None:
    """Tell all who follow names that those of this rider or trick changed: its name, its slug, or an alias."""
    for follow in _followers:
        follow(named)


@transaction.atomic
def keep_old_names(renamed: models.Model, old_names: Iterable[str]) -> list[str]:
    """Let a rider or trick that was just renamed answer to its old names, but for those of somebody else.

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
