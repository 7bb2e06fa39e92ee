"""What was done in a clip."""

import uuid

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from trickyclip.names import free_slug

#: Offered wherever a category is picked. A crew may write its own: any word in capitals.
KNOWN_CATEGORIES = ("JUMP", "RAIL", "FLAT", "TRANSITION", "GRAB", "BROLL")


class Direction(models.TextChoices):
    NONE = "", _("any")
    FRONTSIDE = "FS", _("frontside")
    BACKSIDE = "BS", _("backside")
    SWITCH = "SW", _("switch")
    NOLLIE = "NOLLIE", _("nollie")
    FAKIE = "FAKIE", _("fakie")
    LEFT = "LEFT", _("left")
    RIGHT = "RIGHT", _("right")


def split_direction(name: str) -> tuple[str, str]:
    """Return the direction that a typed name begins with and the rest: "FS Boardslide" is ("FS", "Boardslide")."""
    first, _space, rest = name.strip().partition(" ")
    if rest and first.upper() in Direction.values:
        return first.upper(), rest.strip()
    return "", name.strip()


class TrickQuerySet(models.QuerySet):
    def called(self, name: str) -> "TrickQuerySet":
        """Return what goes by ``name``: as name, slug, alias or "FS Boardslide", without regard to case."""
        name = name.strip()
        found = models.Q(name__iexact=name, direction="") | models.Q(slug__iexact=name)
        found |= models.Q(aliases__name__iexact=name)
        first, _space, rest = name.partition(" ")
        if first.upper() in Direction.values:
            found |= models.Q(name__iexact=rest.strip(), direction=first.upper())
        return self.filter(found).distinct()

    def add(self, name: str, *, category: str = "JUMP", direction: str = "") -> "Trick":
        """Make a trick whose slug no other trick has."""
        slug = self.slug_for(name, direction)
        return self.create(name=name.strip(), category=category, direction=direction, slug=slug)

    def find_or_add(self, name: str) -> "Trick":
        """Return what goes by ``name``, rather by that very name than by an alias; a new trick when nothing does."""
        direction, base = split_direction(name)
        very_name = models.Q(name__iexact=base, direction=direction)
        by_name = self.called(name).order_by(models.Case(models.When(very_name, then=0), default=1), "pk")
        if found := by_name.first():
            return found
        try:
            with transaction.atomic():
                return self.add(base, direction=direction)
        except IntegrityError:
            # Somebody added it between the two looks; anything else is a fault.
            if found := by_name.all().first():
                return found
            raise

    def slug_for(self, name: str, direction: str = "") -> str:
        """Return the slug that a trick of this name gets: no other trick, among these, has it."""
        taken = lambda slug: self.filter(slug__iexact=slug).exists()  # noqa: E731
        return free_slug(f"{direction} {name}", fallback="Move", taken=taken)


class Trick(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
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
    direction = models.CharField(_("direction"), max_length=10, choices=Direction, blank=True, default=Direction.NONE)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = TrickQuerySet.as_manager()

    class Meta:
        verbose_name = _("trick")
        verbose_name_plural = _("tricks")
        ordering = [Lower("name"), "direction"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                "direction",
                name="trick_name_unique",
                violation_error_message=_("This trick is there already."),
            ),
            models.UniqueConstraint(
                Lower("slug"),
                name="trick_slug_unique",
                violation_error_message=_("Another trick has this slug."),
            ),
            models.CheckConstraint(
                condition=models.Q(slug__regex=r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$"), name="trick_slug_safe"
            ),
            models.CheckConstraint(
                condition=~models.Q(slug__iregex=r"^(broll|crash|trick)$"), name="trick_slug_not_reserved"
            ),
            models.CheckConstraint(
                condition=models.Q(category__regex=r"^[A-Z][A-Z0-9_]*$"),
                name="trick_category_in_capitals",
                violation_error_message=_("A category is one word in capitals, like RAIL."),
            ),
            models.CheckConstraint(condition=models.Q(direction__in=Direction.values), name="trick_direction_known"),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.name}".strip()


class TrickAlias(models.Model):
    """Another name that a trick is typed by: "bs180" for BS 180."""

    trick = models.ForeignKey(Trick, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("trick"))
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="trick_alias_unique", violation_error_message=_("This alias is taken.")
            )
        ]

    def __str__(self) -> str:
        return self.name
