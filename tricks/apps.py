"""App with tricks and how their names are read."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TricksConfig(AppConfig):
    name = "tricks"
    verbose_name = _("Tricks")
    default_auto_field = "django.db.models.BigAutoField"
