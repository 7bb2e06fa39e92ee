"""Tricks and their aliases. A trick has one row, however its name is written (see ``tricks.naming``)."""

import uuid
from collections.abc import Callable

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from people.naming.fields import NameField, slug_is_safe
from people.naming.slugs import free_slug
from people.naming.spelling import clean_name
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
    LEFT = "LEFT", _("left")
    RIGHT = "RIGHT", _("right")


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


class TrickQuerySet(models.QuerySet):
    def named(self, name: str) -> "TrickQuerySet":
        """Return the tricks called ``name``, however it is written, as name or alias."""
        normal = naming.normal_form(name)
        return self.filter(models.Q(normal_name=normal) | models.Q(aliases__normal_name=normal)).distinct()

    def called(self, name: str) -> "TrickQuerySet":
        """Return the tricks with this name or slug, as in an address or a folder."""
        return self.filter(models.Q(pk__in=self.named(name)) | models.Q(slug__iexact=clean_name(name)))

    def add(self, name: str, *, category: str = "JUMP", stance: str = "", direction: str = "") -> "Trick":
        """Create a trick with a unique slug; stance and direction are read out of its name."""
        label = naming.label(stance, direction, name)
        stance, direction, name = naming.split(label)
        slug = self.slug_for(label)
        return self.create(name=name, stance=stance, direction=direction, category=category, slug=slug)

    def find_or_add(self, name: str) -> "Trick":
        """Return the trick called ``name``, preferably by that very name rather than an alias; else a new trick."""
        very_name = models.Case(models.When(normal_name=naming.normal_form(name), then=0), default=1)
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

    def slug_for(self, name: str, stance: str = "", direction: str = "") -> str:
        """Return the unique slug for a trick of this name, among these tricks."""
        label = naming.label(*naming.split(naming.label(stance, direction, name)))
        taken = lambda slug: self.filter(slug__iexact=slug).exists()  # noqa: E731
        return free_slug(label, fallback="Move", taken=taken)


class Trick(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = NameField(_("name"), max_length=100)
    slug = models.CharField(
        _("slug"),
        max_length=40,
        help_text=_("The name in file names and folders. Letters, digits, “_” and “-”."),
    )
    category = models.CharField(
        _("category"),
        max_length=20,
        default="JUMP",
        help_text=_("JUMP, RAIL, BROLL … or a word of your own in capitals."),
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
                violation_error_message=_("This trick exists already."),
            ),
            models.CheckConstraint(condition=~models.Q(normal_name=""), name="trick_has_a_name"),
            models.UniqueConstraint(
                Lower("slug"),
                name="trick_slug_unique",
                violation_error_message=_("Another trick has this slug."),
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


class TrickAlias(models.Model):
    """Another name for a trick: "bs180" for BS 180."""

    trick = models.ForeignKey(Trick, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("trick"))
    name = NameField(_("name"), max_length=100)
    normal_name = NormalNameField(_("normal form"), of=str)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(
                fields=["normal_name"],
                name="trick_alias_unique",
                violation_error_message=_("Another trick goes by this alias."),
            )
        ]

    def __str__(self) -> str:
        return self.name
