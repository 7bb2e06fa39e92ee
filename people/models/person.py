"""Riders and filmers: the people in a clip. People who may log in are Members."""

import uuid

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from people.naming.fields import NameField, called, key_of, slug_is_safe
from people.naming.slugs import free_slug
from people.naming.spelling import clean_name, name_key


class PersonQuerySet(models.QuerySet):
    def named(self, name: str) -> "PersonQuerySet":
        """Return the people called ``name`` in any spelling, as display name or alias."""
        return self.filter(called(name) | called(name, "aliases__name_key")).distinct()

    def called(self, name: str) -> "PersonQuerySet":
        """Return the people with this name or slug, as in an address or a folder."""
        return self.filter(models.Q(pk__in=self.named(name)) | models.Q(slug__iexact=clean_name(name)))

    def add(self, display_name: str) -> "Person":
        """Create a person with a unique slug."""
        return self.create(display_name=display_name, slug=self.slug_for(display_name))

    def find_or_add(self, name: str) -> "Person":
        """Return the person called ``name``, preferably by that very name rather than an alias; else a new person.

        A slug says nothing here: somebody new called Li is not 李, whose slug that is.
        """
        very_name = models.Case(models.When(called(name), then=0), default=1)
        by_name = self.named(name).annotate(is_alias=very_name).order_by("is_alias", "pk")
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
        """Return the unique slug for a person of this name, among these people."""
        taken = lambda slug: self.filter(slug__iexact=slug).exists()  # noqa: E731
        return free_slug(display_name, fallback="Person", taken=taken)


class Person(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    display_name = NameField(_("name"), max_length=100)
    name_key = key_of("display_name")
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
                fields=["name_key"],
                name="person_name_unique",
                violation_error_message=_("Somebody has this name already."),
            ),
            models.UniqueConstraint(
                Lower("slug"),
                name="person_slug_unique",
                violation_error_message=_("Somebody has this slug already."),
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


class PersonAlias(models.Model):
    """Another name for a person: "Mills" for Miller Downey."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("person"))
    name = NameField(_("name"), max_length=100)
    name_key = key_of("name")

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                name="person_alias_unique",
                violation_error_message=_("Somebody else goes by this alias."),
            )
        ]

    def __str__(self) -> str:
        return self.name
