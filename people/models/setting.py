"""Settings that admins changed in the site: one row for each; without a row the default counts."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models.member import Member


class SiteSettingQuerySet(models.QuerySet["SiteSetting"]):
    def change(self, key: str, value: str, *, seen: datetime | None, by: Member) -> bool:
        """Set a value; False if the row is no longer the one that was ``seen`` (None: there was none)."""
        fields = {"value": value, "changed_by": by, "changed_at": timezone.now()}
        if seen is not None:
            return bool(self.filter(pk=key, changed_at=seen).update(**fields))
        try:
            with transaction.atomic():
                self.create(key=key, **fields)
        except IntegrityError:
            return False
        return True

    def drop(self, key: str, *, seen: datetime) -> bool:
        """Delete a value, so that the default counts; False if the row is no longer the one that was ``seen``."""
        return bool(self.filter(pk=key, changed_at=seen).delete()[0])


class SiteSetting(models.Model):
    """What an admin set. The environment counts for more; people/site_settings/registry.py knows all keys."""

    key = models.CharField(_("setting"), max_length=60, primary_key=True)
    #: As text, and sealed (people/sealed.py) if it is a secret.
    value = models.TextField(_("value"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    #: Also tells one version from the next.
    changed_at = models.DateTimeField(_("changed"))

    objects = SiteSettingQuerySet.as_manager()

    class Meta:
        verbose_name = _("setting")
        verbose_name_plural = _("settings")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key

    @property
    def version(self) -> str:
        return self.changed_at.isoformat()
