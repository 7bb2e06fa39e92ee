"""Riders and filmers: the people in a clip. People who may log in are Members."""

import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from people.naming.fields import NameField, called, key_of, slug_is_safe
from people.naming.rows import Alias, NamedQuerySet
from people.naming.spelling import name_key


class PersonQuerySet(NamedQuerySet):
    SLUG_FALLBACK = "Person"

    def has_name(self, name: str) -> models.Q:
        return called(name)

    def has_alias(self, name: str) -> models.Q:
        return called(name, "aliases__name_key")

    def add(self, name: str) -> "Person":
        """Make a person whose slug no other person has."""
        return self.create(display_name=name, slug=self.slug_for(name))

    def slug_for(self, display_name: str) -> str:
        """Return the slug that a person of this name gets: no other person, among these, has it."""
        return self.free_slug(display_name)


class Person(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    display_name = NameField(_("name"), max_length=100)
    name_key = key_of("display_name")
    slug = models.CharField(
        _("slug"),
        max_length=40,
        help_text=_("Used in file and folder names. Letters, digits, “_” and “-”."),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = [Lower("display_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                name="person_name_unique",
                violation_error_message=_("This name is taken."),
            ),
            models.UniqueConstraint(
                Lower("slug"),
                name="person_slug_unique",
                violation_error_message=_("This slug is taken."),
            ),
            models.CheckConstraint(condition=~models.Q(display_name=""), name="person_has_a_name"),
            models.CheckConstraint(condition=slug_is_safe(), name="person_slug_safe"),
            models.CheckConstraint(
                condition=~models.Q(slug__iregex=r"^(broll|crash|trick)$"), name="person_slug_not_reserved"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @staticmethod
    def form_of(name: str) -> str:
        """Return the form in which two spellings of one name are equal."""
        return name_key(name)

    @property
    def spellings(self) -> list[str]:
        """All names of the person: name and aliases."""
        return [self.display_name, *(alias.name for alias in self.aliases.all())]


class PersonAlias(Alias):
    """Another name for a person: "Mills" for Miller Downey."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("person"))
    name_key = key_of("name")

    class Meta(Alias.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                name="person_alias_unique",
                violation_error_message=_("This alias belongs to another person."),
            )
        ]
