"""Sessions: one day's riding in one place. Named Shoot, because Django owns "session"."""

import datetime as dt
import uuid
import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.bin import BinEntry
from people.naming.fields import NameField, called, key_of, slug_is_safe
from people.naming.slugs import free_slug
from people.naming.spelling import clean_name
from people.site_settings.registry import SENSITIVITY

DEFAULT_SENSITIVITY = 50


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone. Example: Europe/Vienna."), params={"name": name})


class ShootQuerySet(models.QuerySet["Shoot"]):
    def in_use(self) -> "ShootQuerySet":
        """Return sessions that are not in the bin."""
        return self.filter(bin_entry=None)

    def called(self, name: str, date: dt.date, *, key: uuid.UUID | None = None) -> "Shoot":
        """Return the session of that name on that day, creating it if there is none, with the id ``key`` if given."""
        name = clean_name(name) or str(_("Session"))
        existing = self.in_use().filter(called(name), date=date).first()
        if existing:
            return existing
        slug = self.slug_for(name, date)
        # Two uploads of one batch arrive together: whoever is second finds the row of the first.
        defaults = {"name": name, "sensitivity": SENSITIVITY.value()} | ({"id": key} if key else {})
        return self.get_or_create(date=date, slug=slug, defaults=defaults)[0]

    def like(self, other: "Shoot", name: str, date: dt.date) -> "Shoot":
        """Return the session of that name on that day; a new one gets the time zone and sensitivity of ``other``."""
        before = timezone.now()
        shoot = self.called(name, date)
        fields = {"time_zone": other.time_zone, "sensitivity": other.sensitivity}
        if self.filter(pk=shoot.pk, created_at__gte=before).update(**fields):
            shoot.refresh_from_db()
            shoot.is_new = True
        return shoot

    def hold(self) -> list["Shoot"]:
        """Lock these sessions until the transaction ends, always in one order; files may still come into them."""
        return list(self.select_for_update(no_key=True).order_by("pk"))

    def slug_for(self, name: str, date: dt.date) -> str:
        """Return the unique slug for a session of this name, among these of that day."""
        taken = lambda slug: self.filter(date=date, slug__iexact=slug).exists()  # noqa: E731
        return free_slug(name, fallback="Session", taken=taken, joiner="")


class Shoot(models.Model):
    #: Whether the request that has this row made it.
    is_new = False

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    date = models.DateField(
        _("date"), help_text=_("Used in file and folder names, also for videos filmed after midnight.")
    )
    name = NameField(_("name"), max_length=100)
    name_key = key_of("name")
    slug = models.CharField(_("slug"), max_length=40)
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC", validators=[validate_time_zone])
    sensitivity = models.PositiveSmallIntegerField(
        _("sensitivity"),
        default=DEFAULT_SENSITIVITY,
        help_text=_("0 shows only the surest moments, 100 all of them. Takes effect at once."),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    bin_entry = models.ForeignKey(
        BinEntry, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="shoots",
        verbose_name=_("in the bin"),
    )  # fmt: skip

    cover = models.ForeignKey(
        "clips.CandidateSegment", on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("cover picture"), help_text=_("The moment whose picture stands for the session."),
    )  # fmt: skip

    objects = ShootQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-date", Lower("name")]
        constraints = [
            models.UniqueConstraint(
                "date",
                Lower("slug"),
                name="shoot_slug_unique",
                violation_error_message=_("A session with this name already exists on this day."),
            ),
            models.UniqueConstraint(
                fields=["date", "name_key"],
                condition=models.Q(bin_entry=None),
                name="shoot_name_unique",
                violation_error_message=_("A session with this name already exists on this day."),
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="shoot_has_a_name"),
            models.CheckConstraint(condition=slug_is_safe(), name="shoot_slug_safe"),
            models.CheckConstraint(condition=models.Q(sensitivity__lte=100), name="shoot_sensitivity_in_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"

    def or_namesake(self) -> "Shoot":
        """Return this session or, if it is in the bin, the one in use of that name and day."""
        return self if self.bin_entry_id is None else Shoot.objects.called(self.name, self.date)

    @property
    def score_shown(self) -> float:
        """The lowest score of shown moments."""
        return 1 - self.sensitivity / 100
