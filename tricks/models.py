"""Tricks and their aliases. A trick has one row, however its name is written (see ``tricks.naming``)."""

import uuid
from collections.abc import Callable

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.naming.fields import NameField, slug_is_safe
from people.naming.rows import Alias, NamedQuerySet
from tricks import naming

#: Offered wherever a category is picked. A crew may write its own: any word in capitals.
KNOWN_CATEGORIES = ("JUMP", "RAIL", "FLAT", "TRANSITION", "GRAB", "BROLL")


class Stance(models.TextChoices):
    NONE = "", _("any")
    SWITCH = "SW", _("switch")
    NOLLIE = "NOLLIE", _("nollie")
    FAKIE = "FAKIE", _("fakie")
    CAB = "CAB", _("cab")


class Direction(models.TextChoices):
    NONE = "", _("any")
    FRONTSIDE = "FS", _("frontside")
    BACKSIDE = "BS", _("backside")
    LEFT = "LEFT", pgettext_lazy("direction", "left")
    RIGHT = "RIGHT", pgettext_lazy("direction", "right")


class NormalNameField(models.CharField):
    """The normal form of a row's name, computed whenever the row is saved.

    ``update`` of a name passes it by; use ``save``, and ``manage.py tidy_names`` after a change of the rules.
    """

    def __init__(self, *args, of: Callable[[models.Model], str] | None = None, **kwargs) -> None:
        self.of = of  # not in migrations, where a row has no methods
        super().__init__(*args, **kwargs | {"max_length": naming.MAX_NORMAL, "editable": False})

    def pre_save(self, row: models.Model, add: bool) -> str:
        if self.of:
            setattr(row, self.attname, naming.normal_form(self.of(row)))
        return getattr(row, self.attname)


class TrickQuerySet(NamedQuerySet):
    SLUG_FALLBACK = "Move"

    def has_name(self, name: str) -> models.Q:
        return models.Q(normal_name=naming.normal_form(name))

    def has_alias(self, name: str) -> models.Q:
        return models.Q(aliases__normal_name=naming.normal_form(name))

    def add(self, name: str, *, category: str = "JUMP", stance: str = "", direction: str = "") -> "Trick":
        """Create a trick with a unique slug; stance and direction are read out of its name."""
        label = naming.label(stance, direction, name)
        stance, direction, name = naming.split(label)
        slug = self.slug_for(label)
        return self.create(name=name, stance=stance, direction=direction, category=category, slug=slug)

    def slug_for(self, name: str, stance: str = "", direction: str = "") -> str:
        """Return the slug that a trick of this name gets: no other trick, among these, has it."""
        return self.free_slug(naming.label(*naming.split(naming.label(stance, direction, name))))


class Trick(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = NameField(_("name"), max_length=100)
    slug = models.CharField(
        _("slug"),
        max_length=40,
        help_text=_("Used in file and folder names. Letters, digits, “_” and “-”."),
    )
    category = models.CharField(
        _("category"),
        max_length=20,
        default="JUMP",
        help_text=_("JUMP, RAIL, BROLL … or your own word in capitals."),
    )
    stance = models.CharField(_("stance"), max_length=10, choices=Stance, blank=True, default=Stance.NONE)
    direction = models.CharField(_("direction"), max_length=10, choices=Direction, blank=True, default=Direction.NONE)
    normal_name = NormalNameField(_("normal form"), of=str)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = TrickQuerySet.as_manager()

    class Meta:
        verbose_name = _("trick")
        verbose_name_plural = _("tricks")
        ordering = [Lower("name"), "direction", "stance"]
        constraints = [
            models.UniqueConstraint(
                fields=["normal_name"],
                name="trick_normal_name_unique",
                violation_error_message=_("This trick already exists."),
            ),
            models.CheckConstraint(condition=~models.Q(normal_name=""), name="trick_has_a_name"),
            models.UniqueConstraint(
                Lower("slug"),
                name="trick_slug_unique",
                violation_error_message=_("This slug is taken."),
            ),
            models.CheckConstraint(condition=slug_is_safe(), name="trick_slug_safe"),
            models.CheckConstraint(
                condition=~models.Q(slug__iregex=r"^(broll|crash|trick)$"), name="trick_slug_not_reserved"
            ),
            models.CheckConstraint(
                condition=models.Q(category__regex=r"^[A-Z][A-Z0-9_]*$"),
                name="trick_category_in_capitals",
                violation_error_message=_("A category is one word in capitals, like RAIL."),
            ),
            models.CheckConstraint(condition=models.Q(stance__in=Stance.values), name="trick_stance_known"),
            models.CheckConstraint(condition=models.Q(direction__in=Direction.values), name="trick_direction_known"),
        ]

    def __str__(self) -> str:
        return naming.label(self.stance, self.direction, self.name)

    @staticmethod
    def form_of(name: str) -> str:
        """Return the form in which two spellings of one trick are equal."""
        return naming.normal_form(name)

    @property
    def spellings(self) -> list[str]:
        """All names of the trick: its name and its aliases."""
        return [str(self), *(alias.name for alias in self.aliases.all())]

    @property
    def rotation_deg(self) -> int | None:
        """The rotation in degrees; None if the name has none or two."""
        rotations = naming.read(str(self)).rotations_deg
        return rotations[0] if len(rotations) == 1 else None


class TrickAlias(Alias):
    """Another name for a trick: "bs180" for BS 180."""

    trick = models.ForeignKey(Trick, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("trick"))
    normal_name = NormalNameField(_("normal form"), of=str)

    class Meta(Alias.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["normal_name"],
                name="trick_alias_unique",
                violation_error_message=_("This alias belongs to another trick."),
            )
        ]
