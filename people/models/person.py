"""Riders and filmers: who is in a clip. Not who may log in; that is a Member."""

import uuid

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from trickyclip.names import free_slug


class PersonQuerySet(models.QuerySet):
    def called(self, name: str) -> "PersonQuerySet":
        """Return who goes by ``name``: as display name, slug or alias, without regard to case."""
        name = name.strip()
        by_name = models.Q(display_name__iexact=name) | models.Q(slug__iexact=name)
        return self.filter(by_name | models.Q(aliases__name__iexact=name)).distinct()

    def add(self, display_name: str) -> "Person":
        """Make a person whose slug no other person has."""
        return self.create(display_name=display_name.strip(), slug=self.slug_for(display_name))

    def find_or_add(self, name: str) -> "Person":
        """Return who goes by ``name``, rather by that very name than by an alias; a new person when nobody does."""
        very_name = models.Q(display_name__iexact=name.strip())
        by_name = self.called(name).order_by(models.Case(models.When(very_name, then=0), default=1), "pk")
        if found := by_name.first():
            return found
        try:
            with transaction.atomic():
                return self.add(name)
        except IntegrityError:
            # Somebody added them between the two looks; anything else is a fault.
            if found := by_name.all().first():
                return found
            raise

    def slug_for(self, display_name: str) -> str:
        """Return the slug that a person of this name gets: no other person, among these, has it."""
        taken = lambda slug: self.filter(slug__iexact=slug).exists()  # noqa: E731
        return free_slug(display_name, fallback="Person", taken=taken)


class Person(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    display_name = models.CharField(_("name"), max_length=100)
    slug = models.CharField(
        _("slug"),
        max_length=40,
        help_text=_("The name in file names and folders. Letters, digits, “_” and “-”."),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = [Lower("display_name")]
        constraints = [
            models.UniqueConstraint(
                Lower("display_name"),
                name="person_name_unique",
                violation_error_message=_("Somebody has this name already."),
            ),
            models.UniqueConstraint(
                Lower("slug"),
                name="person_slug_unique",
                violation_error_message=_("Somebody has this slug already."),
            ),
            models.CheckConstraint(
                condition=models.Q(slug__regex=r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$"), name="person_slug_safe"
            ),
            models.CheckConstraint(
                condition=~models.Q(slug__iregex=r"^(broll|crash|trick)$"), name="person_slug_not_reserved"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class PersonAlias(models.Model):
    """Another name that somebody is typed by: "Mills" for Miller Downey."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("person"))
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="person_alias_unique", violation_error_message=_("This alias is taken.")
            )
        ]

    def __str__(self) -> str:
        return self.name
