"""Describes what the curators' pages need to know of riders, or of tricks."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.db import models
from django.http import Http404
from django.urls import reverse
from django.utils.functional import Promise

from people.rename_form import RenameForm


@dataclass(frozen=True)
class Kind:
    """One kind of curated names, with its forms and words; ``one`` and ``many`` name its routes."""

    one: str
    many: str
    namespace: str
    model: type[models.Model]
    form: type[RenameForm]
    alias_form: type[forms.ModelForm]
    #: Returns the rows that typed text may mean, the best first.
    closest: Callable[[str, list], list]
    #: What the library calls the filter by it.
    filter: str
    title: str | Promise
    add_words: str | Promise
    empty_words: str | Promise
    #: Says that nothing is called ``%(name)s``.
    unknown_words: str | Promise
    #: Returns what the page of a row needs of its own kind.
    context_of: Callable[[models.Model], dict] | None = None

    @property
    def list_url(self) -> str:
        return reverse(f"{self.namespace}:{self.many}")

    @property
    def add_url(self) -> str:
        return self.url("add")

    @property
    def pick_url(self) -> str:
        return f"{reverse(f'{self.namespace}:pick')}?known=1"

    @property
    def label(self) -> str:
        """The model's name, as the record of a merge has it."""
        return self.model._meta.label_lower

    def url(self, page: str, *args: object) -> str:
        """Return the address of a page of this kind: "rename", "merge" …; "" is that of one row."""
        return reverse(f"{self.namespace}:{self.one}{f'_{page}' if page else ''}", args=args)

    def row(self, pk: UUID) -> models.Model:
        """Return one row with its aliases and clip count. Http404 if it is gone."""
        row = self.model.objects.with_clip_counts().prefetch_related("aliases").filter(pk=pk).first()
        if row is None:
            raise Http404
        return row

    def new_form(self, data: dict | None = None) -> RenameForm:
        """Return the form that adds a row; its slug is made of the name."""
        form = self.form(data, auto_id="new_%s")
        del form.fields["keep_slug"], form.fields["slug"]
        return form

    def rename_form(self, row: models.Model, data: dict | None = None) -> RenameForm:
        """Return the form that renames a row, whose slug follows or is kept."""
        form = self.form(data, instance=row)
        del form.fields["slug"]
        if not row.n_clips:
            del form.fields["keep_slug"]
        return form

    def new_alias_form(self, row: models.Model, data: dict | None = None) -> forms.ModelForm:
        aliases = row.aliases
        return self.alias_form(data, instance=aliases.model(**{aliases.field.name: row}), prefix="alias")
