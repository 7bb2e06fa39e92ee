"""Gives riders and tricks what they share as rows: finding one by any of its names, making it, and its aliases."""

from django.db import IntegrityError, models, transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from people.naming.fields import NameField
from people.naming.slugs import free_slug
from people.naming.spelling import clean_name


class NamedQuerySet(models.QuerySet):
    """Rows that have a name, a slug and aliases; which spellings are one name is said by ``has_name``."""

    #: What a slug is called when nothing of a name can be written in ASCII.
    SLUG_FALLBACK = ""

    def has_name(self, name: str) -> models.Q:
        """Return the condition that a row's own name is ``name``, however that is spelled."""
        raise NotImplementedError

    def has_alias(self, name: str) -> models.Q:
        """Return the condition that one of a row's aliases is ``name``, however that is spelled."""
        raise NotImplementedError

    def add(self, name: str) -> models.Model:
        """Make a row whose slug no other has."""
        raise NotImplementedError

    def named(self, name: str) -> "NamedQuerySet":
        """Return what goes by ``name``, however it is spelled: as its own name or as an alias."""
        return self.filter(self.has_name(name) | self.has_alias(name)).distinct()

    def called(self, name: str) -> "NamedQuerySet":
        """Return what goes by ``name`` or has it as slug, as in an address or a folder."""
        return self.filter(models.Q(pk__in=self.named(name)) | models.Q(slug__iexact=clean_name(name)))

    def find_or_add(self, name: str) -> models.Model:
        """Return what goes by ``name``, rather by that very name than by an alias; a new row when nothing does.

        A slug says nothing here: somebody new called Li is not 李, whose slug that is.
        """
        very_name = models.Case(models.When(self.has_name(name), then=0), default=1)
        by_name = self.named(name).annotate(is_alias=very_name).order_by("is_alias", "pk")
        if found := by_name.first():
            return found
        try:
            with transaction.atomic():
                return self.add(name)
        except IntegrityError:
            # Somebody added it between the two looks; anything else is a fault.
            if found := by_name.all().first():
                return found
            raise

    def with_clip_counts(self) -> "NamedQuerySet":
        """Annotate each row with ``n_clips``: the clips that bear its name in their file names.

        In a subquery: a join would drag every clip through filters and search.
        """
        current = self.model.objects.filter(pk=OuterRef("pk"), clips__is_current=True).order_by().values("pk")
        counted = current.annotate(n=Count("*")).values("n")  # of the rows of an index, which do not have a clip's id
        return self.annotate(n_clips=Coalesce(Subquery(counted), 0))

    def free_slug(self, name: str) -> str:
        """Return the first slug for a name that no other of these rows has."""

        def is_taken(slug: str) -> bool:
            return self.filter(slug__iexact=slug).exists()

        return free_slug(name, fallback=self.SLUG_FALLBACK, taken=is_taken)


class Alias(models.Model):
    """Another name that a rider or a trick is typed by."""

    name = NameField(_("name"), max_length=100)

    class Meta:
        abstract = True
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = [Lower("name")]

    def __str__(self) -> str:
        return self.name
